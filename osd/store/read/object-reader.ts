/** Reads of objects: the index tells where the bytes are, in one turn, so that a read never mixes two transactions. */
import { CairnError, isCairnError } from '../../../base/errors.js';
import { rangeBelow, type Draft, type StoreState } from '../apply/draft.js';
import { look } from '../apply/look.js';
import { ObjectEditor } from '../apply/object-editor.js';
import { extentsBetween, type Extent } from '../format/extents.js';
import {
  headKey,
  markKey,
  objectRange,
  omapKey,
  pgPart,
  pgValueKey,
  prefixRange,
  sharedKey,
  type KeyRange,
} from '../format/index-key.js';
import { decodeObjectHead, type ObjectHead, type ObjectVersion } from '../format/object-head.js';
import { decodeOmapValue, type BodySlot } from '../format/omap-value.js';
import { decodeSharedPayload } from '../format/shared-payload.js';
import { IndexWalk, type WalkOptions } from '../index/walk.js';
import { chunkBytes } from '../limits.js';
import { orderPrefix, showObject, type ObjectId } from '../object-id.js';
import type { PgId, PoolId } from '../../../cluster/ids.js';
import type { PayloadRange, PayloadReader } from './payload-reader.js';
import type { ReadBuffers } from './read-buffers.js';

export interface ObjectInfo {
  readonly size: number;
  readonly version: ObjectVersion;
  /** In byte order of their names. Lent: not to be changed. */
  readonly attributes: ReadonlyMap<string, Uint8Array>;
  /** False: there is no omap key for certain. */
  readonly mayHaveOmap: boolean;
}

export interface OmapItem {
  readonly head: Uint8Array;
  /** Slots of the bodies that there are. */
  readonly slots: readonly BodySlot[];
  /** Of all bodies together. */
  readonly bodyBytes: number;
}

export interface OmapEntry {
  readonly key: string;
  readonly head: Uint8Array;
  /** By slot, ascending. */
  readonly bodies: readonly { readonly slot: BodySlot; readonly bytes: number }[];
}

export interface ReadOptions {
  /** What was read and verified lately may come from memory: for clients, and not for who looks for rot. Default false. */
  readonly mayBeCached?: boolean;
  /** With `mayBeCached`: memory for what is returned, which is the caller's no longer once these are released. */
  readonly buffers?: ReadBuffers | undefined;
}

/** What of an object could not be read: `details.part` of `CORRUPT` and `IO_ERROR`. */
export type DamagedPart =
  | { readonly kind: 'data'; readonly offset: number; readonly bytes: number }
  | { readonly kind: 'omap-key'; readonly key: string };

/** Of one zero-filled piece in the answer of a read: shared by all, so it must not be changed. */
const zeros = new Uint8Array(chunkBytes);

const walkPage = 256;

type PlannedPiece = { readonly kind: 'zeros'; readonly bytes: number } | ({ readonly kind: 'stored' } & PayloadRange);

export class ObjectReader {
  readonly #state: StoreState;
  readonly #payloads: PayloadReader;

  constructor(state: StoreState, payloads: PayloadReader) {
    this.#state = state;
    this.#payloads = payloads;
  }

