/** Tests of the benches `apis` and `throughput`: their arithmetic, their pages, and what a measurement counts. */
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { listen } from '../support/listen.ts';
import { section as apisSection, summary, withSummary } from './apis/report.ts';
import type { ApiRow } from './apis/apis.ts';
import { provenance, whyNotPublish, withSection } from './results-page.ts';
import { authorizeIn } from './throughput/browser.ts';
import { cpuOfBoth, limitingResource, medianOf } from './throughput/figures.ts';
import { createHttpClient } from './throughput/http-client.ts';
import { measure, type Measured } from './throughput/measure.ts';
import { section } from './throughput/page.ts';
import { medianRates } from './throughput/rates.ts';
import { cells, columns } from './throughput/rows.ts';
import type { Target } from './throughput/target.ts';
import type { Throughput } from './throughput/throughput.ts';

const figures = (more: Partial<Measured> = {}): Measured => ({
  ...{ operations: 100, errors: 0, perSecond: 500, serverCpu: 2, databaseCpu: 1, driverCpu: 0.5 },
  ...{ providerBusy: 0.95, driverBusy: 0.25, p50: 1, p95: 2, p99: 3, megabytes: 300, statements: 10 },
  topStatements: [{ text: 'select\n  a | b', calls: 2, milliseconds: 0.1 }],
  ...more,
});

test('a median is taken of each figure by itself, and errors of all rounds are added', () => {
  const rounds = [
    figures({ serverCpu: 9, p99: 1, errors: 1 }),
    figures({ serverCpu: 2, p99: 7, errors: 0 }),
    figures({ serverCpu: 3, p99: 5, errors: 2 }),
  ];
  expect(medianOf(rounds)).toMatchObject({ serverCpu: 3, p99: 5, errors: 3, perSecond: 500 });
  expect(medianOf([figures({ statements: undefined })]).statements).toBeUndefined();
  const rates = (cpu: number) => [
    { what: 'a', cpu },
    { what: 'b', cpu: 10 - cpu },
  ];
  expect(medianRates([rates(1), rates(9), rates(4)])).toEqual([
    { what: 'a', cpu: 4 },
    { what: 'b', cpu: 6 },
  ]);
  expect(medianRates([])).toEqual([]);
});

test.each([
  [0.95, 0.25, 'processor'],
  [0.3, 0.97, 'driver'],
  [0.92, 0.99, 'driver'],
  [0.6, 0.7, 'waiting'],
])('with %p of the processor and %p of the driver, the limit is %p', (providerBusy, driverBusy, limit) => {
  expect(limitingResource(figures({ providerBusy, driverBusy }))).toBe(limit);
});

const comparison: Throughput = {
  rows: [
    { operation: 'refresh', target: 'Frontdesk', median: figures() },
    {
      operation: 'refresh',
      target: 'bare library',
      median: figures({ serverCpu: 1.5, databaseCpu: 0, statements: 0 }),
    },
    { operation: 'refresh', target: 'Keycloak', median: figures({ serverCpu: 5, statements: undefined, errors: 2 }) },
    { operation: 'sign-in with password', target: 'Frontdesk', median: figures({ serverCpu: 20 }) },
  ],
  rates: [{ what: 'argon2id', cpu: 10 }],
  products: [{ name: 'Frontdesk', about: 'as it comes', startMilliseconds: 612.4 }],
  missing: [{ name: 'Ory Hydra', why: 'no Go' }],
  failures: ['Keycloak: userinfo: 500'],
};

test('a row compares the figures with those of the bare library, of the hash, and of Frontdesk', () => {
  const [ours, bare, other, password] = cells(comparison).map((row) =>
    Object.fromEntries(row.map((cell, index) => [columns[index], cell])),
  );
  expect(cpuOfBoth(figures())).toBe(3);
  expect(ours).toMatchObject({
    'to bare': '0.75',
    'to ours': '',
    statements: '10.0',
    driver: '25 %',
    limit: 'processor',
  });
  expect(bare).toMatchObject({ 'to bare': '', 'to ours': '0.5 ×' });
  expect(other).toMatchObject({ 'to bare': '0.30', 'to ours': '2.0 ×', statements: 'not available', errors: 2 });
  expect(password).toMatchObject({ 'to bare': '0.50' });
});

test('the page names where its figures come from, and what is missing', () => {
  const page = section(comparison, { rounds: 3, seconds: 6, only: [], peers: true }, 'a date and a commit');
  for (const words of [
    'a date and a commit',
    'Medians of 3 rounds of 6 s',
    '| Frontdesk | 612 | as it comes |',
    '| argon2id | 100 | 10.000 |',
    'Ory Hydra is left out: no Go',
    'Keycloak: userinfo: 500',
    '| refresh | Frontdesk | 2.0 | 0.100 | `select a \\| b` |',
  ])
    expect(page).toContain(words);
  expect(provenance(1)).toMatch(/^\d{4}-\d\d-\d\d, commit \S+.*, on \d+ × .*; load average before the run 1\.0\.$/);
  expect(provenance(4)).toContain('busy');
});

