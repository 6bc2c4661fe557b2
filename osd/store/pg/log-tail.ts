/**
 * The last block of a PG's log while entries are added to it: packed from the start as the index will have it, so that an
 * entry leaves no object of its own behind, and a checkpoint that writes the blocks of all PGs copies one run of bytes each.
 */
import { ByteWriter } from '../../../base/byte-writer.js';
import { decodeLogBlock, packBlock, packEntry, type PackedEntry } from './log-block.js';

export class LogTail {
  /** Made for the first entry: most PGs of a store that was just opened get none for long. */
  #packed: ByteWriter | undefined;
  #first: number | undefined;
  #count = 0;
  #bytes = 0;

  constructor(entries: readonly PackedEntry[] = []) {
    for (const entry of entries) this.append(entry);
  }

  /** Sequence number of the oldest entry. */
  get first(): number | undefined {
    return this.#first;
  }

  get count(): number {
    return this.#count;
  }

  /** Of the entries alone. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Copies. */
  append(entry: PackedEntry): void {
    this.#packed ??= new ByteWriter(1024);
    packEntry(this.#packed, entry);
    this.#first ??= entry.seq;
    this.#count += 1;
    this.#bytes += entry.bytes.byteLength;
  }

  /** As `encodeLogBlock` of the entries. */
  block(): Uint8Array {
    return packBlock(this.#count, this.#packed);
  }

  /** Copies of the entries. */
  entries(): readonly PackedEntry[] {
    return this.#count === 0 ? [] : decodeLogBlock(this.block());
  }

  clear(): void {
    this.#packed?.clear();
    this.#first = undefined;
    this.#count = 0;
    this.#bytes = 0;
  }
}
