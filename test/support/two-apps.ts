/** A desk with two apps that hear of sign-outs, and somebody new who is signed in at both. */
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
  desk: Frontdesk;
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
  close(): Promise<void>;
}

export const sidOf = ({ id_token: token }: Tokens): unknown => decodeJwt(token!)['sid'];

export async function startTwoApps(): Promise<TwoApps> {
  const desk = await startFrontdesk();
  const told = async (id: string) => {
    const receiver = await startReceiver(desk.issuer, id);
    return { receiver, app: await app(desk, { id, isFirstParty: true, backChannelLogoutUri: receiver.uri }) };
  };
  const [one, two] = [await told('one'), await told('two')];
  let count = 0;

  return {
    desk,
    one,
    two,
    told,

    async signedIn() {
      const login = `person-${(count += 1)}`;
      const who = await person(desk, login, login);
      const browser = newBrowser(desk);
      const tokens = [
        await tokensFor(desk, browser, one.app, { login }),
        await tokensFor(desk, browser, two.app, { login }),
      ];
      const elsewhere = newBrowser(desk);
      const scope = 'openid offline_access';
      const offline = await tokensFor(desk, elsewhere, one.app, { login, scope, prompt: 'consent' });
      // That session has ended, and its app was told; the offline access goes on.
      await (await elsewhere.visit(`${desk.issuer}/oauth/logout`)).submit({ logout: 'yes' });
      await one.receiver.until(1);
      for (const { receiver } of [one, two]) receiver.heard.length = 0;
      const request = authorize(desk, two.app);
      const unused = { code: await codeFor(browser, request), verifier: request.verifier };
      return { person: who, browser, tokens, offline, unused };
    },

    isOut: async (browser) =>
      (await browser.visit(authorize(desk, one.app).url)).root.querySelector('input[name=login]') !== null,
    lives: async (offline) => (await refresh(desk, one.app, offline.refresh_token!)).status === 200,

    async close() {
      await desk.close();
      await one.receiver.stop();
      await two.receiver.stop();
    },
  };
}
