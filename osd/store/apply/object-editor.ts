/** One object while a transaction changes it: its head and its chunks, each decoded once and written back once. */
import { CairnError } from '../../../base/errors.js';
import { chunkKey, discardKey, headKey, objectRange, payloadOwnerKey, sharedKey } from '../format/index-key.js';
import { decodeChunk, encodeChunk } from '../format/chunk-value.js';
import { replaceRange, type Extent, type ExtentChange } from '../format/extents.js';
import {
  attributesBytes,
  blankHead,
  decodeObjectHead,
  encodeObjectHead,
  isInline,
  type ObjectHead,
  type ObjectVersion,
} from '../format/object-head.js';
import { decodeSharedPayload, encodeSharedPayload } from '../format/shared-payload.js';
import type { PayloadRef } from '../format/payload-ref.js';
import { objectBytesMax } from '../../../protocol/object-limits.js';
import { attributeBytesMax, chunkBytes } from '../limits.js';
import { showObject, type ObjectId } from '../object-id.js';
import type { Draft } from './draft.js';

/** What a payload that is new to a chunk did to it. */
export interface ChunkChange extends ExtentChange {
  /** Bytes that the new payload shows. */
  readonly shown: { readonly segment: number; readonly bytes: number };
}

export class ObjectEditor {
  readonly object: ObjectId;
  readonly #draft: Draft;
  #existed: boolean;
  #exists: boolean;
  #sizeBefore: number;
  // The head, field by field: a new one for each change would cost more than the change.
  #size: number;
  #version: ObjectVersion;
  #hasOmap: boolean;
  #hasMarks: boolean;
  #attributes: ReadonlyMap<string, Uint8Array>;
  #extents: readonly Extent[];
  #isChanged = false;
  /**
   * Of what has keys of its own, as far as it was read or changed. Written back once: of a transaction of ten thousand tiny
   * writes to a chunk, each would else encode what all before it wrote.
   */
  #chunks: Map<number, readonly Extent[]> | undefined;
  #changedChunks: Set<number> | undefined;

  /** Reads the head. */
  constructor(draft: Draft, object: ObjectId) {
    this.object = object;
    this.#draft = draft;
    const stored = draft.get(headKey(object));
    const head = stored === undefined ? blankHead : decodeObjectHead(stored);
    this.#exists = stored !== undefined;
    this.#existed = this.#exists;
    this.#sizeBefore = head.size;
    this.#size = head.size;
    this.#version = head.version;
    this.#hasOmap = head.hasOmap;
    this.#hasMarks = head.hasMarks;
    this.#attributes = head.attributes;
    this.#extents = head.extents;
  }

  get exists(): boolean {
    return this.#exists;
  }

  get size(): number {
    return this.#size;
  }

  get version(): ObjectVersion {
    return this.#version;
  }

  get hasOmap(): boolean {
    return this.#hasOmap;
  }

  get attributes(): ReadonlyMap<string, Uint8Array> {
    return this.#attributes;
  }

