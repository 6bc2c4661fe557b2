/**
 * What happened, folded into one running 64-bit hash (two runs that agree on it did the same things in the same order),
 * with the last events kept as text for people.
 */
import { mixText } from './prng.js';

interface TraceEntry {
  time: number;
  kind: string;
  who: string;
  a: number;
  b: number;
  text: string;
}

export class Trace {
  #high = 0x243f_6a88;
  #low = 0x85a3_08d3;
  #count = 0;
  readonly #texts = new Map<string, number>();
  readonly #ring: TraceEntry[] = [];
  readonly #ringMax: number;

  constructor(ringMax: number) {
    this.#ringMax = ringMax;
  }

  /** Events and notes so far. */
  get count(): number {
    return this.#count;
  }

  get hash(): string {
    return hex(this.#high) + hex(this.#low);
  }

  /** `a` and `b` are sizes, offsets or outcomes; `text` is for people and not hashed. */
  record(time: number, kind: string, who: string, a: number, b: number, text = ''): void {
    this.#mix(time * 1024);
    this.#mix(this.#hashOf(kind));
    this.#mix(this.#hashOf(who));
    this.#mix(a);
    this.#mix(b);
    if (this.#ringMax > 0) this.#remember(time, kind, who, a, b, text);
    this.#count += 1;
  }

  /** Oldest first. */
  tail(): string[] {
    const lines: string[] = [];
    for (let i = Math.max(0, this.#count - this.#ringMax); i < this.#count; i++) {
      const entry = this.#ring[i % this.#ringMax];
      if (entry === undefined) continue;
      const numbers = entry.a === 0 && entry.b === 0 ? '' : ` ${entry.a} ${entry.b}`;
      const text = entry.text === '' ? '' : ` ${entry.text}`;
      lines.push(`${entry.time.toFixed(3).padStart(12)}  ${entry.who.padEnd(14)} ${entry.kind}${numbers}${text}`);
    }
    return lines;
  }

  #mix(value: number): void {
    // Sizes and times pass 2^32: both halves count, and so does the fraction's absence or presence.
    const low = value | 0;
    const high = Math.trunc(value / 0x1_0000_0000) | 0;
    this.#high = Math.imul(rotate(this.#high ^ low, 13), 0x9e37_79b1) + high;
    this.#low = Math.imul(rotate(this.#low ^ high ^ (low >>> 3), 17) + low, 0x85eb_ca77) ^ this.#high;
  }

  /** Kinds and names recur: each is hashed once. */
  #hashOf(text: string): number {
    let hash = this.#texts.get(text);
    if (hash === undefined) {
      hash = mixText(text, 0x811c_9dc5);
      this.#texts.set(text, hash);
    }
    return hash;
  }

  #remember(time: number, kind: string, who: string, a: number, b: number, text: string): void {
    const index = this.#count % this.#ringMax;
    const entry = this.#ring[index];
    if (entry === undefined) {
      this.#ring[index] = { time, kind, who, a, b, text };
      return;
    }
    // The ring's own entries are reused: this runs for every event.
    entry.time = time;
    entry.kind = kind;
    entry.who = who;
    entry.a = a;
    entry.b = b;
    entry.text = text;
  }
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}
