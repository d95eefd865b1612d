/** Scheduled tasks. */
import { statement } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { startFrontdesk } from '../support/frontdesk.ts';

const known = statement('select identifier as name from graphile_worker._private_known_crontabs order by 1');

test('every scheduled task is known to the job queue', async () => {
  const frontdesk = await startFrontdesk();
  const names = async () => (await frontdesk.db.read<{ name: string }>(known)).map(({ name }) => name);
  // The queue registers them some time after the start.
  expect(await eventually(names, ({ length }) => length > 0)).toEqual([
    'delete-failed-jobs',
    'end-expired-sessions',
    'open-audit-months',
    'purge-expired',
    'rotate-signing-keys',
  ]);
});
