/** Cleans every segment that is about half dead. */
import type { Store } from '../../osd/store/store.js';

export interface CleanResult {
  readonly segments: number;
  readonly ms: number;
  /** Client bytes that were copied. */
  readonly movedBytes: number;
  readonly cpuMs: number;
}

export async function cleanAll(store: Store): Promise<CleanResult> {
  const before = store.cleaned();
  const cpu = process.cpuUsage();
  const began = performance.now();
  for (const segment of store.cleanable()) await store.clean(segment);
  const ms = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  const after = store.cleaned();
  return {
    segments: after.segments - before.segments,
    ms,
    movedBytes: after.movedBytes - before.movedBytes,
    cpuMs: (user + system) / 1_000,
  };
}
