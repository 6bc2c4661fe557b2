/**
 * A shard as one call sees and changes it. Whoever changes something ends with `finish`, which writes the header; nothing
 * is changed before the whole call has succeeded (DESIGN.md section 5).
 */
import { invariant } from '../../../base/invariant.js';
import { decodeEntry, type Entry, encodeEntry } from '../../../protocol/bucket/entry.js';
import { decodeNullPlace, encodeEnded, encodeNullPlace } from '../../../protocol/bucket/intent.js';
import { bucketRefusal } from '../../../protocol/bucket/refusal.js';
import {
  decodeShardHeader,
  encodeShardHeader,
  hashOfKey,
  headerAttribute,
  isWithin,
  type ShardHeader,
} from '../../../protocol/bucket/shard-header.js';
import {
  currentKey,
  endOf,
  escapeKey,
  garbageKey,
  nullKey,
  versionKey,
  versionsOf,
} from '../../../protocol/bucket/shard-keys.js';
import { keyBytesMax } from '../../../protocol/bucket/limits.js';
import { CairnError } from '../../../base/errors.js';
import { encodeHeader } from '../../../wire/header-codec.js';
import type { ClassContext, ClassReader, ClassResult } from '../object-class.js';
import { countEntry, type EntryPlace } from './counts.js';
import { type BodyChanges, Overlay } from './overlay.js';
import { latin1 } from './read-input.js';

/** GETs that run when something is released read on for so long. */
export const graceMs = 15 * 60_000;

/** An entry, and where it is. */
export interface Found {
  readonly omapKey: string;
  readonly place: EntryPlace;
  readonly entry: Entry;
}

/** The collector's work mark: when it has to come, ms as text. */
export const collectMark = 'bucket-collect';

export class Shard {
  readonly reader: ClassReader;
  readonly context: ClassContext;
  readonly omap: Overlay;
  readonly #before: ShardHeader;
  #header: ShardHeader;

  private constructor(reader: ClassReader, context: ClassContext, header: ShardHeader) {
    this.reader = reader;
    this.context = context;
    this.omap = new Overlay(reader);
    this.#before = header;
    this.#header = header;
  }

  /** Of that bucket, whatever its generation. Throws `no-shard`. */
  static async ofBucket(reader: ClassReader, context: ClassContext, bucket: Uint8Array): Promise<Shard> {
    const stored = await reader.attribute(headerAttribute);
    if (stored === undefined) throw bucketRefusal('no-shard');
    const header = decodeShardHeader(stored);
    if (header.bucket !== latin1(bucket)) throw bucketRefusal('no-shard');
    return new Shard(reader, context, header);
  }

  /** Also of that generation, and open. Throws `no-shard`, `stale-bucket`, `wrong-shard`, `bucket-sealed`. */
  static async open(
    reader: ClassReader,
    context: ClassContext,
    { bucket, generation }: { readonly bucket: Uint8Array; readonly generation: number },
  ): Promise<Shard> {
    const shard = await Shard.ofBucket(reader, context, bucket);
    const { header } = shard;
    if (header.state === 'preparing') throw bucketRefusal('wrong-shard');
    if (header.generation !== generation) {
      throw bucketRefusal('stale-bucket', undefined, { generation: header.generation });
    }
    if (header.state === 'sealed') throw bucketRefusal('bucket-sealed');
    return shard;
  }

  get header(): ShardHeader {
    return this.#header;
  }

  change(changes: Partial<ShardHeader>): void {
    this.#header = { ...this.#header, ...changes };
  }

  /** The key as the omap has it. Throws `wrong-shard`, `range-sealed`; `INVALID_ARGUMENT` for a key that is too long. */
  own(key: string): string {
    const escaped = escapeKey(key);
    if (Buffer.byteLength(key) > keyBytesMax) {
      throw new CairnError('INVALID_ARGUMENT', `a key has at most ${keyBytesMax} bytes`);
    }
    const hash = hashOfKey(escaped);
    const { rectangle, split, tableVersion } = this.#header;
    if (!isWithin(rectangle, escaped, hash)) throw bucketRefusal('wrong-shard', undefined, { tableVersion });
    if (split?.isSealed === true && isWithin(split.range, escaped, hash)) throw bucketRefusal('range-sealed');
    return escaped;
  }

  /** Wall ms, never earlier than the one before of this shard. Throws `clock-unknown`. */
  date(): number {
    const { ms } = this.#wall();
    const at = Math.max(ms, this.#header.modifiedMs);
    this.change({ modifiedMs: at });
    return at;
  }

  /** What the time is at least: for locks, which a clock that runs ahead must not open. Throws `clock-unknown`. */
  leastNow(): number {
    const { ms, ageMs } = this.#wall();
    if (ageMs > lockClockAgeMsMax) throw bucketRefusal('clock-unknown');
    return ms - ageMs;
  }

  #wall(): { readonly ms: number; readonly ageMs: number } {
    const wall = this.context.clock.wall();
    if (wall === undefined) throw bucketRefusal('clock-unknown');
    return wall;
  }

