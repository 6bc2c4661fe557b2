/** One object on its way to the parked set: as it is here, with what the entries wrote that are about to be cut. */
import { isCairnError } from '../../../base/errors.js';
import { blockShiftMin, omapHeadBytesMax } from '../../store/limits.js';
import { encodeParkedObject, type ParkedObject } from '../../store/parked/parked-object.js';
import {
  parkedAttribute,
  parkedEntryKey,
  parkedKey,
  parkedObjectId,
  type ParkedPlace,
  shadowPg,
} from '../../store/parked/parked-place.js';
import type { ObjectReader } from '../../store/read/object-reader.js';
import type { Store } from '../../store/store.js';
import { payloadOf, type BodyChange, type Mutation, type Payload } from '../../store/transaction.js';
import { mutationBytes, splitMutations } from '../copy/split-mutations.js';
import type { PgCopy } from '../pg-copy.js';
import type { LogPosition } from '../types.js';
import type { CutObject } from './find-tail.js';

export interface ParkContext {
  readonly place: ParkedPlace;
  readonly common: LogPosition | undefined;
  /** Something of it was still to be copied here. */
  readonly isMissing: boolean;
  /** Wall time in ms. */
  readonly now: number;
}

/** Durable when it resolves. Whatever was there of an attempt before is made anew. */
export async function parkObject(
  store: Store,
  copy: PgCopy,
  cut: CutObject,
  { place, common, isMissing, now }: ParkContext,
): Promise<ParkedObject> {
  const { object, entries } = cut;
  const [target, log] = [parkedObjectId(place, 'object'), parkedObjectId(place, 'log')];
  const info = await store.objects.stat(object);
  const writer = new ParkWriter(store, place);
  await writer.add({ kind: 'remove', object: target });
  await writer.add({ kind: 'remove', object: log });
  if (info !== undefined) await writer.add({ kind: 'clone', object: target, source: object });
  let isReadable = true;
  for (const key of keysOf(cut)) {
    // One by one: together they may be more than memory has room for.
    const value = await readValue(store.objects, cut, key);
    if (value === 'damaged') isReadable = false;
    else if (value !== undefined) await writer.add({ kind: 'omap-set', object: target, key, ...value });
  }
  for (const { term, seq, packed } of entries) {
    await writer.add({ kind: 'omap-set', object: log, key: parkedEntryKey({ term, seq }), ...valueOf(packed.bytes) });
  }
  const last = entries.at(-1);
  const isAsLast =
    info === undefined
      ? copy.isComplete && last?.touched.some(({ kind }) => kind === 'whole') === true
      : info.version.term === place.version.term && info.version.seq === place.version.seq;
  const what: ParkedObject = {
    name: object.name,
    exists: info !== undefined,
    isWhole: isAsLast && !isMissing && isReadable,
    bytes: info?.size ?? 0,
    entries: entries.length,
    acknowledged: entries.filter(({ seq }) => seq <= (copy.async?.commit ?? 0)).length,
    parkedAt: Math.max(0, Math.floor(now)),
    common: common ?? { term: 0, seq: 0 },
  };
  await writer.add({
    kind: 'set-attributes',
    object: log,
    set: new Map([[parkedAttribute, encodeParkedObject(what)]]),
  });
  await writer.finish();
  return what;
}

/** Gathers mutations to as few transactions as the store takes. */
class ParkWriter {
  readonly #store: Store;
  readonly #place: ParkedPlace;
  readonly #bytesMax: number;
  #waiting: Mutation[] = [];
  #waitingBytes = 0;
  #isBegun = false;

  constructor(store: Store, place: ParkedPlace) {
    this.#store = store;
    this.#place = place;
    this.#bytesMax = store.transactionBytesMax / 2;
  }

  async add(mutation: Mutation): Promise<void> {
    for (const piece of splitMutations([mutation], this.#bytesMax).flat()) {
      const bytes = mutationBytes(piece);
      if (this.#waitingBytes + bytes > this.#bytesMax && this.#waitingBytes > 0) await this.#flush();
      this.#waiting.push(piece);
      this.#waitingBytes += bytes;
    }
  }

  async #flush(): Promise<void> {
    // A mark stands until the last of them: whoever finds it knows that not all is there.
    const mark = { kind: 'pg-set', key: parkedKey(this.#place), value: new Uint8Array(0) } as const;
    const mutations = this.#isBegun ? this.#waiting : [mark, ...this.#waiting];
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#isBegun = true;
    await this.#apply(mutations);
  }

  async finish(): Promise<void> {
    // One that an attempt before left goes as well.
    await this.#apply([...this.#waiting, { kind: 'pg-remove', key: parkedKey(this.#place) }]);
  }

  async #apply(mutations: readonly Mutation[]): Promise<void> {
    await this.#store.apply({ pg: shadowPg(this.#place.pg.pool), blockShift: blockShiftMin, mutations });
  }
}

/** Omap keys that the cut entries wrote: a clone has the data and the attributes. */
function keysOf({ entries }: CutObject): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const { touched } of entries) {
    for (const one of touched) if (one.kind === 'omap-key' || one.kind === 'omap-value') keys.add(one.key);
  }
  return keys;
}

interface OmapValue {
  readonly head: Uint8Array;
  readonly bodies: readonly BodyChange<Payload>[];
}

async function readValue(
  objects: ObjectReader,
  { object }: CutObject,
  key: string,
): Promise<OmapValue | 'damaged' | undefined> {
  try {
    const item = await objects.omapGet(object, key);
    if (item === undefined) return undefined;
    const bodies: BodyChange<Payload>[] = [];
    for (const slot of item.slots) {
      const body = await objects.omapBody(object, key, slot);
      if (body !== undefined) bodies.push({ slot, body: payloadOf(body) });
    }
    return { head: item.head, bodies };
  } catch (error) {
    // One that has rotted is lost either way, and must not keep the copy from joining for ever.
    if (isCairnError(error, 'CORRUPT') || isCairnError(error, 'IO_ERROR')) return 'damaged';
    throw error;
  }
}

function valueOf(bytes: Uint8Array): OmapValue {
  if (bytes.byteLength <= omapHeadBytesMax) return { head: bytes, bodies: [] };
  return { head: new Uint8Array(0), bodies: [{ slot: 0, body: payloadOf(bytes) }] };
}
