/** What a test may do to a simulated disk while the world runs. Everything is off at first. */
import type { Prng } from './prng.js';

/** The disk that the faults happen to, as far as they reach into it. */
export interface FaultyVolume {
  readonly prng: Prng;
  capacityBytes: number;
  stall(ms: number): void;
  rot(path: string, position: number, bit: number): boolean;
  rotValue(directory: string, key: string, bit: number): boolean;
  dropKey(directory: string, key: string): boolean;
}

export class DiskFaults {
  /** Chance that a read fails (`IO_ERROR`). */
  readErrorRate = 0;
  /** Chance that a write fails, after any part of it was written. */
  writeErrorRate = 0;
  /** Chance that a datasync, a directory sync or a durable write fails; the pages concerned may be dropped for good. */
  syncErrorRate = 0;
  /** Chance that a completed datasync leaves a flipped bit somewhere in that file's durable bytes. */
  rotRate = 0;
  /** Multiplies every latency. */
  slowdown = 1;
  /** The next so many operations of the kind fail, before chance is asked. */
  failNextReads = 0;
  failNextWrites = 0;
  failNextSyncs = 0;
  readonly #badRanges: { path: string; from: number; to: number }[] = [];
  readonly #volume: FaultyVolume;

  constructor(volume: FaultyVolume) {
    this.#volume = volume;
  }

  /** Nothing completes for so long. */
  stall(ms: number): void {
    this.#volume.stall(ms);
  }

  /** Reads that touch these bytes fail until `healReads`; the path is on this disk, from its root. */
  failReads(path: string, from = 0, to = Number.MAX_SAFE_INTEGER): void {
    this.#badRanges.push({ path, from, to });
  }

  healReads(): void {
    this.#badRanges.length = 0;
  }

  /** Flips a bit of what the disk holds; the page cache hides it until the bytes leave it. False if nothing is there. */
  flipBit(path: string, position: number, bit = 0): boolean {
    return this.#volume.rot(path, position, bit);
  }

  /** Flips a bit of a value in the database in that directory. False if there is no such key. */
  flipValueBit(directory: string, key: string, bit = 0): boolean {
    return this.#volume.rotValue(directory, key, bit);
  }

  /**
   * Hides a key of the database in that directory for good, silently, as rot in a table's structure can (runtime/README.md,
   * "What the checksum cannot see"): until it is put again it reads as absent. False if there is no such key.
   */
  dropKvKey(directory: string, key: string): boolean {
    return this.#volume.dropKey(directory, key);
  }

  /** Changes the size of the disk; what is stored stays. */
  setCapacity(bytes: number): void {
    this.#volume.capacityBytes = bytes;
  }

  readFails(path: string, position: number, bytes: number): boolean {
    const end = position + bytes;
    if (this.#badRanges.some((bad) => bad.path === path && position < bad.to && end > bad.from)) return true;
    if (this.failNextReads > 0) {
      this.failNextReads -= 1;
      return true;
    }
    return this.readErrorRate > 0 && this.#volume.prng.chance(this.readErrorRate);
  }

  writeFails(): boolean {
    if (this.failNextWrites > 0) {
      this.failNextWrites -= 1;
      return true;
    }
    return this.writeErrorRate > 0 && this.#volume.prng.chance(this.writeErrorRate);
  }

  syncFails(): boolean {
    if (this.failNextSyncs > 0) {
      this.failNextSyncs -= 1;
      return true;
    }
    return this.syncErrorRate > 0 && this.#volume.prng.chance(this.syncErrorRate);
  }

  rots(): boolean {
    return this.rotRate > 0 && this.#volume.prng.chance(this.rotRate);
  }
}
