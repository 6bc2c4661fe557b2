/** What a child process of the benchmark can be asked for. */
import { bulkChange, fragment, type BulkChange } from './bulk-load.js';
import { cleanAll } from './clean-load.js';
import { untilStill } from './disk-writes.js';
import { levelClose, levelOpen, levelPut } from './level-load.js';
import { memory } from './memory.js';
import { insert, omapGet, scan, type InsertArgs, type OmapGetArgs, type ScanArgs } from './omap-load.js';
import { close, open, theStore } from './opened.js';
import { putLoad, runPut, summarizePut, type LoadOptions } from './put-load.js';
import { readLoad, type ReadArgs } from './read-load.js';
import { fillAndEmpty, remove, type RemoveArgs } from './remove-load.js';
import { watched } from './turn-watch.js';

export const jobs = {
  open,
  close,
  put: (args: LoadOptions) => putLoad(theStore(), args),
  putWatched: async (args: LoadOptions) => {
    const { result, ...turns } = await watched(() => runPut(theStore(), args));
    return { result: summarizePut(result, args), ...turns };
  },
  read: (args: ReadArgs) => readLoad(theStore(), args),
  remove: (args: RemoveArgs) => remove(theStore(), args),
  fillAndEmpty: () => fillAndEmpty(theStore()),
  checkpoint: () => theStore().checkpoint(),
  checkpointWatched: () =>
    watched(async () => {
      const began = performance.now();
      await theStore().checkpoint();
      return performance.now() - began;
    }),
  /** While transactions go on: both end when the checkpoint does, but the load not before `ms`. */
  checkpointUnderLoad: async (args: LoadOptions) => {
    const { result, ...turns } = await watched(async () => {
      const load = runPut(theStore(), args);
      const began = performance.now();
      await theStore().checkpoint();
      const ms = performance.now() - began;
      return { ms, load: await load };
    });
    return { result: { ms: result.ms, load: summarizePut(result.load, args) }, ...turns };
  },
  fragment: (extents: number) => fragment(theStore(), extents),
  bulkChange: (change: BulkChange) => watched(() => bulkChange(theStore(), change)),
  clean: () => cleanAll(theStore()),
  insert: (args: InsertArgs) => insert(theStore(), args),
  scan: (args: ScanArgs) => scan(theStore(), args),
  omapGet: (args: OmapGetArgs) => omapGet(theStore(), args),
  memory,
  untilStill,
  levelOpen,
  levelPut,
  levelClose,
} as const;

export type Jobs = typeof jobs;
export type JobName = keyof Jobs;
export type JobArgs<K extends JobName> = Parameters<Jobs[K]>;
export type JobResult<K extends JobName> = Awaited<ReturnType<Jobs[K]>>;

export interface JobRequest {
  readonly number: number;
  readonly name: JobName;
  readonly args: readonly unknown[];
}

export type JobAnswer =
  | { readonly number: number; readonly kind: 'done'; readonly result: unknown }
  | { readonly number: number; readonly kind: 'failed'; readonly error: string };