  /** The object exists from here on. */
  create(): void {
    if (this.#exists) return;
    this.#exists = true;
    this.#isChanged = true;
  }

  setVersion(version: ObjectVersion): void {
    this.create();
    this.#version = version;
    this.#isChanged = true;
  }

  setHasOmap(): void {
    if (this.#hasOmap) return;
    this.create();
    this.#hasOmap = true;
    this.#isChanged = true;
  }

  setHasMarks(): void {
    if (this.#hasMarks) return;
    this.create();
    this.#hasMarks = true;
    this.#isChanged = true;
  }

  setAttributes(attributes: ReadonlyMap<string, Uint8Array>): void {
    if (attributesBytes(attributes) > attributeBytesMax) {
      const message = `${showObject(this.object)}: its attributes would have more than ${attributeBytesMax} bytes`;
      throw new CairnError('INVALID_ARGUMENT', `${message}; keep larger things in its omap`);
    }
    const names = Array.from(attributes.keys()).sort(byBytes);
    this.create();
    this.#attributes = new Map(names.map((name) => [name, attributes.get(name) as Uint8Array]));
    this.#isChanged = true;
  }

  /** Extents of chunks `from` to `to`, both included. */
  chunks(from: number, to: number): (readonly Extent[])[] {
    if (isInline(this.#size)) {
      if (from === 0 && to === 0) return [this.#extents];
      const lists: (readonly Extent[])[] = [];
      for (let chunk = from; chunk <= to; chunk++) lists.push(chunk === 0 ? this.#extents : []);
      return lists;
    }
    this.#readChunks(from, Math.min(to, Math.ceil(this.#size / chunkBytes) - 1));
    return Array.from({ length: to - from + 1 }, (_, i) => this.#chunks?.get(from + i) ?? []);
  }

  #readChunks(from: number, to: number): void {
    const unknown: number[] = [];
    const chunks = (this.#chunks ??= new Map());
    for (let chunk = from; chunk <= to; chunk++) if (!chunks.has(chunk)) unknown.push(chunk);
    const values = this.#draft.getMany(unknown.map((chunk) => chunkKey(this.object, chunk)));
    unknown.forEach((chunk, i) => {
      const value = values[i];
      chunks.set(chunk, value === undefined ? [] : decodeChunk(value));
    });
  }

  /** So many, the last perhaps shorter. */
  get chunkCount(): number {
    return Math.ceil(this.#size / chunkBytes);
  }

  /**
   * What the index will have of chunks `from` to `to`, both included; `undefined` of one without extents. Of an object whose chunks
   * have keys of their own.
   */
  chunkValues(from: number, to: number): (Uint8Array | undefined)[] {
    const chunks = Array.from({ length: to - from + 1 }, (_, i) => from + i);
    const unchanged = chunks.filter((chunk) => this.#changedChunks?.has(chunk) !== true);
    const stored = this.#draft.getMany(unchanged.map((chunk) => chunkKey(this.object, chunk)));
    let next = 0;
    return chunks.map((chunk) => {
      if (unchanged[next] === chunk) return stored[next++];
      const extents = this.#chunks?.get(chunk) ?? [];
      return extents.length === 0 ? undefined : encodeChunk(extents);
    });
  }

  /** A chunk without extents gets those of `value`, which count already. */
  adoptChunk(chunk: number, value: Uint8Array): void {
    this.#chunks?.delete(chunk);
    this.#changedChunks?.delete(chunk);
    this.#draft.put(chunkKey(this.object, chunk), value);
  }

  /**
   * Lets go of whole chunks, where to release each of their extents would make a long turn: they are put aside as they are, which
   * is one change each, and released later (`bulk/`). Else it does nothing.
   */
  #discardMany(from: number, to: number): void {
    const last = Math.min(to, this.chunkCount - 1);
    if (last <= from || isInline(this.#size)) return;
    const values = this.chunkValues(from, last);
    if (values.reduce((sum, value) => sum + (value?.byteLength ?? 0), 0) <= this.#draft.bulkBytesMin) return;
    const count = this.#draft.newDiscard();
    values.forEach((value, i) => {
      if (value === undefined) return;
      const chunk = from + i;
      this.#draft.put(discardKey(this.#draft.batch, count, chunk), value);
      this.#draft.delete(chunkKey(this.object, chunk));
      (this.#chunks ??= new Map()).set(chunk, []);
      this.#changedChunks?.delete(chunk);
    });
  }

  /** Puts `added` into a range of the object's bytes, and lets go of what was there. The object grows to hold it. */
  replace(from: number, to: number, added: (chunk: number, start: number, end: number) => Extent[]): void {
    if (to > objectBytesMax) {
      throw new CairnError('INVALID_ARGUMENT', `${showObject(this.object)} would exceed ${objectBytesMax} bytes`);
    }
    this.grow(to);
    if (from === to) return;
    const first = Math.floor(from / chunkBytes);
    const last = Math.floor((to - 1) / chunkBytes);
    this.#discardMany(Math.ceil(from / chunkBytes), Math.floor(to / chunkBytes) - 1);
    const lists = this.chunks(first, last);
    this.readShared(lists);
    for (let chunk = first; chunk <= last; chunk++) {
      const base = chunk * chunkBytes;
      const start = Math.max(from - base, 0);
      const end = Math.min(to - base, chunkBytes);
      const old = lists[chunk - first] ?? [];
      const { extents, dropped } = replaceRange(old, start, end, added(chunk, start, end));
      this.#release(dropped);
      this.countShared(old, extents);
      this.noteExtents(chunk, old, extents);
      this.setChunk(chunk, extents);
    }
  }

  /** `change` gets the extents of a chunk, and where the object ends in it. Never makes the object longer. */
  changeChunk(chunk: number, change: (extents: readonly Extent[], end: number) => ChunkChange | undefined): void {
    const [old = []] = this.chunks(chunk, chunk);
    const changed = change(old, Math.min(this.#size - chunk * chunkBytes, chunkBytes));
    if (changed === undefined) return;
    const { extents, dropped, shown } = changed;
    this.#release(dropped);
    this.#draft.addLive(shown.segment, shown.bytes);
    this.countShared(old, extents);
    this.setChunk(chunk, extents);
  }

  /** Shared payloads have more or fewer extents that point to them. */
  countShared(before: readonly Extent[], after: readonly Extent[]): void {
    if (!hasShared(before) && !hasShared(after)) return;
    const changes = new Map<number, number>();
    const add = (extents: readonly Extent[], by: number): void => {
      for (const { source } of extents) {
        if (source.kind === 'shared') changes.set(source.id, (changes.get(source.id) ?? 0) + by);
      }
    };
    add(after, 1);
    add(before, -1);
    const changed = Array.from(changes).filter(([, by]) => by !== 0);
    // Those that have to be read first are named all at once: each time, the transaction begins anew.
    this.#draft.getMany(changed.map(([id]) => sharedKey(id)));
    for (const [id, by] of changed) changeReferences(this.#draft, id, by);
  }

  /**
   * What `countShared` will ask for, of several chunks at once: chunk by chunk, the transaction would begin anew for each. To
   * remove a clone of 1 GiB took minutes.
   */
  readShared(lists: readonly (readonly Extent[])[]): void {
    if (lists.length < 2) return;
    const ids = new Set<number>();
    for (const extents of lists) for (const { source } of extents) if (source.kind === 'shared') ids.add(source.id);
    if (ids.size > 0) this.#draft.getMany(Array.from(ids, sharedKey));
  }

  setChunk(chunk: number, extents: readonly Extent[]): void {
    if (isInline(this.#size)) {
      this.create();
      this.#extents = extents;
      this.#isChanged = true;
      return;
    }
    this.#storeChunk(chunk, extents);
  }

  #storeChunk(chunk: number, extents: readonly Extent[]): void {
    (this.#chunks ??= new Map()).set(chunk, extents);
    (this.#changedChunks ??= new Set()).add(chunk);
  }

  /** Longer, with zeros; never shorter. */
  grow(size: number): void {
    this.create();
    if (size <= this.#size) return;
    const leavesHead = isInline(this.#size) && !isInline(size);
    const extents = this.#extents;
    this.#size = size;
    this.#isChanged = true;
    if (!leavesHead) return;
    this.#extents = [];
    if (extents.length > 0) this.#storeChunk(0, extents);
    else (this.#chunks ??= new Map()).set(0, extents);
  }

  /** Shorter or longer. */
  resize(size: number): void {
    const old = this.#size;
    if (size >= old) {
      this.grow(size);
      return;
    }
    this.#dropFrom(size, old);
    this.create();
    this.#isChanged = true;
    if (!isInline(old) && isInline(size)) {
      const [extents = []] = this.chunks(0, 0);
      this.#storeChunk(0, []);
      this.#extents = extents;
    }
    this.#size = size;
  }

  /** With everything that it has. */
  remove(): void {
    if (!this.#exists) return;
    this.#dropFrom(0, this.#size);
    if (!isInline(this.#size)) this.#storeChunk(0, []);
    if (this.#hasOmap) this.#draft.removeRange(objectRange('m', this.object));
    if (this.#hasMarks) this.#draft.removeRange(objectRange('w', this.object));
    this.#size = blankHead.size;
    this.#version = blankHead.version;
    this.#hasOmap = false;
    this.#hasMarks = false;
    this.#attributes = blankHead.attributes;
    this.#extents = blankHead.extents;
    this.#exists = false;
    this.#isChanged = true;
  }

  /** Writes head and chunks back and counts the object. */
  finish(): void {
    if (this.#changedChunks !== undefined) this.#writeChunks(this.#changedChunks);
    if (!this.#isChanged) return;
    const key = headKey(this.object);
    if (this.#exists) this.#draft.put(key, encodeObjectHead(this.#head()));
    else if (this.#existed) this.#draft.delete(key);
    const objects = Number(this.#exists) - Number(this.#existed);
    this.#draft.count(objects, this.#size - this.#sizeBefore);
    this.#existed = this.#exists;
    this.#sizeBefore = this.#size;
    this.#isChanged = false;
  }

  #writeChunks(changed: Set<number>): void {
    for (const chunk of changed) {
      const key = chunkKey(this.object, chunk);
      const extents = this.#chunks?.get(chunk) ?? [];
      if (extents.length === 0) this.#draft.delete(key);
      else this.#draft.put(key, encodeChunk(extents));
    }
    changed.clear();
  }

  #head(): ObjectHead {
    return {
      size: this.#size,
      version: this.#version,
      hasOmap: this.#hasOmap,
      hasMarks: this.#hasMarks,
      attributes: this.#attributes,
      extents: this.#extents,
    };
  }

  /** Lets go of all bytes from `size` on, chunk by chunk; keys of whole chunks go. */
  #dropFrom(size: number, old: number): void {
    if (old === 0 || size >= old) return;
    const first = Math.floor(size / chunkBytes);
    const last = Math.floor((old - 1) / chunkBytes);
    this.#discardMany(Math.ceil(size / chunkBytes), last);
    const lists = this.chunks(first, last);
    this.readShared(lists);
    for (let chunk = first; chunk <= last; chunk++) {
      const start = Math.max(size - chunk * chunkBytes, 0);
      const list = lists[chunk - first] ?? [];
      if (list.length === 0) continue;
      const { extents, dropped } = replaceRange(list, start, chunkBytes);
      this.#release(dropped);
      this.countShared(list, extents);
      this.setChunk(chunk, extents);
    }
  }

  /** The merger hears of it, if they are too many. */
  noteExtents(chunk: number, before: readonly Extent[], after: readonly Extent[]): void {
    this.#draft.noteExtents({ object: this.object, chunk, extentsBefore: before.length }, after.length);
  }

  /** Parts of payloads of its own that nothing shows any more. */
  #release(dropped: readonly Extent[]): void {
    for (const { source, bytes } of dropped) {
      if (source.kind === 'own') this.#draft.addLive(source.payload.segment, -bytes);
    }
  }
}

function hasShared(extents: readonly Extent[]): boolean {
  for (const { source } of extents) if (source.kind === 'shared') return true;
  return false;
}

/** A shared payload has `by` more references, or fewer; with the last one it goes. */
export function changeReferences(draft: Draft, id: number, by: number): void {
  const stored = draft.get(sharedKey(id));
  if (stored === undefined) {
    throw new CairnError('CORRUPT', `the index lacks shared payload ${id}, which extents point to; run cairn osd fsck`);
  }
  const shared = decodeSharedPayload(stored);
  const references = shared.references + by;
  if (references > 0) draft.put(sharedKey(id), encodeSharedPayload({ ...shared, references }));
  else dropShared(draft, id, shared.payload);
}

function dropShared(draft: Draft, id: number, payload: PayloadRef): void {
  draft.delete(sharedKey(id));
  draft.delete(payloadOwnerKey(payload));
  draft.addLive(payload.segment, -payload.bytes);
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
