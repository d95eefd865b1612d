// Site B in the browser: authorization code flow with PKCE by top-level redirect, tokens in memory only. A reload
// forgets them and signs in again with prompt=none, which shows no page while the person is signed in at Frontdesk.
const { UserManager, WebStorageStateStore, InMemoryWebStorage, ErrorResponse } = globalThis.oidc;

const settings = await (await fetch('/settings.json')).json();
const show = (id, isShown = true) => (document.getElementById(id).hidden = !isShown);
const write = (id, text) => (document.getElementById(id).textContent = text);
const on = (id, act) => document.getElementById(id).addEventListener('click', act);

const frontdesk = new UserManager({
  authority: settings.issuer,
  client_id: settings.clientId,
  redirect_uri: `${location.origin}/callback`,
  post_logout_redirect_uri: `${location.origin}/`,
  scope: 'openid profile email notes:read',
  resource: settings.audience,
  // Nothing is left in web storage for other scripts to find.
  userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
  stateStore: new WebStorageStateStore({ store: sessionStorage }),
  automaticSilentRenew: false,
  loadUserInfo: false,
  // Keeps auth_time, sid and others in the profile.
  filterProtocolClaims: false,
});

/**
 * After a sign-out here, opening the page does not sign the person in again: they press "Sign in" when they want to.
 */
const signedOutHere = {
  isSet: () => sessionStorage.getItem('signed-out-here') === 'yes',
  set: () => sessionStorage.setItem('signed-out-here', 'yes'),
  clear: () => sessionStorage.removeItem('signed-out-here'),
};

const start = (prompt) =>
  frontdesk.signinRedirect({
    nonce: crypto.randomUUID(),
    ...(prompt && { prompt }),
    state: { isSilent: prompt === 'none', startedAt: Date.now() },
  });

function ago(seconds) {
  const minutes = Math.round((Date.now() / 1000 - seconds) / 60);
  if (minutes < 1) return 'less than a minute ago';
  const format = new Intl.RelativeTimeFormat('en');
  return minutes < 60 ? format.format(-minutes, 'minute') : format.format(-Math.round(minutes / 60), 'hour');
}

function showSignedOut(problem) {
  show('waiting', false);
  show('signed-in', false);
  show('signed-out');
  show('problem', Boolean(problem));
  write('problem', problem ?? '');
}

function showSignedIn(user, { isSilent, startedAt }) {
  const { profile } = user;
  const isRecognised = isSilent || profile.auth_time * 1000 < startedAt - 1000;
  show('waiting', false);
  show('signed-out', false);
  show('signed-in');
  write('name', profile.name ?? profile.email ?? profile.sub);
  write('seen', `${isRecognised ? 'Recognised: you' : 'You'} signed in ${ago(profile.auth_time)}.`);
  showExpiry(user);
  const rows = Object.entries(profile).map(([name, value]) => {
    const row = document.createElement('tr');
    row.append(document.createElement('th'), document.createElement('td'));
    row.firstChild.textContent = name;
    row.lastChild.textContent = JSON.stringify(value);
    return row;
  });
  document.getElementById('claims').replaceChildren(...rows);
}

const showExpiry = ({ expires_at: end }) =>
  write('expiry', `It expires at ${new Date(end * 1000).toLocaleTimeString()}.`);

/** Gets a new access token. Frontdesk rotates the refresh token; the old one is invalid from then on. */
async function refresh() {
  try {
    const user = await frontdesk.signinSilent();
    showExpiry(user);
    return user;
  } catch (error) {
    // The session ended at Frontdesk, and the refresh token with it.
    if (!(error instanceof ErrorResponse)) throw error;
    await frontdesk.removeUser();
    showSignedOut('You were signed out.');
    return undefined;
  }
}

async function callApi(api) {
  let user = await frontdesk.getUser();
  if (user?.expired) user = await refresh();
  if (!user) return;
  const response = await fetch(api, { headers: { authorization: `Bearer ${user.access_token}` } });
  write('answer', JSON.stringify(await response.json(), undefined, 2));
}

/** Checks the authorization response in the address, and removes it from there. */
async function finishSignIn(parameters) {
  // The library checks state and nonce, but not the issuer (RFC 9207 §2.4).
  if (parameters.get('iss') !== settings.issuer) throw new Error('The response did not come from Frontdesk.');
  const user = await frontdesk.signinRedirectCallback();
  history.replaceState({}, '', '/');
  signedOutHere.clear();
  showSignedIn(user, user.state);
}

async function openPage() {
  try {
    if (location.pathname === '/callback') return await finishSignIn(new URLSearchParams(location.search));
    return signedOutHere.isSet() ? showSignedOut() : await start('none');
  } catch (error) {
    history.replaceState({}, '', '/');
    // When nobody is signed in, or Frontdesk must show a page, the person presses "Sign in" when ready.
    const needsPage = ['login_required', 'consent_required', 'interaction_required'].includes(error.error);
    const isCancelled = error.error === 'access_denied';
    return showSignedOut(needsPage ? undefined : isCancelled ? 'You cancelled the sign-in.' : error.message);
  }
}

for (const [index, api] of settings.apis.entries()) {
  const button = document.createElement('button');
  button.id = `api-${index + 1}`;
  button.textContent = `Ask API ${index + 1}`;
  button.addEventListener('click', () => callApi(api));
  document.getElementById('apis').append(button, ' ');
}
on('sign-in', () => start());
on('refresh', refresh);
on('sign-out', async () => {
  await frontdesk.removeUser();
  signedOutHere.set();
  showSignedOut();
});
on('sign-out-everywhere', () => {
  signedOutHere.set();
  return frontdesk.signoutRedirect();
});
// The person may have signed out elsewhere meanwhile: then the refresh token is refused.
document.addEventListener('visibilitychange', async () => {
  if (document.visibilityState === 'visible' && (await frontdesk.getUser())) await refresh();
});
await openPage();
