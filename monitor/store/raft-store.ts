/**
 * A Raft member's disk: term and vote, the log, the snapshot. Every write is one synced batch of the key-value store,
 * numbered; `head.ts` says how a hole is found, `vote-file.ts` and `batch-witness.ts` how a lost end is.
 *
 * A snapshot's chunks are written beside, under a generation of their own that nothing refers to; the batch that names the
 * generation in the head makes it the one in force and drops the log before it, at once. What is no longer referred to
 * (entries, generations) is deleted later, unsynced: what comes back after a crash is deleted at the next opening.
 */
import { CairnError, toCairnError } from '../../base/errors.js';
import { invariant } from '../../base/invariant.js';
import { Xxh64Stream, xxh64 } from '../../base/xxh64.js';
import type { Kv, KvOperation } from '../../runtime/kv.js';
import type { Runtime } from '../../runtime/runtime.js';
import { checksumText } from '../raft/codec/membership-codec.js';
import type { Persist, RaftInitial } from '../raft/output.js';
import { logIndex, type HardState, type LogEntry, type LogIndex, type SnapshotMeta } from '../raft/types.js';
import { decodeChunk, encodeChunk } from './chunk.js';
import { chunkBytesDefault, cutChunks } from './cut-chunks.js';
import {
  chainOfSnapshot,
  encodeHead,
  encodeRecord,
  encodeStoredEntry,
  type Head,
  type StoredSnapshot,
} from './head.js';
import type { StoreIdentity } from './identity.js';
import type { BatchWitness } from './batch-witness.js';
import { isSame, KeptSnapshots } from './kept-snapshots.js';
import { batchKey, batchRecordsKept, chunkKey, entryKey, headKey } from './keys.js';
import { LogChain } from './log-chain.js';
import { createStore, type CreateStoreOptions } from './create-store.js';
import { openStore, type OpenedStore, type OpenStoreOptions } from './open-store.js';
import { StoreCleaner } from './store-cleaner.js';
import type { VoteFile, VoteSlot } from './vote-file.js';

export interface OpenedRaftStore {
  readonly store: RaftStore;
  readonly initial: RaftInitial;
  readonly identity: StoreIdentity;
}

export class RaftStore {
  readonly identity: StoreIdentity;
  readonly #directory: string;
  readonly #kv: Kv;
  readonly #voteFile: VoteFile;
  readonly #witness: BatchWitness;
  readonly #chunkBytes: number;
  readonly #cleaner: StoreCleaner;
  #batch: number;
  #recordBytes: Uint8Array;
  #hardState: HardState;
  #snapshot: StoredSnapshot;
  readonly #kept: KeptSnapshots;
  #partial: (StoredSnapshot & { readonly chunks: number; readonly content: Xxh64Stream }) | undefined;
  #chain: LogChain;
  /** The highest that a write spoke of. */
  #known: number;
  #nextGeneration: number;
  /** What the next batch makes superfluous; deleted once that is durable, never before. */
  readonly #givenUp: (() => void)[] = [];
  /** Batches follow one another; the one before, failed or not. */
  #previous: Promise<unknown> = Promise.resolve();
  #failure: CairnError | undefined;
  /** A write failed: memory says more than the disk. */
  #isBroken = false;
  #closing: Promise<void> | undefined;

