/**
 * Transactions on their way into the log: those of one PG strictly one after the other, those of different PGs as they can.
 *
 *     submit ──► waits (LevelDB, room, a checkpoint) ──► applied: visible to reads, in the open batch ──► durable
 *
 * Mostly nothing has to be waited for, and a transaction is applied before `submit` returns.
 */
import { ByteWriter } from '../../base/byte-writer.js';
import { CairnError, toCairnError } from '../../base/errors.js';
import { printPgId } from '../../cluster/ids.js';
import type { Runtime } from '../../runtime/runtime.js';
import type { Timer } from '../../runtime/clock.js';
import { applyTransaction } from './apply/apply-transaction.js';
import { Draft, type CrowdedChunk, type StoreState } from './apply/draft.js';
import { MissingKeys } from './index/missing-keys.js';
import { likelyKeys } from './apply/likely-keys.js';
import { fetchMore } from './apply/look.js';
import { storedBytes } from './format/payload-ref.js';
import { writeTransaction } from './format/record.js';
import type { FetchedValues } from './index/index.js';
import { transactionBytesIn } from './limits.js';
import type { LogWriter } from './log/log-writer.js';
import { frameOverheadBytes, type FramePayload, type OpenBatch } from './log/open-batch.js';
import type { Space } from './space/space.js';
import type { ResolvedStoreOptions } from './store-options.js';
import { checkPayloads, checkTransaction, forEachPayload, onlyFrees, type Transaction } from './transaction.js';

export interface Submitted {
  /** Later reads and transactions see it. Rejects when it was refused; then nothing of it is there. */
  readonly applied: Promise<void>;
  /** It survives everything that the disk survives. Rejects with what `applied` does, or `applied: 'maybe'`. */
  readonly durable: Promise<void>;
}

/** A transaction as the log will have it. */
interface Prepared {
  readonly transaction: Transaction;
  readonly record: Uint8Array;
  readonly payloads: readonly FramePayload[];
  readonly frameBytes: number;
  readonly onlyFrees: boolean;
}

interface Waiting extends Prepared {
  readonly queue: string;
  readonly applied: Deferred;
  readonly durable: Deferred;
  fetched: FetchedValues | undefined;
  isFetching: boolean;
  readonly submittedAt: number;
  spaceTimer: Timer | undefined;
}

interface Deferred {
  readonly resolve: () => void;
  readonly reject: (error: CairnError) => void;
}

export interface QueueParts {
  readonly runtime: Runtime;
  readonly state: StoreState;
  readonly writer: LogWriter;
  readonly space: Space;
  readonly segmentBytes: number;
  readonly options: ResolvedStoreOptions;
  /** The active layer is at its limit while the frozen one is still being written. */
  readonly isLayerFull: () => boolean;
  /** Chunks have too many extents: the merger is told. True: so many that it has to do its work before. */
  readonly mustMergeFirst: (crowded: readonly CrowdedChunk[]) => boolean;
  /** Room is short: a checkpoint and the cleaner could win some. */
  readonly onShort: () => void;
}

export class TransactionQueue {
  readonly #parts: QueueParts;
  /** By PG, in order. */
  readonly #queues = new Map<string, Waiting[]>();
  #waitingCount = 0;
  #waitingBytes = 0;
  /** Applied, by the batch they are in. */
  readonly #inBatch = new Map<number, Deferred[]>();
  #failed: CairnError | undefined;
  #isClosing = false;
  readonly #whenEmpty: (() => void)[] = [];
  readonly #encoder = new ByteWriter(4096);

  constructor(parts: QueueParts) {
    this.#parts = parts;
  }