test('figures of a busy machine are published with --force only', () => {
  expect(whyNotPublish(false, 1.6)).toContain('1.6');
  expect(whyNotPublish(true, 1.6)).toBeUndefined();
  expect(whyNotPublish(false, 1.5)).toBeUndefined();
});

test('a section of RESULTS.md is replaced, and the others stay', () => {
  const first = withSection('', 'Throughput', 'one\n\n### More\n\ntwo');
  const both = withSection(first, 'APIs', 'three');
  expect(both.startsWith(first.trim())).toBe(true);
  const again = withSection(both, 'Throughput', 'four');
  expect(again).toBe(both.replace('one\n\n### More\n\ntwo', 'four'));
  expect(withSection(again, 'Throughput', 'four')).toBe(again);
});

test('the table of README.md is inserted once, and then replaced', () => {
  const rows: ApiRow[] = (['none', 'jwt', 'session', 'introspection'] as const).map((check, index) => ({
    check,
    median: figures({ perSecond: 12_345 / (index + 1), statements: index }),
  }));
  const options = { rounds: 3, seconds: 6 };
  expect(apisSection(rows, options, 'here')).toContain('| introspects at Frontdesk | 3086 | 3.0 |');
  const readme = readFileSync('README.md', 'utf8');
  const text = summary(rows);
  expect(text).toContain('| verifies a JWT, keys cached | 6,200 | 1 | 3 ms | within five minutes |');
  // A line of words, an empty one, and the table.
  expect(text.split('\n')).toHaveLength(7);
  const once = withSummary(readme, text);
  expect(once).toContain(`\n\n${text}\n\n- **Sign-in** is`);
  const other = text.replace('6,200', '7,100');
  expect(withSummary(once, other)).toBe(once.replace('6,200', '7,100'));
  expect(() => withSummary('# Frontdesk', text)).toThrow('no place');
});

/** A provider that redirects a browser to a login app, as Ory Hydra does, and responds with 404 to an unknown path. */
async function startProvider(): Promise<Target> {
  const redirectUri = 'http://app.localhost:9/callback';
  const redirects: Record<string, string> = {
    '/oauth/authorize': 'http://login.localhost:9/login?challenge=1',
    '/accepted': `${redirectUri}?code=a-code`,
  };
  const server = createServer((incoming, response) => {
    const location = redirects[incoming.url!.split('?')[0]!];
    if (!location) return void response.writeHead(404).end('nothing here');
    return void response.writeHead(303, { location, 'set-cookie': 'a=b; Path=/' }).end();
  });
  const port = await listen(server);
  const app = { id: 'app', secret: 'secret', redirectUri };
  return {
    ...{ name: 'provider', issuer: `http://idp.localhost:${port}`, port, pid: process.pid, databasePid: undefined },
    ...{ app, machine: app, hasPasswords: false, close: async () => {} },
    dialect: {
      paths: { authorization: '/oauth/authorize', token: '/', userinfo: '/', introspection: '/', keys: '/keys' },
      refreshScope: 'openid',
      fillIn: () => undefined,
      visitLoginApp: async () => '/accepted',
    },
  };
}

test('a browser gets the code by way of the login app, or an error with the last response', async () => {
  const target = await startProvider();
  const client = createHttpClient('idp.localhost', target.port, 1);
  const cookies = new Map<string, string>();
  expect((await authorizeIn(cookies, target, client)).code).toBe('a-code');
  expect([...cookies]).toEqual([['a', 'b']]);
  const lost = { ...target, dialect: { ...target.dialect!, visitLoginApp: async () => '/nowhere' } };
  await expect(authorizeIn(new Map(), lost, client)).rejects.toThrow('no code: 404 nothing here');
  client.close();
});

test('a measurement counts what was done and what failed, and fails when nothing was done', async () => {
  const target = await startProvider();
  let count = 0;
  const operation = {
    name: 'any',
    prepare: async () => async () => {
      count += 1;
      await new Promise((done) => setTimeout(done, 1));
      if (count % 2 === 0) throw new Error('every other one fails');
    },
  };
  const measured = await measure(target, operation, 0.3);
  expect(measured.operations + measured.errors).toBeLessThanOrEqual(count);
  expect(measured.errors).toBeGreaterThan(0);
  expect(measured).toMatchObject({ databaseCpu: 0, statements: 0, topStatements: [] });
  expect(measured.p50).toBeGreaterThan(0);
  const broken = { name: 'broken', prepare: async () => async () => Promise.reject(new Error('never')) };
  await expect(measure(target, broken, 0.1)).rejects.toThrow('never');
});
