/** When a command says what it is at. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createProgress } from './progress.ts';

let said: string[];
const say = (text: string) => void said.push(text);

beforeEach(() => void (said = []));

test('what takes less than a second is not said', async () => {
  const { onStep, end } = createProgress(say, performance.now());
  onStep('starting_database');
  await sleep(300);
  end();
  await sleep(1_000);
  expect(said).toEqual([]);
});

test('after a second the step is said, and later ones when they take time', async () => {
  const { onStep, end } = createProgress(say, performance.now());
  onStep('making_database');
  await sleep(1_200);
  expect(said).toEqual(['Making the database…']);
  onStep('starting_database');
  onStep('applying_migrations');
  await sleep(400);
  end();
  expect(said).toEqual(['Making the database…', 'Applying migrations…']);
});

test('nothing is said where nobody reads it', async () => {
  const { onStep, end } = createProgress(undefined);
  onStep('making_database');
  end();
  expect(said).toEqual([]);
});
