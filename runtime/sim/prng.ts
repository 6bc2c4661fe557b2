/**
 * Random numbers of a simulated world: sfc32 (Chris Doty-Humphrey's "small fast counting" generator; it passes PractRand
 * and needs no 64-bit arithmetic). Every concern draws from a stream of its own, derived from the seed and a name, so
 * that one more draw in one place shifts nothing elsewhere.
 */
import { hexText } from '../../base/bytes.js';
import { invariant } from '../../base/invariant.js';
import type { Random } from '../random.js';

const uint32Count = 0x1_0000_0000;

export class Prng implements Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: string) {
    [this.#a, this.#b, this.#c] = spread(seed);
    // The state starts out close to the text; 15 rounds are what the author advises for mixing it.
    for (let i = 0; i < 15; i++) this.uint32();
  }

  uint32(): number {
    const result = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + result;
    return result >>> 0;
  }

  float(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 0x400_0000 + low) / 0x20_0000_0000_0000;
  }

  below(bound: number): number {
    invariant(Number.isInteger(bound) && bound >= 1 && bound <= uint32Count, 'a bound is 1 to 2^32', { bound });
    // Draws from the incomplete last stretch are thrown away, or small results would come up more often.
    const fair = uint32Count - (uint32Count % bound);
    for (;;) {
      const draw = this.uint32();
      if (draw < fair) return draw % bound;
    }
  }

  bytes(count: number): Uint8Array {
    invariant(Number.isInteger(count) && count >= 0 && count <= 65_536, 'a count of bytes is 0 to 65,536', { count });
    const bytes = new Uint8Array(count);
    for (let i = 0; i < count; i += 4) {
      let draw = this.uint32();
      for (let j = i; j < i + 4 && j < count; j++) {
        bytes[j] = draw;
        draw >>>= 8;
      }
    }
    return bytes;
  }

  uuid(): string {
    const bytes = this.bytes(16);
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
    const hex = hexText(bytes);
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  }

  /** True with this probability; draws in every case, so that a changed probability shifts no other draw. */
  chance(probability: number): boolean {
    return this.float() < probability;
  }

  /** `low` <= x < `high`, with fractions. */
  between(low: number, high: number): number {
    return low + this.float() * (high - low);
  }

  pick<T>(items: readonly T[]): T {
    invariant(items.length > 0, 'there is something to pick from');
    return items[this.below(items.length)] as T;
  }
}

/** Three words from a text: FNV-1a with three offsets, finished with murmur3's mixer. */
function spread(text: string): [number, number, number] {
  return [mixText(text, 0x811c_9dc5), mixText(text, 0x9e37_79b9), mixText(text, 0x85eb_ca6b)];
}

export function mixText(text: string, offset: number): number {
  let hash = offset;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x0100_0193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return hash ^ (hash >>> 16);
}
