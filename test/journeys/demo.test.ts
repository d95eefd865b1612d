/** `npm run demo` as a newcomer meets it. Needs the demo's ports: stop a demo of your own first. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask } from '../support/browser.ts';

const folder = mkdtempSync(join(tmpdir(), 'frontdesk-demo-'));
const running: ChildProcess[] = [];

afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Starts the demo, and waits for a line or for its end. */
async function demo(args: string[], until: string): Promise<{ child: ChildProcess; printed: string }> {
  const child = spawn(process.execPath, ['--no-warnings', 'examples/start.ts', ...args], {
    env: {
      PATH: process.env['PATH'],
      DEMO_DATA_DIR: join(folder, 'demo'),
      PORT: '1',
      ISSUER: 'https://elsewhere.example',
      DATABASE_URL: 'postgres://nowhere',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  let printed = '';
  await new Promise<void>((resolve) => {
    const take = (chunk: Buffer) => {
      printed += chunk.toString();
      if (printed.includes(until)) resolve();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('exit', () => resolve());
  });
  return { child, printed };
}

const ended = (child: ChildProcess) =>
  new Promise<number | null>((resolve) =>
    child.exitCode === null ? child.once('exit', resolve) : resolve(child.exitCode),
  );

test('it starts everything, says what to try, is refused a second time, and keeps what it made', async () => {
  const first = await demo([], 'Frontdesk is ready');
  expect(first.printed).toMatch(/ann@example\.com[^]*walk in at the front desk[^]*\nFrontdesk is ready\n$/);
  for (const address of ['idp.localhost:4000', 'site-a.localhost:4001', 'site-b.localhost:4002']) {
    expect(first.printed).toContain(`http://${address}`);
    expect((await ask(`http://${address}/`)).status).toBe(200);
  }
  for (const port of [4003, 4004]) expect((await ask(`http://api-1.localhost:${port}/`)).status).toBe(401);

  const second = await demo([], 'never');
  expect(await ended(second.child)).toBe(1);
  expect(second.printed).toContain('Port 4000, 4001, 4002, 4003, 4004 is taken. Does the demo run already?');

  const keys = (await ask('http://idp.localhost:4000/oauth/jwks')).body;
  first.child.kill('SIGINT');
  expect(await ended(first.child)).toBe(0);
  expect(existsSync(join(folder, 'demo/postgres/postmaster.pid'))).toBe(false);

  const third = await demo([], 'Frontdesk is ready');
  expect((await ask('http://idp.localhost:4000/oauth/jwks')).body).toBe(keys);
  third.child.kill('SIGINT');
  await ended(third.child);

  const fresh = await demo(['--fresh'], 'Frontdesk is ready');
  expect((await ask('http://idp.localhost:4000/oauth/jwks')).body).not.toBe(keys);
  fresh.child.kill('SIGTERM');
  expect(await ended(fresh.child)).toBe(0);
});
