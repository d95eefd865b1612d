/** Back-channel logout while servers are killed with SIGKILL: every app is notified of every end, and of no other. */
import { measureLogout, type LogoutResult } from '../bench/logout/logout.ts';
import { receiverNames } from '../bench/logout/receivers.ts';

let result: LogoutResult;

beforeAll(async () => {
  result = await measureLogout({
    endings: 150,
    rate: 25,
    servers: 2,
    killEvery: [0.5, 1.5],
    patience: 30,
    isUnsteadyToTheEnd: false,
  });
});

test('the workers were killed while sessions ended, and more than once', () => {
  expect(result.kills).toBeGreaterThan(1);
});

test.each(receiverNames)('the app that is %s hears of every ending, in tokens that are right', (name) => {
  expect(result.received[name]).toMatchObject({ delivered: 150, lost: 0, malformed: 0 });
});

test.each(receiverNames)('the app that is %s hears of no session that goes on', (name) => {
  expect(result.received[name].wrong).toBe(0);
  expect(result.decoysEnded).toBe(0);
});
