/** Plans are run against a fake of the suite, which is not our program. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../support/cleanup.ts';
import { parseProfile } from './profile.ts';
import { runPlan, type PlanRun } from './run-plan.ts';
import type { Suite, SuiteModule } from './suite.ts';

const profile = parseProfile(
  'played',
  {
    about: 'Played by a test.',
    certification: 'none',
    plan: 'oidcc-played-test-plan',
    variant: { response_type: 'code' },
    clients: 'static',
    modules: 4,
  },
  { 'oidcc-prompt-login': { result: 'review', reason: 'A person must look at it.', steps: 'sign-in-again' } },
);

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

const names = ['oidcc-server', 'oidcc-prompt-login', 'oidcc-server-rotate-keys', 'oidcc-scope-all'];

/** Each module finishes at the third poll; that of key rotation waits to be started; the last one is interrupted. */
function playSuite(calls: unknown[]): Suite {
  const polls = new Map<string, number>();
  const started = new Set<string>();
  return {
    url: 'https://suite.example',
    version: async () => '0',
    async createPlan(name, variant, configuration) {
      calls.push(['plan', name, variant, configuration]);
      return { id: 'plan', modules: names.map((module): SuiteModule => ({ name: module, variant })) };
    },
    async createModule(plan, { name }) {
      calls.push(['module', plan, name]);
      return name;
    },
    async start(run) {
      calls.push(['start', run]);
      started.add(run);
    },
    async info(run) {
      const poll = (polls.get(run) ?? 0) + 1;
      polls.set(run, poll);
      if (run === 'oidcc-server-rotate-keys' && !started.has(run)) return { status: 'CONFIGURED', result: 'UNKNOWN' };
      if (poll < 3) return { status: 'WAITING', result: 'UNKNOWN' };
      if (run === 'oidcc-scope-all') return { status: 'INTERRUPTED', result: 'FAILED' };
      return { status: 'FINISHED', result: run === 'oidcc-prompt-login' ? 'REVIEW' : 'PASSED' };
    },
    live: async () => ({ updated: '2026-11-21T12:00:00Z', pages: [] }),
    log: async (run) => (run === 'oidcc-scope-all' ? [{ src: 'CheckX', msg: 'no x', result: 'FAILURE' }] : []),
    cancel: async (run) => void calls.push(['cancel', run]),
    exportPages: async () => new Uint8Array([1, 2, 3]),
  };
}

const run = (calls: unknown[], more: Partial<PlanRun> = {}) =>
  runPlan({
    suite: playSuite(calls),
    target: {
      issuer: 'https://idp.example',
      login: 'ann',
      password: 'secret',
      command: async (args) => {
        calls.push(args);
        return '';
      },
      logFile: undefined,
      close: async () => {},
    },
    profile,
    clients: { alias: 'played', client: { client_id: 'a' } },
    folder,
    only: [],
    progress: () => {},
    ...more,
  });

test('modules run one after another, keys are rotated for the module that waits for it, and logs are kept', async () => {
  const calls: unknown[] = [];
  const results = await run(calls);
  expect(results.map(({ name, result }) => [name, result])).toEqual([
    ['oidcc-server', 'passed'],
    ['oidcc-prompt-login', 'review'],
    ['oidcc-server-rotate-keys', 'passed'],
    ['oidcc-scope-all', 'failed'],
  ]);
  expect(results[3]!.findings).toEqual(['it was interrupted', 'failure: CheckX: no x']);
  const [[, plan, variant, configuration], ...others] = calls as [[string, string, object, Record<string, unknown>]];
  expect([plan, variant]).toEqual(['oidcc-played-test-plan', { response_type: 'code' }]);
  expect(configuration).toMatchObject({
    alias: 'played',
    client: { client_id: 'a' },
    server: { discoveryUrl: 'https://idp.example/.well-known/openid-configuration' },
    override: { 'oidcc-prompt-login': { browser: [expect.anything()] } },
  });
  expect(others).toEqual([
    ['module', 'plan', 'oidcc-server'],
    ['module', 'plan', 'oidcc-prompt-login'],
    ['module', 'plan', 'oidcc-server-rotate-keys'],
    ['keys', 'rotate', '--now'],
    ['start', 'oidcc-server-rotate-keys'],
    ['module', 'plan', 'oidcc-scope-all'],
  ]);
  expect(readdirSync(join(folder, 'logs'))).toHaveLength(4);
  expect([...readFileSync(join(folder, 'plan.zip'))]).toEqual([1, 2, 3]);
});

test('only the modules that are named are run', async () => {
  expect((await run([], { only: ['oidcc-server'] })).map(({ name }) => name)).toEqual(['oidcc-server']);
});

test('a module whose state does not change fails, with the page that no rule opens', async () => {
  const calls: unknown[] = [];
  const suite = {
    ...playSuite(calls),
    info: async () => ({ status: 'WAITING' }),
    live: async () => ({ updated: 'never', pages: ['https://idp.example/page'] }),
  };
  const [result] = await run(calls, { suite, only: ['oidcc-server'], stuckMilliseconds: 1_000 });
  expect(result).toMatchObject({
    result: 'failed',
    findings: ['it stayed in the state WAITING', 'no rule opens https://idp.example/page'],
  });
  expect(calls).toContainEqual(['cancel', 'oidcc-server']);
});
