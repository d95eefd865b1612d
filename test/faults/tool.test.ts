/** Tests of the tool: it finds facts that are lost and what is done twice or by half, and each figure can fail a run. */
import { createServer } from 'node:http';
import { createKeyring } from '../../src/platform/secrets.ts';
import { sendRequest } from '../support/browser.ts';
import { closeAfterwards } from '../support/cleanup.ts';
import { statement } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import { freePort, listen } from '../support/listen.ts';
import { startLoadBalancer, type ForwardedRequest } from '../support/load-balancer.ts';
import { startNameServer } from '../support/name-server.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { findContradictions } from './contradictions.ts';
import { judge, type Findings } from './judge.ts';
import { createLedger, type FactKind } from './ledger.ts';
import { findLostFacts, type Evidence } from './lost-facts.ts';
import { useApps, openSilently, redeem, rotate, signInAt, signOut } from './people.ts';
import { openHasher, populate, siteBHost, type World } from './population.ts';
import { changeAccounts, registerAndChangeClient } from './programs.ts';
import { settle } from './run-scenario.ts';
import { startRotation } from './rotation.ts';

let frontdesk: Frontdesk;
let world: World;
let evidence: Evidence;

/** For each kind of fact, SQL that makes it untrue. */
const losses: Record<FactKind, string> = {
  session: 'update sessions set ended_at = now() where ended_at is null',
  'sign-out': 'update sessions set ended_at = null',
  notification: 'select 1',
  exchange: `update artifacts set consumed_at = null where kind = 'AuthorizationCode'`,
  'refresh token': `delete from artifacts where kind = 'RefreshToken'`,
  consent: `update consents set updated_at = '2020-01-01'`,
  client: `update client_secrets set hash = reverse(hash)`,
  'removal of a client': '',
  account: `update accounts set username = null`,
  password: `update passwords set password_hash = (select password_hash from passwords limit 1)`,
  suspension: 'update accounts set suspended_at = null',
};
const kinds = Object.keys(losses) as FactKind[];

/** Runs SQL, then `search`, and rolls the SQL back. */
const searchAfter = <T>(text: string, search: () => Promise<T>): Promise<T> =>
  frontdesk.db.startUnitOfWork(async (unit) => {
    await frontdesk.db.guard(statement(text));
    const found = await search();
    await unit.rollback();
    return found;
  });

beforeAll(async () => {
  const nameServer = await startNameServer({ [siteBHost]: ['127.0.0.1'] });
  frontdesk = await startFrontdesk({
    settings: {
      CLIENT_REGISTRATION: 'token',
      DNS_SERVERS: nameServer.address,
      OUTGOING_ALLOWED_HOSTS: `*.localhost,${siteBHost}`,
      RATE_LIMIT_FACTOR: '1000',
    },
  });
  const { issuer, db, secret } = frontdesk;
  const population = await populate(frontdesk);
  const hasher = await openHasher();
  world = { ...population, issuer, ledger: createLedger(), operatorDb: db, hasher };
  evidence = { db, keyring: createKeyring([secret]), hasher, receivers: population.receivers };

  const [ann, ben] = world.people;
  for (const [person, signsOut] of [
    [ann!, true],
    [ben!, false],
  ] as const) {
    const { session, code } = (await signInAt(world, person, world.siteC))!;
    await rotate(world, session, world.siteC, (await redeem(world, session, code))!);
    await redeem(world, session, (await openSilently(world, session, person, world.siteB))!);
    if (signsOut) await signOut(world, session);
  }
  await useApps(world, world.people[2]!);
  const { ledger } = world;
  while (kinds.some((kind) => ledger.facts(kind).length === 0)) {
    await registerAndChangeClient(world);
    await changeAccounts(world);
  }
  await settle(db);
  const [removed] = ledger.facts('removal of a client');
  losses['removal of a client'] =
    `insert into clients (id, kind, metadata) values ('${removed!.id}', 'web', '{"client_name": "back"}')`;
});

test('without a fault nothing is lost, contradictory or unexpected', async () => {
  expect(world.ledger.unexpected).toEqual([]);
  expect(world.ledger.codesUsedTwice).toBe(0);
  expect(await findLostFacts(world.ledger, evidence)).toEqual([]);
  expect(await findContradictions(frontdesk.db)).toEqual({ codesUsedTwice: [], branched: [], halfDone: [] });
});

test.each(kinds)('a lost fact of each kind is found: %s', async (kind) => {
  const receivers = kind === 'notification' ? new Map() : evidence.receivers;
  const lost = await searchAfter(losses[kind], () => findLostFacts(world.ledger, { ...evidence, receivers }));
  expect(lost.length).toBeGreaterThan(0);
  expect(lost.filter((line) => !line.startsWith(`${kind}: `))).toEqual([]);
});

