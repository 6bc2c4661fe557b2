/**
 * A batch that LevelDB holds while it is filled (`level`'s chained batch): `put` copies into LevelDB's own memory, so
 * that `write` has nothing left to prepare. `batch` of a list would turn all of it into LevelDB's form in one turn of
 * the event loop.
 */
import { viewBuffer } from '../../base/bytes.js';
import { CairnError } from '../../base/errors.js';
import type { KvBatchBuilder, KvBatchOptions, KvKey } from '../kv.js';
import { sealBytes, sealInto, sealValue } from '../kv-seal.js';
import { isLatin1, kvError, toKeyBytes } from './kv-errors.js';

/**
 * What is used of `level`'s chained batch. It copies what it is given. `_write` is what its `write` calls before it
 * makes the batch unusable.
 */
export interface ChainedBatch {
  put(key: Buffer, value: Buffer): unknown;
  del(key: Buffer): unknown;
  clear(): unknown;
  _write(options: { readonly sync: boolean }): Promise<void>;
  close(): Promise<void>;
}

/** One that is filled while another is written. */
const freeMax = 2;

/**
 * LevelDB's memory of a batch is given back when V8 collects the batch. But V8 knows nothing of that memory, and so sees
 * no reason to: 40 batches of 22 MiB, one after the other, took 900 MiB. So batches are emptied and used again; they
 * keep the memory of the largest that they were.
 */
export class BatchPool {
  readonly #make: () => ChainedBatch;
  readonly #free: ChainedBatch[] = [];

  constructor(make: () => ChainedBatch) {
    this.#make = make;
  }

  take(): ChainedBatch {
    return this.#free.pop() ?? this.#make();
  }

  async release(batch: ChainedBatch): Promise<void> {
    if (this.#free.length >= freeMax) {
      await batch.close();
      return;
    }
    try {
      batch.clear();
    } catch {
      // Its store was closed meanwhile, and the batch with it.
      return;
    }
    this.#free.push(batch);
  }
}

/** The open store that the batch is for. */
export interface BuilderHost {
  readonly location: string;
  readonly scratch: SealScratch;
  readonly pool: BatchPool;
  /** Throws `CLOSED`. */
  checkOpen(): void;
  /** Calls `write` when all batches before it are written and writes nothing beside it. */
  writeAlone(write: () => Promise<void>): Promise<void>;
}

export class NodeKvBatchBuilder implements KvBatchBuilder {
  readonly #host: BuilderHost;
  readonly #batch: ChainedBatch;
  #operations = 0;
  #bytes = 0;
  #isOpen = true;

  constructor(host: BuilderHost) {
    this.#host = host;
    this.#batch = host.pool.take();
  }

  get operations(): number {
    return this.#operations;
  }

  get bytes(): number {
    return this.#bytes;
  }

  put(key: KvKey, value: Uint8Array): void {
    this.#checkOpen();
    const { scratch } = this.#host;
    const keyBytes = scratch.key(key);
    this.#add(() => this.#batch.put(keyBytes, scratch.sealed(key, value, keyBytes)));
    this.#bytes += value.byteLength;
    this.#count(keyBytes);
  }

  delete(key: KvKey): void {
    this.#checkOpen();
    const keyBytes = this.#host.scratch.key(key);
    this.#add(() => this.#batch.del(keyBytes));
    this.#count(keyBytes);
  }

  async write(options: KvBatchOptions): Promise<void> {
    this.#checkOpen();
    const { sync } = options;
    const written = this.#host.writeAlone(() => this.#batch._write({ sync }));
    this.#isOpen = false;
    try {
      await written;
    } finally {
      await this.#host.pool.release(this.#batch);
    }
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#host.pool.release(this.#batch);
  }

  #add(operation: () => unknown): void {
    try {
      operation();
    } catch (error) {
      throw kvError(error, `cannot add to a batch of the key-value store in ${this.#host.location}`);
    }
  }

  #count(keyBytes: Buffer): void {
    this.#operations += 1;
    this.#bytes += keyBytes.byteLength;
  }

  #checkOpen(): void {
    this.#host.checkOpen();
    if (!this.#isOpen) throw new CairnError('CLOSED', 'this batch was written or closed already');
  }
}

/** Of an index's entries nearly all fit. */
const scratchBytes = 4096;

/**
 * Memory for the key and the sealed value of one operation, with a view for each length that came up: to make arrays for
 * each operation costs more than all the rest of it, the checksums included.
 */
export class SealScratch {
  readonly #keys = new Scratch();
  readonly #values = new Scratch();

  /** Valid until the next call. Throws `INVALID_ARGUMENT`. */
  key(key: KvKey): Buffer {
    if (key === '') throw new CairnError('INVALID_ARGUMENT', 'a key has at least one byte');
    if (key.length > scratchBytes || !isLatin1(key)) return toKeyBytes(key);
    const view = this.#keys.view(key.length);
    view.write(key, 0, 'latin1');
    return view;
  }

  /** Valid until the next call. */
  sealed(key: KvKey, value: Uint8Array, keyBytes: Buffer): Buffer {
    const bytes = value.byteLength + sealBytes;
    if (bytes > scratchBytes) return viewBuffer(sealValue(key, value, keyBytes));
    sealInto(this.#values.bytes, this.#values.words, value, keyBytes);
    return this.#values.view(bytes);
  }
}

class Scratch {
  readonly bytes = Buffer.allocUnsafeSlow(scratchBytes);
  readonly words = new DataView(this.bytes.buffer);
  /** By length. */
  readonly #views: (Buffer | undefined)[] = [];

  view(length: number): Buffer {
    return (this.#views[length] ??= this.bytes.subarray(0, length));
  }
}
