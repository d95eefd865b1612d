/** Closes what the tests of a file opened, in reverse order, at the end of the file, also when tests failed. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const open = new Set<() => Promise<void>>();

/**
 * Registers something that must be closed. Call it right after opening the thing.
 *
 * @returns a function that closes it now; a second call only waits for the first
 */
export function closeAfterwards(opened: { close(): unknown } | (() => unknown)): () => Promise<void> {
  let closing: Promise<void> | undefined;
  async function closeOnce(): Promise<void> {
    open.delete(once);
    await (typeof opened === 'function' ? opened() : opened.close());
  }
  const once = () => (closing ??= closeOnce());
  open.add(once);
  return once;
}

/** Closes everything that is registered. @throws AggregateError with the errors, after everything else is closed */
export async function closeAll(): Promise<void> {
  const errors: unknown[] = [];
  for (const close of [...open].toReversed()) await close().catch((error: unknown) => errors.push(error));
  if (errors.length > 0) throw new AggregateError(errors, 'something did not close');
}

/** Makes a folder that is removed afterwards. A database that runs as another user can reach folders in it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'test-'));
  chmodSync(folder, 0o711);
  closeAfterwards(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}
