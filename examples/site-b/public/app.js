// Site B in the browser: authorization code flow with PKCE by top-level redirect, tokens in memory only. A reload
// forgets them and asks Frontdesk again, which recognises the browser without a page.
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
  // Scripts of other tabs and of later visits find nothing.
  userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
  stateStore: new WebStorageStateStore({ store: sessionStorage }),
  automaticSilentRenew: false,
  loadUserInfo: false,
  // Keep auth_time and its like in the profile.
  filterProtocolClaims: false,
});

/** Remembers over redirects that Frontdesk said no, so that it is not asked for ever. */
const asked = {
  isRefused: () => sessionStorage.getItem('refused') === 'yes',
  set: (isRefused) => (isRefused ? sessionStorage.setItem('refused', 'yes') : sessionStorage.removeItem('refused')),
};

const start = (prompt) =>
  frontdesk.signinRedirect({
    nonce: crypto.randomUUID(),
    ...(prompt && { prompt }),
    state: { startedAt: Date.now() },
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

function showSignedIn(user, startedAt) {
  const { profile } = user;
  const isRecognised = profile.auth_time * 1000 < startedAt - 1000;
  show('waiting', false);
  show('signed-out', false);
  show('signed-in');
  write('name', profile.name ?? profile.email ?? profile.sub);
  write('seen', `${isRecognised ? 'Recognised: you' : 'You'} signed in at Frontdesk ${ago(profile.auth_time)}.`);
  showPass(user);
  const rows = Object.entries(profile).map(([name, value]) => {
    const row = document.createElement('tr');
    row.append(document.createElement('th'), document.createElement('td'));
    row.firstChild.textContent = name;
    row.lastChild.textContent = JSON.stringify(value);
    return row;
  });
  document.getElementById('claims').replaceChildren(...rows);
}

const showPass = ({ expires_at: end }) =>
  write('pass', `It is good until ${new Date(end * 1000).toLocaleTimeString()}.`);

/** A new access token by the refresh token, which is rotated: the old one is worth nothing from then on. */
async function refresh() {
  try {
    const user = await frontdesk.signinSilent();
    showPass(user);
    return user;
  } catch (error) {
    // Frontdesk ended the session: the refresh token is dead.
    if (!(error instanceof ErrorResponse)) throw error;
    await frontdesk.removeUser();
    asked.set(true);
    showSignedOut('You were signed out at Frontdesk.');
    return undefined;
  }
}

async function call(api) {
  let user = await frontdesk.getUser();
  if (user?.expired) user = await refresh();
  if (!user) return;
  const response = await fetch(api, { headers: { authorization: `Bearer ${user.access_token}` } });
  write('answer', JSON.stringify(await response.json(), undefined, 2));
}

/** The answer of Frontdesk is in the address: checked, then taken out of it. */
async function finish(parameters) {
  // The library checks state and nonce; that the answer is Frontdesk's own is checked here (RFC 9207 §2.4).
  if (parameters.get('iss') !== settings.issuer) throw new Error('The answer did not come from Frontdesk.');
  const user = await frontdesk.signinRedirectCallback();
  history.replaceState({}, '', '/');
  asked.set(false);
  showSignedIn(user, user.state.startedAt);
}

async function open() {
  const parameters = new URLSearchParams(location.search);
  if (location.pathname !== '/callback') return asked.isRefused() ? showSignedOut() : start('none');
  try {
    return await finish(parameters);
  } catch (error) {
    history.replaceState({}, '', '/');
    asked.set(true);
    // Nobody is signed in at Frontdesk, or it wants to ask something: then the person decides when.
    const isQuestion = ['login_required', 'consent_required', 'interaction_required'].includes(error.error);
    const isCancelled = error.error === 'access_denied';
    return showSignedOut(isQuestion ? undefined : isCancelled ? 'You cancelled the sign-in.' : error.message);
  }
}

for (const [index, api] of settings.apis.entries()) {
  const button = document.createElement('button');
  button.id = `api-${index + 1}`;
  button.textContent = `Ask API ${index + 1}`;
  button.addEventListener('click', () => call(api));
  document.getElementById('apis').append(button, ' ');
}
on('sign-in', () => start());
on('refresh', refresh);
on('sign-out', async () => {
  await frontdesk.removeUser();
  asked.set(true);
  showSignedOut();
});
on('sign-out-everywhere', () => {
  asked.set(true);
  return frontdesk.signoutRedirect();
});
// Somebody who comes back to this tab may have signed out elsewhere: the refresh token knows.
document.addEventListener('visibilitychange', async () => {
  if (document.visibilityState === 'visible' && (await frontdesk.getUser())) await refresh();
});
await open();
