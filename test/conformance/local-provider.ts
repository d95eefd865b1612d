/** A provider for one run, with a certificate, a database and an account, which are removed afterwards. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/listen.ts';
import { startProgram } from '../support/terminal.ts';
import { makeCertificates } from '../support/certificate.ts';
import type { ConformanceProfile } from './profile.ts';
import { createTestAccount, commandWith, type ProviderUnderTest } from './provider.ts';
import { listenAddress, type Settings } from './settings.ts';
import { startTlsProxy } from './tls-proxy.ts';

const startSeconds = 60;

/** @throws Error when the process ends, or is not ready within a minute */
async function untilReady(server: ChildProcess, port: number): Promise<void> {
  for (const deadline = Date.now() + startSeconds * 1000; Date.now() < deadline; await sleep(100)) {
    if (server.exitCode !== null) throw new Error('the provider has ended: see its log');
    try {
      if ((await fetch(`http://127.0.0.1:${port}/readyz`)).ok) return;
    } catch {
      // Not listening yet.
    }
  }
  throw new Error(`the provider was not ready after ${startSeconds} s: see its log`);
}

/** Settings that only the suite needs. */
const conformanceSettings = (issuer: string) => ({
  // On an issuer that is not on this machine, the setting must repeat the issuer.
  CONFORMANCE_PROFILE: issuer,
  CLIENT_REGISTRATION: 'token',
});

/** @param folder for its log and the certificate of its certificate authority */
export async function startLocalServer(
  { issuer, server, caFile }: Settings,
  conformanceProfile: ConformanceProfile,
  folder: string,
): Promise<ProviderUnderTest> {
  const data = mkdtempSync(join(tmpdir(), 'frontdesk-conformance-'));
  const name = new URL(issuer);
  const certificates = makeCertificates(name.hostname.replace(/^\[|\]$/g, ''));
  writeFileSync(join(folder, `ca-${conformanceProfile}.pem`), certificates.authority);
  const port = await freePort();
  const secret = (await commandWith({})(['secret'])).trim();
  const environment = {
    ISSUER: issuer,
    PORT: String(port),
    HOST: '127.0.0.1',
    DATA_DIR: data,
    SECRET: secret,
    TRUSTED_PROXIES: '1',
    // The suite serves keys and request objects to the provider, and receives its logout tokens.
    OUTGOING_ALLOWED_HOSTS: new URL(server).host,
    ...(caFile !== undefined && { NODE_EXTRA_CA_CERTS: caFile }),
    // The suite signs in some hundred times from one IP address.
    RATE_LIMIT_FACTOR: '1000',
    ...(conformanceProfile === 'on' && conformanceSettings(issuer)),
  };
  const logFile = join(folder, `frontdesk-${conformanceProfile}.log`);
  const log = createWriteStream(logFile);
  const child = startProgram(['serve'], environment);
  child.stdout!.pipe(log, { end: false });
  child.stderr!.pipe(log, { end: false });
  const proxy = await startTlsProxy(
    certificates,
    { host: listenAddress(issuer), port: Number(name.port) || 443 },
    port,
  );

  async function close(): Promise<void> {
    await proxy.close();
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    log.end();
    rmSync(data, { recursive: true, force: true });
  }
  try {
    await untilReady(child, port);
    const command = commandWith(environment);
    const { login, password } = await createTestAccount(command);
    return { issuer, login, password, command, logFile, close };
  } catch (error) {
    await close();
    throw error;
  }
}
