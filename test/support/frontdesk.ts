/** A Frontdesk for tests: the real program on a database of its own, listening on this machine. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { createApp, openBase, type App, type Base } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { createLog } from '../../src/platform/log.ts';
import { randomToken } from '../../src/platform/secrets.ts';
import { freshDatabase, type TestDatabase } from './database.ts';

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
  /** A second process on the database, and under the name, of this one. */
  beside?: Pick<Frontdesk, 'database' | 'issuer' | 'secret'>;
  /** Further settings. */
  settings?: Record<string, string>;
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

export async function startFrontdesk({ beside, settings = {} }: FrontdeskOptions = {}): Promise<Frontdesk> {
  const database = beside?.database ?? (await freshDatabase());
  const port = await freePort();
  const issuer = beside?.issuer ?? settings['ISSUER'] ?? `http://idp.localhost:${port}`;
  const secret = beside?.secret ?? `test_${randomToken()}`;
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
  const base = await openBase(loadConfig(environment), 'server', createLog('info', sink));
  const app = await createApp(base);
  app.server.listen(port, '127.0.0.1');
  await once(app.server, 'listening');
  const close = async () => {
    await app.close();
    if (!beside) await database.drop();
  };
  return { ...base, app, issuer, port, secret, database, logged, close };
}
