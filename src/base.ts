/** The parts that server and commands share: settings, log, keys, and an opened database that belongs to them. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { localSecretPrefix, type Config } from './config.ts';
import { checkDeployment, claimDeployment } from './deployment/deployment.ts';
import { isMigrated, listAppliedMigrations } from './deployment/deployment-repository.ts';
import { Refusal } from './errors.ts';
import type { ProcessRole } from './platform/data-folder.ts';
import { setClockByDatabase } from './platform/clock.ts';
import { sharesSessions } from './platform/connection-pooler.ts';
import { openDatabase, type Database } from './platform/database.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './platform/embedded-postgres.ts';
import { JobTablesNewer } from './platform/jobs.ts';
import { createLog, type Log } from './platform/log.ts';
import { knownMigrations, migrate } from './platform/migrate.ts';
import type { OnStep, Step } from './platform/progress.ts';
import { createOutgoing, type Outgoing } from './platform/outgoing.ts';
import { createResolver } from './platform/resolve-host.ts';
import { ensureSecretFile, readFileIfExists } from './platform/private-folder.ts';
import { createKeyring, type Keyring } from './platform/secrets.ts';

export interface Base {
  config: Config;
  log: Log;
  keyring: Keyring;
  db: Database;
  /** HTTP calls to URLs that apps have registered. */
  outgoing: Outgoing;
  /** Names of the migrations that `openBase` applied. */
  applied: string[];
  /** Resolves when the embedded database has ended by itself and cannot be started again. */
  databaseFailure: Promise<Error>;
  close(): Promise<void>;
}

export interface BaseOptions {
  /**
   * What this process is. A `worker` is a server too, but another process runs its embedded database
   * (commands/workers.ts).
   */
  role: ProcessRole | 'worker';
  log?: Log;
  /** Whether a missing database and a missing root secret are created. A server always creates them. */
  mayCreate?: boolean;
  /** Called before each step that takes time; logs it by default. */
  onStep?: OnStep;
}

/** `postgres` is the folder of the embedded database; the process that runs the database writes `owner.json`. */
const hasDatabase = ({ databaseUrl, dataFolder }: Config): boolean =>
  databaseUrl !== undefined ||
  // Unlike existsSync, this throws when the folder may not be read.
  ['postgres', 'owner.json'].some((name) => statSync(join(dataFolder, name), { throwIfNoEntry: false }) !== undefined);

/** @throws Refusal `secret_unknown` when there is a database and its root secret is not found */
function findSecrets(config: Config, mayCreate: boolean): readonly string[] {
  if (config.secrets.length > 0) return config.secrets;
  const folder = join(config.dataFolder, 'secrets');
  const stored = readFileIfExists(join(folder, 'secret'));
  if (stored !== undefined) return [stored.trim()];
  // An existing database belongs to another root secret than a new one.
  if (!mayCreate || (!config.databaseUrl && hasDatabase(config))) {
    throw new Refusal('secret_unknown', { path: join(folder, 'secret') });
  }
  return [ensureSecretFile(folder, 'secret', localSecretPrefix)];
}

/** Enough for the pool, the jobs and the listener of each process, and for commands. */
const maxConnectionsFor = ({ webConcurrency, databasePool }: Config): number =>
  Math.max(60, 20 + webConcurrency * (databasePool + 10));

async function startDatabase(config: Config, role: BaseOptions['role'], onStep: OnStep): Promise<EmbeddedPostgres> {
  const { databaseUrl, dataFolder, runtimeFolder } = config;
  const failure = new Promise<Error>(() => {});
  if (databaseUrl) return { url: databaseUrl, isAttached: false, failure, stop: async () => {} };
  const roleInFolder = role === 'server' ? role : 'command';
  const maxConnections = maxConnectionsFor(config);
  return startEmbeddedPostgres(dataFolder, runtimeFolder, { role: roleInFolder, maxConnections, onStep });
}

/** @throws Refusal `database_newer` when a newer release has changed the tables in ways that this one does not know */
async function requireKnownMigrations(db: Database): Promise<void> {
  if (!(await isMigrated(db))) return;
  const known = new Set(knownMigrations());
  const unknown = (await listAppliedMigrations(db)).findLast((name) => !known.has(name));
  if (unknown !== undefined) throw new Refusal('database_newer', { migration: unknown });
}

/** @throws Refusal `database_newer` */
async function applyMigrations(url: string): Promise<string[]> {
  try {
    return await migrate(url);
  } catch (error) {
    throw error instanceof JobTablesNewer ? new Refusal('database_newer', { migration: error.message }) : error;
  }
}

/**
 * Opens the database, starting the embedded one if none is configured, applies migrations, and checks that the database
 * belongs to this issuer and root secret.
 *
 * @throws Refusal `database_missing`, `database_empty`, `database_newer`, `database_sessions_shared`,
 *   `secret_unknown`, `database_of_other_issuer`, `database_of_other_secret`
 */
export async function openBase(config: Config, options: BaseOptions): Promise<Base> {
  const { role, log = createLog(config.logLevel) } = options;
  const { onStep = (step: Step) => log.info({ step }, 'starting') } = options;
  const isServer = role !== 'command';
  const mayCreate = isServer || options.mayCreate === true;
  if (!mayCreate && !hasDatabase(config)) throw new Refusal('database_missing', { folder: config.dataFolder });
  const keyring = createKeyring(findSecrets(config, mayCreate));
  const { url, isAttached, failure, stop } = await startDatabase(config, role, onStep);
  const close = [stop];
  const closeAll = async () => {
    for (const each of close.toReversed()) await each();
  };
  try {
    if (config.databaseUrl && (await sharesSessions(url))) throw new Refusal('database_sessions_shared');
    const onError = (error: Error) => log.warn({ err: error }, 'database connection lost');
    const db = openDatabase({ url, poolSize: config.databasePool, onError, isForJobs: role === 'command' });
    close.push(() => db.close());
    const resolveHost = createResolver({ servers: config.dnsServers });
    const outgoing = createOutgoing({ allowedHosts: config.outgoingAllowedHosts, resolveHost });
    close.push(async () => outgoing.close());
    if (role === 'command') await setClockByDatabase(db);
    await requireKnownMigrations(db);
    // When attached, another process runs the embedded database, and has applied the migrations.
    if (!mayCreate && !isAttached && !(await isMigrated(db))) throw new Refusal('database_empty');
    if (!isAttached) onStep('applying_migrations');
    const applied = isAttached ? [] : await applyMigrations(url);
    const issuer = await requireDeployment(db, keyring, config, isServer, mayCreate);
    const found = { ...config, issuer };
    return { config: found, log, keyring, db, outgoing, applied, databaseFailure: failure, close: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/**
 * Requires that the database belongs to this issuer and root secret, or binds a new database to them.
 *
 * @returns the issuer of this process: a command without ISSUER takes the issuer of the database
 */
async function requireDeployment(
  db: Database,
  keyring: Keyring,
  config: Config,
  isServer: boolean,
  mayCreate: boolean,
): Promise<string> {
  const { issuer, isIssuerSet } = config;
  if (isServer || mayCreate) {
    const issuerOfDatabase = isServer || isIssuerSet ? undefined : await checkDeployment(db, keyring, undefined);
    await claimDeployment(db, keyring, issuerOfDatabase ?? issuer);
    return issuerOfDatabase ?? issuer;
  }
  return (await checkDeployment(db, keyring, isIssuerSet ? issuer : undefined)) ?? issuer;
}
