/** What the tests of a file start is closed at its end, whatever became of them: the last first. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const open = new Set<() => Promise<void>>();

/**
 * Registers what must be closed, as soon as there is something to close.
 *
 * @returns closes it now; a second call waits for the first and does nothing
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

/** @throws AggregateError when something did not close; the rest is closed all the same */
export async function closeAll(): Promise<void> {
  const errors: unknown[] = [];
  for (const close of [...open].toReversed()) await close().catch((error: unknown) => errors.push(error));
  if (errors.length > 0) throw new AggregateError(errors, 'something did not close');
}

/** A folder that is removed afterwards; a database that runs as another user can get to what is in it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'test-'));
  chmodSync(folder, 0o711);
  closeAfterwards(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}
