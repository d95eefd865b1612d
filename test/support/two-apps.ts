/** Starts a Frontdesk with two apps that have back-channel logout endpoints, and signs people in at both. */
import { decodeJwt } from 'jose';
import { app, person, type Person, type RegisteredApp } from './people-and-apps.ts';
import { authorize, codeFor, newBrowser, refresh, tokensFor, type Tokens } from './flow.ts';
import { startFrontdesk, type Frontdesk } from './frontdesk.ts';
import { startReceiver, type Receiver } from './receiver.ts';
import type { Browser } from './browser.ts';

export interface NotifiedApp {
  app: RegisteredApp;
  receiver: Receiver;
}

export interface SignedIn {
  person: Person;
  browser: Browser;
  tokens: Tokens[];
  /** Tokens of offline access, whose session has ended. */
  offline: Tokens;
  /** A code that was not exchanged yet, and its PKCE verifier. */
  unusedCode: { code: string; verifier: string };
}

export interface TwoApps {
  frontdesk: Frontdesk;
  firstApp: NotifiedApp;
  secondApp: NotifiedApp;
  /** Registers another app with a back-channel logout endpoint. */
  addApp(id: string): Promise<NotifiedApp>;
  /** Signs a new person in at both apps, and in another browser with offline access at the first. */
  signedIn(): Promise<SignedIn>;
  /** Whether the browser gets the sign-in page. */
  isSignedOut(browser: Browser): Promise<boolean>;
  /** Whether the refresh token of offline access still works. */
  canRefresh(offline: Tokens): Promise<boolean>;
}

export const sidOf = ({ id_token: token }: Tokens): unknown => decodeJwt(token!)['sid'];

/** @param ids client ids of the two apps */
export async function startTwoApps(ids: [string, string] = ['first-app', 'second-app']): Promise<TwoApps> {
  const frontdesk = await startFrontdesk();
  const addApp = async (id: string) => {
    const receiver = await startReceiver(frontdesk.issuer, id);
    return { receiver, app: await app(frontdesk, { id, isFirstParty: true, backChannelLogoutUri: receiver.uri }) };
  };
  const [firstApp, secondApp] = [await addApp(ids[0]), await addApp(ids[1])];
  let count = 0;

  return {
    frontdesk,
    firstApp,
    secondApp,
    addApp,

    async signedIn() {
      const login = `person-${(count += 1)}`;
      const account = await person(frontdesk, login, login);
      const browser = newBrowser(frontdesk);
      const tokens = [
        await tokensFor(frontdesk, browser, firstApp.app, { login }),
        await tokensFor(frontdesk, browser, secondApp.app, { login }),
      ];
      const otherBrowser = newBrowser(frontdesk);
      const scope = 'openid offline_access';
      const offline = await tokensFor(frontdesk, otherBrowser, firstApp.app, { login, scope, prompt: 'consent' });
      // That session has ended and its app was notified; offline access continues.
      await (await otherBrowser.visit(`${frontdesk.issuer}/oauth/logout`)).submit({ logout: 'yes' });
      await firstApp.receiver.until(1);
      for (const { receiver } of [firstApp, secondApp]) receiver.received.length = 0;
      const request = authorize(frontdesk, secondApp.app);
      const unusedCode = { code: await codeFor(browser, request), verifier: request.verifier };
      return { person: account, browser, tokens, offline, unusedCode };
    },

    isSignedOut: async (browser) =>
      (await browser.visit(authorize(frontdesk, firstApp.app).url)).root.querySelector('input[name=login]') !== null,
    canRefresh: async (offline) => (await refresh(frontdesk, firstApp.app, offline.refresh_token!)).status === 200,
  };
}
