/** `npm run interop`: published client software signs a person in through Frontdesk, in Chromium. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { helpPage, readArguments, UsageError } from './arguments.ts';
import type { Client, Person } from './client.ts';
import { clients as known } from './clients/clients.ts';
import { cacheFolder, NotInstalled, type Installation } from './install.ts';
import { start, stop, stopAll, untilResponding } from './processes.ts';
import { startProvider, type Provider } from './provider.ts';
import { format, isFailed, type Result, type Row } from './report.ts';
import { openBrowser, openVisit, type Visit } from './browser.ts';
import { signIn, signOut, type Running } from './visit.ts';

const ann: Person = {
  name: 'Ann Archer',
  username: 'ann',
  email: 'ann@example.com',
  password: 'correct horse battery staple',
};

interface Run {
  provider: Provider;
  browser: Browser;
  /** Folder for logs and screenshots. */
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
  const environmentOfClient = {
    ISSUER: issuer,
    CLIENT_ID: clientId,
    CLIENT_SECRET: clientSecret,
    URL: url,
    PORT: String(port),
  };
  const children: ReturnType<typeof start>[] = [];
  const site = {
    ...{ ...registered, issuer, scratch, folder: installation.folder },
    sources: join(import.meta.dirname, 'clients', client.name),
    start: (command: string, args: string[], environment: Record<string, string> = {}) =>
      void children.push(
        start(command, args, { log, folder: scratch, environment: { ...environmentOfClient, ...environment } }),
      ),
  };
  try {
    await client.start(site);
    await untilResponding(url, children.at(-1)!);
    return await use({ client, site });
  } finally {
    await Promise.all(children.map((child) => stop(child)));
  }
}

/** Calls `use` with a page of a new browser context. @throws Error with the trace of the visit, after a screenshot */
async function inBrowser<T>({ browser, folder }: Run, name: string, use: (visit: Visit) => Promise<T>): Promise<T> {
  const context = await browser.newContext();
  const visit = await openVisit(context);
  try {
    return await use(visit);
  } catch (error) {
    await visit.page.screenshot({ path: join(folder, `${name}.png`) }).catch(() => undefined);
    const trace = visit.trace.map((line) => `\n    ${line}`).join('');
    throw new Error(`${(error as Error).message.split('\n')[0]}${trace}`, { cause: error });
  } finally {
    await context.close();
  }
}

/** Signs in, and signs out if the client offers it. */
async function trySignIn(run: Run, running: Running, row: Row): Promise<void> {
  await inBrowser(run, running.client.name, async (visit) => {
    row.signIn = 'NO';
    const { missing, shown } = await signIn(visit, running, ann);
    row.signIn = 'yes';
    row.nameAndEmail = missing.length === 0 ? 'yes' : 'NO';
    if (missing.length > 0) row.reasons.push(`it does not show ${missing.join(' and ')}, but "${shown}"`);
    if (!running.client.signOut) {
      row.signOut = 'not offered';
      return;
    }
    row.signOut = 'NO';
    await signOut(visit, running);
    row.signOut = running.client.signOut.ends === 'the app' ? 'app only' : 'yes';
  });
}

/** Signs in at another client, then opens this one in the same browser: no password may be asked for. */
async function trySession(run: Run, first: Running, running: Running, row: Row): Promise<void> {
  await inBrowser(run, `${running.client.name}-second`, async (visit) => {
    await signIn(visit, first, ann);
    row.recognised = 'NO';
    const { passwordWasAsked } = await signIn(visit, running, ann);
    if (passwordWasAsked) throw new Error(`a password was asked for after a sign-in at ${first.client.name}`);
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
    ...{ signIn: 'not reached', nameAndEmail: 'not reached', recognised: 'not reached', signOut: 'not reached' },
  };
  const note = (error: unknown) => void row.reasons.push((error as Error).message);
  try {
    await withClient(run, client, installation, async (running) => {
      await trySignIn(run, running, row).catch(note);
      if (row.signIn !== 'yes') return;
      const firstInstallation = await first.install();
      await withClient(run, first, firstInstallation, (site) => trySession(run, site, running, row)).catch(note);
    });
  } catch (error) {
    row.signIn = 'NO';
    note(error);
  }
  return row;
}

/** The client at which the person signs in before: one that needs no installation. */
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
    await provider.createAccount(ann);
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
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
