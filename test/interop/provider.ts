/** Frontdesk with the embedded database and default settings, as somebody who tries it out starts it. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/listen.ts';
import { runProgram } from '../support/terminal.ts';
import type { Client, Person, Site } from './client.ts';
import { start, stop, untilResponding } from './processes.ts';

const program = join(import.meta.dirname, '../../bin/frontdesk.js');

export type Registered = Pick<Site, 'clientId' | 'clientSecret' | 'url' | 'port' | 'redirectUri'>;

export interface Provider {
  issuer: string;
  createAccount(person: Person): Promise<void>;
  register(client: Client): Promise<Registered>;
  close(): Promise<void>;
}

/** @param log path of the file for the server's log */
export async function startProvider(log: string): Promise<Provider> {
  const folder = mkdtempSync(join(tmpdir(), 'frontdesk-interop-data-'));
  const removeFolder = () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  // For an exit without `close`.
  process.once('exit', removeFolder);
  // Not a name under .localhost, which some programs do not resolve.
  const issuer = `http://localhost:${await freePort()}`;
  mkdirSync(join(folder, 'data'), { mode: 0o700 });
  const environment = { PATH: process.env['PATH']!, ISSUER: issuer, DATA_DIR: join(folder, 'data') };
  const server = start(process.execPath, ['--no-warnings', program, 'serve'], { environment, log });
  await untilResponding(`${issuer}/readyz`, server);

  async function command(args: string[], input?: string): Promise<string> {
    const { code, out, error } = await runProgram(args, environment, input);
    if (code !== 0) throw new Error(`frontdesk ${args.join(' ')}: ${error.trim()}`);
    return out;
  }

  return {
    issuer,
    async createAccount({ name, username, email, password }) {
      const args = ['--email', email, '--email-verified', '--name', name, '--username', username];
      await command(['accounts', 'create', ...args], `${password}\n`);
    },
    async register({ name, registration: { kind, redirectPath, postLogoutPath } }) {
      const port = await freePort();
      const url = `http://localhost:${port}`;
      const redirectUri = `${url}${redirectPath}`;
      const args = ['--kind', kind, '--name', name, '--redirect-uri', redirectUri];
      if (postLogoutPath !== undefined) args.push('--post-logout-redirect-uri', `${url}${postLogoutPath}`);
      const printed = JSON.parse(await command(['clients', 'register', '--json', ...args])) as Record<string, string>;
      return { clientId: printed['client_id']!, clientSecret: printed['client_secret'] ?? '', url, port, redirectUri };
    },
    async close() {
      await stop(server);
      removeFolder();
    },
  };
}
