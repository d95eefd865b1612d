/** A server that gets SIGTERM, behind a load balancer. */
import { randomToken } from '../../src/platform/secrets.ts';
import { sendRequest } from '../support/browser.ts';
import { freshDatabase } from '../support/database.ts';
import { becomes, eventually } from '../support/eventually.ts';
import { freePort } from '../support/listen.ts';
import { endOf, hasEnded } from '../support/processes.ts';
import { startProgram } from '../support/terminal.ts';

async function startServer(delay: string) {
  const [{ url }, port] = [await freshDatabase(), await freePort()];
  const issuer = `http://localhost:${port}`;
  const server = startProgram(['serve'], {
    ISSUER: issuer,
    SECRET: `test_${randomToken()}`,
    DATABASE_URL: url,
    SHUTDOWN_DELAY: delay,
  });
  const statusOf = async (path: string) => (await sendRequest(`${issuer}${path}`).catch(() => undefined))?.status;
  await becomes(() => statusOf('/readyz'), 200);
  return { server, statusOf };
}

test('it is not ready at once, and accepts requests until the delay is over', async () => {
  const { server, statusOf } = await startServer('3');
  server.kill('SIGTERM');
  const stoppedAt = performance.now();
  await becomes(() => statusOf('/readyz'), 503);
  expect(await statusOf('/oauth/jwks')).toBe(200);
  await eventually(() => hasEnded(server));
  expect(performance.now() - stoppedAt).toBeGreaterThan(3_000);
  expect(server.exitCode).toBe(0);
});

test('without a delay it accepts no more requests, and a second signal does not wait', async () => {
  const { server, statusOf } = await startServer('0');
  server.kill('SIGTERM');
  await becomes(() => statusOf('/readyz'), undefined);
  expect(await endOf(server)).toBe(0);

  const { server: patient, statusOf: statusOfPatient } = await startServer('300');
  patient.kill('SIGTERM');
  await becomes(() => statusOfPatient('/readyz'), 503);
  patient.kill('SIGTERM');
  await eventually(() => hasEnded(patient));
  expect(patient.signalCode).toBe('SIGTERM');
});