  takeSequence(): number {
    const { nextSequence } = this.#header;
    invariant(nextSequence < Number.MAX_SAFE_INTEGER, 'a shard has sequences left');
    this.change({ nextSequence: nextSequence + 1 });
    return nextSequence;
  }

  /** The current version; `undefined` as well when a delete marker is the latest. */
  async current(escaped: string): Promise<Found | undefined> {
    const omapKey = currentKey(escaped);
    const head = await this.omap.head(omapKey);
    return head === undefined ? undefined : { omapKey, place: 'current', entry: decodeEntry(head) };
  }

  /** The newest of those that are not current: a delete marker, if there is no current version. */
  async newestOther(escaped: string): Promise<Found | undefined> {
    const prefix = versionsOf(escaped);
    const [first] = await this.omap.list(prefix, endOf(prefix), 1);
    return first === undefined ? undefined : { omapKey: first[0], place: 'noncurrent', entry: decodeEntry(first[1]) };
  }

  /** Among those that are not current. */
  async other(escaped: string, sequence: number): Promise<Found | undefined> {
    const omapKey = versionKey(escaped, sequence);
    const head = await this.omap.head(omapKey);
    return head === undefined ? undefined : { omapKey, place: 'noncurrent', entry: decodeEntry(head) };
  }

  /** The null version, if it is not current. */
  async nullOther(escaped: string): Promise<Found | undefined> {
    const head = await this.omap.head(nullKey(escaped));
    return head === undefined ? undefined : await this.other(escaped, decodeNullPlace(head));
  }

  /** Puts an entry where none is. */
  put(omapKey: string, place: EntryPlace, entry: Entry, bodies: BodyChanges = []): void {
    this.omap.set(omapKey, encodeEntry(entry), bodies);
    this.count(entry, place, 1);
  }

  /** current -> noncurrent. Markers never are current. */
  retire(escaped: string, { omapKey, entry }: Found): void {
    this.omap.move(omapKey, versionKey(escaped, entry.sequence), encodeEntry(entry));
    if (entry.isNull) this.omap.set(nullKey(escaped), encodeNullPlace(entry.sequence));
    this.count(entry, 'current', -1);
    this.count(entry, 'noncurrent', 1);
  }

  /** noncurrent -> current */
  promote(escaped: string, { omapKey, entry }: Found): void {
    invariant(entry.kind === 'object', 'a delete marker is not made current');
    this.omap.move(omapKey, currentKey(escaped), encodeEntry(entry));
    if (entry.isNull) this.omap.remove(nullKey(escaped));
    this.count(entry, 'noncurrent', -1);
    this.count(entry, 'current', 1);
  }

  /** The entry goes; chunks that belong to it go after the grace. */
  drop(escaped: string, { omapKey, place, entry }: Found): void {
    if (entry.kind === 'marker' || entry.isInline) this.omap.remove(omapKey);
    else this.release(omapKey, encodeEntry(entry));
    if (place === 'noncurrent' && entry.isNull) this.omap.remove(nullKey(escaped));
    this.count(entry, place, -1);
  }

  /** What a record names is garbage from now on: it moves as it is to where the collector looks, due after the grace. */
  release(omapKey: string, head: Uint8Array): void {
    const dueMs = this.date() + graceMs;
    this.omap.move(omapKey, garbageKey(dueMs, this.takeSequence()), head);
    this.dueBy(dueMs);
  }

  /** The collector has to look after the parts of an upload. */
  noteEnded(key: string, upload: Uint8Array, dueMs: number): void {
    this.omap.set(garbageKey(dueMs, this.takeSequence()), encodeEnded({ key, upload }));
    this.dueBy(dueMs);
  }

  /** The collector has to come by then. */
  dueBy(atMs: number): void {
    if (this.#header.dueMs === 0 || this.#header.dueMs > atMs) this.change({ dueMs: atMs });
  }

  count(entry: Entry, place: EntryPlace, sign: 1 | -1): void {
    this.change({ counts: countEntry(this.#header.counts, entry, place, sign) });
  }

  /** Of a call that changes something. */
  finish(output: unknown): ClassResult {
    const changes = this.omap.changes;
    if (this.#header !== this.#before) {
      changes.push({ kind: 'set-attribute', name: headerAttribute, value: encodeShardHeader(this.#header) });
    }
    const { dueMs } = this.#header;
    if (dueMs !== this.#before.dueMs) {
      if (dueMs === 0) changes.push({ kind: 'remove-mark', mark: collectMark });
      else changes.push({ kind: 'set-mark', mark: collectMark, value: Buffer.from(String(dueMs), 'latin1') });
    }
    return { changes, output: encodeHeader(output) };
  }
}

/** An OSD that has not heard the time for longer does not decide whether a lock is over (DESIGN.md section 7). */
const lockClockAgeMsMax = 60_000;
