/** Tests that the log and the error page say why a request was refused. */
import { runSql } from '../support/database.ts';
import { sendRequest, type Page } from '../support/browser.ts';
import { ann, siteA, siteB, notesApi, type RegisteredApp } from '../support/people-and-apps.ts';
import { authorize, callAs, codeFor, newBrowser, tokensFor } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { register, registrationToken, withRegistration } from '../support/registration.ts';

interface LogLine {
  level: string;
  msg: string;
  requestId: string;
  [name: string]: unknown;
}

let frontdesk: Frontdesk;
let wiki: RegisteredApp;

beforeAll(async () => {
  frontdesk = await startFrontdesk({ settings: withRegistration });
  await ann(frontdesk);
  await notesApi(frontdesk);
  wiki = await siteA(frontdesk, { id: 'wiki', redirectUris: ['https://wiki.example/callback'] });
});

/** The log lines of the requests that are refused while `work` runs. */
async function refusalsOf(work: () => Promise<unknown>): Promise<LogLine[]> {
  const before = frontdesk.logged.length;
  await work();
  const lines = frontdesk.logged.slice(before).map((line) => JSON.parse(line) as LogLine);
  return lines.filter(({ msg }) => msg === 'request refused');
}

test('the log and the error page show how a redirect URI differs from the registered one', async () => {
  const sent = { ...wiki, redirectUri: 'https://wiki.example/callback/?a=<b>' };
  let page: Page | undefined;
  const [line, ...others] = await refusalsOf(async () => {
    page = await newBrowser(frontdesk).visit(authorize(frontdesk, sent).url);
  });
  expect(others).toEqual([]);
  expect(line).toMatchObject({
    level: 'warn',
    endpoint: 'authorization',
    clientId: 'wiki',
    error: 'invalid_redirect_uri',
    redirectUri: {
      sent: 'https://wiki.example/callback/?a=<b>',
      registered: 'https://wiki.example/callback',
      difference: 'character 30: "/" instead of the end',
    },
  });
  expect(page!.headers['x-request-id']).toBe(line!.requestId);
  const details = page!.root.querySelector('details')!;
  expect(details.text).toContain('https://wiki.example/callback/?a=');
  expect(page!.body).toContain('?a=%3Cb%3E');
  expect(page!.body).not.toContain('<b>');
});

test('the log shows how a post-logout redirect URI differs from the registered one', async () => {
  const query = new URLSearchParams({ client_id: 'wiki', post_logout_redirect_uri: 'https://wiki.example/bye' });
  const [line] = await refusalsOf(() =>
    newBrowser(frontdesk).visit(`${frontdesk.issuer}/oauth/logout?${query.toString()}`),
  );
  expect(line).toMatchObject({
    endpoint: 'end_session',
    clientId: 'wiki',
    postLogoutRedirectUri: { sent: 'https://wiki.example/bye', difference: 'character 22: "b" instead of the end' },
  });
});

test('the log distinguishes an unknown code, a consumed code and a wrong code_verifier', async () => {
  const request = authorize(frontdesk, wiki);
  const code = await codeFor(newBrowser(frontdesk), request);
  const exchange = (form: Record<string, string>) =>
    callAs(frontdesk, wiki, '/oauth/token', {
      grant_type: 'authorization_code',
      redirect_uri: wiki.redirectUri,
      ...form,
    });
  const lines = await refusalsOf(async () => {
    await exchange({ code: 'unknown', code_verifier: request.verifier });
    await exchange({ code, code_verifier: 'w'.repeat(43) });
    // The first exchange succeeds, the second is refused.
    await exchange({ code, code_verifier: request.verifier });
    await exchange({ code, code_verifier: request.verifier });
  });
  expect(lines).toHaveLength(3);
  for (const line of lines) {
    expect(line).toMatchObject({ level: 'warn', endpoint: 'token', clientId: 'wiki', error: 'invalid_grant' });
    expect(line['detail']).toEqual(expect.any(String));
  }
  expect(new Set(lines.map(({ detail }) => detail)).size).toBe(3);
  // No secrets are logged.
  for (const secret of [code, request.verifier, wiki.secret!]) expect(JSON.stringify(lines)).not.toContain(secret);
});

test('the log has wrong client secrets, unknown clients, and invalid access tokens and registrations', async () => {
  const grant = { grant_type: 'client_credentials' };
  const lines = await refusalsOf(async () => {
    await callAs(frontdesk, { ...wiki, secret: 'wrong' }, '/oauth/token', grant);
    await callAs(frontdesk, { ...wiki, id: 'nobody' }, '/oauth/introspect', { token: 'x' });
    await sendRequest(`${frontdesk.issuer}/oauth/userinfo`, { headers: { authorization: 'Bearer secret-token' } });
    await register(frontdesk, await registrationToken(frontdesk), {
      client_name: 'x',
      redirect_uris: ['http://evil.example/'],
    });
  });
  expect(lines).toEqual([
    expect.objectContaining({ endpoint: 'token', clientId: 'wiki', error: 'invalid_client' }),
    expect.objectContaining({ endpoint: 'introspection', error: 'invalid_client' }),
    expect.objectContaining({ endpoint: 'userinfo', error: 'invalid_token' }),
    expect.objectContaining({ refusal: 'redirect_uri_invalid', uri: 'http://evil.example/' }),
  ]);
  expect(JSON.stringify(lines)).not.toContain('secret-token');
});

test('login_required of prompt=none is logged as info, not as a warning', async () => {
  const [line] = await refusalsOf(() => newBrowser(frontdesk).send(authorize(frontdesk, wiki, { prompt: 'none' }).url));
  expect(line).toMatchObject({ level: 'info', clientId: 'wiki', error: 'login_required' });
});

test('the error page of a server error shows no details', async () => {
  const app = await siteB(frontdesk, { id: 'single-page' });
  await tokensFor(frontdesk, newBrowser(frontdesk), app, { login: 'ann' });
  await runSql(frontdesk.db, 'alter table artifacts rename to artifacts_away');
  try {
    const page = await newBrowser(frontdesk).visit(authorize(frontdesk, wiki).url);
    expect(page.status).toBeGreaterThanOrEqual(500);
    expect(page.root.querySelector('details')).toBeNull();
    expect(page.text).not.toContain('artifacts');
  } finally {
    await runSql(frontdesk.db, 'alter table artifacts_away rename to artifacts');
  }
});
