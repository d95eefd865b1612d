/** Arguments of `npm run conformance`. */
import { parseArgs } from 'node:util';
import type { Profile } from './profile.ts';
import { httpsOrigin, settingsHelp } from './settings.ts';

export interface Arguments {
  profiles: Profile[];
  /** Issuer of the deployment to test; undefined: a provider is started for the run. */
  target: string | undefined;
  /** Modules to run, by name; all when it is empty. */
  only: string[];
  isHelp: boolean;
  isList: boolean;
  isPublish: boolean;
}

/** Invalid arguments: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** @throws UsageError, SettingsError */
export function readArguments(args: string[], known: readonly Profile[]): Arguments {
  let parsed;
  try {
    parsed = parseArgs({
      args,
      allowPositionals: true,
      options: {
        local: { type: 'boolean' },
        target: { type: 'string' },
        module: { type: 'string', multiple: true },
        list: { type: 'boolean' },
        publish: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const { values, positionals } = parsed;
  if (values.local && values.target !== undefined) throw new UsageError('--local or --target, not both');
  const names = positionals.includes('all') ? known.map(({ name }) => name) : [...new Set(positionals)];
  const profiles = names.map((name) => {
    const profile = known.find((candidate) => candidate.name === name);
    if (!profile) throw new UsageError(`there is no profile ${name}: see npm run conformance -- --list`);
    return profile;
  });
  if (values.target !== undefined && new Set(profiles.map((profile) => profile.conformanceProfile)).size > 1) {
    throw new UsageError(
      'a deployment runs with CONFORMANCE_PROFILE or without: profiles that begin with default- need it off, all others on',
    );
  }
  const [isHelp, isList, isPublish] = [values.help === true, values.list === true, values.publish === true];
  if (profiles.length === 0 && !isHelp && !isList && !isPublish) throw new UsageError('name a profile, or all');
  return {
    profiles,
    target: values.target === undefined ? undefined : httpsOrigin(values.target, '--target'),
    only: values.module ?? [],
    isHelp,
    isList,
    isPublish,
  };
}

export const helpPage = [
  'Usage: npm run conformance -- PROFILE… | all [--local | --target URL] [--module NAME]… [--publish]',
  '',
  'Runs plans of the OpenID Foundation’s conformance suite. Start the suite first: see test/conformance/README.md.',
  '',
  '  --local        Start a provider for the run, and stop it afterwards (default).',
  '  --target URL   Test a running deployment; clients are registered, and removed afterwards.',
  '  --module NAME  Run only this module of the plan; its result is not published. May be repeated.',
  '  --publish      Write RESULTS.md from the newest results. Without PROFILE, run nothing.',
  '  --list         Show the profiles.',
  '',
  'Settings:',
  ...settingsHelp.map(([name, about]) => `  ${name.padEnd(30)}  ${about}`),
  '',
  'Exit codes: 0 all results as expected, 1 an unexpected result, 2 invalid arguments or settings.',
].join('\n');
