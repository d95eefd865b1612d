const settings = await (await fetch('/settings.json')).json();
const manager = new globalThis.oidc.UserManager(settings);
const main = document.querySelector('main');

function offer(id, words, act) {
  const button = document.createElement('button');
  Object.assign(button, { id, textContent: words });
  button.addEventListener('click', act);
  main.append(button);
}

try {
  if (new URL(location.href).searchParams.has('code')) {
    await manager.signinRedirectCallback();
    history.replaceState(null, '', '/');
  }
  const user = await manager.getUser();
  if (user) {
    main.textContent = `Signed in ${user.profile.name} ${user.profile.email} `;
    offer('sign-out', 'Sign out', () => manager.signoutRedirect());
  } else {
    offer('sign-in', 'Sign in', () => manager.signinRedirect());
  }
} catch (error) {
  main.textContent = String(error);
  throw error;
}
