/** How long people and their apps wait: requirements A07 and D04, and sign-out without a receipt. */
import { suspendAccount } from '../../../src/accounts/suspend-account.ts';
import type { Database } from '../../../src/platform/database.ts';
import type { Person, RegisteredApp } from '../../support/people-and-apps.ts';
import { authorize, codeFor, newBrowser, signIn } from '../../support/flow.ts';
import type { Receiver } from '../../support/receiver.ts';

interface Stage {
  issuer: string;
  db: Database;
  /** An app with back-channel logout. */
  app: RegisteredApp;
  receiver: Receiver;
}

async function signedIn({ issuer, app }: Stage, { username }: Person) {
  const browser = newBrowser({ issuer });
  await codeFor(browser, authorize({ issuer }, app), username);
  return browser;
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Milliseconds from the suspension of an account to the logout token at its app. */
export async function timesToTell(stage: Stage, people: Person[]): Promise<number[]> {
  const times: number[] = [];
  for (const person of people) {
    await signedIn(stage, person);
    const { receiver } = stage;
    const heard = receiver.received.length;
    const start = Date.now();
    await suspendAccount(stage.db, person.id, 'command-line');
    await receiver.until(heard + 1);
    times.push(receiver.received[heard]!.at - start);
  }
  return times;
}

/** Milliseconds that a person who signs out waits; `isBack`: whether the redirect led to the app, without a receipt. */
export async function timesToSignOut(stage: Stage, people: Person[]): Promise<{ times: number[]; isBack: boolean[] }> {
  const times: number[] = [];
  const isBack: boolean[] = [];
  for (const person of people) {
    const browser = await signedIn(stage, person);
    const back = encodeURIComponent(new URL('/', stage.app.redirectUri).href);
    const query = `client_id=${stage.app.id}&post_logout_redirect_uri=${back}`;
    const question = await browser.visit(`${stage.issuer}/oauth/logout?${query}`);
    let location: string | undefined;
    times.push(await timeOf(async () => ({ location } = await question.submit({ logout: 'yes' }))));
    isBack.push(location !== undefined);
  }
  return { times, isBack };
}

/** Milliseconds of attempts with a wrong password, for existing and for unknown accounts. */
export async function timesOfWrong(stage: Stage, people: Person[]): Promise<{ known: number[]; unknown: number[] }> {
  const known: number[] = [];
  const unknown: number[] = [];
  const attempt = async (login: string) => {
    const form = await newBrowser(stage).visit(authorize(stage, stage.app).url);
    return timeOf(() => signIn(form, login, 'not the password'));
  };
  for (const [index, { username }] of people.entries()) {
    known.push(await attempt(username));
    unknown.push(await attempt(`nobody-${index}`));
  }
  return { known, unknown };
}
