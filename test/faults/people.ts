/** What people and their apps do: sign in, consent, exchange codes, refresh, sign out. The ledger gets what is acknowledged. */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeJwt } from 'jose';
import type { Browser, Page } from '../support/browser.ts';
import { authorize, exchange, newBrowser, refresh, responseParameters, signIn, userinfo } from '../support/flow.ts';
import type { AuthorizationRequest, Tokens } from '../support/flow.ts';
import type { RegisteredApp } from '../support/people-and-apps.ts';
import type { Fact, FactOf } from './ledger.ts';
import { attempt, retry, describe } from './outcome.ts';
import type { World } from './population.ts';

export interface Account {
  id: string;
  username: string;
  password?: string;
}

/** A browser that is signed in. */
export interface Session {
  browser: Browser;
  fact: FactOf<'session'>;
  /** Client id → ID token, of the apps that exchanged their code. */
  idTokens: Map<string, string>;
  /** Facts that end with the session. */
  dependentFacts: Fact[];
}

export interface Code {
  app: RegisteredApp;
  code: string;
  verifier: string;
  issuedAt: number;
}

const sessionCookie = 'fd_session';
/** Codes are valid for a minute, a used refresh token for half a minute: later requests may be refused. */
const codeMilliseconds = 55_000;
const graceMilliseconds = 27_000;

/** Opens a page once, as a person does. @returns undefined when it was not loaded */
async function visitPage(world: World, what: string, visit: () => Promise<Page>): Promise<Page | undefined> {
  const { outcome, response } = await attempt(visit);
  if (outcome === 'refused') world.ledger.noteUnexpected(`${what}: ${describe(response)}`);
  return outcome === 'done' ? response : undefined;
}

/** Opens an app, signs in when there is no session, and consents when the page asks for it. @returns undefined without a code */
async function openApp(
  world: World,
  browser: Browser,
  account: Account,
  app: RegisteredApp,
  request: AuthorizationRequest,
): Promise<Code | undefined> {
  const { ledger } = world;
  let page = await visitPage(world, 'opening an app', () => browser.visit(request.url));
  if (page?.root.querySelector('input[name=login]')) {
    const form = page;
    page = await visitPage(world, 'signing in', () => signIn(form, account.username, account.password));
  }
  if (page?.status === 200 && page.root.querySelector('.permissions')) {
    const form = page;
    const since = new Date();
    page = await visitPage(world, 'consenting', () => form.submit());
    if (page?.location) ledger.acknowledge({ kind: 'consent', accountId: account.id, clientId: app.id, since });
  }
  if (!page) return undefined;
  const { code } = responseParameters(page);
  if (code === undefined) {
    ledger.noteUnexpected(`opening an app ended without a code: ${describe(page)}`);
    return undefined;
  }
  return { app, code, verifier: request.verifier, issuedAt: Date.now() };
}

/** Signs in, in a new browser. */
export async function signInAt(
  world: World,
  account: Account,
  app: RegisteredApp,
): Promise<{ session: Session; code: Code } | undefined> {
  const browser = newBrowser(world);
  const parameters = app === world.siteC ? { prompt: 'consent' } : {};
  const code = await openApp(world, browser, account, app, authorize(world, app, parameters));
  if (!code) return undefined;
  const cookie = await browser.cookie(world.issuer, sessionCookie);
  if (cookie === undefined) {
    world.ledger.noteUnexpected('a sign-in left no cookie');
    return undefined;
  }
  const fact: FactOf<'session'> = { kind: 'session', cookie, accountId: account.id };
  world.ledger.acknowledge(fact);
  return { session: { browser, fact, idTokens: new Map(), dependentFacts: [] }, code };
}

/** Opens another app in a browser that is signed in. */
export const openSilently = (world: World, { browser }: Session, account: Account, app: RegisteredApp) =>
  openApp(world, browser, account, app, authorize(world, app));

/** Exchanges a code, and repeats the request until there is a response. @returns undefined without tokens */
export async function redeem(world: World, session: Session, code: Code): Promise<FactOf<'refresh token'> | undefined> {
  const { ledger } = world;
  const deadline = code.issuedAt + codeMilliseconds;
  const { outcome, response, unknownSince } = await retry(() => exchange(world, code.app, code), deadline);
  // If an attempt of unknown outcome has used the code, this one is a replay, and revokes the grant.
  if (outcome === 'refused' && unknownSince === undefined && Date.now() < deadline)
    ledger.noteUnexpected(`a code was refused: ${describe(response)}`);
  if (outcome !== 'done') return undefined;
  ledger.noteExchange(code.code);
  ledger.acknowledge({ kind: 'exchange', code: code.code });
  const tokens = response!.json<Tokens>();
  session.idTokens.set(code.app.id, tokens.id_token!);
  const fact: FactOf<'refresh token'> = { kind: 'refresh token', token: tokens.refresh_token! };
  ledger.acknowledge(fact);
  session.dependentFacts.push(fact);
  const read = await attempt(() => userinfo(world, tokens.access_token));
  if (read.outcome === 'refused') ledger.noteUnexpected(`a new access token was refused: ${describe(read.response)}`);
  return fact;
}

