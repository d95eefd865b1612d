/** `npm run conformance`: runs plans of the OpenID Foundation's conformance suite against Frontdesk. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { table } from '../../src/commands/command.ts';
import { helpPage, readArguments, UsageError, type Arguments } from './arguments.ts';
import { registerClients } from './clients.ts';
import { CommandFailed, targetServer, type ProviderUnderTest } from './provider.ts';
import { startLocalServer } from './local-provider.ts';
import { ProfileInvalid, readProfiles, type Profile } from './profile.ts';
import { judge, summaryOf, type Judgement } from './report.ts';
import { currentCommit, makeRunFolder, storeRun } from './results.ts';
import { writeResults } from './results-page.ts';
import { runPlan } from './run-plan.ts';
import { readSettings, SettingsError, type Settings } from './settings.ts';
import { connectSuite, SuiteFailed, type Suite } from './suite.ts';

const print = (text: string) => console.log(text);

interface Run {
  suite: Suite;
  version: string;
  provider: ProviderUnderTest;
  settings: Settings;
  only: string[];
  folder: string;
  /** As `currentCommit` returns it, when the run began. */
  commit: string;
  signal: AbortSignal;
}

/** A signal stops the tool, which removes what it has created. */
class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

async function runProfile(profile: Profile, run: Run): Promise<Judgement> {
  const { suite, version, provider, settings, only, folder, commit, signal } = run;
  const profileFolder = join(folder, profile.name);
  mkdirSync(profileFolder);
  const clients = await registerClients(provider, profile, suite.url, settings.registrationToken);
  try {
    const { configuration } = clients;
    const plan = {
      suite,
      target: provider,
      profile,
      clients: configuration,
      folder: profileFolder,
      only,
      signal,
      progress: print,
    };
    const modules = await runPlan(plan);
    if (only.length === 0) {
      const date = new Date().toISOString();
      storeRun(profileFolder, {
        profile: profile.name,
        suite: version,
        date,
        commit,
        issuer: provider.issuer,
        modules,
      });
    }
    return judge(profile, modules, only.length === 0);
  } finally {
    await clients.remove();
  }
}

/** @returns whether all results were as expected */
async function runAll({ profiles, target, only }: Arguments): Promise<boolean> {
  const settings = readSettings(process.env);
  if (settings.caFile !== undefined) {
    setDefaultCACertificates([...getCACertificates('default'), readFileSync(settings.caFile, 'utf8')]);
  }
  const suite = connectSuite(settings.server, settings.token);
  const version = await suite.version();
  const folder = makeRunFolder(new Date());
  const commit = currentCommit();
  print(`Suite ${version} at ${suite.url}; logs and results in ${folder}`);
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => stop.abort(new Interrupted(`stopped by ${name}`)));
  const judged: { profile: Profile; judgement: Judgement }[] = [];
  for (const [conformanceProfile, group] of Map.groupBy(profiles, (profile) => profile.conformanceProfile)) {
    const provider = await (target === undefined
      ? startLocalServer(settings, conformanceProfile, folder)
      : targetServer(target, settings, conformanceProfile, process.env));
    const log = provider.logFile === undefined ? '' : `, its log in ${provider.logFile}`;
    print(`Provider at ${provider.issuer}, CONFORMANCE_PROFILE ${conformanceProfile}${log}`);
    try {
      for (const profile of group) {
        const run = { suite, version, provider, settings, only, folder, commit, signal: stop.signal };
        judged.push({ profile, judgement: await runProfile(profile, run) });
      }
    } finally {
      await provider.close();
    }
  }
  print(`\n${summaryOf(judged)}`);
  return judged.every(({ judgement }) => judgement.unexpected.length === 0);
}

const list = (profiles: readonly Profile[]): string =>
  table(
    ['profile', 'modules', 'certification', 'about'],
    profiles.map(({ name, modules, certification, about }) => [name, String(modules), certification, about]),
  );

/** @returns the exit code */
async function main(args: string[]): Promise<number> {
  const known = readProfiles();
  const chosen = readArguments(args, known);
  if (chosen.isHelp) print(helpPage);
  else if (chosen.isList) print(list(known));
  const isRun = !chosen.isHelp && !chosen.isList && chosen.profiles.length > 0;
  const isAsExpected = !isRun || (await runAll(chosen));
  if (chosen.isPublish) print(`Written: ${writeResults(known)}`);
  return isAsExpected ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const isExpected = [CommandFailed, Interrupted, ProfileInvalid, SettingsError, SuiteFailed, UsageError].some(
    (known) => error instanceof known,
  );
  console.error(isExpected ? (error as Error).message : error);
  process.exitCode = error instanceof UsageError || error instanceof SettingsError ? 2 : 1;
}
