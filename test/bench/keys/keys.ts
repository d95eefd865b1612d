/**
 * Keys rotate without a restart: while two servers issue tokens, `frontdesk keys rotate` runs several times, and clients
 * verify every token, with the default rules of their libraries for caching keys.
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

/** A kind of client, with several instances that start at different times, so that the ages of their caches differ. */
export interface ClientKind {
  name: string;
  /** The first word of its user agent. */
  agent: string;
  createInstance: () => Promise<Verify>;
  instances: Verify[];
  verifications: number;
  /** Message → count. */
  failures: Map<string, number>;
}

export interface KeysResult {
  kinds: ClientKind[];
  issued: number;
  issuingErrors: string[];
  /** Algorithm → number of keys that signed one of the tokens. */
  keysSeen: Record<string, number>;
  /** First word of the user agent → requests for keys. */
  keyFetches: ReadonlyMap<string, number>;
  seconds: number;
}

const instancesOfKind = 3;
const secondsBetweenInstances = 11;
const families = 10;
const tokensPerSecond = 30;
const tickMilliseconds = 100;

const kindOf = (name: string, agent: string, createInstance: () => Promise<Verify>): ClientKind => ({
  name,
  agent,
  createInstance,
  instances: [],
  verifications: 0,
  failures: new Map(),
});

async function verify(kind: ClientKind, token: IssuedToken): Promise<void> {
  const instance = kind.instances[kind.verifications % kind.instances.length]!;
  kind.verifications += 1;
  try {
    await instance(token);
  } catch (error) {
    const { code, message } = ((error as Error).cause ?? error) as Error & { code?: string };
    const reason = `${code ?? ''} ${message}`.trim();
    kind.failures.set(reason, (kind.failures.get(reason) ?? 0) + 1);
  }
}

/** Every instance verifies each new token at once, and old tokens at random, until there are `count` verifications in all. */
async function verifyAll(
  kinds: ClientKind[],
  { tokens }: Issuing,
  { count, seconds, stopped }: { count: number; seconds: number; stopped: AbortSignal },
): Promise<void> {
  const each = Math.ceil(count / kinds.length);
  const perTick = Math.ceil((each * tickMilliseconds) / (seconds * 1000));
  let knownTokens = 0;
  while (!stopped.aborted || kinds.some(({ verifications }) => verifications < each)) {
    const pause = sleep(tickMilliseconds);
    const fresh = tokens.slice(knownTokens);
    knownTokens = tokens.length;
    await Promise.all(
      kinds.flatMap((kind) => {
        const now = fresh.flatMap((token) => kind.instances.map(() => token));
        const old = Array.from(
          { length: perTick - now.length },
          () => tokens[Math.floor(Math.random() * knownTokens)]!,
        );
        return [...now, ...(knownTokens > 0 ? old : [])].map((token) => verify(kind, token));
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

    async function startFurtherInstances(): Promise<void> {
      for (let index = 1; index < instancesOfKind; index += 1) {
        await sleep(secondsBetweenInstances * 1000);
        for (const kind of kinds) kind.instances.push(await kind.createInstance());
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
    for (const kind of kinds) kind.instances.push(await kind.createInstance());
    const stopped = new AbortController();
    const seconds = rotations * everySeconds + announcementSeconds;
    await Promise.all([
      Promise.all([startFurtherInstances(), rotate()]).finally(() => stopped.abort()),
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