/** Exchanges a code three times at once: at most one response may contain tokens. */
export async function redeemThreeTimes(world: World, { app, code, verifier }: Code): Promise<void> {
  const attempts = await Promise.all([1, 2, 3].map(() => attempt(() => exchange(world, app, { code, verifier }))));
  for (const { outcome } of attempts) if (outcome === 'done') world.ledger.noteExchange(code);
}

/** Refreshes, and repeats the request until there is a response. @returns the new refresh token; undefined without one */
export async function rotate(
  world: World,
  session: Session,
  app: RegisteredApp,
  before: FactOf<'refresh token'>,
): Promise<FactOf<'refresh token'> | undefined> {
  const { ledger } = world;
  ledger.withdraw(before);
  session.dependentFacts.splice(session.dependentFacts.indexOf(before), 1);
  const begin = Date.now();
  const send = () => refresh(world, app, before.token);
  const { outcome, response, unknownSince } = await retry(send, begin + graceMilliseconds);
  const isWithinGrace = Date.now() < (unknownSince ?? begin) + graceMilliseconds;
  if (outcome === 'refused' && isWithinGrace)
    ledger.noteUnexpected(`a refresh token was refused: ${describe(response)}`);
  if (outcome !== 'done') return undefined;
  const fact: FactOf<'refresh token'> = { kind: 'refresh token', token: response!.json<Tokens>().refresh_token! };
  ledger.acknowledge(fact);
  session.dependentFacts.push(fact);
  return fact;
}

/** Adds to the ledger that a session has ended and that its apps are to be notified. */
export function acknowledgeSignOut({ ledger }: World, { fact, idTokens }: Session): void {
  const at = Date.now();
  ledger.acknowledge({ kind: 'sign-out', cookie: fact.cookie });
  for (const [clientId, token] of idTokens)
    ledger.acknowledge({ kind: 'notification', clientId, sid: String(decodeJwt(token)['sid']), at });
}

/** Signs out at an app, and confirms it when the page asks. */
export async function signOut(world: World, session: Session): Promise<void> {
  const { ledger, issuer } = world;
  const [hint] = session.idTokens.values();
  if (hint === undefined) return;
  const ends = [session.fact, ...session.dependentFacts];
  ledger.withdraw(...ends);
  // Only the first response counts: what comes after a redirect changes nothing.
  const until = () => true;
  const open = () => session.browser.visit(`${issuer}/oauth/logout?id_token_hint=${hint}`, {}, until);
  let last = await attempt(open);
  if (last.outcome === 'done' && last.response!.root.querySelector('[name=logout]')) {
    const question = last.response!;
    last = await attempt(() => question.submit({ logout: 'yes' }, { until }));
  } else if (last.outcome === 'done' && last.response!.location === undefined) last.outcome = 'refused';
  const { outcome, response } = last;
  if (outcome === 'unavailable') ledger.restore(...ends);
  if (outcome === 'refused') ledger.noteUnexpected(`a sign-out was refused: ${describe(response)}`);
  if (outcome === 'done') acknowledgeSignOut(world, session);
}

/** One round of a person: signs in at an app, uses it, perhaps opens a second one, perhaps signs out. */
export async function useApps(world: World, account: Account): Promise<void> {
  const random = randomInt(100);
  const app = random < 30 ? world.siteC : world.siteA;
  const signedIn = await signInAt(world, account, app);
  if (!signedIn) return;
  const { session, code } = signedIn;
  if (random % 10 === 0) await redeemThreeTimes(world, code);
  else {
    let token = await redeem(world, session, code);
    for (let refreshes = randomInt(4); token && refreshes > 0; refreshes -= 1) {
      await sleep(randomInt(100));
      token = await rotate(world, session, app, token);
    }
  }
  if (random % 2 === 0) {
    const other = await openSilently(world, session, account, world.siteB);
    if (other) await redeem(world, session, other);
  }
  if (randomInt(100) < 60) await signOut(world, session);
}