test.each([
  ['a code gave two families', `update artifacts set parent_hash = null where kind = 'RefreshToken'`],
  [
    'a refresh token has two successors',
    `insert into artifacts (kind, id_hash, grant_id, parent_hash, payload, expires_at, consumed_at)
      select kind, '\\x00', grant_id, parent_hash, payload, expires_at, now() from artifacts
      where kind = 'RefreshToken' and parent_hash is not null limit 1`,
  ],
  ['a family has two unused', `update artifacts set consumed_at = null where kind = 'RefreshToken'`],
  ['a used refresh token has no', `delete from artifacts where kind = 'RefreshToken' and parent_hash is not null`],
  ['a used code has no tokens', `delete from artifacts where kind = 'RefreshToken'`],
  ['an unused code has tokens', `update artifacts set consumed_at = null where kind = 'AuthorizationCode'`],
  ['a grant outlives its session', 'update sessions set ended_at = now()'],
  ['a session ended without', 'delete from logout_notices'],
  ['a notice is not delivered', 'update logout_notices set delivered_at = null'],
  ['a client has no secret', 'delete from client_secrets'],
  [
    'an ending is not finished',
    `insert into pending_endings (account_id, reason, includes_offline) values (gen_random_uuid(), 'x', false)`,
  ],
])('what is done twice or by half is found: %s', async (what, text) => {
  const { codesUsedTwice, branched, halfDone } = await searchAfter(text, () => findContradictions(frontdesk.db));
  expect([...codesUsedTwice, ...branched, ...halfDone].filter((line) => line.startsWith(what))).not.toEqual([]);
});

test('a code that was exchanged twice is found by the responses too', () => {
  const ledger = createLedger();
  for (const code of ['a', 'b', 'b']) ledger.noteExchange(code);
  expect(ledger.codesUsedTwice).toBe(1);
});

const findings = (): Findings => ({
  measured: { what: 'nothing', processRecovery: [4_000], databaseRecovery: [1_000], failedInDrain: 0, goodput: [0.9] },
  ledger: { acknowledged: 1, codesUsedTwice: 0, unexpected: [] },
  traffic: {
    requests: 1,
    unavailable: 9,
    brokenConnections: 9,
    serverErrors: [],
    slowest: 9_000,
    slowestRequest: 'GET /',
  },
  lost: [],
  contradictions: { codesUsedTwice: [], branched: [], halfDone: [] },
  faultLines: [],
});

test('503 and broken connections alone are no failure', () => {
  expect(judge({ name: 'x' }, findings()).failures).toEqual([]);
});

test.each<[string, (found: Findings) => unknown]>([
  ['nothing was acknowledged', ({ ledger }) => Object.assign(ledger, { acknowledged: 0 })],
  ['lost', ({ lost }) => lost.push('a')],
  ['for tokens twice', ({ ledger }) => Object.assign(ledger, { codesUsedTwice: 1 })],
  ['used twice', ({ contradictions }) => contradictions.codesUsedTwice.push('a')],
  ['branched', ({ contradictions }) => contradictions.branched.push('a')],
  ['by half', ({ contradictions }) => contradictions.halfDone.push('a')],
  ['5xx', ({ traffic }) => traffic.serverErrors.push('a')],
  ['in a log', ({ faultLines }) => faultLines.push('a')],
  ['unexpected response', ({ ledger }) => ledger.unexpected.push('a')],
  ['while a process drained', ({ measured }) => Object.assign(measured, { failedInDrain: 1 })],
  ['start of a process took 5.1 s', ({ measured }) => measured.processRecovery!.push(5_100)],
  ['database had recovered took 2.1 s', ({ measured }) => measured.databaseRecovery!.push(2_100)],
  ['GET /) took 10.1 s', ({ traffic }) => Object.assign(traffic, { slowest: 10_100 })],
  ['79 % of the capacity', ({ measured }) => measured.goodput!.push(0.79)],
  ['NaN % of the capacity', ({ measured }) => measured.goodput!.push(Number.NaN)],
  ['grows', ({ measured }) => Object.assign(measured, { failures: ['it grows'] })],
])('a figure that does not hold is a failure: %s', (words, change) => {
  const found = findings();
  change(found);
  expect(judge({ name: 'x' }, found).failures).toEqual([expect.stringContaining(words)]);
});

test('the load balancer retries nothing, and leaves out a process that is not ready', async () => {
  const statuses = [200, 503];
  const ports: number[] = [];
  for (const index of [0, 1])
    ports.push(await listen(createServer((_, response) => response.writeHead(statuses[index]!).end())));
  const servers = ports.map((port) => ({ port }) as ServerProcess);
  const rotation = startRotation('http://idp.localhost', servers);
  closeAfterwards(() => rotation.stop());
  await eventually(() => rotation.ports().length === 1);
  expect(rotation.ports()).toEqual([ports[0]]);
  statuses[0] = 503;
  await eventually(() => rotation.ports().length === 2);

  const forwarded: ForwardedRequest[] = [];
  const refusingPort = await freePort();
  const port = await freePort();
  const options = { retries: 0, onForwarded: (request: ForwardedRequest) => void forwarded.push(request) };
  closeAfterwards(await startLoadBalancer(port, () => [refusingPort, ports[0]!], options));
  const responses = [await sendRequest(`http://localhost:${port}/`), await sendRequest(`http://localhost:${port}/`)];
  expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([502, 503]));
  expect(new Set(forwarded.map(({ status }) => status))).toEqual(new Set([0, 503]));
});
