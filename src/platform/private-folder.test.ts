/** Files of the data folder, on a real file system. */
import { chmodSync, chownSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/support/cleanup.ts';
import { endBy, startNode } from '../../test/support/processes.ts';
import { ensureSecretFile, ensurePrivateFile, ensurePrivateFolder, ensureSocketFolder } from './private-folder.ts';
import { tryFileLock } from './file-lock.ts';

const folder = temporaryFolder();

test('only its owner can use a private folder', () => {
  const path = join(folder, 'open');
  mkdirSync(path);
  chmodSync(path, 0o777);
  expect(statSync(ensurePrivateFolder(path)).mode & 0o777).toBe(0o700);
});

// Only root can change the owner of a folder.
(process.getuid?.() === 0 ? test : test.skip)('a folder of somebody else is not taken', () => {
  const path = join(folder, 'theirs');
  mkdirSync(path);
  chownSync(path, 12_345, 12_345);
  expect(() => ensurePrivateFolder(path)).toThrow(
    'belongs to another user (12345): run as that user, or choose another folder',
  );
});

test('the socket folder is the same each time, and a random one when another user has taken its name', () => {
  const [data, parent] = [join(folder, 'data'), join(folder, 'sockets')];
  for (const path of [data, parent]) mkdirSync(path);
  const usual = ensureSocketFolder(parent, data);
  expect(ensureSocketFolder(parent, data)).toBe(usual);
  // A user who can write there could put a socket of their own into it.
  chmodSync(usual, 0o777);
  const another = ensureSocketFolder(parent, data);
  expect(another).not.toBe(usual);
  expect(statSync(another).mode & 0o777).toBe(0o700);
});

test('of several processes that create a file at once the first wins, and no draft is left', () => {
  const path = join(folder, 'kept');
  expect(ensurePrivateFile(path, 'first')).toBe('first');
  expect(ensurePrivateFile(path, 'second')).toBe('first');
  expect(readdirSync(folder).filter((name) => name.startsWith('kept'))).toEqual(['kept']);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a secret is created once', () => {
  const secret = ensureSecretFile(join(folder, 'secrets'), 'secret', 'local_');
  expect(secret).toMatch(/^local_[\w-]{43}$/);
  expect(ensureSecretFile(join(folder, 'secrets'), 'secret', 'local_')).toBe(secret);
});

describe('a file lock', () => {
  const path = join(folder, 'lock');
  const elsewhere = async (kill: boolean) => {
    const program = `import { tryFileLock } from '${join(import.meta.dirname, 'file-lock.ts')}';
      console.log(tryFileLock('${path}') ? 'held' : 'taken'); setTimeout(() => {}, 60_000);`;
    const child = startNode(['--input-type=module', '--eval', program], {});
    const [line] = (await once(child.stdout!, 'data')) as [Buffer];
    if (kill) await endBy(child, 'SIGKILL');
    return { said: line.toString().trim(), child };
  };

  test('is held by one process, and released when it dies', async () => {
    const { said, child } = await elsewhere(false);
    expect(said).toBe('held');
    expect(tryFileLock(path)).toBeUndefined();
    await endBy(child, 'SIGKILL');
    const lock = tryFileLock(path);
    expect(lock).toBeDefined();
    expect((await elsewhere(true)).said).toBe('taken');
    lock!.release();
    expect((await elsewhere(true)).said).toBe('held');
  });

  test('says why it cannot lock a path', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => tryFileLock(join(folder, 'file/lock'))).toThrow(/unable to open/);
  });
});
