/** Runs the plan of a profile, module after module, and says what came of each. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProviderUnderTest } from './provider.ts';
import { createPages } from './pages.ts';
import { outcomes, type Outcome, type Profile } from './profile.ts';
import type { LogEntry, Suite, SuiteModule } from './suite.ts';

export interface ModuleResult extends SuiteModule {
  result: Outcome;
  /** What the suite noted that was not well, or why it went no further. */
  findings: string[];
  seconds: number;
}

/** The suite rests for a minute now and then; a state that does not change for longer waits for something. */
const usualStuckMilliseconds = 120_000;
const pollMilliseconds = 500;
/** In which running servers hear of new keys. */
const followMilliseconds = 5_000;
const rotation = 'oidcc-server-rotate-keys';

export const labelOf = ({ name, variant }: SuiteModule): string => {
  const type = variant['response_type'];
  return type === undefined || type === 'code' ? name : `${name} (${type})`;
};

const isOutcome = (text: string): text is Outcome => (outcomes as readonly string[]).includes(text);

/** Conditions that were not met, each once, in the order of the log. */
export function findingsIn(log: LogEntry[]): string[] {
  const bad = log.filter(({ result }) => result !== undefined && /^(FAILURE|WARNING|SKIPPED)$/.test(result));
  // Faults of its browser come with pages of advice after their first line.
  const lines = bad.map(({ src, msg, result }) => `${result!.toLowerCase()}: ${src ?? '?'}: ${msg?.split('\n')[0]}`);
  return [...new Set(lines)];
}

type Ending = Pick<ModuleResult, 'result' | 'findings'>;

/** Looks at a run until it is over. */
async function watch(
  { suite, signal, stuckMilliseconds = usualStuckMilliseconds }: PlanRun,
  run: string,
  module: SuiteModule,
  rotateKeys: () => Promise<void>,
): Promise<Ending> {
  const failed = async (...findings: string[]): Promise<Ending> => {
    return { result: 'failed', findings: [...findings, ...findingsIn(await suite.log(run))] };
  };
  let state = '';
  let since = Date.now();
  for (let isStarted = false; ; await sleep(pollMilliseconds)) {
    const { status, result } = await suite.info(run);
    const outcome = result?.toLowerCase() ?? '';
    if (status === 'FINISHED' && isOutcome(outcome)) {
      return { result: outcome, findings: findingsIn(await suite.log(run)) };
    }
    if (status === 'INTERRUPTED') return failed('it was interrupted');
    if (status === 'CONFIGURED' && module.name === rotation && !isStarted) {
      await rotateKeys();
      await suite.start(run);
      isStarted = true;
    }
    const live = await suite.live(run);
    const now = `${status} ${live?.updated}`;
    if (now !== state) [state, since] = [now, Date.now()];
    if (signal?.aborted) {
      await suite.cancel(run);
      signal.throwIfAborted();
    }
    if (Date.now() - since > stuckMilliseconds) {
      await suite.cancel(run);
      return failed(`it got stuck in ${status}`, ...(live?.pages ?? []).map((page) => `no rule opens ${page}`));
    }
  }
}

export interface PlanRun {
  suite: Suite;
  target: ProviderUnderTest;
  profile: Profile;
  /** What the configuration says of the clients. */
  clients: Record<string, unknown>;
  /** Where logs and results are kept. */
  folder: string;
  /** Only these modules, by name; all when it is empty. */
  only: readonly string[];
  progress: (text: string) => void;
  /** Ends the run early: it throws the reason. */
  signal?: AbortSignal;
  /** A module whose state stays as it is for longer has failed. */
  stuckMilliseconds?: number;
}

export async function runPlan(input: PlanRun): Promise<ModuleResult[]> {
  const { suite, target, profile, clients, folder, only, progress } = input;
  const pages = createPages(target);
  const configuration = {
    description: `Frontdesk: ${profile.name}`,
    server: { discoveryUrl: `${target.issuer}/.well-known/openid-configuration` },
    ...clients,
    browser: pages.rules,
    override: pages.override(profile),
    // Nothing here is about looks.
    options: { browsercontrol_css_enable: false },
  };
  const plan = await suite.createPlan(profile.plan, profile.variant, configuration);
  const modules = plan.modules.filter(({ name }) => only.length === 0 || only.includes(name));
  progress(
    `${profile.name}: ${modules.length} of ${plan.modules.length} modules, ${suite.url}/plan-detail.html?plan=${plan.id}`,
  );
  const logs = join(folder, 'logs');
  mkdirSync(logs, { recursive: true });
  const rotateKeys = async () => {
    await target.command(['keys', 'rotate', '--now']);
    await sleep(followMilliseconds);
  };
  const results: ModuleResult[] = [];
  for (const [index, module] of modules.entries()) {
    const began = Date.now();
    const run = await suite.createModule(plan.id, module);
    const result = await watch(input, run, module, rotateKeys);
    const seconds = Math.round((Date.now() - began) / 1000);
    const file = `${String(index + 1).padStart(3, '0')}-${module.name}.json`;
    writeFileSync(join(logs, file), JSON.stringify(await suite.log(run), undefined, 1));
    results.push({ ...module, ...result, seconds });
    progress(`  ${index + 1}/${modules.length} ${result.result.padEnd(7)} ${labelOf(module)} (${seconds} s)`);
    for (const finding of result.result === 'passed' ? [] : result.findings) progress(`      ${finding}`);
  }
  writeFileSync(join(folder, 'plan.zip'), await suite.exportPages(plan.id));
  return results;
}
