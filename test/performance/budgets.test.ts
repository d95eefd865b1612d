/** The statements and round trips that a request may need. */
import { ann, app, audience, notesApi, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { sendRequest, type Browser, type HttpResponse } from '../support/browser.ts';
import { freshDatabase } from '../support/database.ts';
import { authorize, callAs, codeFor, exchange, newBrowser, refresh, tokensFor, userinfo } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { startStatementCounter, type StatementCounter } from '../support/statement-counter.ts';

let counter: StatementCounter;
let frontdesk: Frontdesk;
let site: RegisteredApp;
let machine: RegisteredApp;
let browser: Browser;

beforeAll(async () => {
  const database = await freshDatabase();
  counter = await startStatementCounter(database.url);
  frontdesk = await startFrontdesk({ database, settings: { DATABASE_URL: counter.url } });
  await ann(frontdesk);
  await notesApi(frontdesk);
  site = await siteA(frontdesk);
  machine = await app(frontdesk, { id: 'machine', kind: 'machine', apis: [{ audience, scopes: ['notes:read'] }] });
  browser = newBrowser(frontdesk);
  await codeFor(browser, authorize(frontdesk, site));
});

const offlineScope = 'openid profile email offline_access';
const ok = async (sent: Promise<HttpResponse>): Promise<HttpResponse> => {
  const response = await sent;
  if (response.status >= 400) throw new Error(`${response.status} ${response.body}`);
  return response;
};

interface Budget {
  statements: number;
  roundTrips: number;
  /** Makes what the requests need. @returns a function that sends the requests whose statements are counted */
  prepare(): Promise<() => Promise<unknown>>;
}

const budgets: Record<string, Budget> = {
  'client credentials': {
    statements: 0,
    roundTrips: 0,
    prepare: async () => () =>
      ok(callAs(frontdesk, machine, '/oauth/token', { grant_type: 'client_credentials', resource: audience })),
  },
  refresh: {
    statements: 2,
    roundTrips: 2,
    async prepare() {
      let { refresh_token: token } = await tokensFor(frontdesk, browser, site, { scope: offlineScope });
      return async () => {
        const response = await ok(refresh(frontdesk, site, token!));
        token = response.json<{ refresh_token: string }>().refresh_token;
      };
    },
  },
  'authorization of a person who is signed in': {
    statements: 2,
    roundTrips: 2,
    prepare: async () => () => browser.send(authorize(frontdesk, site).url),
  },
  'authorization of a person who is not signed in': {
    statements: 1,
    roundTrips: 1,
    prepare: async () => () => newBrowser(frontdesk).send(authorize(frontdesk, site).url),
  },
  'silent sign-in, with the exchange of the code': {
    statements: 4,
    roundTrips: 4,
    prepare: async () => async () => {
      const request = authorize(frontdesk, site);
      const code = await codeFor(browser, request);
      await ok(exchange(frontdesk, site, { code, verifier: request.verifier }));
    },
  },
  'sign-in with password, with the exchange of the code': {
    statements: 20,
    roundTrips: 14,
    prepare: async () => async () => {
      const request = authorize(frontdesk, site);
      const code = await codeFor(newBrowser(frontdesk), request);
      await ok(exchange(frontdesk, site, { code, verifier: request.verifier }));
    },
  },
  userinfo: {
    statements: 1,
    roundTrips: 1,
    async prepare() {
      const { access_token: token } = await tokensFor(frontdesk, browser, site);
      return () => ok(userinfo(frontdesk, token));
    },
  },
  introspection: {
    statements: 1,
    roundTrips: 1,
    async prepare() {
      const { access_token: token } = await tokensFor(frontdesk, browser, site);
      return () => ok(callAs(frontdesk, site, '/oauth/introspect', { token }));
    },
  },
  keys: {
    statements: 0,
    roundTrips: 0,
    prepare: async () => () => ok(sendRequest(`${frontdesk.issuer}/oauth/jwks`)),
  },
  discovery: {
    statements: 0,
    roundTrips: 0,
    prepare: async () => () => ok(sendRequest(`${frontdesk.issuer}/.well-known/openid-configuration`)),
  },
};

test.each(Object.entries(budgets))('%s stays within its statements and round trips', async (_name, budget) => {
  const run = await budget.prepare();
  // A first run is not counted: it fills the caches of the process.
  await run();
  const { statements, roundTrips } = await counter.countLeast(run);
  const report = `${statements.length} statements, ${roundTrips} round trips:\n${statements.join('\n')}`;
  const isWithin = statements.length <= budget.statements && roundTrips <= budget.roundTrips;
  expect(isWithin ? '' : report).toBe('');
});
