/** What processes are and use, as Linux shows it in /proc: children, CPU time, memory, open handles. */
import { readdirSync, readFileSync } from 'node:fs';

/** Length of a tick of /proc: Linux has 100 a second on all platforms that Node runs on. */
const tickMilliseconds = 10;

interface ProcessTimes {
  /** `Z` for one that has ended and that nobody has asked about. */
  state: string;
  parent: number;
  /** Of the process, and of its children that have ended. */
  milliseconds: number;
}

function timesOf(pid: number): ProcessTimes | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may contain spaces.
    const [state = '', ...numbers] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const fields = numbers.map(Number);
    const [parent, times] = [fields[0]!, fields.slice(10, 14)];
    return { state, parent, milliseconds: times.reduce((sum, ticks) => sum + ticks, 0) * tickMilliseconds };
  } catch {
    return undefined;
  }
}

/** Process ids of the children that run. */
export const childrenOf = (pid: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((each) => timesOf(each)?.parent === pid);

export const isRunning = (pid: number): boolean => !/^[ZX]?$/.test(timesOf(pid)?.state ?? '');

/** Milliseconds of CPU that a process and its children have used. */
export function cpuOf(pid: number): number {
  return [pid, ...childrenOf(pid)].reduce((sum, each) => sum + (timesOf(each)?.milliseconds ?? 0), 0);
}

/** Number of files and sockets that a process has open. */
export const openHandles = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

/** Resident memory of a process, in MB. */
export function residentMegabytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}
