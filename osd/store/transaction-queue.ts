/**
 * Transactions on their way into the log: those of one PG strictly one after the other, those of different PGs as they can.
 *
 *     submit ──► waits (LevelDB, room, a checkpoint) ──► applied: visible to reads, in the open batch ──► durable
 *
 * Mostly nothing has to be waited for, and a transaction is applied before `submit` returns.
 */
import { copyBytes } from '../../base/bytes.js';
import { ByteWriter } from '../../base/byte-writer.js';
import { CairnError, toCairnError } from '../../base/errors.js';
import { printPgId } from '../../cluster/ids.js';
import type { Runtime } from '../../runtime/runtime.js';
import type { Timer } from '../../runtime/clock.js';
import { CloneFirst } from './apply/apply-clone.js';
import { applyTransaction } from './apply/apply-transaction.js';
import { Draft, type CrowdedChunk, type StoreState } from './apply/draft.js';
import { MissingKeys } from './index/missing-keys.js';
import { likelyKeys } from './apply/likely-keys.js';
import { fetchMore } from './apply/look.js';
import type { BulkWorker } from './bulk/bulk-worker.js';
import { storedBytes } from './format/payload-ref.js';
import { writeTransaction } from './format/record.js';
import type { FetchedValues } from './index/index.js';
import { transactionBytesIn } from './limits.js';
import type { LogWriter } from './log/log-writer.js';
import { frameOverheadBytes, type FramePayload, type OpenBatch } from './log/open-batch.js';
import type { ObjectId } from './object-id.js';
import { Outcome } from './outcome.js';
import type { Space } from './space/space.js';
import type { ResolvedStoreOptions } from './store-options.js';
import { checkPayloads, checkTransaction, forEachPayload, onlyFrees, type Transaction } from './transaction.js';

export interface Submitted {
  /** `applied` has resolved: mostly so when `submit` returns, and then nobody need wait a turn of microtasks for it. */
  readonly isApplied: boolean;
  /** Later reads and transactions see it. Rejects when it was refused; then nothing of it is there. */
  readonly applied: Promise<void>;
  /** It survives everything that the disk survives. Rejects with what `applied` does, or `applied: 'maybe'`. */
  readonly durable: Promise<void>;
}

/** A transaction as the log will have it, and what it waits for. */
class Pending implements Submitted {
  readonly transaction: Transaction;
  /** While it waits, a copy; before, a view of what the encoder wrote. */
  record: Uint8Array;
  readonly payloads: readonly FramePayload[];
  readonly frameBytes: number;
  readonly onlyFrees: boolean;
  readonly whenApplied = new Outcome();
  readonly whenDurable = new Outcome();
  fetched: FetchedValues | undefined;
  /** Waits for something of its own: values, or a clone that is made ahead. */
  isFetching = false;
  /** Clones that were made ahead for it. */
  ahead: ObjectId[] | undefined;
  /** Of one that had to wait. */
  submittedAt: number | undefined;
  spaceTimer: Timer | undefined;

  constructor(transaction: Transaction, record: Uint8Array, payloads: readonly FramePayload[], frameBytes: number) {
    this.transaction = transaction;
    this.record = record;
    this.payloads = payloads;
    this.frameBytes = frameBytes;
    this.onlyFrees = transaction.mayUseReserve === true || onlyFrees(transaction);
  }

  get isApplied(): boolean {
    return this.whenApplied.isDone;
  }

  get applied(): Promise<void> {
    return this.whenApplied.promise;
  }

  get durable(): Promise<void> {
    return this.whenDurable.promise;
  }

  /** Of the queue that it waits in. */
  get queue(): string {
    return printPgId(this.transaction.pg);
  }
}

/** A source that others change all the while is cloned in one turn, however long that is. */
const aheadTriesMax = 3;

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
  /** Makes clones ahead for transactions that wait for them, and releases what transactions let go of. */
  readonly bulk: Pick<BulkWorker, 'makeAhead' | 'forgetAhead' | 'onDiscarded'>;
  /** Room is short: a checkpoint and the cleaner could win some. */
  readonly onShort: () => void;
}

export class TransactionQueue {
  readonly #parts: QueueParts;
  /** By PG, in order. */
  readonly #queues = new Map<string, Pending[]>();
  #waitingCount = 0;
  #waitingBytes = 0;
  /** Applied, by the batch they are in. */
  readonly #inBatch = new Map<number, Outcome[]>();
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
    const item = this.#prepare(transaction);
    this.#checkRoom(item);
    // Mostly nothing waits, and then a name for its queue is not needed either.
    const queue = this.#queues.size === 0 ? undefined : this.#queues.get(item.queue);
    if (queue === undefined && this.#step(item)) return item;
    item.record = copyBytes(item.record);
    item.submittedAt ??= this.#parts.runtime.clock.now();
    if (queue === undefined) this.#queues.set(item.queue, [item]);
    else queue.push(item);
    this.#waitingCount += 1;
    this.#waitingBytes += item.frameBytes;
    return item;
  }

