/** The composition root: connects all parts to one server, on an opened database. */
import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPasswordHasher, loadedArgon2, type PasswordHasher } from './credentials/password.ts';
import { startBackground } from './background.ts';
import type { Base } from './base.ts';
import { ensureOwnClient } from './clients/own-client.ts';
import { ensureSigningKeys, ensurePairwiseSalt } from './keys/ensure-keys.ts';
import { listSigningKeys } from './keys/signing-key-repository.ts';
import { createCallsFor } from './oidc/calls-for.ts';
import { createLiveProvider, type Oidc } from './oidc/live-provider.ts';
import { createProtocolPages } from './oidc/protocol-pages.ts';
import { createLivePolicy, type LivePolicy } from './policy/live-policy.ts';
import { followDatabaseClock } from './platform/clock.ts';
import { httpLimits } from './platform/http-limits.ts';
import { loadTexts } from './platform/texts.ts';
import { createViews } from './platform/views.ts';
import { createAttemptLimits } from './sign-in/attempt-limits.ts';
import { createWeb } from './web/index.ts';
import type { Load } from './web/middleware/overload.ts';
import { createShowPage } from './web/page.ts';

export interface App {
  server: Server;
  hasher: PasswordHasher;
  /** Requests that are being handled, and that wait. */
  load(): Load;
  /**
   * Makes the server not ready, accepts requests for SHUTDOWN_DELAY, waits for the requests that run, and closes everything
   * that was opened.
   */
  close(): Promise<void>;
}

const drainSeconds = 10;
const reloadSeconds = 60;

/**
 * Reloads policy and signing keys when another process has changed them: after a notification of the database, about once
 * a second while notifications cannot be received, and every minute in case of a change without a notification.
 *
 * @returns a function that stops this
 */
async function followChanges({ db, keyring, log }: Base, oidc: Oidc, policy: LivePolicy): Promise<() => Promise<void>> {
  let isQueued = false;
  let hasFailed = false;
  const reload = async () => {
    isQueued = false;
    try {
      await policy.load();
      oidc.useKeys(await listSigningKeys(db, keyring));
      hasFailed = false;
    } catch (error) {
      if (!hasFailed) log.warn({ err: error }, 'could not follow changes');
      hasFailed = true;
    }
  };
  // Reloads run one after the other, so that an older state never replaces a newer one.
  let reloads = Promise.resolve();
  const queueReload = () => {
    if (isQueued) return;
    isQueued = true;
    reloads = reloads.then(reload);
  };
  const listener = await db.followChanges(queueReload);
  const timer = setInterval(() => {
    db.cache.clear();
    queueReload();
  }, reloadSeconds * 1000);
  return async () => {
    clearInterval(timer);
    await listener.close();
  };
}

export interface AppOptions {
  /** Milliseconds that a request, and a hash of a password, may wait for its turn, instead of one and two seconds. */
  maxWaitMilliseconds?: number;
}

export async function createApp(base: Base, waiting: AppOptions = {}): Promise<App> {
  const { config, log, keyring, db, outgoing } = base;
  const { issuer, trustedProxies, rateLimitFactor, protocol, databasePool } = config;
  if (protocol.isConformance)
    log.warn(
      'CONFORMANCE_PROFILE is on: for runs of the conformance suite, never in production. Apps that registered themselves may be called at the hosts of OUTGOING_ALLOWED_HOSTS',
    );
  const stopClock = await followDatabaseClock(db, log);
  const texts = loadTexts();
  const views = createViews(texts);
  await ensureOwnClient(db, issuer);
  const keys = await ensureSigningKeys(db, keyring);
  const pairwiseSalt = await ensurePairwiseSalt(db, keyring);
  const policy = await createLivePolicy(db);
  const pages = createProtocolPages(createShowPage(views));
  const callsFor = createCallsFor(outgoing, protocol);
  const oidc = createLiveProvider({ db, keyring, log, issuer, keys, pages, policy, callsFor, protocol, pairwiseSalt });
  const { binary, problem } = loadedArgon2;
  if (problem === undefined) log.debug({ binary }, 'argon2');
  else log.warn({ binary, problem }, 'argon2 was built for this processor, but is not used: npm run build:argon2');
  const hasher = await createPasswordHasher(waiting);
  const attemptLimits = createAttemptLimits(db, keyring, rateLimitFactor);
  const readiness = { isDraining: false };
  // While all connections are in use, two requests compute. More in work at a time cost more memory and CPU time each.
  const overload = { ...waiting, concurrency: Math.min(64, databasePool + 2) };
  const services = { issuer, db, log, keyring, texts, views, oidc, policy, hasher, attemptLimits };
  const web = createWeb(services, { trustedProxies, rateLimitFactor, readiness, protocol, overload });
  const server = createServer({ ...httpLimits, keepAliveTimeout: 65_000 }, (request, response) =>
    web.handle(request, response),
  );
  const stopFollowing = await followChanges(base, oidc, policy);
  const background = await startBackground({ db, log, keyring, callsFor, oidc, policy });

  return {
    server,
    hasher,
    load: () => web.load(),
    async close() {
      readiness.isDraining = true;
      if (server.listening) await sleep(config.shutdownDelaySeconds * 1000);
      await drain(server);
      await background.stop();
      await stopFollowing();
      stopClock();
      oidc.close();
      await base.close();
    },
  };
}

/** Stops listening, waits at most 10 seconds for the requests in flight, and closes all connections. */
async function drain(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise((done) => server.close(done));
  // A keep-alive connection becomes idle only after the response to its last request.
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const deadline = setTimeout(() => server.closeAllConnections(), drainSeconds * 1000);
  await closed;
  clearInterval(idle);
  clearTimeout(deadline);
}
