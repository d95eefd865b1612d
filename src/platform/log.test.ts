/** Tests when lines of the log are written, by a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createLog } from './log.ts';

const event = { requestId: 'r', method: 'GET', path: '/a\n"b"', status: 200, milliseconds: 3, ip: '::1' };

/** Runs statements that use `log` and `event`. @returns the lines, and what the process wrote before its first pause */
async function linesOf(statements: string): Promise<Record<string, unknown>[]> {
  const path = JSON.stringify(join(import.meta.dirname, 'log.ts'));
  const script = `const { createLog } = await import(${path}); const log = createLog('info');
    const event = ${JSON.stringify(event)}; ${statements}`;
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await once(child, 'close');
  return output
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('the line of a request has the same members as other lines', () => {
  const lines: string[] = [];
  const log = createLog('info', { write: (line) => void lines.push(line) });
  log.request(event);
  log.info(event, 'request');
  const [own, other] = lines.map((line) => JSON.parse(line) as object);
  expect(Object.keys(own!)).toEqual(Object.keys(other!));
  expect({ ...own, time: '' }).toEqual({ ...other, time: '' });
});

test('the line of a request is left out where the level leaves out other lines', () => {
  const lines: string[] = [];
  createLog('warn', { write: (line) => void lines.push(line) }).request(event);
  expect(lines).toEqual([]);
});

test.each([
  ['ends', ''],
  ['ends by an error', 'throw new Error("a fault");'],
  ['is ended', 'process.exit(3);'],
])('no line is lost when the process %s', async (_how, end) => {
  const lines = await linesOf(`log.request(event); log.request(event); ${end}`);
  expect(lines.map(({ msg }) => msg)).toEqual(['request', 'request']);
});

test('an error is written at once, after what happened before it', async () => {
  const lines = await linesOf(
    `log.request(event); log.error('a fault'); log.request(event); process.kill(process.pid, 'SIGKILL');`,
  );
  expect(lines.map(({ msg }) => msg)).toEqual(['request', 'a fault']);
});

test('the line of a request is written soon, also when no other line follows', async () => {
  const lines = await linesOf(`log.request(event); setTimeout(() => process.kill(process.pid, 'SIGKILL'), 1_000);`);
  expect(lines.map(({ msg }) => msg)).toEqual(['request']);
});