  /** `undefined` when there is no such object. */
  async stat(object: ObjectId): Promise<ObjectInfo | undefined> {
    const head = await look(this.#state, 0, (draft) => headOf(draft, object));
    if (head === undefined) return undefined;
    return { size: head.size, version: head.version, attributes: head.attributes, mayHaveOmap: head.hasOmap };
  }

  /**
   * The bytes from `offset` on, fewer than `bytes` at the object's end, in pieces that are the caller's to keep but not to
   * change. `NOT_FOUND` without the object; `INVALID_ARGUMENT` for what is no range; `CORRUPT` and `IO_ERROR` name object, offset and segment.
   */
  async read(object: ObjectId, offset: number, bytes: number, options: ReadOptions = {}): Promise<Uint8Array[]> {
    const [pieces] = await this.readMany(object, [{ offset, bytes }], options);
    return pieces ?? [];
  }

  /** Several ranges of one object as of one moment. */
  async readMany(
    object: ObjectId,
    ranges: readonly { readonly offset: number; readonly bytes: number }[],
    options: ReadOptions = {},
  ): Promise<Uint8Array[][]> {
    for (const { offset, bytes } of ranges) checkRange(object, offset, bytes);
    const plans = await look(this.#state, 0, (draft) => {
      const editor = new ObjectEditor(draft, object);
      if (!editor.exists) throw new CairnError('NOT_FOUND', `${showObject(object)} does not exist`);
      const planned = ranges.map(({ offset, bytes }) => planRead(draft, editor, offset, bytes));
      // In this turn: from the next on, the index may name other places.
      for (const piece of planned.flat()) if (piece.kind === 'stored') this.#payloads.hold(piece.payload);
      return planned;
    });
    const held = plans.flat().flatMap((piece) => (piece.kind === 'stored' ? [piece.payload] : []));
    try {
      return await Promise.all(plans.map((plan, i) => this.#readPlan(object, ranges[i]?.offset ?? 0, plan, options)));
    } finally {
      for (const payload of held) this.#payloads.release(payload);
    }
  }

  /** Head and slots of an omap value. */
  async omapGet(object: ObjectId, key: string): Promise<OmapItem | undefined> {
    return await look(this.#state, 0, (draft) => {
      const stored = draft.get(omapKey(object, key));
      if (stored === undefined) return undefined;
      const { head, bodies } = decodeOmapValue(stored);
      const bodyBytes = bodies.reduce((sum, { payload }) => sum + (payload?.bytes ?? 0), 0);
      return { head, slots: bodies.map(({ slot }) => slot), bodyBytes };
    });
  }

  /** A body of an omap value; `undefined` when there is none. Errors as those of `read`. */
  async omapBody(
    object: ObjectId,
    key: string,
    slot: BodySlot,
    options: ReadOptions = {},
  ): Promise<Uint8Array | undefined> {
    const range = await look(this.#state, 0, (draft): PayloadRange | 'empty' | undefined => {
      const stored = draft.get(omapKey(object, key));
      const body = stored === undefined ? undefined : decodeOmapValue(stored).bodies.find((one) => one.slot === slot);
      if (body === undefined) return undefined;
      if (body.payload === undefined) return 'empty';
      this.#payloads.hold(body.payload);
      return { payload: body.payload, owner: object.owner, skip: 0, bytes: body.payload.bytes };
    });
    if (range === undefined) return undefined;
    if (range === 'empty') return new Uint8Array(0);
    try {
      return await this.#readPayload(range, () => `${showObject(object)}, body ${slot} of an omap key`, options);
    } catch (error) {
      throw withPart(error, { kind: 'omap-key', key });
    } finally {
      this.#payloads.release(range.payload);
    }
  }

