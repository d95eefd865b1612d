/** The composition root: settings in; a server that can be started and closed out. */
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { localSecretPrefix, type Config } from './config.ts';
import { createPasswordHasher, type PasswordHasher } from './credentials/password.ts';
import { startBackground } from './background.ts';
import { ensureOwnClient } from './clients/own-client.ts';
import { ensureSigningKeys, ensurePairwiseSalt } from './keys/ensure-keys.ts';
import { listSigningKeys } from './keys/signing-key-repository.ts';
import { createLiveProvider, type Oidc } from './oidc/live-provider.ts';
import { createProtocolPages } from './oidc/protocol-pages.ts';
import { openDatabase, type Database } from './platform/database.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './platform/embedded-postgres.ts';
import type { Role } from './platform/data-owner.ts';
import { ensureSecretFile } from './platform/private-folder.ts';
import { createLog, type Log } from './platform/log.ts';
import { migrate } from './platform/migrate.ts';
import { createOutgoing, type Outgoing } from './platform/outgoing.ts';
import { createLivePolicy, type LivePolicy } from './policy/live-policy.ts';
import { createKeyring, type Keyring } from './platform/secrets.ts';
import { loadTexts } from './platform/texts.ts';
import { createViews } from './platform/views.ts';
import { createAttemptLimits } from './sign-in/attempt-limits.ts';
import { createWeb } from './web/index.ts';
import { createShowPage } from './web/page.ts';

/** What both the server and the commands stand on. */
export interface Base {
  config: Config;
  log: Log;
  keyring: Keyring;
  db: Database;
  /** Calls to addresses that apps gave us. */
  outgoing: Outgoing;
  close(): Promise<void>;
}

/** Opens the database, starting the embedded one if none is named, and brings it up to date. */
export async function openBase(config: Config, role: Role, log = createLog(config.logLevel)): Promise<Base> {
  const kept = () => [ensureSecretFile(join(config.dataFolder, 'secrets'), 'secret', localSecretPrefix)];
  const keyring = createKeyring(config.secrets.length > 0 ? config.secrets : kept());
  const { url, isAttached, stop } = await findDatabase(config, role);
  const onError = (error: Error) => log.warn({ err: error }, 'database connection lost');
  const db = openDatabase({ url, poolSize: config.databasePool, onError });
  const outgoing = createOutgoing(config.outgoingAllowedHosts);
  const close = async () => {
    outgoing.close();
    await db.close();
    await stop();
  };
  try {
    if (!isAttached) await migrate(url);
  } catch (error) {
    await close();
    throw error;
  }
  return { config, log, keyring, db, outgoing, close };
}

async function findDatabase({ databaseUrl, dataFolder, runtimeFolder }: Config, role: Role): Promise<EmbeddedPostgres> {
  if (databaseUrl) return { url: databaseUrl, isAttached: false, stop: async () => {} };
  return startEmbeddedPostgres(dataFolder, runtimeFolder, role);
}

export interface App {
  server: Server;
  hasher: PasswordHasher;
  /** Takes no more requests, lets those under way finish, and closes all it opened. */
  close(): Promise<void>;
}

// A slow client may not keep a connection for longer (RFC 9110 has no bound, attackers know that).
const httpLimits = { headersTimeout: 10_000, requestTimeout: 15_000, connectionsCheckingInterval: 2_000 };
const drainSeconds = 10;
const lookAgainSeconds = 60;

/** Follows what other processes change: told by the database at once, and looked at every minute as a net. */
async function followChanges({ db, keyring, log }: Base, oidc: Oidc, policy: LivePolicy): Promise<() => Promise<void>> {
  const follow = async () => {
    await policy.reload();
    oidc.useKeys(await listSigningKeys(db, keyring));
  };
  // One after the other: what was read first must not be put in force last.
  let last = Promise.resolve();
  const look = () => {
    last = last.then(follow).catch((error: unknown) => log.warn({ err: error }, 'could not follow changes'));
  };
  const listener = await db.listen('frontdesk', look);
  const timer = setInterval(look, lookAgainSeconds * 1000);
  return async () => {
    clearInterval(timer);
    await listener.close();
  };
}

export async function createApp(base: Base): Promise<App> {
  const { config, log, keyring, db, outgoing } = base;
  const { issuer, trustedProxies, rateLimitFactor, protocol } = config;
  if (protocol.isConformance)
    log.warn('CONFORMANCE_PROFILE is on: for runs of the conformance suite, never in production');
  const texts = loadTexts();
  const views = createViews(texts);
  await ensureOwnClient(db, issuer);
  const keys = await ensureSigningKeys(db, keyring);
  const pairwiseSalt = await ensurePairwiseSalt(db, keyring);
  const policy = await createLivePolicy(db);
  const pages = createProtocolPages(createShowPage(views));
  const oidc = createLiveProvider({ db, keyring, log, issuer, keys, pages, policy, outgoing, protocol, pairwiseSalt });
  const hasher = await createPasswordHasher();
  const attemptLimits = createAttemptLimits(db, keyring, rateLimitFactor);
  const readiness = { isDraining: false };
  const services = { issuer, db, log, keyring, texts, views, oidc, policy, hasher, attemptLimits };
  const web = createWeb(services, { trustedProxies, rateLimitFactor, readiness, protocol });
  const server = createServer({ ...httpLimits, keepAliveTimeout: 65_000 }, web.callback());
  const stopFollowing = await followChanges(base, oidc, policy);
  const background = await startBackground({ db, log, keyring, outgoing, oidc, policy });

  return {
    server,
    hasher,
    async close() {
      readiness.isDraining = true;
      await drain(server);
      await background.stop();
      await stopFollowing();
      oidc.close();
      await base.close();
    },
  };
}

async function drain(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise((done) => server.close(done));
  // A connection that is kept open becomes idle only when its last request is answered.
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const rest = setTimeout(() => server.closeAllConnections(), drainSeconds * 1000);
  await closed;
  clearInterval(idle);
  clearTimeout(rest);
}
