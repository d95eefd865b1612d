/** Prints the current step of a command that takes longer than a second. */
import type { OnStep } from '../platform/progress.ts';
import { loadTexts } from '../platform/texts.ts';

/** No step is printed in this time after the start. */
const quietMilliseconds = 1_000;
/** A step that takes less time than this is not printed. */
const minStepMilliseconds = 250;

export interface Progress {
  onStep: OnStep;
  /** Ends the progress: the current step is not printed any more. */
  end: () => void;
}

/**
 * @param print prints a line; undefined when nobody reads it
 * @param start start of the command in milliseconds of `performance.now()`; by default the start of the process
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
