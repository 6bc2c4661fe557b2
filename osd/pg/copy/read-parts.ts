/**
 * Parts of objects as they are here, as mutations that make them so elsewhere. Whoever asks sees to it that nothing changes
 * meanwhile: the PG is idle, or the object is his (`ObjectQueue`).
 */
import { unreachable } from '../../../base/invariant.js';
import type { PgId } from '../../../cluster/ids.js';
import type { ObjectId } from '../../store/object-id.js';
import type { Touched } from '../../store/pg/log-entry.js';
import type { ObjectInfo, ObjectReader } from '../../store/read/object-reader.js';
import { ownKeyPrefix, payloadOf, type BodyChange, type Mutation } from '../../store/transaction.js';

export interface Parts {
  readonly mutations: readonly Mutation[];
  /** What is still to be read. */
  readonly rest: readonly Touched[];
}

/** Of an object that is copied in several transactions, until its last part. No entry has it. */
export const unfinishedVersion = { term: 0, seq: 0 } as const;

/** Pieces of zeros from here on become holes again. */
const holeBytesMin = 4096;
const omapPage = 64;

/**
 * `parts` in the order of a `TouchedSet`: those of one object together. Stops behind `bytesMax`, which one omap value may exceed.
 * An object gets its version with its last part and has none before, so one that was copied in part never passes for whole.
 */
export async function readParts(
  objects: ObjectReader,
  pg: PgId,
  parts: readonly Touched[],
  bytesMax: number,
): Promise<Parts> {
  return await new PartsReader(objects, pg, bytesMax).read(parts);
}

class PartsReader {
  readonly #objects: ObjectReader;
  readonly #pg: PgId;
  readonly #bytesMax: number;
  readonly #mutations: Mutation[] = [];
  #bytes = 0;

  constructor(objects: ObjectReader, pg: PgId, bytesMax: number) {
    this.#objects = objects;
    this.#pg = pg;
    this.#bytesMax = bytesMax;
  }

  async read(parts: readonly Touched[]): Promise<Parts> {
    for (let i = 0; i < parts.length;) {
      const first = parts[i];
      if (first === undefined) break;
      if (this.#isFull) return { mutations: this.#mutations, rest: parts.slice(i) };
      if (!('object' in first)) {
        await this.#pgPart(first);
        i += 1;
        continue;
      }
      const { object } = first;
      let end = i;
      while (end < parts.length && isOf(parts[end], object)) end += 1;
      const rest = await this.#object(object, parts.slice(i, end));
      if (rest.length > 0) return { mutations: this.#mutations, rest: [...rest, ...parts.slice(end)] };
      i = end;
    }
    return { mutations: this.#mutations, rest: [] };
  }

  get #isFull(): boolean {
    return this.#bytes >= this.#bytesMax;
  }

  /** Returns the parts that are left. */
  async #object(object: ObjectId, parts: readonly Touched[]): Promise<readonly Touched[]> {
    const info = await this.#objects.stat(object);
    if (info === undefined) {
      this.#push({ kind: 'remove', object }, 0);
      return [];
    }
    const open = [...parts];
    for (let part = open.shift(); part !== undefined; part = open.shift()) {
      const rest = await this.#part(object, info, part);
      if (rest.length > 0 || (this.#isFull && open.length > 0)) {
        this.#push({ kind: 'set-version', object, version: unfinishedVersion }, 0);
        return [...rest, ...open];
      }
    }
    this.#push({ kind: 'set-version', object, version: info.version }, 0);
    return [];
  }

  async #part(object: ObjectId, info: ObjectInfo, part: Touched): Promise<readonly Touched[]> {
    switch (part.kind) {
      case 'whole':
        return this.#whole(object, info);
      case 'data':
        return await this.#data(object, info, part.offset, part.offset + part.bytes);
      case 'size':
        return await this.#data(object, info, part.from, Infinity);
      case 'attribute': {
        const value = info.attributes.get(part.name);
        if (value === undefined) this.#push({ kind: 'remove-attributes', object, names: [part.name] }, 0);
        else this.#push({ kind: 'set-attributes', object, set: new Map([[part.name, value]]) }, value.byteLength);
        return [];
      }
      case 'omap-key':
        await this.#omapValue(object, part.key, 'all');
        return [];
      case 'omap-value':
        await this.#omapValue(object, part.key, part);
        return [];
      case 'omap-range':
        return await this.#omapRange(object, part.from, part.to);
      case 'mark': {
        const value = await this.#objects.mark(object, part.mark);
        if (value === undefined) this.#push({ kind: 'remove-mark', object, mark: part.mark }, 0);
        else this.#push({ kind: 'set-mark', object, mark: part.mark, value }, value.byteLength);
        return [];
      }
      case 'pg-key':
      case 'pg-range':
        return [];
      default:
        return unreachable(part);
    }
  }

  /** Made anew; what takes room is left as parts of its own. */
  async #whole(object: ObjectId, info: ObjectInfo): Promise<readonly Touched[]> {
    this.#push({ kind: 'remove', object }, 0);
    this.#push({ kind: 'create', object }, 0);
    for (const [name, value] of info.attributes) {
      this.#push({ kind: 'set-attributes', object, set: new Map([[name, value]]) }, value.byteLength);
    }
    for (const { mark, value } of await this.#objects.marks(object)) {
      this.#push({ kind: 'set-mark', object, mark, value }, value.byteLength);
    }
    const data = await this.#data(object, info, 0, Infinity);
    const omap = info.mayHaveOmap ? await this.#omapRange(object, '', undefined) : [];
    return [...data, ...omap];
  }

