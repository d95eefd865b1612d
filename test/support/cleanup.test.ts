/** Tests that what a test opened is closed once, in reverse order, even when closing something else fails. */
import { existsSync } from 'node:fs';
import { closeAfterwards, closeAll, temporaryFolder } from './cleanup.ts';

test('things are closed in reverse order of opening', async () => {
  const closed: string[] = [];
  closeAfterwards(() => closed.push('first'));
  closeAfterwards({ close: async () => void closed.push('second') });
  await closeAll();
  expect(closed).toEqual(['second', 'first']);
  await closeAll();
  expect(closed).toHaveLength(2);
});

test('a thing that a test has closed is not closed again', async () => {
  let count = 0;
  const close = closeAfterwards(() => (count += 1));
  await Promise.all([close(), close()]);
  await closeAll();
  expect(count).toBe(1);
});

test('a failure is reported after everything else has been closed', async () => {
  let isClosed = false;
  closeAfterwards(() => (isClosed = true));
  closeAfterwards(() => {
    throw new Error('stuck');
  });
  await expect(closeAll()).rejects.toThrow(AggregateError);
  expect(isClosed).toBe(true);
});

test('a temporary folder is removed', async () => {
  const folder = temporaryFolder();
  expect(existsSync(folder)).toBe(true);
  await closeAll();
  expect(existsSync(folder)).toBe(false);
});
