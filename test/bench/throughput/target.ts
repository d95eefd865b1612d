/** What is measured: a provider in a process of its own, on a processor of its own. */
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { HttpClient } from './http-client.ts';
import type { RegisteredApp } from '../../support/people-and-apps.ts';

export interface Target {
  name: string;
  issuer: string;
  /** Port of the provider itself, without a load balancer. */
  port: number;
  /** Process of the provider. */
  pid: number;
  /** Another process that works for it, whose CPU counts as its own. */
  helperPid?: number;
  /** PostgreSQL; undefined for a provider without a database. */
  databasePid: number | undefined;
  /** Name of its database, to count its statements. */
  databaseName?: string | undefined;
  app: RegisteredApp;
  machine: RegisteredApp;
  /** Whether a person signs in by a form with name and password. */
  hasPasswords: boolean;
  /** Where it differs from Frontdesk. */
  dialect?: Dialect;
  /** Its version and settings, for the page of results. */
  about?: string;
  /** From the start of the process until it answers. */
  startMilliseconds?: number;
  /** Whether its rate grows for a while, so that it is used until the rate stands. */
  warmsUp?: boolean;
  close(): Promise<void>;
}

/** How the addresses and pages of a provider differ from those of Frontdesk. */
export interface Dialect {
  /** Paths; with a port of its own as `http://host:port/path`. */
  paths: { authorization: string; token: string; userinfo: string; introspection: string; keys: string };
  /** Scopes of a request for a refresh token. */
  refreshScope: string;
  /** Fills in the sign-in form of a page. @returns undefined when there is none */
  fillIn(page: string): { action: string; fields: Record<string, string> } | undefined;
  /** Acts as the login app that the provider redirects to. @returns the URL to which that app redirects the browser */
  visitLoginApp?(location: string, client: HttpClient): Promise<string>;
}

/** The first processor is for providers and their databases, the second for the driver. */
export const providerProcessor = '0';
export const driverProcessor = '1';

/** Moves a process, and the threads and children that it has, to a processor. */
export function pin(pid: number, processor: string): void {
  spawnSync('taskset', ['-a', '-c', '-p', processor, String(pid)]);
}

/** Resolves the names of providers, which end in `.localhost`. */
const names = join(import.meta.dirname, '../../../examples/localhost-names.ts');

/** Starts a script of this folder, and waits for its first line. */
export async function startScript(
  file: string,
  environment: NodeJS.ProcessEnv,
): Promise<{ pid: number; startMilliseconds: number; close(): Promise<void> }> {
  const start = performance.now();
  const child = spawn(process.execPath, ['--no-warnings', '--import', names, join(import.meta.dirname, file)], {
    env: { ...process.env, NODE_ENV: 'production', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.once('exit', () => child.kill('SIGKILL'));
  await once(createInterface({ input: child.stdout }), 'line');
  const startMilliseconds = performance.now() - start;
  pin(child.pid!, providerProcessor);
  return {
    pid: child.pid!,
    startMilliseconds,
    async close() {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}