  get waitingCount(): number {
    return this.#waitingCount;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** `INVALID_ARGUMENT`, `OVERLOADED`, `CLOSED`, `NO_SPACE` are thrown at once: nothing was queued. */
  submit(transaction: Transaction): Submitted {
    if (this.#failed !== undefined) throw this.#failed;
    if (this.#isClosing) throw new CairnError('CLOSED', 'the store is closing');
    checkTransaction(transaction);
    const prepared = this.#prepare(transaction);
    this.#checkRoom(prepared);
    const name = printPgId(transaction.pg);
    const applied = deferred();
    const durable = deferred();
    // Named one by one: a spread costs V8 more than all the rest of this function.
    const item: Waiting = {
      transaction,
      record: prepared.record,
      payloads: prepared.payloads,
      frameBytes: prepared.frameBytes,
      onlyFrees: prepared.onlyFrees,
      queue: name,
      applied,
      durable,
      fetched: undefined,
      isFetching: false,
      submittedAt: this.#parts.runtime.clock.now(),
      spaceTimer: undefined,
    };
    const submitted = { applied: applied.promise, durable: durable.promise };
    const queue = this.#queues.get(name);
    if (queue === undefined && this.#step(item)) return submitted;
    if (queue === undefined) this.#queues.set(name, [item]);
    else queue.push(item);
    this.#waitingCount += 1;
    this.#waitingBytes += item.frameBytes;
    return submitted;
  }

  /** Something that transactions may wait for has changed. */
  pump(): void {
    for (const name of Array.from(this.#queues.keys())) this.#run(name);
  }

  /** The batch is durable: so are its transactions. */
  onDurable(batch: number): void {
    const waiters = this.#inBatch.get(batch);
    this.#inBatch.delete(batch);
    for (const { resolve } of waiters ?? []) resolve();
  }

  /** Nothing is acknowledged any more. */
  fail(error: CairnError): void {
    this.#failed = error;
    // The log may hold them, whatever it was that failed.
    const maybe = new CairnError(error.code, error.message, { cause: error, applied: 'maybe' });
    for (const waiters of this.#inBatch.values()) for (const { reject } of waiters) reject(maybe);
    this.#inBatch.clear();
    const refused = new CairnError(error.code, error.message, { cause: error });
    for (const queue of this.#queues.values()) for (const item of queue) this.#refuse(item, refused);
    this.#queues.clear();
    this.#waitingCount = 0;
    this.#waitingBytes = 0;
    for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }

  /** Takes nothing new; resolves when nothing waits to be applied. */
  async drain(): Promise<void> {
    this.#isClosing = true;
    if (this.#queues.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenEmpty.push(resolve);
    });
  }

  #prepare(transaction: Transaction): Prepared {
    const payloads: FramePayload[] = [];
    let stored = 0;
    checkPayloads(transaction);
    forEachPayload(transaction, (payload, blockShift, object) => {
      payloads.push({ payload, blockShift, owner: object.owner });
      stored += storedBytes(payload.bytes, blockShift);
    });
    this.#encoder.clear();
    writeTransaction(this.#encoder, transaction);
    const record = this.#encoder.pooledBytes();
    const frameBytes = frameOverheadBytes + record.byteLength + stored;
    const most = transactionBytesIn(this.#parts.segmentBytes);
    if (frameBytes > most) {
      throw new CairnError(
        'INVALID_ARGUMENT',
        `a transaction of ${frameBytes} bytes: at most ${most} fit, so split it`,
      );
    }
    return { transaction, record, payloads, frameBytes, onlyFrees: onlyFrees(transaction) };
  }

  #checkRoom({ frameBytes }: Prepared): void {
    const { waitingBytesMax, waitingCountMax } = this.#parts.options;
    const fits = this.#waitingBytes + frameBytes <= waitingBytesMax || this.#waitingCount === 0;
    if (this.#waitingCount < waitingCountMax && fits) return;
    const message = `${this.#waitingCount} transactions of ${this.#waitingBytes} bytes wait for the disk`;
    throw new CairnError('OVERLOADED', `${message}; retry later`);
  }

  #run(name: string): void {
    const queue = this.#queues.get(name);
    if (queue === undefined) return;
    for (let first = queue[0]; first !== undefined; first = queue[0]) {
      if (first.isFetching || !this.#step(first)) return;
      queue.shift();
      this.#waitingCount -= 1;
      this.#waitingBytes -= first.frameBytes;
    }
    this.#queues.delete(name);
    if (this.#queues.size === 0) for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }

  /** Applies the first transaction of a PG, or refuses it. False when it has to wait. */
  #step(item: Waiting): boolean {
    const { writer, space, options } = this.#parts;
    const admission = space.admits(item.frameBytes, item.onlyFrees);
    if (admission === 'full') {
      this.#refuse(item, space.refusal());
      return true;
    }
    if (admission === 'wait') return this.#waitForSpace(item);
    if (writer.pendingBytes > options.pendingBytesMax || this.#parts.isLayerFull()) return false;
    const batch = writer.place(item.frameBytes);
    if (batch === undefined) return this.#waitForSpace(item);
    return this.#apply(item, batch);
  }

  #apply(item: Waiting, batch: OpenBatch): boolean {
    const { state, writer } = this.#parts;
    const draft = new Draft(state, batch.number, item.fetched);
    try {
      applyTransaction(draft, item.transaction, batch.placesOf(item.record.byteLength, item.payloads));
    } catch (error) {
      if (error instanceof MissingKeys) this.#fetch(item, error.keys);
      // Fenced: nothing was changed yet, so it is this transaction's error alone.
      else this.#refuse(item, toCairnError(error));
      return !(error instanceof MissingKeys);
    }
    const { crowded } = draft;
    if (crowded !== undefined && this.#parts.mustMergeFirst(crowded)) return false;
    draft.commit(item.transaction.pg);
    batch.add(item.record, item.payloads);
    item.spaceTimer?.cancel();
    const waiters = this.#inBatch.get(batch.number);
    if (waiters === undefined) this.#inBatch.set(batch.number, [item.durable]);
    else waiters.push(item.durable);
    item.applied.resolve();
    writer.kick();
    return true;
  }

  #fetch(item: Waiting, keys: readonly string[]): void {
    item.isFetching = true;
    fetchMore(this.#parts.state, item.fetched, keys, () => likelyKeys(item.transaction)).then(
      (fetched) => {
        item.isFetching = false;
        item.fetched = fetched;
        this.#run(item.queue);
      },
      (error: unknown) => {
        item.isFetching = false;
        this.#drop(item, toCairnError(error));
      },
    );
  }

  /**
   * For `#step`: the transaction waits for the cleaner, but not for ever. Its time runs from the call on, or a hundred that
   * wait one behind the other would wait a hundred times as long.
   */
  #waitForSpace(item: Waiting): boolean {
    const { runtime, options, space, onShort } = this.#parts;
    onShort();
    const leftMs = Math.ceil(item.submittedAt + options.spaceWaitMs - runtime.clock.now());
    if (leftMs <= 0) {
      this.#refuse(item, space.refusal());
      return true;
    }
    item.spaceTimer ??= runtime.clock.after(leftMs, () => this.#drop(item, space.refusal()));
    return false;
  }

  /** Refuses a transaction that waits. */
  #drop(item: Waiting, error: CairnError): void {
    const queue = this.#queues.get(item.queue);
    const index = queue?.indexOf(item) ?? -1;
    if (queue === undefined || index < 0) return;
    queue.splice(index, 1);
    this.#waitingCount -= 1;
    this.#waitingBytes -= item.frameBytes;
    this.#refuse(item, error);
    this.#run(item.queue);
  }

  #refuse(item: Waiting, error: CairnError): void {
    item.spaceTimer?.cancel();
    item.applied.reject(error);
    item.durable.reject(error);
  }
}

interface PromisedDeferred extends Deferred {
  readonly promise: Promise<void>;
}

/** A rejection that nobody looks at is not an error of its own: a caller may wait for one of the two promises only. */
function deferred(): PromisedDeferred {
  let resolve: () => void = () => undefined;
  let reject: (error: CairnError) => void = () => undefined;
  const promise = new Promise<void>((onDone, onFailed) => {
    resolve = onDone;
    reject = onFailed;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
