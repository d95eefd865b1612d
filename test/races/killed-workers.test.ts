/** Tests that apps get a logout token for each ended session, and for no other, while servers are killed (SIGKILL). */
import { measureLogout, type LogoutResult } from '../bench/logout/logout.ts';
import { receiverNames } from '../bench/logout/receivers.ts';

let result: LogoutResult;

beforeAll(async () => {
  result = await measureLogout({
    endings: 150,
    rate: 25,
    servers: 2,
    killEvery: [0.5, 1.5],
    patience: 240,
    isUnsteadyToTheEnd: false,
  });
});

test('the bench killed servers more than once while sessions ended', () => {
  expect(result.kills).toBeGreaterThan(1);
});

test.each(receiverNames)('the app that is %s gets a valid logout token for every session that ended', (name) => {
  expect(result.received[name]).toMatchObject({ delivered: 150, lost: 0, malformed: 0 });
});

test.each(receiverNames)('the app that is %s gets no logout token for a live session', (name) => {
  expect(result.received[name].wrong).toBe(0);
  expect(result.decoysEnded).toBe(0);
});