  async #data(object: ObjectId, info: ObjectInfo, from: number, to: number): Promise<readonly Touched[]> {
    const end = Math.min(to, info.size);
    let at = from;
    while (at < end && !this.#isFull) {
      const bytes = Math.min(end - at, Math.max(holeBytesMin, this.#bytesMax - this.#bytes));
      for (const piece of await this.#objects.read(object, at, bytes)) {
        if (piece.byteLength >= holeBytesMin && isZero(piece)) {
          this.#push({ kind: 'zero', object, offset: at, bytes: piece.byteLength }, 0);
        } else {
          this.#push({ kind: 'write', object, offset: at, data: payloadOf(piece) }, piece.byteLength);
        }
        at += piece.byteLength;
      }
    }
    this.#push({ kind: 'truncate', object, size: info.size }, 0);
    if (at >= end) return [];
    return [
      to === Infinity ? { kind: 'size', object, from: at } : { kind: 'data', object, offset: at, bytes: to - at },
    ];
  }

  async #omapRange(object: ObjectId, from: string, to: string | undefined): Promise<readonly Touched[]> {
    if (this.#isFull) return [{ kind: 'omap-range', object, from, to }];
    this.#push({ kind: 'omap-remove-range', object, from, to }, 0);
    const walk = this.#objects.omapWalk(object, { from, to });
    try {
      for (let page = await walk.next(omapPage); page.length > 0; page = await walk.next(omapPage)) {
        for (const { key } of page) {
          if (this.#isFull) return [{ kind: 'omap-range', object, from: key, to }];
          await this.#omapValue(object, key, 'all');
        }
      }
      return [];
    } finally {
      await walk.close();
    }
  }

  async #omapValue(
    object: ObjectId,
    key: string,
    parts: 'all' | { readonly hasHead: boolean; readonly slots: readonly number[] },
  ): Promise<void> {
    const item = await this.#objects.omapGet(object, key);
    if (item === undefined || parts === 'all') this.#push({ kind: 'omap-remove', object, key }, key.length);
    if (item === undefined) return;
    const bodies: BodyChange<ReturnType<typeof payloadOf>>[] = [];
    let bytes = key.length + item.head.byteLength;
    for (const slot of [0, 1, 2, 3] as const) {
      if (parts !== 'all' && !parts.slots.includes(slot)) continue;
      const body = item.slots.includes(slot) ? await this.#objects.omapBody(object, key, slot) : undefined;
      if (body === undefined && parts === 'all') continue;
      bodies.push({ slot, body: body && payloadOf(body) });
      bytes += body?.byteLength ?? 0;
    }
    const head = parts === 'all' || parts.hasHead ? item.head : undefined;
    this.#push({ kind: 'omap-set', object, key, head, bodies }, bytes);
  }

  async #pgPart(part: Touched): Promise<void> {
    if (part.kind === 'pg-key') {
      const value = await this.#objects.pgGet(this.#pg, part.key);
      if (value === undefined) this.#push({ kind: 'pg-remove', key: part.key }, part.key.length);
      else this.#push({ kind: 'pg-set', key: part.key, value }, part.key.length + value.byteLength);
    } else if (part.kind === 'pg-range') {
      this.#push({ kind: 'pg-remove-range', from: part.from, to: part.to }, 0);
      for (const { key, value } of await this.#objects.pgValues(this.#pg, part)) {
        if (!key.startsWith(ownKeyPrefix)) this.#push({ kind: 'pg-set', key, value }, key.length + value.byteLength);
      }
    }
  }

  #push(mutation: Mutation, bytes: number): void {
    this.#mutations.push(mutation);
    this.#bytes += bytes + 64;
  }
}

function isOf(part: Touched | undefined, object: ObjectId): boolean {
  return part !== undefined && 'object' in part && part.object.key === object.key;
}

const zeros = Buffer.alloc(256 * 1024);

function isZero(bytes: Uint8Array): boolean {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < view.byteLength; at += zeros.byteLength) {
    const part = view.subarray(at, at + zeros.byteLength);
    if (!part.equals(zeros.subarray(0, part.byteLength))) return false;
  }
  return true;
}
