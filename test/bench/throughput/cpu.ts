/** CPU time of processes, as Linux counts it. */
import { readdirSync, readFileSync } from 'node:fs';

/** Length of a tick of /proc: Linux has 100 a second on all platforms that Node runs on. */
const tickMilliseconds = 10;

interface ProcessTimes {
  parent: number;
  /** Of the process, and of its children that have ended. */
  milliseconds: number;
}

function timesOf(pid: number): ProcessTimes | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may contain spaces.
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [parent, times] = [fields[1]!, fields.slice(11, 15)];
    return { parent, milliseconds: times.reduce((sum, ticks) => sum + ticks, 0) * tickMilliseconds };
  } catch {
    return undefined;
  }
}

/** Milliseconds of CPU that a process and its children have used. */
export function cpuOf(pid: number): number {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const all = pids.map((each) => ({ pid: each, times: timesOf(each) }));
  const children = all.filter(({ times }) => times?.parent === pid);
  return [timesOf(pid), ...children.map(({ times }) => times)].reduce(
    (sum, times) => sum + (times?.milliseconds ?? 0),
    0,
  );
}

/** Resident memory of a process, in MB. */
export function residentMegabytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}
