/** `npm run conformance`: runs plans of the OpenID Foundation's conformance suite against Frontdesk. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { table } from '../../src/commands/command.ts';
import { helpPage, readArguments, UsageWrong, type Arguments } from './arguments.ts';
import { registerClients } from './clients.ts';
import { CommandFailed, targetDesk, type Desk } from './desk.ts';
import { startLocalDesk } from './local-desk.ts';
import { ProfileInvalid, readProfiles, type Profile } from './profile.ts';
import { judge, summaryOf, type Judgement } from './report.ts';
import { currentCommit, makeRunFolder, storeRun, writeResults } from './results.ts';
import { runPlan } from './run-plan.ts';
import { readSettings, SettingInvalid, type Settings } from './settings.ts';
import { connectSuite, SuiteFailed, type Suite } from './suite.ts';

const say = (text: string) => console.log(text);

interface Run {
  suite: Suite;
  version: string;
  desk: Desk;
  settings: Settings;
  only: string[];
  folder: string;
}

async function runProfile(profile: Profile, { suite, version, desk, settings, only, folder }: Run): Promise<Judgement> {
  const own = join(folder, profile.name);
  mkdirSync(own);
  const clients = await registerClients(desk, profile, suite.url, settings.registrationToken);
  try {
    const { configuration } = clients;
    const modules = await runPlan({ suite, desk, profile, clients: configuration, folder: own, only, progress: say });
    if (only.length === 0) {
      const date = new Date().toISOString();
      storeRun(own, {
        profile: profile.name,
        suite: version,
        date,
        commit: currentCommit(),
        issuer: desk.issuer,
        modules,
      });
    }
    return judge(profile, modules, only.length === 0);
  } finally {
    await clients.remove();
  }
}

/** @returns whether all was as expected */
async function runAll({ profiles, target, only }: Arguments): Promise<boolean> {
  const settings = readSettings(process.env);
  if (settings.authority !== undefined) {
    setDefaultCACertificates([...getCACertificates('default'), readFileSync(settings.authority, 'utf8')]);
  }
  const suite = connectSuite(settings.server, settings.token);
  const version = await suite.version();
  const folder = makeRunFolder(new Date());
  say(`Suite ${version} at ${suite.url}; logs and results in ${folder}`);
  const desk = await (target === undefined
    ? startLocalDesk(settings, folder)
    : targetDesk(target, settings, process.env));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void desk.close().then(() => process.exit(130)));
  }
  try {
    say(`Provider at ${desk.issuer}${desk.logFile === undefined ? '' : `, its log in ${desk.logFile}`}`);
    const judged: { profile: Profile; judgement: Judgement }[] = [];
    for (const profile of profiles) {
      judged.push({ profile, judgement: await runProfile(profile, { suite, version, desk, settings, only, folder }) });
    }
    say(`\n${summaryOf(judged)}`);
    return judged.every(({ judgement }) => judgement.surprises.length === 0);
  } finally {
    await desk.close();
  }
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
  if (chosen.isHelp) say(helpPage);
  else if (chosen.isList) say(list(known));
  const isRun = !chosen.isHelp && !chosen.isList && chosen.profiles.length > 0;
  const isAsExpected = !isRun || (await runAll(chosen));
  if (chosen.isPublish) say(`Written: ${writeResults(known)}`);
  return isAsExpected ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const isExpected = [CommandFailed, ProfileInvalid, SettingInvalid, SuiteFailed, UsageWrong].some(
    (known) => error instanceof known,
  );
  console.error(isExpected ? (error as Error).message : error);
  process.exitCode = error instanceof UsageWrong || error instanceof SettingInvalid ? 2 : 1;
}
