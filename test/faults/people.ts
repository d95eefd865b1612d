/** What people and their apps do: sign in, exchange, refresh, consent, sign out. Everything acknowledged is noted. */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeJwt } from 'jose';
import type { Browser, Page } from '../support/browser.ts';
import { authorize, exchange, newBrowser, refresh, responseParameters, signIn, userinfo } from '../support/flow.ts';
import type { AuthorizationRequest, Tokens } from '../support/flow.ts';
import type { RegisteredApp } from '../support/people-and-apps.ts';

import type { Fact, FactOf } from './ledger.ts';
import { ask, askUntil, describe } from './outcome.ts';
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
  bound: Fact[];
}

export interface Code {
  app: RegisteredApp;
  code: string;
  verifier: string;
  issuedAt: number;
}

const sessionCookie = 'fd_session';
/** Codes are valid for a minute, a used refresh token for half a minute: what is asked later may be refused. */
const codeMilliseconds = 55_000;
const graceMilliseconds = 27_000;

/** A page, or nothing when the person was refused and goes away. */
async function visitPage(world: World, what: string, visit: () => Promise<Page>): Promise<Page | undefined> {
  const { outcome, response } = await ask(visit);
  if (outcome === 'wrong') world.ledger.surprise(`${what}: ${describe(response)}`);
  return outcome === 'done' ? response : undefined;
}

/** Opens an app: signs in and consents where it is asked for. */
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
    ledger.surprise(`opening an app ended without a code: ${describe(page)}`);
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
  const parameters = app === world.third ? { prompt: 'consent' } : {};
  const code = await openApp(world, browser, account, app, authorize(world, app, parameters));
  if (!code) return undefined;
  const cookie = await browser.cookie(world.issuer, sessionCookie);
  if (cookie === undefined) {
    world.ledger.surprise('a sign-in left no cookie');
    return undefined;
  }
  const fact: FactOf<'session'> = { kind: 'session', cookie, accountId: account.id };
  world.ledger.acknowledge(fact);
  return { session: { browser, fact, idTokens: new Map(), bound: [] }, code };
}

/** Opens another app in a browser that is signed in. */
export const openSilently = (world: World, { browser }: Session, account: Account, app: RegisteredApp) =>
  openApp(world, browser, account, app, authorize(world, app));

/** Exchanges a code, again and again until there is a response. */
export async function redeem(world: World, session: Session, code: Code): Promise<FactOf<'refresh token'> | undefined> {
  const { ledger } = world;
  const deadline = code.issuedAt + codeMilliseconds;
  const { outcome, response, unknownSince } = await askUntil(() => exchange(world, code.app, code), deadline);
  // When an earlier try may have used the code, this one is a replay, and ends what that one got.
  if (outcome === 'wrong' && unknownSince === undefined && Date.now() < deadline)
    ledger.surprise(`a code was refused: ${describe(response)}`);
  if (outcome !== 'done') return undefined;
  ledger.noteExchange(code.code);
  ledger.acknowledge({ kind: 'code', code: code.code });
  const tokens = response!.json<Tokens>();
  session.idTokens.set(code.app.id, tokens.id_token!);
  const fact: FactOf<'refresh token'> = { kind: 'refresh token', token: tokens.refresh_token! };
  ledger.acknowledge(fact);
  session.bound.push(fact);
  const read = await ask(() => userinfo(world, tokens.access_token));
  if (read.outcome === 'wrong') ledger.surprise(`a new access token was refused: ${describe(read.response)}`);
  return fact;
}

/** Exchanges a code three times at once: one at most may be answered with tokens. */
export async function redeemThreeTimes(world: World, { app, code, verifier }: Code): Promise<void> {
  const tries = await Promise.all([1, 2, 3].map(() => ask(() => exchange(world, app, { code, verifier }))));
  for (const { outcome } of tries) if (outcome === 'done') world.ledger.noteExchange(code);
}

/** Refreshes until there is a response. @returns the new refresh token */
export async function rotate(
  world: World,
  session: Session,
  app: RegisteredApp,
  before: FactOf<'refresh token'>,
): Promise<FactOf<'refresh token'> | undefined> {
  const { ledger } = world;
  ledger.withdraw(before);
  session.bound.splice(session.bound.indexOf(before), 1);
  const begin = Date.now();
  const send = () => refresh(world, app, before.token);
  const { outcome, response, unknownSince } = await askUntil(send, begin + graceMilliseconds);
  const isWithinGrace = Date.now() < (unknownSince ?? begin) + graceMilliseconds;
  if (outcome === 'wrong' && isWithinGrace) ledger.surprise(`a refresh token was refused: ${describe(response)}`);
  if (outcome !== 'done') return undefined;
  const fact: FactOf<'refresh token'> = { kind: 'refresh token', token: response!.json<Tokens>().refresh_token! };
  ledger.acknowledge(fact);
  session.bound.push(fact);
  return fact;
}

/** Notes that a session has ended, and that its apps are to be notified. */
export function noteEnd({ ledger }: World, { fact, idTokens }: Session): void {
  const at = Date.now();
  ledger.acknowledge({ kind: 'sign-out', cookie: fact.cookie });
  for (const [clientId, token] of idTokens)
    ledger.acknowledge({ kind: 'notification', clientId, sid: String(decodeJwt(token)['sid']), at });
}

/** Signs out at an app, and says yes where it is asked. */
export async function signOut(world: World, session: Session): Promise<void> {
  const { ledger, issuer } = world;
  const [hint] = session.idTokens.values();
  if (hint === undefined) return;
  const ends = [session.fact, ...session.bound];
  ledger.withdraw(...ends);
  // Only the first response counts: what comes after a redirect changes nothing.
  const until = () => true;
  const open = () => session.browser.visit(`${issuer}/oauth/logout?id_token_hint=${hint}`, {}, until);
  let asked = await ask(open);
  if (asked.outcome === 'done' && asked.response!.root.querySelector('[name=logout]')) {
    const question = asked.response!;
    asked = await ask(() => question.submit({ logout: 'yes' }, { until }));
  } else if (asked.outcome === 'done' && asked.response!.location === undefined) asked.outcome = 'wrong';
  const { outcome, response } = asked;
  if (outcome === 'refused') ledger.restore(...ends);
  if (outcome === 'wrong') ledger.surprise(`a sign-out was refused: ${describe(response)}`);
  if (outcome === 'done') noteEnd(world, session);
}

/** One person, from a sign-in to the end of what they do. */
export async function comeAndGo(world: World, account: Account): Promise<void> {
  const dice = randomInt(100);
  const app = dice < 30 ? world.third : world.first;
  const signedIn = await signInAt(world, account, app);
  if (!signedIn) return;
  const { session, code } = signedIn;
  if (dice % 10 === 0) await redeemThreeTimes(world, code);
  else {
    let token = await redeem(world, session, code);
    for (let turns = randomInt(4); token && turns > 0; turns -= 1) {
      await sleep(randomInt(100));
      token = await rotate(world, session, app, token);
    }
  }
  if (dice % 2 === 0) {
    const other = await openSilently(world, session, account, world.second);
    if (other) await redeem(world, session, other);
  }
  if (randomInt(100) < 60) await signOut(world, session);
}
