/** Batches on their way to LevelDB: in order, one write at a time, those that waited together in one write. */
import { CairnError } from '../../base/errors.js';
import { batchesWaitingBytesMax, batchesWaitingMax } from '../kv.js';

export type SealedOperation =
  | { readonly type: 'put'; readonly key: Buffer; readonly value: Buffer }
  | { readonly type: 'del'; readonly key: Buffer };

interface WaitingBatch {
  readonly operations: readonly SealedOperation[];
  readonly bytes: number;
  readonly sync: boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** More in one write would make the first of them wait for nothing. LevelDB itself joins up to 1 MiB. */
const joinedBytesMax = 1024 * 1024;

/**
 * The threads of the pool would let a later batch overtake an earlier one, so only one is with LevelDB. Those that wait
 * meanwhile are joined: 16 callers then share one sync instead of queueing for 16. A joined write is atomic as a whole,
 * which is more than its batches ask for.
 */
export class KvBatches {
  readonly #write: (operations: SealedOperation[], sync: boolean) => Promise<void>;
  #waiting: WaitingBatch[] = [];
  #waitingBytes = 0;
  #isWriting = false;
  readonly #whenIdle: (() => void)[] = [];

  /** `write` is called again only when its promise has settled. */
  constructor(write: (operations: SealedOperation[], sync: boolean) => Promise<void>) {
    this.#write = write;
  }

  add(operations: readonly SealedOperation[], sync: boolean): Promise<void> {
    const count = this.#waiting.length;
    const bytes = bytesOf(operations);
    const isTooMuch = count > 0 && this.#waitingBytes + bytes > batchesWaitingBytesMax;
    if (count >= batchesWaitingMax || isTooMuch) {
      const sentence = `${count} batches of ${this.#waitingBytes} bytes wait already; await some of them`;
      return Promise.reject(new CairnError('OVERLOADED', sentence));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ operations, bytes, sync, resolve, reject });
      this.#waitingBytes += bytes;
      if (!this.#isWriting) void this.#drain();
    });
  }

  /** Resolves when nothing waits any more. */
  idle(): Promise<void> {
    if (!this.#isWriting) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenIdle.push(resolve);
    });
  }

  async #drain(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const joined = this.#take();
      const operations = joined.flatMap((batch) => batch.operations);
      const sync = joined.some((batch) => batch.sync);
      try {
        await this.#write(operations, sync);
        for (const batch of joined) batch.resolve();
      } catch (error) {
        for (const batch of joined) batch.reject(error);
      }
    }
    this.#isWriting = false;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  /** The first batch, whatever its size, and those behind it that fit. */
  #take(): WaitingBatch[] {
    let count = 0;
    let bytes = 0;
    for (const batch of this.#waiting) {
      bytes += batch.bytes;
      if (count > 0 && bytes > joinedBytesMax) break;
      count += 1;
    }
    const joined = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    for (const batch of joined) this.#waitingBytes -= batch.bytes;
    return joined;
  }
}

function bytesOf(operations: readonly SealedOperation[]): number {
  let bytes = 0;
  for (const operation of operations) {
    bytes += operation.key.byteLength + (operation.type === 'put' ? operation.value.byteLength : 0);
  }
  return bytes;
}
