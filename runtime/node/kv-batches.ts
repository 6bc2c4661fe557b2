/** Batches on their way to LevelDB: in order, one write at a time, those that waited together in one write. */
import { CairnError } from '../../base/errors.js';
import { batchesWaitingBytesMax, batchesWaitingMax } from '../kv.js';

export type SealedOperation =
  | { readonly type: 'put'; readonly key: Buffer; readonly value: Buffer }
  | { readonly type: 'del'; readonly key: Buffer };

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface WaitingBatch extends Waiting {
  readonly operations: readonly SealedOperation[];
  readonly bytes: number;
  readonly sync: boolean;
}

/** Joined with nothing. */
interface WaitingWrite extends Waiting {
  readonly write: () => Promise<void>;
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
  #waiting: (WaitingBatch | WaitingWrite)[] = [];
  /** Of the batches that wait, without a lone write. */
  #waitingCount = 0;
  #waitingBytes = 0;
  #hasLoneWrite = false;
  #isWriting = false;
  readonly #whenIdle: (() => void)[] = [];

  /** `write` is called again only when its promise has settled. */
  constructor(write: (operations: SealedOperation[], sync: boolean) => Promise<void>) {
    this.#write = write;
  }

  add(operations: readonly SealedOperation[], sync: boolean): Promise<void> {
    const count = this.#waitingCount;
    const bytes = bytesOf(operations);
    const isTooMuch = count > 0 && this.#waitingBytes + bytes > batchesWaitingBytesMax;
    if (count >= batchesWaitingMax || isTooMuch) {
      const sentence = `${count} batches of ${this.#waitingBytes} bytes wait already; await some of them`;
      return Promise.reject(new CairnError('OVERLOADED', sentence));
    }
    return new Promise((resolve, reject) => {
      this.#waitingCount += 1;
      this.#waitingBytes += bytes;
      this.#enqueue({ operations, bytes, sync, resolve, reject });
    });
  }

  /**
   * Calls `write` in the order of the batches, with nothing else on its way to LevelDB. It brings memory of its own, so
   * only one may wait or be written: throws `OVERLOADED`.
   */
  addAlone(write: () => Promise<void>): Promise<void> {
    if (this.#hasLoneWrite) {
      throw new CairnError('OVERLOADED', 'another batch that was filled bit by bit is being written; await it');
    }
    this.#hasLoneWrite = true;
    const written = new Promise<void>((resolve, reject) => {
      this.#enqueue({ write, resolve, reject });
    });
    return written.finally(() => {
      this.#hasLoneWrite = false;
    });
  }

  /** Resolves when nothing waits any more. */
  idle(): Promise<void> {
    if (!this.#isWriting) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenIdle.push(resolve);
    });
  }

  #enqueue(waiting: WaitingBatch | WaitingWrite): void {
    this.#waiting.push(waiting);
    if (!this.#isWriting) void this.#drain();
  }

  async #drain(): Promise<void> {
    this.#isWriting = true;
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if ('write' in first) {
        this.#waiting = this.#waiting.slice(1);
        await settle([first], first.write);
      } else {
        const joined = this.#take();
        const operations = joined.flatMap((batch) => batch.operations);
        const sync = joined.some((batch) => batch.sync);
        await settle(joined, () => this.#write(operations, sync));
      }
    }
    this.#isWriting = false;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  /** The first batch, whatever its size, and those behind it that fit, up to a lone write. */
  #take(): WaitingBatch[] {
    const joined: WaitingBatch[] = [];
    let bytes = 0;
    for (const batch of this.#waiting) {
      if ('write' in batch) break;
      bytes += batch.bytes;
      if (joined.length > 0 && bytes > joinedBytesMax) break;
      joined.push(batch);
      this.#waitingBytes -= batch.bytes;
    }
    this.#waitingCount -= joined.length;
    this.#waiting = this.#waiting.slice(joined.length);
    return joined;
  }
}

async function settle(waiting: readonly Waiting[], write: () => Promise<void>): Promise<void> {
  try {
    await write();
    for (const { resolve } of waiting) resolve();
  } catch (error) {
    for (const { reject } of waiting) reject(error);
  }
}

function bytesOf(operations: readonly SealedOperation[]): number {
  let bytes = 0;
  for (const operation of operations) {
    bytes += operation.key.byteLength + (operation.type === 'put' ? operation.value.byteLength : 0);
  }
  return bytes;
}
