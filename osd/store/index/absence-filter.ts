/**
 * Which keys are certainly not in the index, without asking LevelDB: a Bloom filter over the keys of objects and omaps, for
 * the common case of something new. About ten bits a key; a put adds its key, nothing takes one out, so keys that are gone
 * cost a look into LevelDB, no more.
 *
 * All probes of a key are in one line of 64 bytes (Putze, Sanders, Singler, "Cache-, Hash- and Space-Efficient Bloom
 * Filters", 2007): one cache miss instead of five.
 */
import { invariant } from '../../../base/invariant.js';

const wordsPerLine = 16;
const probes = 5;
const bitsPerKey = 10;

export class AbsenceFilter {
  readonly capacity: number;
  readonly #words: Uint32Array;
  readonly #lines: number;
  #added = 0;
  /** Hashed last: whoever puts a key mostly asked for it before. */
  #hashed = '';
  #line = 0;
  #bits = 0;

  /** For so many keys; with more, it says "perhaps" more often. */
  constructor(capacity: number) {
    this.capacity = capacity;
    this.#lines = Math.max(1, Math.ceil((capacity * bitsPerKey) / (wordsPerLine * 32)));
    invariant(this.#lines < 2 ** 31, 'a filter fits into memory', { capacity });
    this.#words = new Uint32Array(this.#lines * wordsPerLine);
    this.#hash(' ');
  }

  /** Keys added, those added again included. */
  get added(): number {
    return this.#added;
  }

  get bytes(): number {
    return this.#words.byteLength;
  }

  add(key: string): void {
    this.#hash(key);
    let bits = this.#bits;
    for (let i = 0; i < probes; i++) {
      const word = this.#line + (bits & 15);
      this.#words[word] = (this.#words[word] ?? 0) | (1 << ((bits >>> 4) & 31));
      bits = next(bits);
    }
    this.#added += 1;
  }

  /** As `add`, but a key that the filter seems to have is not counted again: one object, overwritten for ever, is one. */
  put(key: string): void {
    if (!this.mayHave(key)) this.add(key);
  }

  /** False: the key was never added. */
  mayHave(key: string): boolean {
    this.#hash(key);
    let bits = this.#bits;
    for (let i = 0; i < probes; i++) {
      if (((this.#words[this.#line + (bits & 15)] ?? 0) & (1 << ((bits >>> 4) & 31))) === 0) return false;
      bits = next(bits);
    }
    return true;
  }

  /** Line and bits of a key: two hashes in one pass, FNV-1a and the one of Java's strings, each finished by MurmurHash3's. */
  #hash(key: string): void {
    if (key === this.#hashed) return;
    this.#hashed = key;
    let first = 0x811c9dc5;
    let second = 0x9747b28c;
    for (let i = 0; i < key.length; i++) {
      const code = key.charCodeAt(i);
      first = Math.imul(first ^ code, 0x01000193);
      second = (Math.imul(second, 31) + code) | 0;
    }
    this.#line = Math.floor((finish(first) / 2 ** 32) * this.#lines) * wordsPerLine;
    this.#bits = finish(second);
  }
}

function finish(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function next(bits: number): number {
  return (Math.imul(bits, 0x9e3779b1) ^ (bits >>> 15)) >>> 0;
}
