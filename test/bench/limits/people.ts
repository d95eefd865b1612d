/** Measures how long people and apps wait: requirements A07 and D04, and sign-out without a receipt. */
import { suspendAccount } from '../../../src/accounts/suspend-account.ts';
import type { Database } from '../../../src/platform/database.ts';
import type { Person, RegisteredApp } from '../../support/people-and-apps.ts';
import { authorize, codeFor, newBrowser, signIn } from '../../support/flow.ts';
import type { Receiver } from '../../support/receiver.ts';

interface Deployment {
  issuer: string;
  db: Database;
  /** An app with back-channel logout. */
  app: RegisteredApp;
  receiver: Receiver;
}

async function signedIn({ issuer, app }: Deployment, { username }: Person) {
  const browser = newBrowser({ issuer });
  await codeFor(browser, authorize({ issuer }, app), username);
  return browser;
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** For each account, milliseconds from its suspension to the logout token at the app. */
export async function timesToNotify(deployment: Deployment, people: Person[]): Promise<number[]> {
  const times: number[] = [];
  for (const person of people) {
    await signedIn(deployment, person);
    const { receiver } = deployment;
    const before = receiver.received.length;
    const start = Date.now();
    await suspendAccount(deployment.db, person.id, 'command-line');
    await receiver.until(before + 1);
    times.push(receiver.received[before]!.at - start);
  }
  return times;
}

/** For each person, milliseconds of the response to a sign-out, and whether it redirects to the app, without a receipt. */
export async function timesToSignOut(
  deployment: Deployment,
  people: Person[],
): Promise<{ times: number[]; endsAtApp: boolean[] }> {
  const times: number[] = [];
  const endsAtApp: boolean[] = [];
  for (const person of people) {
    const browser = await signedIn(deployment, person);
    const returnTo = encodeURIComponent(new URL('/', deployment.app.redirectUri).href);
    const query = `client_id=${deployment.app.id}&post_logout_redirect_uri=${returnTo}`;
    const question = await browser.visit(`${deployment.issuer}/oauth/logout?${query}`);
    let location: string | undefined;
    times.push(await timeOf(async () => ({ location } = await question.submit({ logout: 'yes' }))));
    endsAtApp.push(location !== undefined);
  }
  return { times, endsAtApp };
}

/** Milliseconds of each sign-in with a wrong password, for existing and for unknown accounts. */
export async function timesOfWrongPasswords(
  deployment: Deployment,
  people: Person[],
): Promise<{ known: number[]; unknown: number[] }> {
  const known: number[] = [];
  const unknown: number[] = [];
  const attempt = async (login: string) => {
    const form = await newBrowser(deployment).visit(authorize(deployment, deployment.app).url);
    return timeOf(() => signIn(form, login, 'not the password'));
  };
  for (const [index, { username }] of people.entries()) {
    known.push(await attempt(username));
    unknown.push(await attempt(`nobody-${index}`));
  }
  return { known, unknown };
}
