/**
 * What a simulated key-value store holds, with LevelDB's behaviour in crashes (docs/NODE-LIMITS.md, recommendation 5):
 *   - a batch with `sync` makes itself and all earlier ones durable when it resolves;
 *   - of the batches after it any subset survives a power loss, in order, each whole or absent: a lost block of the log
 *     leaves a hole, and LevelDB opens without error;
 *   - a killed process loses nothing that resolved: the log is in the page cache. A batch under way may be in it or not;
 *   - a full write buffer goes to a synced table, and opening does the same with what the log holds, so both make
 *     everything durable;
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
  readonly operations: readonly LoggedOperation[];
  readonly bytes: number;
  isApplied: boolean;
}

/** A key's and its sequence number's share in a table; roughly LevelDB's. */
const entryOverheadBytes = 16;

export class KvContent implements SpecialContent {
  readonly #prng: Prng;
  #current = new OrderedMap<Uint8Array>();
  #durable = new OrderedMap<Uint8Array>();
  /** Begun since the last sync, in the order of the log. */
  #log: LoggedBatch[] = [];
  #logBytes = 0;
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
    this.#makeDurable();
  }

  /** A batch that was handed over; from now on a crash may find it in the log. */
  begin(operations: readonly LoggedOperation[]): LoggedBatch {
    let bytes = 0;
    for (const { key, value } of operations) bytes += key.length + (value?.byteLength ?? 0) + entryOverheadBytes;
    const batch = { operations, bytes, isApplied: false };
    this.#log.push(batch);
    this.#logBytes += bytes;
    return batch;
  }

  /** Makes it visible, and durable with all earlier ones if `sync` or when the write buffer is full. */
  apply(batch: LoggedBatch, sync: boolean, writeBufferBytes: number): void {
    batch.isApplied = true;
    this.#bytes += applyTo(this.#current, batch.operations);
    if (sync || this.#logBytes > writeBufferBytes) this.#makeDurable();
  }

  /** The batch never reached the log: it was refused before. */
  withdraw(batch: LoggedBatch): void {
    this.#log = this.#log.filter((other) => other !== batch);
    this.#logBytes -= batch.bytes;
  }

  crash(): void {
    const kept = this.#prng.pick([0, 1, this.#prng.float(), this.#prng.float()]);
    this.#rebuild(this.#log.filter(() => this.#prng.chance(kept)));
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

  #rebuild(survivors: readonly LoggedBatch[]): void {
    this.#current = this.#durable.fork();
    for (const batch of survivors) applyTo(this.#current, batch.operations);
    this.#bytes = 0;
    this.#current.forEach({}, (key, value) => {
      this.#bytes += sizeOf(key, value);
    });
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
