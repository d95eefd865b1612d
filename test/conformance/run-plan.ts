/** Runs the plan of a profile, module by module. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProviderUnderTest } from './provider.ts';
import { createPages } from './pages.ts';
import { outcomes, type Outcome, type Profile } from './profile.ts';
import type { LogEntry, Suite, SuiteModule } from './suite.ts';

export interface ModuleResult extends SuiteModule {
  result: Outcome;
  /** Failures, warnings and skips in the log of the module, or why it did not finish. */
  findings: string[];
  seconds: number;
}

/** Some modules wait for a minute; one whose state does not change for longer does not finish. */
const defaultStuckMilliseconds = 120_000;
const pollMilliseconds = 500;
/** Within this time running servers use new keys. */
const followMilliseconds = 5_000;
const rotation = 'oidcc-server-rotate-keys';

export const labelOf = ({ name, variant }: SuiteModule): string => {
  const type = variant['response_type'];
  return type === undefined || type === 'code' ? name : `${name} (${type})`;
};

const isOutcome = (text: string): text is Outcome => (outcomes as readonly string[]).includes(text);

/** Conditions that failed, warned or were skipped: each once, in the order of the log. */
export function findingsIn(log: LogEntry[]): string[] {
  const entries = log.filter(({ result }) => result !== undefined && /^(FAILURE|WARNING|SKIPPED)$/.test(result));
  // Only the first line: errors of its browser have pages of advice after it.
  const lines = entries.map(
    ({ src, msg, result }) => `${result!.toLowerCase()}: ${src ?? '?'}: ${msg?.split('\n')[0]}`,
  );
  return [...new Set(lines)];
}

type ModuleOutcome = Pick<ModuleResult, 'result' | 'findings'>;

/** Polls a run until it has finished, failed or got stuck. */
async function waitForResult(
  { suite, signal, stuckMilliseconds = defaultStuckMilliseconds }: PlanRun,
  run: string,
  module: SuiteModule,
  rotateKeys: () => Promise<void>,
): Promise<ModuleOutcome> {
  const failed = async (...findings: string[]): Promise<ModuleOutcome> => {
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
      return failed(`it stayed in the state ${status}`, ...(live?.pages ?? []).map((page) => `no rule opens ${page}`));
    }
  }
}

export interface PlanRun {
  suite: Suite;
  target: ProviderUnderTest;
  profile: Profile;
  /** The part of the plan's configuration about clients. */
  clients: Record<string, unknown>;
  /** Folder for logs and results. */
  folder: string;
  /** Only these modules, by name; all when it is empty. */
  only: readonly string[];
  progress: (text: string) => void;
  /** Ends the run early, with its reason as the error. */
  signal?: AbortSignal;
  /** A module whose state does not change for longer fails. */
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
    // Rules need no styles.
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
    const startedAt = Date.now();
    const run = await suite.createModule(plan.id, module);
    const result = await waitForResult(input, run, module, rotateKeys);
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    const file = `${String(index + 1).padStart(3, '0')}-${module.name}.json`;
    writeFileSync(join(logs, file), JSON.stringify(await suite.log(run), undefined, 1));
    results.push({ ...module, ...result, seconds });
    progress(`  ${index + 1}/${modules.length} ${result.result.padEnd(7)} ${labelOf(module)} (${seconds} s)`);
    for (const finding of result.result === 'passed' ? [] : result.findings) progress(`      ${finding}`);
  }
  writeFileSync(join(folder, 'plan.zip'), await suite.exportPages(plan.id));
  return results;
}
