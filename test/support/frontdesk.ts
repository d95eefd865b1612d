/** Starts the program in this process, with a database of its own. */
import { Writable } from 'node:stream';
import { createApp, type App } from '../../src/app.ts';
import { openBase, type Base } from '../../src/base.ts';
import { loadConfig } from '../../src/config.ts';
import { createLog } from '../../src/platform/log.ts';
import { randomToken } from '../../src/platform/secrets.ts';
import { closeAfterwards } from './cleanup.ts';
import { freshDatabase, type TestDatabase } from './database.ts';
import { freePort, listen } from './listen.ts';

export interface Frontdesk extends Base {
  app: App;
  issuer: string;
  port: number;
  secret: string;
  database: TestDatabase;
  /** Every line that was logged. */
  logged: string[];
}

export interface FrontdeskOptions {
  /** Starts another server of this deployment: same database, issuer and root secret. */
  sameDeploymentAs?: Pick<Frontdesk, 'database' | 'issuer' | 'secret'>;
  /** A fresh one when left out. */
  database?: TestDatabase;
  /** Further settings. */
  settings?: Record<string, string>;
  /** How long a request may wait before the server works on it; long by default, because the machine may be busy. */
  maxWaitMilliseconds?: number;
}

export async function startFrontdesk({
  sameDeploymentAs,
  database: given,
  settings = {},
  maxWaitMilliseconds = 60_000,
}: FrontdeskOptions = {}): Promise<Frontdesk> {
  const database = sameDeploymentAs?.database ?? given ?? (await freshDatabase());
  const port = await freePort();
  const issuer = sameDeploymentAs?.issuer ?? settings['ISSUER'] ?? `http://idp.localhost:${port}`;
  const secret = sameDeploymentAs?.secret ?? `test_${randomToken()}`;
  const environment = {
    ISSUER: issuer,
    DATABASE_URL: database.url,
    DATABASE_POOL: '6',
    SECRET: secret,
    OUTGOING_ALLOWED_HOSTS: '*.localhost',
    ...settings,
  };
  const logged: string[] = [];
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      logged.push(chunk.toString());
      done();
    },
  });
  const base = await openBase(loadConfig(environment), { role: 'server', log: createLog('info', sink) });
  const closeBase = closeAfterwards(base);
  const app = await createApp({ ...base, close: closeBase }, { maxWaitMilliseconds });
  const closeApp = closeAfterwards(app);
  await listen(app.server, port);
  const close = async () => {
    await closeApp();
    if (!sameDeploymentAs) await database.drop();
  };
  return { ...base, app, issuer, port, secret, database, logged, close };
}
