/** What the kernel says of a process in `/proc/PID/stat`: the time on processors, to within 10 ms. */
import { readFileSync } from 'node:fs';

export interface CpuTimes {
  /** User and system, all threads, microseconds. */
  readonly own: number;
  /** Of children that have ended and were waited for, and of theirs. */
  readonly children: number;
}

/** Of the kernel's clock: `sysconf(_SC_CLK_TCK)` is 100 on Linux. */
const microsecondsPerTick = 10_000;

/** Throws what `readFileSync` throws when there is no such process. */
export function cpuTimes(pid: number): CpuTimes {
  return parseCpuTimes(readFileSync(`/proc/${pid}/stat`, 'latin1'));
}

export function parseCpuTimes(stat: string): CpuTimes {
  // The name, in parentheses, may hold spaces and parentheses: fields are counted from behind it. utime is the 14th of all, then stime,
  // cutime and cstime.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = (index: number): number => {
    const value = Number(fields[index]);
    if (fields[index] === undefined || !Number.isSafeInteger(value)) throw new Error(`not a process's stat: ${stat}`);
    return value;
  };
  return {
    own: (ticks(11) + ticks(12)) * microsecondsPerTick,
    children: (ticks(13) + ticks(14)) * microsecondsPerTick,
  };
}
