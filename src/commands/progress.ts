/** Says what a command is at, when it takes longer than a second. */
import type { OnStep } from '../platform/progress.ts';
import { loadTexts } from '../platform/texts.ts';

const quietMilliseconds = 1_000;
/** A step that is over sooner is not said. */
const minStepMilliseconds = 250;

export interface Progress {
  onStep: OnStep;
  /** There is nothing to wait for any more. */
  end: () => void;
}

/**
 * @param say prints a line; undefined when nobody reads it
 * @param start of the wait, on the clock of `performance`; the start of the process when left out
 */
export function createProgress(say: ((text: string) => void) | undefined, start = 0): Progress {
  let timer: NodeJS.Timeout | undefined;
  return {
    onStep(step) {
      clearTimeout(timer);
      const wait = Math.max(minStepMilliseconds, quietMilliseconds - (performance.now() - start));
      if (say) timer = setTimeout(() => say(`${loadTexts()(`progress.${step}`)}…`), wait);
    },
    end: () => clearTimeout(timer),
  };
}
