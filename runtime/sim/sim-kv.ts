/** LevelDB of a simulated process: directories on its disks that hold a `KvContent`. */
import { CairnError } from '../../base/errors.js';
import { invariant } from '../../base/invariant.js';
import { batchesWaitingBytesMax, batchesWaitingMax } from '../kv.js';
import type {
  Kv,
  KvBatchBuilder,
  KvBatchOptions,
  KvIterateOptions,
  KvIterator,
  KvKey,
  KvOpenOptions,
  KvOperation,
  KvSnapshot,
  KvStore,
} from '../kv.js';
import { sealValue } from '../kv-seal.js';
import { KvContent, sizeOf, type LoggedBatch, type LoggedOperation } from './kv-content.js';
import { LentBuffers } from './lent.js';
import { splitPath, type FileNode, type Node } from './name-space.js';
import type { Resource, SimProcess } from './process.js';
import { makeDirectories, type Place, type SimDisk } from './sim-disk.js';
import { noSpace } from './sim-file.js';
import { SimKvBatchBuilder, type BuilderHost } from './sim-kv-batch-builder.js';
import {
  checkKey,
  checkStoredKey,
  cursorOf,
  LiveReader,
  readValue,
  SimKvIterator,
  SimKvSnapshot,
  type KvHandle,
} from './sim-kv-reader.js';

/** LevelDB's own name for the file that makes a directory a database. */
export const kvFileName = 'CURRENT';

const writeBufferBytesDefault = 4 * 1024 * 1024;

export class SimKvStore implements KvStore {
  readonly #process: SimProcess;
  readonly #disk: SimDisk;

  constructor(process: SimProcess, disk: SimDisk) {
    this.#process = process;
    this.#disk = disk;
  }

  async open(directory: string, options: KvOpenOptions = {}): Promise<Kv> {
    const place = this.#disk.place(directory);
    return await this.#process.io('kv.open', place.volume.syncDelay(0), () => {
      const node = this.#find(directory, place, options.createIfMissing ?? true);
      const content = node.special;
      invariant(content instanceof KvContent, 'a database is made by this store', { directory });
      if (content.owner !== undefined) throw new CairnError('LOCKED', `${directory} is open already`);
      content.recover();
      place.volume.recount(node);
      return new SimKv(this.#process, place, node, content, directory, options);
    });
  }

  #find(directory: string, place: Place, mayCreate: boolean): FileNode {
    const { names } = place.volume;
    const found = names.find(place.path);
    const present = found?.kind === 'directory' ? found.entries.get(kvFileName) : undefined;
    if (present !== undefined) {
      if (present.kind === 'file' && present.special instanceof KvContent) return present;
      throw new CairnError('CORRUPT', `${directory} holds something else than a database`);
    }
    if (!mayCreate) throw new CairnError('NOT_FOUND', `${directory} holds no database`);
    if (place.volume.freeBytes === 0) throw noSpace(directory);
    const parent = makeDirectories(place, directory);
    const node = place.volume.createFile(parent, kvFileName, new KvContent(place.volume.newStream('kv')));
    makeNamesDurable(place);
    return node;
  }
}

/** A synced batch in a directory that a crash takes away would be none. */
function makeNamesDurable(place: Place): void {
  const { names } = place.volume;
  const path = new Set<Node>();
  let node: Node | undefined = names.root;
  for (const name of [...splitPath(place.path), kvFileName]) {
    node = node?.kind === 'directory' ? node.entries.get(name) : undefined;
    if (node !== undefined) path.add(node);
  }
  names.makeDurable(path);
}

class SimKv implements Kv, KvHandle, BuilderHost, Resource {
  readonly #process: SimProcess;
  readonly #place: Place;
  readonly #node: FileNode;
  readonly #content: KvContent;
  readonly #directory: string;
  readonly #writeBufferBytes: number;
  #isClosed = false;
  /** LevelDB refuses writes after one failed, until the next start. */
  #broken: CairnError | undefined;
  /** Writes complete in the order of the log. */
  #lastWriteAt = 0;
  #batchesWaiting = 0;
  #waitingBytes = 0;
  #hasLoneWrite = false;

