/** Tests when a command prints its current step. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createProgress } from './progress.ts';

let printed: string[];
const print = (text: string) => void printed.push(text);

beforeEach(() => void (printed = []));

test('a command of less than a second prints no step', async () => {
  const { onStep, end } = createProgress(print, performance.now());
  onStep('starting_database');
  await sleep(300);
  end();
  await sleep(1_000);
  expect(printed).toEqual([]);
});

test('after a second the current step is printed, and later steps that take time', async () => {
  const { onStep, end } = createProgress(print, performance.now());
  onStep('making_database');
  await sleep(1_200);
  expect(printed).toEqual(['Making the database…']);
  onStep('starting_database');
  onStep('applying_migrations');
  await sleep(400);
  end();
  expect(printed).toEqual(['Making the database…', 'Applying migrations…']);
});

test('no step is printed when nobody reads the output', async () => {
  const { onStep, end } = createProgress(undefined);
  onStep('making_database');
  end();
  expect(printed).toEqual([]);
});