  /** Lent: not to be changed, as are the heads of omap values. */
  async pgGet(pg: PgId, key: string): Promise<Uint8Array | undefined> {
    return await look(this.#state, 0, (draft) => draft.get(pgValueKey(pg, key)));
  }

  /** Values of a PG from `from` to before `to`. */
  async pgValues(
    pg: PgId,
    { from, to }: { readonly from: string; readonly to: string | undefined },
  ): Promise<{ readonly key: string; readonly value: Uint8Array }[]> {
    const prefix = `p${pgPart(pg)}`;
    return await this.#walkAll(rangeBelow(prefix, from, to), prefix.length);
  }

  async mark(object: ObjectId, mark: string): Promise<Uint8Array | undefined> {
    return await look(this.#state, 0, (draft) => draft.get(markKey(object, mark)));
  }

  async marks(object: ObjectId): Promise<{ readonly mark: string; readonly value: Uint8Array }[]> {
    const found = await this.#walkAll(objectRange('w', object), 1 + object.key.length);
    return found.map(({ key, value }) => ({ mark: key, value }));
  }

  async #walkAll(range: KeyRange, prefixLength: number): Promise<{ key: string; value: Uint8Array }[]> {
    const walk = new IndexWalk(this.#state.index, range);
    const all: { key: string; value: Uint8Array }[] = [];
    try {
      for (let page = await walk.next(walkPage); page.length > 0; page = await walk.next(walkPage)) {
        for (const { key, value } of page) all.push({ key: key.slice(prefixLength), value });
      }
    } finally {
      await walk.close();
    }
    return all;
  }

  /** Values of a PG, under their keys of the index. */
  pgWalk(pg: PgId): IndexWalk {
    return new IndexWalk(this.#state.index, prefixRange(`p${pgPart(pg)}`));
  }

  /** Heads of the objects whose order is from `from` to before `to`, under their keys of the index. */
  objectWalk(pool: PoolId, { from, to }: { readonly from: number; readonly to: number }): IndexWalk {
    return new IndexWalk(this.#state.index, { gte: `o${orderPrefix(pool, from)}`, lt: `o${orderPrefix(pool, to)}` });
  }

  /** Heads of omap values from `from` to before `to`, forward or back. */
  omapWalk(object: ObjectId, range: { from: string; to?: string | undefined }, options: WalkOptions = {}): OmapWalk {
    const keys = rangeBelow(`m${object.key}`, range.from, range.to);
    return new OmapWalk(new IndexWalk(this.#state.index, keys, options), object);
  }

  #readPayload(
    range: PayloadRange,
    what: () => string,
    { mayBeCached = false, buffers }: ReadOptions,
  ): Promise<Uint8Array> {
    return mayBeCached ? this.#payloads.readCached(range, what, buffers) : this.#payloads.read(range, what);
  }

  async #readPlan(
    object: ObjectId,
    offset: number,
    plan: readonly PlannedPiece[],
    options: ReadOptions,
  ): Promise<Uint8Array[]> {
    let at = offset;
    const pieces = plan.map(async (piece) => {
      const start = at;
      at += piece.bytes;
      if (piece.kind === 'zeros') return zeros.subarray(0, piece.bytes);
      try {
        return await this.#readPayload(piece, () => `${showObject(object)} at ${start}`, options);
      } catch (error) {
        throw withPart(error, { kind: 'data', offset: start, bytes: piece.bytes });
      }
    });
    return await Promise.all(pieces);
  }
}

export class OmapWalk {
  readonly #walk: IndexWalk;
  readonly #prefix: string;

  constructor(walk: IndexWalk, object: ObjectId) {
    this.#walk = walk;
    this.#prefix = objectRange('m', object).gte;
  }

  /** The next entries, 1 to `entriesMax`; none only at the end. */
  async next(entriesMax: number): Promise<OmapEntry[]> {
    const entries = await this.#walk.next(entriesMax);
    return entries.map(({ key, value }) => {
      const { head, bodies } = decodeOmapValue(value);
      const sizes = bodies.map(({ slot, payload }) => ({ slot, bytes: payload?.bytes ?? 0 }));
      return { key: key.slice(this.#prefix.length), head, bodies: sizes };
    });
  }

  /** Onwards to the first key at or after `key`; in reverse to the last before it. */
  seek(key: string): void {
    this.#walk.seek(`${this.#prefix}${key}`);
  }

  close(): Promise<void> {
    return this.#walk.close();
  }
}

function withPart(error: unknown, part: DamagedPart): unknown {
  if (!isCairnError(error)) return error;
  const { code, message, applied, details } = error;
  return new CairnError(code, message, { applied, details: { ...details, part }, cause: error });
}

/** A range may reach beyond the end of its object. */
function checkRange(object: ObjectId, offset: number, bytes: number): void {
  if (Number.isSafeInteger(offset) && offset >= 0 && Number.isSafeInteger(bytes) && bytes >= 0) return;
  throw new CairnError('INVALID_ARGUMENT', `${showObject(object)} has no range of ${bytes} bytes at ${offset}`);
}

function headOf(draft: Draft, object: ObjectId): ObjectHead | undefined {
  const stored = draft.get(headKey(object));
  return stored === undefined ? undefined : decodeObjectHead(stored);
}

function planRead(draft: Draft, editor: ObjectEditor, offset: number, bytes: number): PlannedPiece[] {
  const end = Math.min(offset + bytes, editor.size);
  if (offset >= end) return [];
  const first = Math.floor(offset / chunkBytes);
  const lists = editor.chunks(first, Math.floor((end - 1) / chunkBytes));
  const plan: PlannedPiece[] = [];
  let at = offset;
  const zerosTo = (to: number): void => {
    for (; at < to; at += zeros.byteLength) {
      plan.push({ kind: 'zeros', bytes: Math.min(zeros.byteLength, to - at) });
    }
    at = to;
  };
  lists.forEach((extents, i) => {
    const base = (first + i) * chunkBytes;
    for (const extent of extentsBetween(extents, Math.max(offset - base, 0), Math.min(end - base, chunkBytes))) {
      zerosTo(base + extent.at);
      plan.push(joined(plan, pieceOf(draft, editor, extent)));
      at += extent.bytes;
    }
  });
  zerosTo(end);
  return plan;
}

function pieceOf(draft: Draft, editor: ObjectEditor, { source, skip, bytes }: Extent): PlannedPiece {
  if (source.kind === 'own') {
    return { kind: 'stored', payload: source.payload, owner: editor.object.owner, skip, bytes };
  }
  const stored = draft.get(sharedKey(source.id));
  if (stored === undefined) {
    throw new CairnError(
      'CORRUPT',
      `${showObject(editor.object)}: the index lacks the shared payload that it points to`,
    );
  }
  const { payload, owner } = decodeSharedPayload(stored);
  return { kind: 'stored', payload, owner, skip, bytes };
}

/** Pieces of one payload that follow each other are read at once: takes the one before back from the plan. */
function joined(plan: PlannedPiece[], piece: PlannedPiece): PlannedPiece {
  const last = plan.at(-1);
  if (last?.kind !== 'stored' || piece.kind !== 'stored') return piece;
  const isNext =
    last.payload.segment === piece.payload.segment &&
    last.payload.offset === piece.payload.offset &&
    last.skip + last.bytes === piece.skip;
  if (!isNext) return piece;
  plan.pop();
  return { ...last, bytes: last.bytes + piece.bytes };
}
