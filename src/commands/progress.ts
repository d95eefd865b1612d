/** Prints the step that a command is at, when the command takes longer than a second. */
import type { OnStep } from '../platform/progress.ts';
import { loadTexts } from '../platform/texts.ts';

/** No step is printed before this time. */
const quietMilliseconds = 1_000;
/** A step that takes less is not printed. */
const minStepMilliseconds = 250;

export interface Progress {
  onStep: OnStep;
  /** Cancels the line of the current step. */
  end: () => void;
}

/**
 * @param print prints a line; undefined when nobody reads it
 * @param start of the wait, on the clock of `performance`; the start of the process when left out
 */
export function createProgress(print: ((text: string) => void) | undefined, start = 0): Progress {
  let timer: NodeJS.Timeout | undefined;
  return {
    onStep(step) {
      clearTimeout(timer);
      const wait = Math.max(minStepMilliseconds, quietMilliseconds - (performance.now() - start));
      if (print) timer = setTimeout(() => print(`${loadTexts()(`progress.${step}`)}…`), wait);
    },
    end: () => clearTimeout(timer),
  };
}
