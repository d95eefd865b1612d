/** Tests that the job queue runs all scheduled tasks. */
import { statement } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { startFrontdesk } from '../support/frontdesk.ts';

const registeredTasks = statement('select identifier as name from graphile_worker._private_known_crontabs order by 1');

test('the job queue has every scheduled task', async () => {
  const frontdesk = await startFrontdesk();
  const names = async () => (await frontdesk.db.read<{ name: string }>(registeredTasks)).map(({ name }) => name);
  // The queue registers the tasks some time after the server is ready.
  expect(await eventually(names, ({ length }) => length > 0)).toEqual([
    'delete-failed-jobs',
    'end-expired-sessions',
    'open-audit-months',
    'purge-expired',
    'rotate-signing-keys',
  ]);
});
