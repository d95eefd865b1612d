/** A Frontdesk with two apps that hear of sign-outs, and somebody new who is signed in at both. */
import { decodeJwt } from 'jose';
import { app, person, type Person, type RegisteredApp } from './cast.ts';
import { authorize, codeFor, newBrowser, refresh, tokensFor, type Tokens } from './flow.ts';
import { startFrontdesk, type Frontdesk } from './frontdesk.ts';
import { startReceiver, type Receiver } from './receiver.ts';
import type { Browser } from './browser.ts';

export interface ToldApp {
  app: RegisteredApp;
  receiver: Receiver;
}

export interface Signed {
  person: Person;
  browser: Browser;
  tokens: Tokens[];
  offline: Tokens;
  /** A code that nobody has used yet. */
  unused: { code: string; verifier: string };
}

export interface TwoApps {
  frontdesk: Frontdesk;
  one: ToldApp;
  two: ToldApp;
  /** Another app that hears of sign-outs. */
  told(id: string): Promise<ToldApp>;
  /** Somebody new, signed in at both apps, with offline access at the first. */
  signedIn(): Promise<Signed>;
  /** Whether the browser has to sign in again. */
  isOut(browser: Browser): Promise<boolean>;
  /** Whether offline access goes on. */
  lives(offline: Tokens): Promise<boolean>;
}

export const sidOf = ({ id_token: token }: Tokens): unknown => decodeJwt(token!)['sid'];

/** @param ids what the two are called */
export async function startTwoApps(ids: [string, string] = ['one', 'two']): Promise<TwoApps> {
  const frontdesk = await startFrontdesk();
  const told = async (id: string) => {
    const receiver = await startReceiver(frontdesk.issuer, id);
    return { receiver, app: await app(frontdesk, { id, isFirstParty: true, backChannelLogoutUri: receiver.uri }) };
  };
  const [one, two] = [await told(ids[0]), await told(ids[1])];
  let count = 0;

  return {
    frontdesk,
    one,
    two,
    told,

    async signedIn() {
      const login = `person-${(count += 1)}`;
      const who = await person(frontdesk, login, login);
      const browser = newBrowser(frontdesk);
      const tokens = [
        await tokensFor(frontdesk, browser, one.app, { login }),
        await tokensFor(frontdesk, browser, two.app, { login }),
      ];
      const elsewhere = newBrowser(frontdesk);
      const scope = 'openid offline_access';
      const offline = await tokensFor(frontdesk, elsewhere, one.app, { login, scope, prompt: 'consent' });
      // That session has ended, and its app was told; the offline access goes on.
      await (await elsewhere.visit(`${frontdesk.issuer}/oauth/logout`)).submit({ logout: 'yes' });
      await one.receiver.until(1);
      for (const { receiver } of [one, two]) receiver.heard.length = 0;
      const request = authorize(frontdesk, two.app);
      const unused = { code: await codeFor(browser, request), verifier: request.verifier };
      return { person: who, browser, tokens, offline, unused };
    },

    isOut: async (browser) =>
      (await browser.visit(authorize(frontdesk, one.app).url)).root.querySelector('input[name=login]') !== null,
    lives: async (offline) => (await refresh(frontdesk, one.app, offline.refresh_token!)).status === 200,
  };
}
