/**
 * A file that only takes room, so that there is some to give up when the file system runs out: LevelDB takes no further
 * batch after one that did not fit, and without checkpoints no segment is ever recycled, not even after deletes.
 *
 * Before each checkpoint the room is looked at. When it is short the ballast goes, and clients' writes are refused; once
 * there is room again the ballast is made anew and they are taken. New segments leave room for the index: what the ballast
 * gives up is for checkpoints, not for them.
 */
import { isCairnError } from '../../../base/errors.js';
import type { Runtime } from '../../../runtime/runtime.js';

export const ballastName = 'ballast';
const mebibyte = 1024 * 1024;
const ballastBytesMax = 256 * mebibyte;

/** LevelDB writes a batch to its log, then to a table, and compaction writes tables before it removes others. */
const roomFactor = 4;
/** For everything else that LevelDB does while a checkpoint waits. */
const roomBytesMin = 16 * mebibyte;

/** Of the capacity, half of the index's share: a store that was promised what is there never lacks a segment for this. */
const keptShareMax = 1 / 20;

export function ballastBytes(capacityBytes: number): number {
  return Math.min(ballastBytesMax, Math.floor(capacityBytes / 50));
}

export class Ballast {
  readonly #runtime: Runtime;
  readonly #directory: string;
  readonly #bytes: number;
  readonly #capacityBytes: number;
  #isThere = false;
  /** One at a time looks and acts. */
  #last: Promise<void> = Promise.resolve();

  constructor(runtime: Runtime, directory: string, capacityBytes: number) {
    this.#runtime = runtime;
    this.#directory = directory;
    this.#capacityBytes = capacityBytes;
    this.#bytes = ballastBytes(capacityBytes);
  }

  /** The ballast was given up: there is room for deletes and cleaning only. */
  get isGivenUp(): boolean {
    return !this.#isThere;
  }

  /** Finds the ballast, or makes it where there is room for it and more. */
  async open(): Promise<void> {
    this.#isThere = (await this.#size()) >= this.#bytes;
    if (!this.#isThere) await this.#makeIfRoom(0);
  }

  /** Before so many bytes go into the index. */
  ensureRoom(batchBytes: number): Promise<void> {
    const done = this.#last.then(() => this.#ensureRoom(batchBytes));
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #ensureRoom(batchBytes: number): Promise<void> {
    const wanted = this.#wanted(batchBytes);
    const { freeBytes } = await this.#runtime.disk.space(this.#directory);
    if (freeBytes < wanted && this.#isThere) {
      await this.#runtime.disk.removeFile(this.#path);
      this.#isThere = false;
      this.#runtime.log.error({ freeBytes, wanted }, 'the file system is full: writes are refused until there is room');
    } else if (!this.#isThere) {
      await this.#makeIfRoom(batchBytes);
    }
  }

  /** Whether a file of so many bytes leaves enough for checkpoints of layers of `layerBytes`. */
  async hasRoomFor(bytes: number, layerBytes: number): Promise<boolean> {
    if (!this.#isThere) return false;
    const kept = Math.min(2 * this.#wanted(layerBytes), Math.floor(this.#capacityBytes * keptShareMax));
    const { freeBytes } = await this.#runtime.disk.space(this.#directory);
    return freeBytes >= bytes + kept;
  }

  /** Room that is missing for the ballast to be made; 0 while it is there. */
  async missingBytes(): Promise<number> {
    if (this.#isThere) return 0;
    const { freeBytes } = await this.#runtime.disk.space(this.#directory);
    return Math.max(0, this.#bytes + 2 * this.#wanted(0) - freeBytes);
  }

  async #makeIfRoom(batchBytes: number): Promise<void> {
    const { freeBytes } = await this.#runtime.disk.space(this.#directory);
    if (freeBytes < this.#bytes + 2 * this.#wanted(batchBytes)) return;
    const file = await this.#runtime.disk.open(this.#path, { mode: 'create' });
    try {
      await file.preallocate(this.#bytes);
      this.#isThere = true;
    } catch (error) {
      if (!isCairnError(error, 'NO_SPACE')) throw error;
    } finally {
      await file.close();
    }
    if (!this.#isThere) await this.#runtime.disk.removeFile(this.#path);
  }

  #wanted(batchBytes: number): number {
    return Math.min(roomBytesMin, this.#bytes) + roomFactor * batchBytes;
  }

  async #size(): Promise<number> {
    try {
      return (await this.#runtime.disk.stat(this.#path)).bytes;
    } catch (error) {
      if (isCairnError(error, 'NOT_FOUND')) return 0;
      throw error;
    }
  }

  get #path(): string {
    return `${this.#directory}/${ballastName}`;
  }
}
