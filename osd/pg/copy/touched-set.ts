/**
 * What some entries of a log touched, each thing once: what a copy that lacks them has to take over. In the order of the
 * objects, so that a copy knows by one object how far it is.
 */
import { unreachable } from '../../../base/invariant.js';
import type { BodySlot } from '../../store/format/omap-value.js';
import type { ObjectId } from '../../store/object-id.js';
import type { Touched } from '../../store/pg/log-entry.js';

interface ValueParts {
  isWhole: boolean;
  hasHead: boolean;
  readonly slots: Set<BodySlot>;
}

/** Of one object. */
class TouchedObject {
  readonly object: ObjectId;
  #isWhole = false;
  /** Offset and end, as they came. */
  readonly #data: (readonly [number, number])[] = [];
  /** The size changed; everything from here on may differ. */
  #sizeFrom: number | undefined;
  readonly #attributes = new Set<string>();
  readonly #values = new Map<string, ValueParts>();
  readonly #ranges: { readonly from: string; readonly to: string | undefined }[] = [];
  readonly #marks = new Set<string>();
  #dataBytes = 0;
  #dataEnd = 0;

  constructor(object: ObjectId) {
    this.object = object;
  }

  /** Bytes of data that are named one by one, at most; `undefined`: all of the object, whatever it has. */
  get dataBytes(): number | undefined {
    return this.#isWhole ? undefined : Math.min(this.#dataBytes, this.#dataEnd);
  }

  add(touched: Exclude<Touched, { readonly kind: 'pg-key' | 'pg-range' }>): void {
    switch (touched.kind) {
      case 'whole':
        this.#isWhole = true;
        return;
      case 'data':
        this.#data.push([touched.offset, touched.offset + touched.bytes]);
        this.#dataBytes += touched.bytes;
        this.#dataEnd = Math.max(this.#dataEnd, touched.offset + touched.bytes);
        return;
      case 'size':
        this.#sizeFrom = Math.min(this.#sizeFrom ?? Infinity, touched.from);
        return;
      case 'attribute':
        this.#attributes.add(touched.name);
        return;
      case 'omap-key':
        this.#value(touched.key).isWhole = true;
        return;
      case 'omap-value': {
        const value = this.#value(touched.key);
        value.hasHead ||= touched.hasHead;
        for (const slot of touched.slots) value.slots.add(slot);
        return;
      }
      case 'omap-range':
        this.#ranges.push({ from: touched.from, to: touched.to });
        return;
      case 'mark':
        this.#marks.add(touched.mark);
        return;
      default:
        unreachable(touched);
    }
  }

  *parts(): Generator<Touched> {
    const { object } = this;
    if (this.#isWhole) {
      yield { kind: 'whole', object };
      return;
    }
    for (const [offset, end] of merged(this.#data)) yield { kind: 'data', object, offset, bytes: end - offset };
    if (this.#sizeFrom !== undefined) yield { kind: 'size', object, from: this.#sizeFrom };
    for (const name of this.#attributes) yield { kind: 'attribute', object, name };
    // Ranges first: they are emptied and filled anew, and hold what the keys in them name.
    for (const range of this.#ranges) yield { kind: 'omap-range', object, ...range };
    for (const [key, { isWhole, hasHead, slots }] of this.#values) {
      if (isWhole) yield { kind: 'omap-key', object, key };
      else yield { kind: 'omap-value', object, key, hasHead, slots: [...slots].sort((a, b) => a - b) };
    }
    for (const mark of this.#marks) yield { kind: 'mark', object, mark };
  }

  #value(key: string): ValueParts {
    let value = this.#values.get(key);
    if (value === undefined) {
      value = { isWhole: false, hasHead: false, slots: new Set() };
      this.#values.set(key, value);
    }
    return value;
  }
}

export class TouchedSet {
  readonly #objects = new Map<string, TouchedObject>();
  /** Of `dataBytes`, and those that are touched as a whole. */
  #dataBytes = 0;
  #wholes = 0;
  readonly #pgKeys = new Set<string>();
  readonly #pgRanges: { readonly from: string; readonly to: string | undefined }[] = [];

  static of(touched: Iterable<Touched>): TouchedSet {
    const set = new TouchedSet();
    for (const one of touched) set.add(one);
    return set;
  }

  get isEmpty(): boolean {
    return this.#objects.size === 0 && this.#pgKeys.size === 0 && this.#pgRanges.length === 0;
  }

  /** Objects of which something is in it. */
  get objects(): number {
    return this.#objects.size;
  }

  /** Bytes that are to be copied for it, at most, where an object has `objectBytes` on average. */
  bytes(objectBytes: number): number {
    return this.#dataBytes + this.#wholes * objectBytes;
  }

  add(touched: Touched): void {
    if (touched.kind === 'pg-key') {
      this.#pgKeys.add(touched.key);
      return;
    }
    if (touched.kind === 'pg-range') {
      this.#pgRanges.push({ from: touched.from, to: touched.to });
      return;
    }
    const { object } = touched;
    let known = this.#objects.get(object.key);
    if (known === undefined) {
      known = new TouchedObject(object);
      this.#objects.set(object.key, known);
    } else this.#count(known, -1);
    known.add(touched);
    this.#count(known, 1);
  }

  hasKey(objectKey: string): boolean {
    return this.#objects.has(objectKey);
  }

  /** Takes out what is of the PG itself. */
  takePgParts(): Touched[] {
    const parts = [...this.#pgParts()];
    this.#pgKeys.clear();
    this.#pgRanges.length = 0;
    return parts;
  }

  /** Takes one object out, with what of it is in the set; the first in their order. */
  takeFirst(): { readonly object: ObjectId; readonly parts: readonly Touched[] } | undefined {
    let first: TouchedObject | undefined;
    for (const one of this.#objects.values()) if (first === undefined || one.object.key < first.object.key) first = one;
    if (first === undefined) return undefined;
    this.#objects.delete(first.object.key);
    this.#count(first, -1);
    return { object: first.object, parts: [...first.parts()] };
  }

  take(object: ObjectId): readonly Touched[] {
    const found = this.#objects.get(object.key);
    if (found === undefined) return [];
    this.#objects.delete(object.key);
    this.#count(found, -1);
    return [...found.parts()];
  }

  /** Values of the PG, then all objects in their order. */
  list(): Touched[] {
    const list: Touched[] = [...this.#pgParts()];
    const objects = [...this.#objects.values()].sort((a, b) => (a.object.key < b.object.key ? -1 : 1));
    for (const one of objects) list.push(...one.parts());
    return list;
  }

  #count({ dataBytes }: TouchedObject, times: 1 | -1): void {
    if (dataBytes === undefined) this.#wholes += times;
    else this.#dataBytes += times * dataBytes;
  }

  *#pgParts(): Generator<Touched> {
    for (const range of this.#pgRanges) yield { kind: 'pg-range', ...range };
    for (const key of this.#pgKeys) yield { kind: 'pg-key', key };
  }
}

function merged(ranges: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0]);
  const joined: [number, number][] = [];
  for (const [from, to] of sorted) {
    const last = joined.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}