  constructor(
    process: SimProcess,
    place: Place,
    node: FileNode,
    content: KvContent,
    directory: string,
    options: KvOpenOptions,
  ) {
    this.#process = process;
    this.#place = place;
    this.#node = node;
    this.#content = content;
    this.#directory = directory;
    this.#writeBufferBytes = options.writeBufferBytes ?? writeBufferBytesDefault;
    content.owner = this;
    process.resources.add(this);
  }

  get(key: KvKey): Promise<Uint8Array | undefined> {
    return new LiveReader(this, () => this.#content.map).get(key);
  }

  getSync(key: KvKey): Uint8Array | undefined {
    this.checkOpen();
    checkKey(key);
    this.#checkReadable(0);
    return readValue(this.#content.map, key);
  }

  getMany(keys: readonly KvKey[]): Promise<(Uint8Array | undefined)[]> {
    return new LiveReader(this, () => this.#content.map).getMany(keys);
  }

  iterate(options: KvIterateOptions): KvIterator {
    this.checkOpen();
    return new SimKvIterator(this, cursorOf(this.#content.map, options), options.onDamaged);
  }

  snapshot(): KvSnapshot {
    this.checkOpen();
    return new SimKvSnapshot(this, this.#content.map.fork());
  }

  async batch(operations: readonly KvOperation[], options: KvBatchOptions): Promise<void> {
    this.checkOpen();
    // A dead process has no effects: nothing of it may get into the log.
    if (!this.#process.isAlive) return await new Promise<never>(() => {});
    for (const { key } of operations) checkStoredKey(key);
    if (this.#broken !== undefined) throw this.#distrusted(this.#broken);
    const bytes = operations.reduce(
      (sum, op) => sum + op.key.length + (op.type === 'put' ? op.value.byteLength : 0),
      0,
    );
    const isTooMuch = this.#batchesWaiting > 0 && this.#waitingBytes + bytes > batchesWaitingBytesMax;
    if (this.#batchesWaiting >= batchesWaitingMax || isTooMuch) {
      throw new CairnError('OVERLOADED', `${this.#batchesWaiting} batches wait already; await some of them`);
    }
    const values = operations.filter((op) => op.type === 'put').map((op) => op.value);
    const lent = new LentBuffers(`batch of ${this.#directory}`, values);
    this.#batchesWaiting += 1;
    this.#waitingBytes += bytes;
    const logged = operations.map((op) => ({
      key: op.key,
      value: op.type === 'put' ? sealValue(op.key, op.value) : undefined,
    }));
    await this.#submit(logged, options.sync, () => {
      this.#batchesWaiting -= 1;
      this.#waitingBytes -= bytes;
      const changed = lent.check();
      if (changed === undefined) return;
      this.#process.fatal(changed);
      throw changed;
    });
  }

  newBatch(): KvBatchBuilder {
    this.checkOpen();
    return new SimKvBatchBuilder(this);
  }

  async writeAlone(operations: readonly LoggedOperation[], sync: boolean, onAccepted: () => void): Promise<void> {
    if (!this.#process.isAlive) return await new Promise<never>(() => {});
    if (this.#hasLoneWrite) {
      throw new CairnError('OVERLOADED', 'another batch that was filled bit by bit is being written; await it');
    }
    onAccepted();
    if (this.#broken !== undefined) throw this.#distrusted(this.#broken);
    this.#hasLoneWrite = true;
    await this.#submit(operations, sync, () => {
      this.#hasLoneWrite = false;
    });
  }

  /** To the log, behind what is there; `onWritten` comes before the outcome. */
  async #submit(operations: readonly LoggedOperation[], sync: boolean, onWritten: () => void): Promise<void> {
    const batch = this.#content.begin(operations);
    const { volume } = this.#place;
    const delay = sync ? volume.syncDelay(batch.bytes) : volume.writeDelay(batch.bytes);
    const { scheduler } = this.#process;
    this.#lastWriteAt = Math.max(this.#lastWriteAt, scheduler.now + delay);
    await this.#process.io('kv.batch', this.#lastWriteAt - scheduler.now, () => {
      onWritten();
      this.#write(batch, sync);
    });
  }

  async approximateBytes(range: { readonly gte: KvKey; readonly lt: KvKey }): Promise<number> {
    return await this.call('kv.size', 0, () => {
      let bytes = 0;
      this.#content.map.forEach(range, (key, value) => {
        bytes += sizeOf(key, value);
      });
      return bytes;
    });
  }

  async compact(range: { readonly gte: KvKey; readonly lt: KvKey }): Promise<void> {
    const bytes = await this.approximateBytes(range);
    await this.call('kv.compact', bytes, () => undefined);
  }

  async close(): Promise<void> {
    const wasClosed = this.#isClosed;
    this.#isClosed = true;
    const { scheduler } = this.#process;
    // Calls in progress come first: writes are in order, and reads take no longer than this.
    const delay = Math.max(this.#lastWriteAt - scheduler.now, 0) + this.#place.volume.nameDelay();
    await this.#process.io('kv.close', delay, () => {
      if (!wasClosed) this.#release();
    });
  }

