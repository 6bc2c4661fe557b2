/**
 * How much this monitor's store takes on its disk. It is looked at beside the reports to the leader, which never wait for
 * it: they carry what was found last.
 */
import { isCairnError } from '../../base/errors.js';
import { type MonotonicMs, monotonicMs } from '../../base/instants.js';
import type { Disk } from '../../runtime/disk.js';

/** A store grows by some MiB in it; a usual one has about ten files, so each look costs about ten calls of `stat`. */
export const measureMs = 10_000;
/** Looked at each time, one after the other. LevelDB's files have 2 MiB: these are 20 GiB, beyond the warning of health. */
export const filesMax = 10_000;

export class StoreSize {
  readonly #disk: Pick<Disk, 'list' | 'stat'>;
  readonly #directory: string;
  #bytes: number | undefined;
  #nextAt: MonotonicMs | undefined;
  #isMeasuring = false;

  constructor(disk: Pick<Disk, 'list' | 'stat'>, directory: string) {
    this.#disk = disk;
    this.#directory = directory;
  }

  /** As it was found last; `undefined` before that. With more than 10,000 files, of so many. */
  get bytes(): number | undefined {
    return this.#bytes;
  }

  /** Looks again when that is due; at once when it is not, or when the last look is not over. Errors: those of the disk. */
  async measure(now: MonotonicMs): Promise<void> {
    if (this.#isMeasuring || (this.#nextAt !== undefined && now < this.#nextAt)) return;
    this.#isMeasuring = true;
    this.#nextAt = monotonicMs(now + measureMs);
    try {
      this.#bytes = await treeBytes(this.#disk, this.#directory);
    } finally {
      this.#isMeasuring = false;
    }
  }
}

/** Of the files in it and below. One that goes away meanwhile, as LevelDB's do, counts nothing. */
async function treeBytes(disk: Pick<Disk, 'list' | 'stat'>, root: string): Promise<number> {
  const directories = [root];
  let bytes = 0;
  let seen = 0;
  for (let directory = directories.pop(); directory !== undefined; directory = directories.pop()) {
    for (const name of (await unlessGone(disk.list(directory))) ?? []) {
      seen += 1;
      if (seen > filesMax) return bytes;
      const path = `${directory}/${name}`;
      const stat = await unlessGone(disk.stat(path));
      if (stat?.kind === 'directory') directories.push(path);
      else bytes += stat?.bytes ?? 0;
    }
  }
  return bytes;
}

async function unlessGone<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (isCairnError(error, 'NOT_FOUND')) return undefined;
    throw error;
  }
}