  private constructor(opened: OpenedStore) {
    const { head } = opened.loaded;
    this.identity = head.identity;
    this.#directory = opened.directory;
    this.#kv = opened.kv;
    this.#voteFile = opened.voteFile;
    this.#witness = opened.witness;
    this.#chunkBytes = opened.chunkBytes ?? chunkBytesDefault;
    this.#batch = head.batch;
    this.#recordBytes = opened.loaded.recordBytes;
    this.#hardState = opened.hardState;
    this.#snapshot = head.snapshot;
    this.#chain = opened.loaded.chain;
    this.#known = head.commit;
    this.#nextGeneration = opened.loaded.nextGeneration;
    this.#cleaner = new StoreCleaner(opened.kv, (error) => {
      this.#failure ??= toCairnError(error);
    });
    this.#kept = new KeptSnapshots((generation) => this.#cleaner.pin(generation));
    for (const generation of opened.loaded.generationsLeft) this.#cleaner.dropGeneration(generation);
    if (opened.loaded.hasEntriesLeft) this.#cleaner.dropEntries(head.snapshot.meta.index);
  }

  /** Makes a member's store, durably. `EXISTS` when there is one already; what a creation cut short has left is replaced. */
  static async create(runtime: Runtime, options: CreateStoreOptions): Promise<void> {
    await createStore(runtime, options);
  }

  /**
   * `NOT_FOUND` when there is none, or its creation was cut short; `CONFLICT` when it is another cluster's or member's;
   * `CORRUPT` when anything is missing or damaged: the message says how to go on.
   */
  static async open(runtime: Runtime, options: OpenStoreOptions): Promise<OpenedRaftStore> {
    const opened = await openStore(runtime, options);
    const store = new RaftStore(opened);
    const { entries } = opened.loaded;
    try {
      // Marks the store as used, settles which of file and database was newer, and renews the file as a witness.
      await store.#exclusively(() => store.#commit([], opened.isNew ? 'new' : 'renewed'));
    } catch (error) {
      await store.close();
      throw error;
    }
    const { commit } = opened.loaded.head;
    const initial = { hardState: opened.hardState, snapshot: store.#snapshot.meta, entries, commit };
    return { store, initial, identity: store.identity };
  }

  /** The one in force. */
  get snapshot(): SnapshotMeta {
    return this.#snapshot.meta;
  }

  /**
   * One batch for all of them, in order; durable when it resolves. After a failure every call fails: reopen the store.
   * `commit` is what was known to be committed when the last of them came up, and so is in the log with it.
   */
  async write(persists: readonly Persist[], commit = 0): Promise<void> {
    await this.#exclusively(async () => {
      const operations: KvOperation[] = [];
      let hasNewHardState = false;
      for (const persist of persists) {
        if (persist.snapshotChunk !== undefined) {
          this.#addChunk(operations, persist.snapshotChunk, persist.dropsLog);
        }
        if (persist.hardState !== undefined) {
          this.#hardState = persist.hardState;
          hasNewHardState = true;
        }
        if (persist.entries.length > 0) this.#addEntries(operations, persist.entries);
      }
      this.#known = Math.max(this.#known, commit);
      await this.#commit(operations, hasNewHardState ? 'new' : 'same');
    });
  }

  /**
   * Stores a snapshot of the applied state and drops the log up to it; resolves when it is in force, or with `undefined`
   * when a newer one came in meanwhile. Everything up to its index must have been written before. Other writes go on.
   */
  async saveSnapshot(
    position: Pick<SnapshotMeta, 'index' | 'term' | 'membership'>,
    pieces: AsyncIterable<Uint8Array>,
  ): Promise<SnapshotMeta | undefined> {
    const generation = this.#takeGeneration();
    const content = new Xxh64Stream();
    let chunks = 0;
    let bytes = 0;
    try {
      for await (const chunk of cutChunks(pieces, this.#chunkBytes)) {
        this.#check();
        content.update(chunk);
        const value = encodeChunk(chunk);
        // Not numbered: until a batch names the generation, its chunks are nothing.
        await this.#kv.batch([{ type: 'put', key: chunkKey(generation, chunks), value }], { sync: true });
        chunks += 1;
        bytes += chunk.byteLength;
      }
    } catch (error) {
      throw this.#fail(error);
    }
    const { index, term, membership } = position;
    const meta = { index, term, membership, bytes, chunks, checksum: checksumText(content.digest()) };
    return await this.#exclusively(async () => {
      if (index <= this.#snapshot.meta.index) {
        this.#cleaner.dropGeneration(generation);
        return undefined;
      }
      invariant(index <= this.#chain.last, 'what a snapshot replaces is in the log', { index, last: this.#chain.last });
      this.#replaceSnapshot({ generation, meta });
      await this.#commit([], 'renewed');
      return meta;
    });
  }

  /**
   * The chunks of these stay readable when newer snapshots take their place, until a call that leaves them out; those that
   * the store has no more are passed over. For this opening only: the next one deletes all but the one in force.
   */
  keepSnapshots(metas: readonly SnapshotMeta[]): void {
    this.#kept.keep(metas, this.#snapshot);
  }

  /** A chunk of that snapshot, or `undefined` when it is neither in force nor kept any more. */
  async readChunk(meta: SnapshotMeta, chunk: number): Promise<Uint8Array | undefined> {
    this.#check();
    const generation = this.#generationOf(meta);
    if (generation === undefined) return undefined;
    const value = await this.#kv.get(chunkKey(generation, chunk));
    if (value !== undefined) return decodeChunk(value);
    if (this.#generationOf(meta) !== generation) return undefined;
    throw this.#fail(new CairnError('CORRUPT', `chunk ${chunk} of the snapshot in ${this.#directory} is missing`));
  }

  #generationOf(wanted: SnapshotMeta): number | undefined {
    const { generation, meta } = this.#snapshot;
    return isSame(meta, wanted) ? generation : this.#kept.generationOf(wanted);
  }

  /** Its content, readable until the walk ends whatever comes; `undefined` when it is not the one in force any more. */
  readSnapshot(wanted: SnapshotMeta): AsyncIterable<Uint8Array> | undefined {
    const { generation, meta } = this.#snapshot;
    if (!isSame(meta, wanted)) return undefined;
    return this.#walkSnapshot(generation, meta.chunks, this.#cleaner.pin(generation));
  }

  async *#walkSnapshot(generation: number, chunks: number, release: () => void): AsyncGenerator<Uint8Array> {
    try {
      for (let chunk = 0; chunk < chunks; chunk++) {
        this.#check();
        const value = await this.#kv.get(chunkKey(generation, chunk));
        if (value === undefined) {
          throw this.#fail(
            new CairnError('CORRUPT', `chunk ${chunk} of the snapshot in ${this.#directory} is missing`),
          );
        }
        yield decodeChunk(value);
      }
    } finally {
      release();
    }
  }

  /** Waits for what is under way. Idempotent. */
  close(): Promise<void> {
    this.#failure ??= new CairnError('CLOSED', `the Raft store in ${this.#directory} is closed`);
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#previous;
    await this.#cleaner.stop();
    try {
      // While nothing runs, a disk may rot: whatever is lost by the next opening is known to have been here.
      if (!this.#isBroken) await this.#voteFile.write(this.#slot(this.#batch));
    } catch {
      // As after a kill: the next opening judges by the slot before. Nothing that was promised depends on this one.
    } finally {
      await this.#witness.close();
      await this.#voteFile.close();
      await this.#kv.close();
    }
  }

  #addEntries(operations: KvOperation[], entries: readonly LogEntry[]): void {
    const first = entries[0]?.index ?? 0;
    const oldLast = this.#chain.last;
    invariant(first > this.#chain.base && first <= oldLast + 1, 'entries follow the log', { first, oldLast });
    this.#chain.truncateAfter(first - 1);
    for (const entry of entries) {
      invariant(entry.index === this.#chain.last + 1, 'entries have no gap', { index: entry.index });
      const { value, chain } = encodeStoredEntry(entry, this.#chain.lastChain);
      operations.push({ type: 'put', key: entryKey(entry.index), value });
      this.#chain.append(chain);
    }
    this.#deleteEntries(operations, this.#chain.last + 1, oldLast);
  }

  #addChunk(operations: KvOperation[], part: NonNullable<Persist['snapshotChunk']>, dropsLog: boolean): void {
    const { meta, chunk, data } = part;
    if (chunk === 0) this.#beginPartial(meta);
    const partial = this.#partial;
    const follows = partial !== undefined && partial.chunks === chunk && partial.meta.checksum === meta.checksum;
    invariant(follows, 'chunks are received in order', { chunk, partial: partial?.chunks });
    operations.push({ type: 'put', key: chunkKey(partial.generation, chunk), value: encodeChunk(data) });
    partial.content.update(data);
    this.#partial = { ...partial, chunks: chunk + 1 };
    if (chunk + 1 < meta.chunks) return;
    if (checksumText(partial.content.digest()) !== meta.checksum) {
      // The wire's checksums have passed; so one of the two members computes wrongly, and none may go on from this.
      throw new CairnError(
        'CORRUPT',
        `the snapshot of entry ${meta.index} was not received as it was sent; start again`,
      );
    }
    this.#partial = undefined;
    if (dropsLog) {
      this.#deleteEntries(operations, Math.max(meta.index, this.#chain.base) + 1, this.#chain.last);
      this.#chain.truncateAfter(Math.max(this.#chain.base, Math.min(meta.index, this.#chain.last)));
    }
    this.#replaceSnapshot({ generation: partial.generation, meta });
  }

  #beginPartial(meta: SnapshotMeta): void {
    const old = this.#partial?.generation;
    if (old !== undefined) this.#givenUp.push(() => this.#cleaner.dropGeneration(old));
    this.#partial = { generation: this.#takeGeneration(), meta, chunks: 0, content: new Xxh64Stream() };
  }

  /** In memory; the batch that follows makes it so. */
  #replaceSnapshot(snapshot: StoredSnapshot): void {
    const old = this.#snapshot.generation;
    const { index } = snapshot.meta;
    if (index <= this.#chain.last) this.#chain.dropTo(index);
    else this.#chain = new LogChain(index, chainOfSnapshot(this.identity, snapshot.meta));
    this.#snapshot = snapshot;
    this.#givenUp.push(() => {
      this.#cleaner.dropGeneration(old);
      this.#cleaner.dropEntries(index);
    });
  }

  #deleteEntries(operations: KvOperation[], from: number, to: number): void {
    for (let index = from; index <= to; index++) operations.push({ type: 'delete', key: entryKey(index) });
  }

  /**
   * Numbers, describes and writes a batch. A `new` vote goes to the vote file before it. A witness that is only `renewed`
   * follows after it: then a database that is behind the file without a newer vote there has lost a batch for certain.
   */
  async #commit(operations: readonly KvOperation[], vote: 'same' | 'new' | 'renewed'): Promise<void> {
    const batch = this.#batch + 1;
    const head = encodeHead(this.#head(batch));
    const previous = xxh64(this.#recordBytes);
    const record = encodeRecord({ batch, isCreation: false, content: xxh64(head), previous });
    const slot = this.#slot(batch);
    if (vote === 'new') await this.#voteFile.write(slot);
    const own: KvOperation[] = [
      { type: 'put', key: headKey, value: head },
      { type: 'put', key: batchKey(batch), value: record },
    ];
    if (batch > batchRecordsKept) own.push({ type: 'delete', key: batchKey(batch - batchRecordsKept) });
    await this.#kv.batch([...operations, ...own], { sync: true });
    this.#witness.note({ identity: this.identity, batch });
    if (vote === 'renewed') await this.#voteFile.write(slot);
    this.#batch = batch;
    this.#recordBytes = record;
    for (const giveUp of this.#givenUp.splice(0)) giveUp();
    this.#cleaner.proceed();
  }

  #slot(batch: number): Omit<VoteSlot, 'number'> {
    return { identity: this.identity, hardState: this.#hardState, batch };
  }

  #head(batch: number): Head {
    return {
      identity: this.identity,
      batch,
      hardState: this.#hardState,
      snapshot: this.#snapshot,
      partial: this.#partial,
      last: this.#chain.last,
      commit: this.#commitIndex(),
      baseChain: this.#chain.baseChain,
      lastChain: this.#chain.lastChain,
    };
  }

  #commitIndex(): LogIndex {
    const commit = Math.max(this.#known, this.#snapshot.meta.index);
    invariant(commit <= this.#chain.last, 'what is committed is in the log', { commit, last: this.#chain.last });
    return logIndex(commit);
  }

  #takeGeneration(): number {
    const generation = this.#nextGeneration;
    this.#nextGeneration += 1;
    return generation;
  }

  /** One after the other: each batch builds on the one before. Those who wait are few: the driver, a snapshot. */
  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#previous.then(async () => {
      this.#check();
      try {
        return await work();
      } catch (error) {
        throw this.#fail(error);
      }
    });
    this.#previous = mine.catch(() => undefined);
    return mine;
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** What is in memory may be ahead of the disk now, and the disk may hold half of what was tried: nothing more is done. */
  #fail(error: unknown): CairnError {
    const failure = toCairnError(error);
    this.#failure ??= failure;
    this.#isBroken = true;
    return failure;
  }
}
