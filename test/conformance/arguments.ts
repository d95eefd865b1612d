/** Arguments of the tool. */
import { parseArgs } from 'node:util';
import type { Profile } from './profile.ts';
import { httpsOrigin, settingsHelp } from './settings.ts';

export interface Arguments {
  profiles: Profile[];
  /** The deployment to test; absent: one is brought up. */
  target: string | undefined;
  /** Modules to run, by name; all when it is empty. */
  only: string[];
  isHelp: boolean;
  isList: boolean;
  isPublish: boolean;
}

/** Arguments that cannot be used: exit code 2. */
export class UsageWrong extends Error {
  override readonly name = 'UsageWrong';
}

/** @throws UsageWrong, SettingInvalid */
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
    throw new UsageWrong((error as Error).message);
  }
  const { values, positionals } = parsed;
  if (values.local && values.target !== undefined) throw new UsageWrong('--local or --target, not both');
  const names = positionals.includes('all') ? known.map(({ name }) => name) : [...new Set(positionals)];
  const profiles = names.map((name) => {
    const profile = known.find((it) => it.name === name);
    if (!profile) throw new UsageWrong(`there is no profile ${name}: see npm run conformance -- --list`);
    return profile;
  });
  if (values.target !== undefined && new Set(profiles.map((it) => it.conformanceProfile)).size > 1) {
    throw new UsageWrong(
      'a deployment runs with CONFORMANCE_PROFILE or without: profiles that begin with default- want it off, and all others on',
    );
  }
  const [isHelp, isList, isPublish] = [values.help === true, values.list === true, values.publish === true];
  if (profiles.length === 0 && !isHelp && !isList && !isPublish) throw new UsageWrong('name a profile, or all');
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
  'Runs plans of the OpenID Foundation’s conformance suite, which must run already: see test/conformance/README.md.',
  '',
  '  --local        Bring up a provider for the run, and take it down afterwards. This is what happens by itself.',
  '  --target URL   Test a deployment that stands; only clients are registered, and removed afterwards.',
  '  --module NAME  Run only this module of the plan; its result is not published. May be repeated.',
  '  --publish      Write RESULTS.md from the newest results. Without a profile nothing is run.',
  '  --list         Show the profiles.',
  '',
  'Settings:',
  ...settingsHelp.map(([name, about]) => `  ${name.padEnd(30)}  ${about}`),
  '',
  'Exit codes: 0 all as expected, 1 something was not, 2 not understood.',
].join('\n');
