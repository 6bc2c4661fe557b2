/** What all parts of the benchmark share. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { LoadResult } from './put-load.js';

export interface Context {
  /** Each part makes a directory of its own in it, and removes that. */
  readonly directory: string;
  /** No store is made larger than this: what is free, with a margin. */
  readonly capacityBytesMax: number;
  readonly quick: boolean;
  /** Of 4 KiB, where there are many. */
  readonly objects: number;
  readonly rounds: number;
  /** Of one round. */
  readonly ms: number;
  readonly nodeOptions: readonly string[];
  readonly say: (line: string) => void;
}

export const KiB = 1024;
export const MiB = 1024 * 1024;
export const GiB = 1024 * MiB;

/** Whether what the kernel had cached of files is gone; false where that is not permitted. */
export function dropCaches(): boolean {
  try {
    execFileSync('sync');
    writeFileSync('/proc/sys/vm/drop_caches', '1');
    return true;
  } catch {
    return false;
  }
}

export function sizeText(bytes: number): string {
  return bytes >= MiB ? `${bytes / MiB} MiB` : `${bytes / KiB} KiB`;
}

export function loadText(result: LoadResult): string {
  return (
    `${result.perSecond.toFixed(0).padStart(8)}/s ${result.mebibytesPerSecond.toFixed(1).padStart(7)} MiB/s` +
    `  p50 ${result.p50Ms.toFixed(2).padStart(7)} ms  p99 ${result.p99Ms.toFixed(2).padStart(7)} ms` +
    `  CPU ${result.cpuMicroseconds.toFixed(1).padStart(7)} us`
  );
}
