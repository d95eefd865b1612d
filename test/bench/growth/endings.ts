/** Measures commands that end very many sessions and grants, and when tokens are refused. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { statement } from '../../support/database.ts';
import { authorize, callAs, codeFor, exchange, newBrowser, type Tokens } from '../../support/flow.ts';
import { addSessions } from '../../support/full-database.ts';
import type { RegisteredApp } from '../../support/people-and-apps.ts';
import type { Servers } from '../../support/servers.ts';

export interface TimedCommand {
  name: string;
  /** Sessions or grants that ended. */
  rows: number;
  seconds: number;
}

export interface EndingsResult {
  commands: TimedCommand[];
  /** From the start of the process of `sessions end` until a token of the account was refused. */
  refusedAfterSeconds: number;
  /** From the kill of a command until the servers had finished what it began. */
  finishedAfterKillSeconds: number;
  /** The page `/account/devices` of an account, before its many sessions are ended. */
  devices: { milliseconds: number; kilobytes: number };
}

interface Deployment extends Pick<Servers<unknown>, 'db' | 'issuer' | 'databaseUrl' | 'command' | 'startCommand'> {
  app: RegisteredApp;
}

const secondsSince = (start: number) => (performance.now() - start) / 1000;

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20);
}

/** @param sessions number of live sessions that each account gets */
export async function measureEndings(deployment: Deployment, sessions: number): Promise<EndingsResult> {
  const { db, databaseUrl, app } = deployment;
  const count = async (rows: string) =>
    (await db.read<{ n: number }>(statement(`select count(*)::int as n from ${rows}`)))[0]!.n;
  const countLive = (accountId: string) => count(`sessions where account_id = '${accountId}' and ended_at is null`);
  const people = await db.read<{ id: string }>(
    statement(`select id from accounts where email = 'ann@example.com' or email like 'person-_@example.com'
      order by email <> 'ann@example.com' limit 4`),
  );
  const [ann, suspended, removed, killed] = people.map(({ id }) => id) as [string, string, string, string];
  for (const id of [ann, suspended, removed, killed]) await addSessions(databaseUrl, id, sessions);

  const browser = newBrowser(deployment);
  const request = authorize(deployment, app);
  const code = await codeFor(browser, request);
  const tokens = (await exchange(deployment, app, { code, verifier: request.verifier })).json<Tokens>();
  await browser.visit(`${deployment.issuer}/account/devices`);
  const requestedAt = performance.now();
  const page = await browser.visit(`${deployment.issuer}/account/devices`);
  const devices = { milliseconds: performance.now() - requestedAt, kilobytes: page.body.length / 1024 };

  const commands: TimedCommand[] = [];
  const runTimed = async (name: string, rows: number, args: string[]) => {
    const start = performance.now();
    await deployment.command(...args);
    commands.push({ name, rows, seconds: secondsSince(start) });
  };
  const isRefused = async () => {
    const response = await callAs(deployment, app, '/oauth/introspect', { token: tokens.access_token });
    return !response.json<{ active: boolean }>().active;
  };

  const start = performance.now();
  const [, refusedAfterSeconds] = await Promise.all([
    runTimed('sessions end', await countLive(ann), ['sessions', 'end', ann]),
    until(isRefused).then(() => secondsSince(start)),
  ]);
  await runTimed('accounts suspend', await countLive(suspended), ['accounts', 'suspend', suspended]);
  await runTimed('accounts remove', await countLive(removed), ['accounts', 'remove', removed]);
  await runTimed('clients remove', await count(`grants where client_id = 'app-1'`), ['clients', 'remove', 'app-1']);

  const child = deployment.startCommand('accounts', 'suspend', killed);
  await until(async () => (await count('pending_endings')) > 0);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const killedAt = performance.now();
  await until(async () => (await count('pending_endings')) === 0);
  return { commands, refusedAfterSeconds, finishedAfterKillSeconds: secondsSince(killedAt), devices };
}
