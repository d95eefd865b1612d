/** Tests on a real file system that the data folder is private and used by one process. */
import { chmodSync, chownSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/support/cleanup.ts';
import { terminate, startNode } from '../../test/support/processes.ts';
import { ensureSecretFile, ensurePrivateFile, ensurePrivateFolder, ensureSocketFolder } from './private-folder.ts';
import { tryFileLock } from './file-lock.ts';

const folder = temporaryFolder();

test('only its owner has access to a private folder', () => {
  const path = join(folder, 'open');
  mkdirSync(path);
  chmodSync(path, 0o777);
  expect(statSync(ensurePrivateFolder(path)).mode & 0o777).toBe(0o700);
});

// Only root can change the owner of a folder.
(process.getuid?.() === 0 ? test : test.skip)('a folder of another user is refused', () => {
  const path = join(folder, 'of-another-user');
  mkdirSync(path);
  chownSync(path, 12_345, 12_345);
  expect(() => ensurePrivateFolder(path)).toThrow(
    expect.objectContaining({ code: 'folder_of_other_user', values: { folder: path, uid: 12_345, own: 0 } }),
  );
});

test('the socket folder is the same each time, unless other users have access to it', () => {
  const [data, parent] = [join(folder, 'data'), join(folder, 'sockets')];
  for (const path of [data, parent]) mkdirSync(path);
  const firstFolder = ensureSocketFolder(parent, data);
  expect(ensureSocketFolder(parent, data)).toBe(firstFolder);
  // Another user who can write into the folder could replace the socket.
  chmodSync(firstFolder, 0o777);
  const secondFolder = ensureSocketFolder(parent, data);
  expect(secondFolder).not.toBe(firstFolder);
  expect(statSync(secondFolder).mode & 0o777).toBe(0o700);
});

test('a private file keeps its first content and leaves no temporary file', () => {
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
  const lockInProcess = async (isKilled: boolean) => {
    const program = `import { tryFileLock } from '${join(import.meta.dirname, 'file-lock.ts')}';
      console.log(tryFileLock('${path}') ? 'held' : 'taken'); setTimeout(() => {}, 60_000);`;
    const child = startNode(['--input-type=module', '--eval', program], {});
    const [line] = (await once(child.stdout!, 'data')) as [Buffer];
    if (isKilled) await terminate(child, 'SIGKILL');
    return { output: line.toString().trim(), child };
  };

  test('is held by one process and released when that process dies', async () => {
    const { output, child } = await lockInProcess(false);
    expect(output).toBe('held');
    expect(tryFileLock(path)).toBeUndefined();
    await terminate(child, 'SIGKILL');
    const lock = tryFileLock(path);
    expect(lock).toBeDefined();
    expect((await lockInProcess(true)).output).toBe('taken');
    lock!.release();
    expect((await lockInProcess(true)).output).toBe('held');
  });

  test('fails with the reason when its path cannot be opened', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => tryFileLock(join(folder, 'file/lock'))).toThrow(/^ENOTDIR/);
  });
});