  onProcessDeath(): void {
    this.#release();
  }

  checkOpen(): void {
    if (this.#isClosed) throw new CairnError('CLOSED', `${this.#directory} is closed`);
  }

  /** A call to the thread pool that reads about so many bytes. */
  async call<T>(kind: string, bytes: number, finish: () => T): Promise<T> {
    this.checkOpen();
    const { volume } = this.#place;
    return await this.#process.io(kind, volume.readDelay(bytes), () => {
      this.#checkReadable(bytes);
      return finish();
    });
  }

  #checkReadable(bytes: number): void {
    if (!this.#place.volume.faults.readFails(this.#place.path, 0, bytes)) return;
    throw new CairnError('IO_ERROR', `${this.#directory}: a read failed (simulated)`);
  }

  /** By the seed, between 1 and `most`: callers must not count on full answers. */
  someOf(most: number): number {
    const { prng } = this.#place.volume;
    return prng.chance(0.8) ? most : 1 + prng.below(most);
  }

  #write(batch: LoggedBatch, sync: boolean): void {
    const { volume } = this.#place;
    if (this.#broken !== undefined) {
      this.#content.withdraw(batch);
      throw this.#distrusted(this.#broken);
    }
    if (batch.bytes > volume.freeBytes) {
      this.#content.withdraw(batch);
      this.#broken = noSpace(this.#directory);
      throw this.#broken;
    }
    if (volume.faults.writeFails() || (sync && volume.faults.syncFails())) {
      this.#process.scheduler.note('kv.batch-failed', this.#process.label, batch.bytes);
      const message = `${this.#directory}: a write failed; it takes no more until it is opened again`;
      this.#broken = new CairnError('IO_ERROR', message, { applied: 'maybe' });
      throw this.#broken;
    }
    this.#content.apply(batch, sync, this.#writeBufferBytes);
    volume.recount(this.#node);
    this.#process.scheduler.note('kv.batch', this.#process.label, batch.bytes, sync ? 1 : 0);
  }

  #distrusted(cause: CairnError): CairnError {
    const message = `${this.#directory} is not written any more: an earlier batch failed; reopen it`;
    return new CairnError('IO_ERROR', message, { cause });
  }

  #release(): void {
    this.#isClosed = true;
    if (this.#content.owner === this) this.#content.owner = undefined;
    this.#process.resources.delete(this);
  }
}
