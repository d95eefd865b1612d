/** The provider under test, and the commands that its operator runs for a test. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { claimsOfAnn } from '../support/suite.ts';
import { runProgram } from '../support/terminal.ts';
import type { ConformanceProfile } from './profile.ts';
import { SettingsError, type Settings } from './settings.ts';

export interface ProviderUnderTest {
  issuer: string;
  login: string;
  password: string;
  /** Runs a command of the program beside the server, and returns what it printed. @throws CommandFailed */
  command: (args: string[], input?: string) => Promise<string>;
  /** Log file of a provider that was started for the run; undefined for a deployment. */
  logFile: string | undefined;
  close(): Promise<void>;
}

export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
}

export const commandWith =
  (environment: NodeJS.ProcessEnv) =>
  async (args: string[], input = ''): Promise<string> => {
    const { code, out, error } = await runProgram(args, environment, input);
    if (code === 0) return out;
    throw new CommandFailed(`frontdesk ${args.slice(0, 2).join(' ')}: ${error.trim() || `exit code ${code}`}`);
  };

/** Calls `work` with the path of a file that holds the value as JSON, and removes the file afterwards. */
export async function withJsonFile<T>(value: object, work: (path: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'frontdesk-conformance-'));
  const path = join(folder, 'value.json');
  try {
    writeFileSync(path, JSON.stringify(value));
    return await work(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export interface TestAccount {
  login: string;
  password: string;
  remove(): Promise<void>;
}

/** Creates an account with every claim, and a random name. */
export async function createTestAccount(command: ProviderUnderTest['command']): Promise<TestAccount> {
  const login = `conformance-${randomBytes(4).toString('hex')}@example.com`;
  const password = randomBytes(18).toString('base64url');
  const username = login.split('@')[0]!;
  const names = ['--name', 'Ann Archer', '--username', username, '--email', login, '--email-verified'];
  await withJsonFile(claimsOfAnn, (path) =>
    command(['accounts', 'create', ...names, '--claims', path], `${password}\n`),
  );
  return {
    login,
    password,
    remove: async () => void (await command(['accounts', 'remove', login])),
  };
}

const discovery = z.object({ response_types_supported: z.array(z.string()) });

/**
 * Checks whether a deployment runs with CONFORMANCE_PROFILE: only then its discovery document has the implicit flow.
 *
 * @throws SettingsError when it does not run as `wanted`
 */
export async function requireConformanceProfile(issuer: string, wanted: ConformanceProfile): Promise<void> {
  const response = await fetch(`${issuer}/.well-known/openid-configuration`);
  const { response_types_supported: responseTypes } = discovery.parse(await response.json());
  const found = responseTypes.includes('id_token') ? 'on' : 'off';
  if (found === wanted) return;
  throw new SettingsError(`${issuer} runs with CONFORMANCE_PROFILE ${found}; this profile tests it ${wanted}`);
}

/**
 * A running deployment. Clients, and an account if none is set, are created and removed again. Commands run with the
 * environment of this tool, which must be that of the deployment.
 *
 * @throws SettingsError
 */
export async function targetServer(
  issuer: string,
  { login, password }: Settings,
  conformanceProfile: ConformanceProfile,
  environment: NodeJS.ProcessEnv,
): Promise<ProviderUnderTest> {
  await requireConformanceProfile(issuer, conformanceProfile);
  const isProgramOfTarget = environment['ISSUER'] === issuer;
  const command = isProgramOfTarget
    ? commandWith(environment)
    : () => Promise.reject(new SettingsError(`this needs the settings of ${issuer} in the environment (ISSUER …)`));
  const account = login === undefined ? await createTestAccount(command) : undefined;
  return {
    issuer,
    login: login ?? account!.login,
    password: password ?? account!.password,
    command,
    logFile: undefined,
    close: async () => account?.remove(),
  };
}
