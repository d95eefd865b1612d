/** Reads from /proc (Linux) the children of processes, and their CPU time, memory and open files. */
import { readdirSync, readFileSync } from 'node:fs';

/** Unit of CPU times in /proc (sysconf(_SC_CLK_TCK)): 100 a second on all platforms that Node runs on. */
const tickMilliseconds = 10;

interface ProcessStat {
  /** `R`, `S` …; `Z` for a zombie. */
  state: string;
  parent: number;
  /** CPU time of the process, and of its children that have ended and been waited for. */
  milliseconds: number;
}

function statOf(pid: number): ProcessStat | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may contain spaces.
    const [state = '', ...numbers] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const fields = numbers.map(Number);
    const [parent, ticks] = [fields[0]!, fields.slice(10, 14)];
    return { state, parent, milliseconds: ticks.reduce((sum, count) => sum + count, 0) * tickMilliseconds };
  } catch {
    return undefined;
  }
}

/** Process ids of the children that run. */
export const childrenOf = (pid: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => statOf(child)?.parent === pid);

/** Whether a process exists and is no zombie. */
export const isRunning = (pid: number): boolean => !/^[ZX]?$/.test(statOf(pid)?.state ?? '');

/** Milliseconds of CPU that a process and its children have used. */
export function cpuOf(pid: number): number {
  return [pid, ...childrenOf(pid)].reduce((sum, process) => sum + (statOf(process)?.milliseconds ?? 0), 0);
}

/** Number of files and sockets that a process has open. */
export const openHandles = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

/** Resident memory of a process, in MB. */
export function residentMegabytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}