  /** Something that transactions may wait for has changed. */
  pump(): void {
    for (const name of Array.from(this.#queues.keys())) this.#run(name);
  }

  /** The batch is durable: so are its transactions. */
  onDurable(batch: number): void {
    const waiters = this.#inBatch.get(batch);
    this.#inBatch.delete(batch);
    if (waiters === undefined) return;
    for (const waiter of waiters) waiter.resolve();
  }

  /** Nothing is acknowledged any more. */
  fail(error: CairnError): void {
    this.#failed = error;
    // The log may hold them, whatever it was that failed.
    const maybe = new CairnError(error.code, error.message, { cause: error, applied: 'maybe' });
    for (const waiters of this.#inBatch.values()) for (const waiter of waiters) waiter.reject(maybe);
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

  /** Its record is valid until the next call. */
  #prepare(transaction: Transaction): Pending {
    let payloads: FramePayload[] | undefined;
    let stored = 0;
    checkPayloads(transaction);
    forEachPayload(transaction, (payload, blockShift, object) => {
      const framed = { payload, blockShift, owner: object.owner };
      // Of one, as most are; an empty list that grows has room for 17.
      if (payloads === undefined) payloads = [framed];
      else payloads.push(framed);
      stored += storedBytes(payload.bytes, blockShift);
    });
    const record = transaction.encoded ?? this.#encode(transaction);
    const frameBytes = frameOverheadBytes + record.byteLength + stored;
    const most = transactionBytesIn(this.#parts.segmentBytes);
    if (frameBytes > most) {
      throw new CairnError(
        'INVALID_ARGUMENT',
        `a transaction of ${frameBytes} bytes: at most ${most} fit, so split it`,
      );
    }
    return new Pending(transaction, record, payloads ?? [], frameBytes);
  }

  #encode(transaction: Transaction): Uint8Array {
    this.#encoder.clear();
    writeTransaction(this.#encoder, transaction);
    return this.#encoder.viewWritten();
  }

  #checkRoom({ frameBytes }: Pending): void {
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
  #step(item: Pending): boolean {
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

  #apply(item: Pending, batch: OpenBatch): boolean {
    const { state, writer } = this.#parts;
    const mayWait = (item.ahead?.length ?? 0) < aheadTriesMax;
    const draft = new Draft(state, batch.number, item.fetched, mayWait);
    try {
      applyTransaction(draft, item.transaction, batch.placesOf(item.record.byteLength, item.payloads));
    } catch (error) {
      if (error instanceof MissingKeys) this.#fetch(item, error.keys);
      else if (error instanceof CloneFirst) this.#makeAhead(item, error.object);
      // Fenced: nothing was changed yet, so it is this transaction's error alone.
      else this.#refuse(item, toCairnError(error));
      return !item.isFetching;
    }
    const { crowded } = draft;
    if (crowded !== undefined && this.#parts.mustMergeFirst(crowded)) return false;
    draft.commit(item.transaction.pg);
    batch.add(item.record, item.payloads);
    item.spaceTimer?.cancel();
    const waiters = this.#inBatch.get(batch.number);
    if (waiters === undefined) this.#inBatch.set(batch.number, [item.whenDurable]);
    else waiters.push(item.whenDurable);
    item.whenApplied.resolve();
    writer.kick();
    if (draft.hasDiscards) this.#parts.bulk.onDiscarded();
    this.#forgetAhead(item);
    return true;
  }

  #fetch(item: Pending, keys: readonly string[]): void {
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

  #makeAhead(item: Pending, source: ObjectId): void {
    item.isFetching = true;
    item.ahead = [...(item.ahead ?? []), source];
    this.#parts.bulk.makeAhead(source).then(
      () => {
        item.isFetching = false;
        this.#run(item.queue);
      },
      (error: unknown) => {
        item.isFetching = false;
        this.#drop(item, toCairnError(error));
      },
    );
  }

  #forgetAhead({ ahead }: Pending): void {
    for (const source of ahead ?? []) this.#parts.bulk.forgetAhead(source);
  }

  /**
   * For `#step`: the transaction waits for the cleaner, but not for ever. Its time runs from the call on, or a hundred that
   * wait one behind the other would wait a hundred times as long.
   */
  #waitForSpace(item: Pending): boolean {
    const { runtime, options, space, onShort } = this.#parts;
    onShort();
    const now = runtime.clock.now();
    item.submittedAt ??= now;
    const leftMs = Math.ceil(item.submittedAt + options.spaceWaitMs - now);
    if (leftMs <= 0) {
      this.#refuse(item, space.refusal());
      return true;
    }
    item.spaceTimer ??= runtime.clock.after(leftMs, () => this.#drop(item, space.refusal()));
    return false;
  }

  /** Refuses a transaction that waits. */
  #drop(item: Pending, error: CairnError): void {
    const queue = this.#queues.get(item.queue);
    const index = queue?.indexOf(item) ?? -1;
    if (queue === undefined || index < 0) return;
    queue.splice(index, 1);
    this.#waitingCount -= 1;
    this.#waitingBytes -= item.frameBytes;
    this.#refuse(item, error);
    this.#run(item.queue);
  }

  #refuse(item: Pending, error: CairnError): void {
    item.spaceTimer?.cancel();
    item.whenApplied.reject(error);
    item.whenDurable.reject(error);
    this.#forgetAhead(item);
  }
}
