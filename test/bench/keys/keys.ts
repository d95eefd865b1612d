/**
 * Keys rotate without a restart: while two servers issue tokens, keys are rotated by the command line again and again,
 * and every token is verified by clients that keep keys for as long as they do by default.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ann, audience, notesApi, siteA } from '../../support/people-and-apps.ts';
import { startServers } from '../../support/servers.ts';
import { startIssuing, type IssuedToken, type Issuing } from './tokens.ts';
import { cachingVerifier, joseVerifier, openidClientVerifier, type Verify } from './verifiers.ts';

export interface KeysOptions {
  rotations: number;
  /** From one rotation to the next; shorter than the announcement, so that several are under way at once. */
  everySeconds: number;
  announcementSeconds: number;
  verifications: number;
}

/** A kind of client: several of it, which began at different times, so that their caches are of different age. */
export interface Kind {
  name: string;
  /** Its user agent at the load balancer. */
  agent: string;
  make: () => Promise<Verify>;
  instances: Verify[];
  verifications: number;
  failures: Map<string, number>;
}

export interface KeysResult {
  kinds: Kind[];
  issued: number;
  issuingErrors: string[];
  /** How many keys of each algorithm signed a token that was seen. */
  keysSeen: Record<string, number>;
  keyFetches: ReadonlyMap<string, number>;
  seconds: number;
}

const instancesOfAKind = 3;
const secondsBetweenInstances = 11;
const families = 10;
const tokensPerSecond = 30;
const tickMilliseconds = 100;

const kindOf = (name: string, agent: string, make: () => Promise<Verify>): Kind => ({
  name,
  agent,
  make,
  instances: [],
  verifications: 0,
  failures: new Map(),
});

async function verify(kind: Kind, token: IssuedToken): Promise<void> {
  const instance = kind.instances[kind.verifications % kind.instances.length]!;
  kind.verifications += 1;
  try {
    await instance(token);
  } catch (error) {
    const { code, message } = ((error as Error).cause ?? error) as Error & { code?: string };
    const why = `${code ?? ''} ${message}`.trim();
    kind.failures.set(why, (kind.failures.get(why) ?? 0) + 1);
  }
}

/** Each new token is verified at once by every instance, and old ones again and again, until it is enough. */
async function verifyAll(
  kinds: Kind[],
  { tokens }: Issuing,
  { count, seconds, stopped }: { count: number; seconds: number; stopped: AbortSignal },
): Promise<void> {
  const each = Math.ceil(count / kinds.length);
  const perTick = Math.ceil((each * tickMilliseconds) / (seconds * 1000));
  let seen = 0;
  while (!stopped.aborted || kinds.some(({ verifications }) => verifications < each)) {
    const pause = sleep(tickMilliseconds);
    const fresh = tokens.slice(seen);
    seen = tokens.length;
    await Promise.all(
      kinds.flatMap((kind) => {
        const now = fresh.flatMap((token) => kind.instances.map(() => token));
        const old = Array.from({ length: perTick - now.length }, () => tokens[Math.floor(Math.random() * seen)]!);
        return [...now, ...(seen > 0 ? old : [])].map((token) => verify(kind, token));
      }),
    );
    await pause;
  }
}

export async function measureKeys(options: KeysOptions): Promise<KeysResult> {
  const { rotations, everySeconds, announcementSeconds, verifications } = options;
  const deployment = await startServers(2, async (frontdesk) => {
    await ann(frontdesk);
    await notesApi(frontdesk);
    return siteA(frontdesk, { apis: [{ audience }] });
  });
  const { issuer, prepared: app, balancer } = deployment;
  try {
    await deployment.command('policy', 'set', 'key_announcement', `${announcementSeconds}s`);
    const started = Date.now();
    const issuing = await startIssuing(issuer, app, families, tokensPerSecond);
    const kinds = [
      kindOf('jose', 'jose', () => joseVerifier(issuer)),
      kindOf('openid-client', 'openid-client', () => openidClientVerifier(issuer, app)),
      kindOf('caching client', 'caching-client', () => cachingVerifier(issuer)),
    ];

    async function open(): Promise<void> {
      for (let index = 1; index < instancesOfAKind; index += 1) {
        await sleep(secondsBetweenInstances * 1000);
        for (const kind of kinds) kind.instances.push(await kind.make());
      }
    }
    async function rotate(): Promise<void> {
      for (let index = 0; index < rotations; index += 1) {
        const pause = sleep(everySeconds * 1000);
        await deployment.command('keys', 'rotate');
        await pause;
      }
      await sleep(announcementSeconds * 1000);
    }
    for (const kind of kinds) kind.instances.push(await kind.make());
    const stopped = new AbortController();
    const seconds = rotations * everySeconds + announcementSeconds;
    await Promise.all([
      Promise.all([open(), rotate()]).finally(() => stopped.abort()),
      verifyAll(kinds, issuing, { count: verifications, seconds, stopped: stopped.signal }),
    ]);
    await issuing.stop();
    const keysSeen = Object.entries(issuing.signedBy).map(([algorithm, kids]) => [algorithm, kids.size] as const);
    return {
      kinds,
      issued: issuing.tokens.length,
      issuingErrors: issuing.errors,
      keysSeen: Object.fromEntries(keysSeen),
      keyFetches: balancer.keyFetches,
      seconds: (Date.now() - started) / 1000,
    };
  } finally {
    await deployment.close();
  }
}
