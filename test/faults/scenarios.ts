/** All scenarios, in the order in which they run. */
import type { Scenario } from './scenario.ts';
import { clocks } from './scenarios/clocks.ts';
import { connections } from './scenarios/connections.ts';
import { diskFull } from './scenarios/disk-full.ts';
import { drain } from './scenarios/drain.ts';
import { frozen } from './scenarios/frozen.ts';
import { kill } from './scenarios/kill.ts';
import { overload } from './scenarios/overload.ts';
import { receivers } from './scenarios/receivers.ts';
import { resets } from './scenarios/resets.ts';
import { restart } from './scenarios/restart.ts';
import { silence } from './scenarios/silence.ts';
import { slow } from './scenarios/slow.ts';
import { soak } from './scenarios/soak.ts';

export const scenarios: readonly Scenario[] = [
  kill,
  drain,
  restart,
  frozen,
  slow,
  silence,
  resets,
  connections,
  diskFull,
  clocks,
  receivers,
  overload,
  soak,
];
