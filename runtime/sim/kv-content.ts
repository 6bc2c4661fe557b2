/**
 * What a simulated key-value store holds, with LevelDB's behaviour in crashes (docs/NODE-LIMITS.md, recommendation 5):
 *   - a batch with `sync` makes itself, and what its log holds before it, durable when it resolves;
 *   - of the others any subset survives a power loss, in order, each whole or absent: a lost block of the log leaves a
 *     hole, and LevelDB opens without error;
 *   - a killed process loses nothing that resolved: the log is in the page cache. A batch under way may be in it or not;
 *   - a full write buffer begins a new log; the old one is dropped without a sync (`MakeRoomForWrite`), and its batches
 *     are durable only once a table of them is written in the background, at the latest when the next buffer is full. A
 *     synced batch in the new log may survive without them;
 *   - opening writes what the logs hold to a synced table;
 *   - after a failed write or sync the store refuses writes until it is opened again; what became of the failed batch
 *     shows then.
 */
import { copyBytes } from '../../base/bytes.js';
import { OrderedMap } from '../../base/ordered-map.js';
import type { SpecialContent } from './name-space.js';
import type { Prng } from './prng.js';

/** Values are sealed. */
export interface LoggedOperation {
  readonly key: string;
  /** `undefined` deletes. */
  readonly value: Uint8Array | undefined;
}

export interface LoggedBatch {
  operations: readonly LoggedOperation[];
  readonly bytes: number;
  isApplied: boolean;
  /** Synced in its log. */
  isDurable: boolean;
  /** The number of its log, once it is applied. */
  log: number;
}

/** A key's and its sequence number's share in a table; roughly LevelDB's. */
const entryOverheadBytes = 16;

export class KvContent implements SpecialContent {
  readonly #prng: Prng;
  #current = new OrderedMap<Uint8Array>();
  #durable = new OrderedMap<Uint8Array>();
  /** Begun and not yet in `#durable`, in the order of the logs. */
  #log: LoggedBatch[] = [];
  #logBytes = 0;
  /** The number of the present log, and what its write buffer holds. */
  #logNumber = 0;
  #bufferBytes = 0;
  #bytes = 0;
  /** Who has it open. */
  owner: object | undefined;

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  get size(): number {
    return this.#bytes;
  }

  get allocatedBytes(): number {
    return this.#bytes + this.#logBytes;
  }

  get map(): OrderedMap<Uint8Array> {
    return this.#current;
  }

  /** Replays the log as LevelDB does. */
  recover(): void {
    if (this.#log.some((batch) => !batch.isApplied)) {
      const survivors = this.#log.filter((batch) => batch.isApplied || this.#prng.chance(0.5));
      this.#rebuild(survivors);
    }
    this.#bufferBytes = 0;
    this.#makeDurable();
  }

  /** A batch that was handed over; from now on a crash may find it in the log. */
  begin(operations: readonly LoggedOperation[]): LoggedBatch {
    let bytes = 0;
    for (const { key, value } of operations) bytes += key.length + (value?.byteLength ?? 0) + entryOverheadBytes;
    const batch = { operations, bytes, isApplied: false, isDurable: false, log: this.#logNumber };
    this.#log.push(batch);
    this.#logBytes += bytes;
    return batch;
  }

  /** Makes it visible, and durable if `sync`. */
  apply(batch: LoggedBatch, sync: boolean, writeBufferBytes: number): void {
    if (this.#bufferBytes > writeBufferBytes) {
      this.#finishTable();
      this.#logNumber += 1;
      this.#bufferBytes = 0;
    }
    batch.isApplied = true;
    batch.log = this.#logNumber;
    this.#bufferBytes += batch.bytes;
    this.#bytes += applyTo(this.#current, batch.operations);
    if (sync) {
      for (const other of this.#log) if (other.isApplied && other.log === batch.log) other.isDurable = true;
    }
    if (this.#log[0]?.log !== this.#logNumber && this.#prng.chance(0.2)) this.#finishTable();
    this.#settle();
  }

  /** The batch never reached the log: it was refused before. */
  withdraw(batch: LoggedBatch): void {
    this.#log = this.#log.filter((other) => other !== batch);
    this.#logBytes -= batch.bytes;
  }

  crash(): void {
    const kept = this.#prng.pick([0, 1, this.#prng.float(), this.#prng.float()]);
    this.#rebuild(this.#log.filter((batch) => this.#prng.chance(kept) || batch.isDurable));
    this.owner = undefined;
    this.#makeDurable();
  }

  /** Flips a bit of a stored value. False if there is no such key. */
  rot(key: string, bit: number): boolean {
    const value = this.#current.get(key);
    if (value === undefined) return false;
    const rotten = copyBytes(value);
    const index = (bit >> 3) % Math.max(1, rotten.byteLength);
    rotten[index] = (rotten[index] ?? 0) ^ (1 << (bit & 7));
    this.#current.set(key, rotten);
    if (this.#durable.get(key) === value) this.#durable.set(key, rotten);
    return true;
  }

  /** Loses a key, also from what the log would bring back; a batch under way may still put it. False if there is none. */
  drop(key: string): boolean {
    const value = this.#current.get(key);
    if (value === undefined) return false;
    this.#current.delete(key);
    this.#durable.delete(key);
    this.#bytes -= sizeOf(key, value);
    for (const batch of this.#log) {
      if (batch.isApplied) batch.operations = batch.operations.filter((operation) => operation.key !== key);
    }
    return true;
  }

  #rebuild(survivors: readonly LoggedBatch[]): void {
    this.#current = this.#durable.fork();
    for (const batch of survivors) applyTo(this.#current, batch.operations);
    this.#bytes = 0;
    this.#current.forEach({}, (key, value) => {
      this.#bytes += sizeOf(key, value);
    });
  }

  /** The table of all former logs is written. */
  #finishTable(): void {
    for (const batch of this.#log) if (batch.isApplied && batch.log !== this.#logNumber) batch.isDurable = true;
  }

  /** Drops from the log the durable batches at its beginning: nothing that may be lost comes before them. */
  #settle(): void {
    if (this.#log.every((batch) => batch.isDurable || !batch.isApplied)) {
      this.#makeDurable();
      return;
    }
    let count = 0;
    while (this.#log[count]?.isDurable === true) count += 1;
    for (const batch of this.#log.splice(0, count)) {
      applyTo(this.#durable, batch.operations);
      this.#logBytes -= batch.bytes;
    }
  }

  /** Everything that is visible. What is under way stays in the log. */
  #makeDurable(): void {
    this.#durable = this.#current.fork();
    this.#log = this.#log.filter((batch) => !batch.isApplied && this.owner !== undefined);
    this.#logBytes = this.#log.reduce((sum, batch) => sum + batch.bytes, 0);
  }
}

/** Returns by how many bytes the map grew. */
function applyTo(map: OrderedMap<Uint8Array>, operations: readonly LoggedOperation[]): number {
  let grown = 0;
  for (const { key, value } of operations) {
    const old = map.get(key);
    if (old !== undefined) grown -= sizeOf(key, old);
    if (value === undefined) {
      map.delete(key);
    } else {
      map.set(key, value);
      grown += sizeOf(key, value);
    }
  }
  return grown;
}

export function sizeOf(key: string, value: Uint8Array): number {
  return key.length + value.byteLength + entryOverheadBytes;
}
