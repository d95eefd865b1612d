/** What is measured: a provider in a process of its own, on a processor of its own. */
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { RegisteredApp } from '../../support/people-and-apps.ts';

export interface Target {
  name: string;
  issuer: string;
  /** Port of the provider itself, without a load balancer. */
  port: number;
  /** Process of the provider. */
  pid: number;
  /** PostgreSQL; undefined for a provider without a database. */
  databasePid: number | undefined;
  app: RegisteredApp;
  machine: RegisteredApp;
  /** Whether a person signs in by a form with name and password. */
  hasPasswords: boolean;
  close(): Promise<void>;
}

/** The first processor is for providers and their databases, the second for the driver. */
export const providerProcessor = '0';
export const driverProcessor = '1';

/** Moves a process, and the threads and children that it has, to a processor. */
export function pin(pid: number, processor: string): void {
  spawnSync('taskset', ['-a', '-c', '-p', processor, String(pid)]);
}

/** Starts a script of this folder, and waits for its first line. */
export async function startScript(
  file: string,
  environment: NodeJS.ProcessEnv,
): Promise<{ pid: number; close(): Promise<void> }> {
  const child = spawn(process.execPath, ['--no-warnings', join(import.meta.dirname, file)], {
    env: { ...process.env, NODE_ENV: 'production', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.once('exit', () => child.kill('SIGKILL'));
  await once(createInterface({ input: child.stdout }), 'line');
  pin(child.pid!, providerProcessor);
  return {
    pid: child.pid!,
    async close() {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}
