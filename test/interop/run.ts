/** `npm run interop`: published client software signs a person in through Frontdesk, in Chromium. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { helpPage, readArguments, UsageWrong } from './arguments.ts';
import type { Client, Person } from './client.ts';
import { clients as known } from './clients/clients.ts';
import { cacheFolder, NotInstalled, type Installation } from './install.ts';
import { start, stop, stopAll, untilAnswering } from './processes.ts';
import { startProvider, type Provider } from './provider.ts';
import { format, isFailed, type Result, type Row } from './report.ts';
import { openBrowser, openVisit, type Visit } from './browser.ts';
import { signIn, signOut, type Running } from './visit.ts';

const ann: Person = {
  name: 'Ann Archer',
  username: 'ann',
  email: 'ann@example.com',
  password: 'walk in at the front desk',
};

interface Run {
  provider: Provider;
  browser: Browser;
  /** Takes logs. */
  folder: string;
}

/** Registers a client as an operator does, starts it, and stops it when `use` is done. */
async function withClient<T>(
  { provider, folder }: Run,
  client: Client,
  installation: Installation,
  use: (running: Running) => Promise<T>,
): Promise<T> {
  const registered = await provider.register(client);
  const { issuer } = provider;
  const { clientId, clientSecret, url, port } = registered;
  const scratch = join(folder, client.name);
  mkdirSync(scratch, { recursive: true });
  const log = join(folder, `${client.name}.log`);
  const given = { ISSUER: issuer, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret, URL: url, PORT: String(port) };
  const children: ReturnType<typeof start>[] = [];
  const site = {
    ...{ ...registered, issuer, scratch, folder: installation.folder },
    sources: join(import.meta.dirname, 'clients', client.name),
    start: (command: string, args: string[], environment: Record<string, string> = {}) =>
      void children.push(start(command, args, { log, folder: scratch, environment: { ...given, ...environment } })),
  };
  try {
    await client.start(site);
    await untilAnswering(url, children.at(-1)!);
    return await use({ client, site });
  } finally {
    await Promise.all(children.map((child) => stop(child)));
  }
}

/** Runs `visit` in a browser of its own; says on the way what it met, when it fails. */
async function inBrowser<T>({ browser, folder }: Run, name: string, walk: (visit: Visit) => Promise<T>): Promise<T> {
  const context = await browser.newContext();
  const visit = await openVisit(context);
  try {
    return await walk(visit);
  } catch (error) {
    await visit.page.screenshot({ path: join(folder, `${name}.png`) }).catch(() => undefined);
    const way = visit.trace.map((line) => `\n    ${line}`).join('');
    throw new Error(`${(error as Error).message.split('\n')[0]}${way}`, { cause: error });
  } finally {
    await context.close();
  }
}

/** Signs in, and out where the client offers it. */
async function tryAlone(run: Run, running: Running, row: Row): Promise<void> {
  await inBrowser(run, running.client.name, async (visit) => {
    row.signIn = 'NO';
    const { missing, shown } = await signIn(visit, running, ann);
    row.signIn = 'yes';
    row.nameAndEmail = missing.length === 0 ? 'yes' : 'NO';
    if (missing.length > 0) row.reasons.push(`it does not know ${missing.join(' and ')}; it shows "${shown}"`);
    if (!running.client.signOut) {
      row.signOut = 'not offered';
      return;
    }
    row.signOut = 'NO';
    await signOut(visit, running);
    row.signOut = running.client.signOut.ends === 'the app' ? 'app only' : 'yes';
  });
}

/** Signs in at the first client, then opens the second one in the same browser. */
async function tryAsSecond(run: Run, first: Running, running: Running, row: Row): Promise<void> {
  await inBrowser(run, `${running.client.name}-second`, async (visit) => {
    await signIn(visit, first, ann);
    row.recognised = 'NO';
    const { isAsked } = await signIn(visit, running, ann);
    if (isAsked) throw new Error(`asked for the password of somebody whom ${first.client.name} knows`);
    row.recognised = 'yes';
  });
}

async function tryClient(run: Run, client: Client, first: Client): Promise<Result> {
  let installation;
  try {
    installation = await client.install();
  } catch (error) {
    if (error instanceof NotInstalled) return { client: client.name, notInstalled: error.message };
    throw error;
  }
  const row: Row = {
    ...{ client: client.name, version: installation.version, reasons: [] },
    ...{ signIn: 'unseen', nameAndEmail: 'unseen', recognised: 'unseen', signOut: 'unseen' },
  };
  const note = (error: unknown) => void row.reasons.push((error as Error).message);
  try {
    await withClient(run, client, installation, async (running) => {
      await tryAlone(run, running, row).catch(note);
      if (row.signIn !== 'yes') return;
      const firstInstallation = await first.install();
      await withClient(run, first, firstInstallation, (site) => tryAsSecond(run, site, running, row)).catch(note);
    });
  } catch (error) {
    row.signIn = 'NO';
    note(error);
  }
  return row;
}

/** Known to somebody before the client that is tried: the two that come with this repository. */
const firstFor = (client: Client): Client => known.find((other) => other !== client)!;

async function main(args: string[]): Promise<number> {
  const { clients, isHelp } = readArguments(args, known);
  if (isHelp) {
    console.log(helpPage);
    return 0;
  }
  const folder = join(cacheFolder, 'runs', new Date().toISOString().replaceAll(':', '-'));
  mkdirSync(folder, { recursive: true });
  console.log(`Logs are in ${folder}`);
  const provider = await startProvider(join(folder, 'frontdesk.log'));
  const browser = await openBrowser();
  try {
    await provider.openAccount(ann);
    const results: Result[] = [];
    for (const client of clients) {
      console.log(`${client.name} …`);
      results.push(await tryClient({ provider, browser, folder }, client, firstFor(client)));
    }
    console.log(`\n${format(results)}`);
    return results.some(isFailed) ? 1 : 0;
  } finally {
    await browser.close();
    await provider.close();
    await stopAll();
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void stopAll().then(() => process.exit(130)));
}
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = error instanceof UsageWrong ? 2 : 1;
}
