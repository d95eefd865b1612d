/** `npm run demo` as a newcomer meets it, on ports of its own. */
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask } from '../support/browser.ts';
import { temporaryFolder } from '../support/cleanup.ts';
import { freePort } from '../support/listen.ts';
import { endBy, endOf, startNode } from '../support/processes.ts';

let port: number;
let folder: string;

beforeAll(async () => {
  port = await freePort(5);
  folder = join(temporaryFolder(), 'demo');
});

/** Starts the demo, and waits for a line or for its end. */
async function demo(args: string[], until: string): Promise<{ child: ChildProcess; printed: string }> {
  const child = startNode(['examples/start.ts', ...args], {
    DEMO_PORT: String(port),
    DEMO_DATA_DIR: folder,
    PORT: '1',
    ISSUER: 'https://elsewhere.example',
    DATABASE_URL: 'postgres://nowhere',
  });
  let printed = '';
  await new Promise<void>((resolve) => {
    const take = (chunk: Buffer) => {
      printed += chunk.toString();
      if (printed.includes(until)) resolve();
    };
    child.stdout!.on('data', take);
    child.stderr!.on('data', take);
    child.once('exit', () => resolve());
  });
  return { child, printed };
}

const keys = async () => (await ask(`http://idp.localhost:${port}/oauth/jwks`)).body;

test('it starts everything, says what to try, is refused a second time, and keeps what it made', async () => {
  const first = await demo([], 'Frontdesk is ready');
  expect(first.printed).toMatch(/ann@example\.com[^]*\nFrontdesk is ready\n$/);
  const [, password] = /Password +(.*)/.exec(first.printed)!;
  expect(readFileSync('README.md', 'utf8')).toContain(`\`${password}\``);
  for (const [index, name] of ['idp', 'site-a', 'site-b'].entries()) {
    const address = `http://${name}.localhost:${port + index}`;
    expect(first.printed).toContain(address);
    expect((await ask(`${address}/`)).status).toBe(200);
  }
  for (const api of [1, 2]) expect((await ask(`http://api-${api}.localhost:${port + 2 + api}/`)).status).toBe(401);

  const second = await demo([], 'never');
  expect(await endOf(second.child)).toBe(1);
  const all = [0, 1, 2, 3, 4].map((index) => port + index).join(', ');
  expect(second.printed).toContain(`Port ${all} is taken. Does the demo run already?`);

  const before = await keys();
  expect(await endBy(first.child, 'SIGINT')).toBe(0);
  expect(existsSync(join(folder, 'postgres/postmaster.pid'))).toBe(false);

  const third = await demo([], 'Frontdesk is ready');
  expect(await keys()).toBe(before);
  await endBy(third.child, 'SIGINT');

  const fresh = await demo(['--fresh'], 'Frontdesk is ready');
  expect(await keys()).not.toBe(before);
  expect(await endBy(fresh.child, 'SIGTERM')).toBe(0);
});
