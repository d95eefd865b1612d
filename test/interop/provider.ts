/** Frontdesk as somebody who tries it out starts it: the embedded database, default settings, commands beside it. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/listen.ts';
import { runProgram } from '../support/terminal.ts';
import type { Client, Person, Site } from './client.ts';
import { start, stop, untilAnswering } from './processes.ts';

const program = join(import.meta.dirname, '../../bin/frontdesk.js');

export type Registered = Pick<Site, 'clientId' | 'clientSecret' | 'url' | 'port' | 'redirectUri'>;

export interface Provider {
  issuer: string;
  openAccount(person: Person): Promise<void>;
  register(client: Client): Promise<Registered>;
  close(): Promise<void>;
}

/** @param log file that takes what the server logs */
export async function startProvider(log: string): Promise<Provider> {
  const folder = mkdtempSync(join(tmpdir(), 'frontdesk-interop-data-'));
  const removeFolder = () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  // Also when there is no time for `close`.
  process.once('exit', removeFolder);
  // A name that every program on the machine resolves, unlike those that end in .localhost.
  const issuer = `http://localhost:${await freePort()}`;
  mkdirSync(join(folder, 'data'), { mode: 0o700 });
  const environment = { PATH: process.env['PATH']!, ISSUER: issuer, DATA_DIR: join(folder, 'data') };
  const server = start(process.execPath, ['--no-warnings', program, 'serve'], { environment, log });
  await untilAnswering(`${issuer}/readyz`, server);

  async function command(args: string[], input?: string): Promise<string> {
    const { code, out, error } = await runProgram(args, environment, input);
    if (code !== 0) throw new Error(`frontdesk ${args.join(' ')}: ${error.trim()}`);
    return out;
  }

  return {
    issuer,
    async openAccount({ name, username, email, password }) {
      const words = ['--email', email, '--email-verified', '--name', name, '--username', username];
      await command(['accounts', 'create', ...words], `${password}\n`);
    },
    async register({ name, registration: { kind, redirectPath, postLogoutPath } }) {
      const port = await freePort();
      const url = `http://localhost:${port}`;
      const redirectUri = `${url}${redirectPath}`;
      const words = ['--kind', kind, '--name', name, '--redirect-uri', redirectUri];
      if (postLogoutPath !== undefined) words.push('--post-logout-redirect-uri', `${url}${postLogoutPath}`);
      const printed = JSON.parse(await command(['clients', 'register', '--json', ...words])) as Record<string, string>;
      return { clientId: printed['client_id']!, clientSecret: printed['client_secret'] ?? '', url, port, redirectUri };
    },
    async close() {
      await stop(server);
      removeFolder();
    },
  };
}
