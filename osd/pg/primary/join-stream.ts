/** What a joiner is sent, in one order: entries, appends with or without their effects, copies. */
import { ByteWriter } from '../../../base/byte-writer.js';
import { latin1Bytes } from '../../../base/bytes.js';
import { CairnError, isCairnError } from '../../../base/errors.js';
import { invariant } from '../../../base/invariant.js';
import type { Method } from '../../../wire/method.js';
import type { Member } from '../../../cluster/pg-record.js';
import { orderRange } from '../../../cluster/object-placement.js';
import { encodePartialCopy, partialBytesMax, type PartialCopy } from '../copy/partial-copy.js';
import { packParts } from '../copy/parts-message.js';
import { type Parts, readParts, unfinishedVersion } from '../copy/read-parts.js';
import { mutationBytes } from '../copy/split-mutations.js';
import { TouchedSet } from '../copy/touched-set.js';
import { appendMethod, joinCopyMethod, joinEntriesMethod, joinStateHeader, positionHeader } from '../messages.js';
import type { LentPayload } from '../lent-payload.js';
import type { SentEntry } from '../replication.js';
import { isSamePosition, type LogPosition } from '../types.js';
import { writeTransaction } from '../../store/format/record.js';
import { blockShiftMin } from '../../store/limits.js';
import { readU32, type ObjectId } from '../../store/object-id.js';
import { encodeLogBlock } from '../../store/pg/log-block.js';
import { decodeLogEntry, type Touched } from '../../store/pg/log-entry.js';
import type { Mutation } from '../../store/transaction.js';
import type { JoinPlan } from './join-plan.js';
import { nothingRecovered } from '../../recovery/recovered.js';
import type { Leader } from './leader.js';
import { ResumedObjects } from './resumed-objects.js';

/** Of one object that is read at a time, with requests for it waiting. */
const pieceBytes = 1024 * 1024;
/** A simulation sees objects in many pieces, though its own are small. */
const smallPieceBytes = 256;
/** Copies on their way. */
const copiesMax = 4;
/** What is noted of an object in part is written anew with every piece while it is no larger than this, */
const smallNoteBytes = 1_024;
/** and else once so many times its size were copied: then it costs the joiner's disk an eighth. */
const copiedPerNote = 8;
/** More than would fit: the list is not even encoded. */
const notedPartsMax = 4_096;
/** Appends that wait for the entries before them: more, and the join begins anew once there is less to do. */
const bufferedMax = 4_096;

/** Of a PG, at a joiner. */
export interface Left {
  readonly objects: number;
  readonly bytes: number;
}

interface Current {
  readonly object: ObjectId;
  /** What of it is still to be copied. */
  readonly left: TouchedSet;
  /** What the joiner has noted of it is true: it was copied in part from there on. */
  isNoted: boolean;
  /** Copied since that was written. */
  bytesSinceNote: number;
}

/** What is sent with parts of objects. */
interface Sent {
  /** `ObjectId.key` of what is whole with them; '' for the values of the PG. */
  readonly done?: readonly string[];
  readonly lost?: readonly string[];
  readonly partial?: Uint8Array | undefined;
  readonly keepsPartial?: boolean;
}

export interface JoinStreamOptions {
  readonly joiner: Member;
  /** As `JoinStartRequest.attempt`. */
  readonly attempt: number;
  readonly plan: JoinPlan;
  /** What entries that the joiner cut off had touched. */
  readonly missing: readonly Touched[];
  /** What earlier attempts copied in part. */
  readonly partials: readonly PartialCopy[];
  /** By `ObjectId.key`: objects that have the effects of their entries up to there. */
  readonly reached: ReadonlyMap<string, number>;
}

export class JoinStream {
  readonly #primary: Leader;
  readonly #joiner: Member;
  readonly #attempt: number;
  readonly #plan: JoinPlan;
  readonly #behind: TouchedSet;
  readonly #giveUp: (why: string) => void;
  /** Appends since the stream was opened, while the entries before them are read. */
  #buffered: SentEntry[] | undefined = [];
  /** Objects behind it are behind; `undefined`: none. */
  #cursor: string | undefined;
  #current: Current | undefined;
  #from: number | undefined;
  /** What the backfill has listed and not copied yet learns of new objects. */
  onBeyond: (objectKey: string) => void = () => undefined;
  readonly #inFlight = new Set<Promise<void>>();
  #failed: CairnError | undefined;
  #isClosed = false;
  #pgChanges = 0;
  readonly #doubtful = new Set<string>();
  readonly #pieceBytes: number;
  readonly #resumed: ResumedObjects;
  readonly #reached: ReadonlyMap<string, number>;

  constructor(primary: Leader, options: JoinStreamOptions, giveUp: (why: string) => void) {
    const { joiner, attempt, plan, missing, partials, reached } = options;
    this.#primary = primary;
    this.#joiner = joiner;
    this.#attempt = attempt;
    this.#plan = plan;
    this.#giveUp = giveUp;
    this.#cursor = plan.state.cursor;
    this.#from = plan.state.from;
    this.#behind = new TouchedSet();
    this.#resumed = new ResumedObjects(partials, missing, { ...plan, lastSeq: primary.copy.last.seq });
    this.#reached = reached;
    this.#pieceBytes = primary.term.host.runtime.rare('join-in-small-pieces') ? smallPieceBytes : pieceBytes;
    for (const one of missing) {
      // What is beyond the cursor is copied whole or not at all: a part of it, with the version of the whole, would pass for it.
      if ('object' in one && this.#isBeyond(one.object.key)) this.#doubtful.add(one.object.key);
      else this.#behind.add(one);
    }
  }

  get cursor(): string | undefined {
    return this.#cursor;
  }

  /** Copies of everything are made, not of what the log names. */
  get isBackfill(): boolean {
    return this.#plan.state.cursor !== undefined;
  }

  /** What is behind at the joiner, at most: objects beyond the cursor may turn out to be the same there. */
  get left(): Left {
    const { term, pool } = this.#primary;
    const counts = term.host.store.counts(term.pg);
    const objectBytes = counts.objects === 0 ? 0 : counts.bytes / counts.objects;
    const beyond = this.#cursor === undefined ? 0 : shareBeyond(this.#cursor, orderRange(term.pg.pg, pool.pgNum));
    const current = this.#current === undefined || beyond > 0 ? undefined : this.#current.left;
    return {
      objects: this.#behind.objects + (current === undefined ? 0 : 1) + Math.round(counts.objects * beyond),
      bytes: Math.round(this.#behind.bytes(objectBytes) + (current?.bytes(objectBytes) ?? 0) + counts.bytes * beyond),
    };
  }

  get attempt(): number {
    return this.#attempt;
  }

  get joiner(): Member {
    return this.#joiner;
  }

  /**
   * Sends the entries that the joiner lacks; what they touched is behind there. Appends of now and later follow. In the same turn as it
   * was made: what is appended from then on comes by `append`.
   */
  async open(): Promise<void> {
    const { term, copy } = this.#primary;
    const head = copy.last;
    // From `from` on everything may lack its effect; from `sendAfter` on it is not there at all.
    const { from } = this.#plan.state;
    let prev = this.#plan.sendAfter;
    const behindAfter = Math.min(prev.seq, from ?? Infinity);
    let after = Math.min(behindAfter, this.#resumed.readFrom);
    while (after < head.seq) {
      const page = (await copy.readLog(after)).filter(({ seq }) => seq <= head.seq);
      this.#check();
      const last = page.at(-1);
      if (last === undefined) throw new CairnError('CONFLICT', 'the log was trimmed while it was sent');
      for (const { seq, bytes } of page) {
        const { touched } = decodeLogEntry(bytes);
        if (seq > behindAfter) this.#touch(touched, seq);
        else this.#resumed.add(touched, seq);
      }
      const sent = page.filter(({ seq }) => seq > prev.seq);
      const end = sent.at(-1);
      if (end !== undefined) {
        const to = term.headerTo(this.#joiner);
        const header = { ...to, attempt: this.#attempt, prev: positionHeader(prev), trimTo: copy.trimmedTo };
        this.#tell(joinEntriesMethod, header, [encodeLogBlock(sent)]);
        prev = { term: end.term, seq: end.seq };
      }
      after = last.seq;
    }
    await this.#resume();
    const buffered = this.#buffered ?? [];
    this.#buffered = undefined;
    for (const entry of buffered) {
      this.#sendAppend(entry);
      entry.lent?.letGo();
    }
  }

  /** What earlier attempts left in part goes on, each in its place among the others. */
  async #resume(): Promise<void> {
    const { store } = this.#primary.term.host;
    for (const partial of this.#resumed.unsettled) {
      const { object } = partial;
      const found = await store.objects.stat(object);
      this.#check();
      const isKnown = this.#resumed.settle(partial, found?.version);
      // It is behind by the log that it was copied for. One that was not would be taken for whole.
      if (!isKnown && !this.#isBehind(object.key)) this.#behind.add({ kind: 'whole', object });
    }
    for (const { object, rest } of this.#resumed.partials()) {
      if (!this.#isBeyond(object.key)) for (const part of rest) this.#behind.add(part);
    }
  }

  append(entry: SentEntry): void {
    if (this.#isClosed || this.#failed !== undefined) return;
    if (this.#buffered === undefined) {
      this.#sendAppend(entry);
      return;
    }
    entry.lent?.hold();
    this.#buffered.push(entry);
    if (this.#buffered.length > bufferedMax) this.#giveUp('more was written than it could be sent');
  }

  /** Until nothing is behind but what is beyond the cursor. */
  async copyBehind(): Promise<void> {
    while (!this.#behind.isEmpty) {
      this.#check();
      const next = this.#behind.takeFirst();
      if (next === undefined) await this.copyValues(this.#behind.takePgParts());
      else await this.copyObject(next.object, next.parts);
      if (this.#behind.isEmpty) await this.settled();
    }
    await this.settled();
    this.#from = undefined;
  }

  /** Values of the PG. They are changed by appends at any time, so it is looked whether one came in between. */
  async copyValues(parts: readonly Touched[]): Promise<void> {
    if (parts.length === 0) return;
    const { term } = this.#primary;
    for (;;) {
      const before = this.#pgChanges;
      const { mutations } = await readParts(term.host.store.objects, term.pg, parts, Infinity);
      this.#check();
      if (before !== this.#pgChanges) continue;
      this.#sendCopy(mutations, { done: [''] });
      return;
    }
  }

  /**
   * Piece by piece, requests for the object in between: these parts, or what is left of them where an earlier attempt began. With
   * `movesCursor` the cursor moves to the object once it is whole there.
   */
  async copyObject(
    object: ObjectId,
    parts: readonly Touched[],
    options: { readonly movesCursor?: boolean } = {},
  ): Promise<void> {
    const { queue, term } = this.#primary;
    const begun = this.#resumed.take(object.key);
    const left = TouchedSet.of(begun ?? parts);
    const current = { object, left, isNoted: begun !== undefined, bytesSinceNote: 0 };
    this.#current = current;
    const { clock } = term.host.runtime;
    for (let isDone = false; !isDone;) {
      const began = clock.now();
      let bytes = 0;
      await queue.enter(object.key);
      try {
        this.#check();
        const at = this.#primary.copy.last;
        const { mutations, rest, isLost } = await this.#read(object, left.take(object));
        this.#check();
        for (const one of rest) left.add(one);
        for (const mutation of mutations) bytes += mutationBytes(mutation);
        isDone = left.isEmpty;
        const keepsPartial = current.isNoted;
        const partial = isDone ? undefined : await this.#noteOf(current, at, bytes);
        this.#check();
        if (isDone) {
          // From this place among the appends on it gets the effects of its entries, too.
          this.#current = undefined;
          if (options.movesCursor === true) this.#cursor = object.key;
        }
        const keys = isDone ? [object.key] : [];
        this.#sendCopy(mutations, { ...(isLost ? { lost: keys } : { done: keys }), partial, keepsPartial });
      } finally {
        queue.leave(object.key);
      }
      const { pace } = term.host;
      // Beside clients one at a time: what the joiner does with it takes its time from them as well.
      const atOnce = pace.clientShare(clock.now()) > 0 ? 1 : copiesMax;
      while (this.#inFlight.size >= atOnce) await Promise.race(this.#inFlight);
      const now = clock.now();
      const rest = pace.restAfter(now, now - began, bytes);
      if (rest > 0) await term.sleep(rest);
    }
  }

  /**
   * What the joiner is to note of an object with a piece of it; `undefined`: nothing new, as what it has noted still holds, or there
   * is more to tell than a note takes. The object's turn is held.
   *
   * @param at the end of the log when it was read
   * @param bytes of the piece
   */
  async #noteOf(current: Current, at: LogPosition, bytes: number): Promise<Uint8Array | undefined> {
    const { object, left } = current;
    current.bytesSinceNote += bytes;
    const info = await this.#primary.term.host.store.objects.stat(object);
    const rest = left.list();
    if (info === undefined || isSamePosition(info.version, unfinishedVersion)) return undefined;
    if (rest.length > notedPartsMax) return undefined;
    const note = encodePartialCopy({ object, version: info.version, at, rest });
    const isCheap = note.byteLength <= Math.max(smallNoteBytes, current.bytesSinceNote / copiedPerNote);
    if (note.byteLength > partialBytesMax || (current.isNoted && !isCheap)) return undefined;
    current.isNoted = true;
    current.bytesSinceNote = 0;
    return note;
  }

  /** An object that is the same there: it is told with what comes next. */
  pass(objectKey: string, bytes: number): void {
    this.#cursor = objectKey;
    const { host, pg } = this.#primary.term;
    host.recovered(pg.pool, { ...nothingRecovered, sameObjects: 1, sameBytes: bytes });
  }

  /** To `undefined` at the end. */
  moveCursor(cursor: string | undefined): void {
    this.#cursor = cursor;
    this.#sendCopy([]);
  }

  /** Everything that was copied is durable there. */
  async settled(): Promise<void> {
    while (this.#inFlight.size > 0) {
      await Promise.all(this.#inFlight);
      this.#check();
    }
    this.#check();
  }

  fail(error: CairnError): void {
    this.#failed ??= error;
  }

  close(): void {
    this.#isClosed = true;
  }

  #check(): void {
    this.#primary.term.throwIfOver();
    if (this.#failed !== undefined) throw this.#failed;
  }

  /** Whatever its version says, it is not as it is here: the joiner had other entries for it. */
  isDoubtful(objectKey: string): boolean {
    return this.#doubtful.has(objectKey);
  }

  #isBeyond(objectKey: string): boolean {
    return this.#cursor !== undefined && objectKey > this.#cursor;
  }

  /** What the entry `seq` touched is behind. */
  #touch(touched: readonly Touched[], seq: number): void {
    this.#resumed.add(touched, seq);
    for (const one of touched) {
      if (!('object' in one)) this.#behind.add(one);
      else if (this.#current?.object.key === one.object.key) this.#current.left.add(one);
      else if (this.#isBeyond(one.object.key)) this.onBeyond(one.object.key);
      else if (seq > (this.#reached.get(one.object.key) ?? 0)) this.#behind.add(one);
    }
  }

  #isBehind(objectKey: string): boolean {
    return this.#current?.object.key === objectKey || this.#isBeyond(objectKey) || this.#behind.hasKey(objectKey);
  }

  #sendAppend(entry: SentEntry): void {
    const { term, copy, replication } = this.#primary;
    const header = {
      ...term.headerTo(this.#joiner),
      attempt: this.#attempt,
      prev: positionHeader(entry.prev),
      commit: replication.committed,
    };
    if (!this.#isBehind(entry.objectKey)) {
      if (entry.changesPg) this.#pgChanges += 1;
      this.#tell(appendMethod, { ...header, record: entry.record }, entry.payload, entry.lent);
      return;
    }
    const packed = term.host.store.recentEntry(term.pg, entry.position.seq);
    if (packed === undefined) {
      this.#giveUp('an entry is not at hand any more');
      return;
    }
    this.#touch(decodeLogEntry(packed.bytes).touched, entry.position.seq);
    const writer = new ByteWriter(256 + packed.bytes.byteLength);
    writeTransaction(writer, {
      pg: term.pg,
      blockShift: blockShiftMin,
      mutations: [],
      copied: [packed],
      trimTo: copy.trimmedTo,
    });
    this.#tell(appendMethod, { ...header, record: writer.bytes() }, []);
  }

  /**
   * What no member can read any more is noted as missing at the joiner: one object that is lost must not keep all others from being
   * copied.
   */
  async #read(object: ObjectId, parts: readonly Touched[]): Promise<Parts & { readonly isLost: boolean }> {
    const { term } = this.#primary;
    const read = (): Promise<Parts> => readParts(term.host.store.objects, term.pg, parts, this.#pieceBytes);
    try {
      return { ...(await this.#primary.mended(object, read)), isLost: false };
    } catch (error) {
      if (!isCairnError(error, 'CORRUPT') || error.details['lost'] !== true) throw error;
      return { mutations: [{ kind: 'remove', object }], rest: [], isLost: true };
    }
  }

  #sendCopy(mutations: readonly Mutation[], { done = [], lost = [], partial, keepsPartial = false }: Sent = {}): void {
    const { term } = this.#primary;
    const { recordBytes, restBytes, payload } = packParts(term.pg, { mutations, rest: [] });
    const state = { from: this.#from, cursor: this.#cursor };
    const noted = {
      done: done.map(latin1Bytes),
      lost: lost.map(latin1Bytes),
      state: joinStateHeader(state),
      partial,
      keepsPartial,
    };
    const header = { attempt: this.#attempt, recordBytes, restBytes, ...noted };
    const payloadBytes = payload.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const sent: Promise<void> = term.call(this.#joiner, joinCopyMethod, header, { payload }).then(
      () => {
        this.#inFlight.delete(sent);
        const copiedObjects = done.filter((key) => key !== '').length;
        term.host.recovered(term.pg.pool, { ...nothingRecovered, copiedObjects, copiedBytes: payloadBytes });
      },
      (error: unknown) => {
        this.#inFlight.delete(sent);
        if (!isCairnError(error)) term.host.fatal(error);
        else if (term.ended === undefined) this.#giveUp(error.message);
      },
    );
    this.#inFlight.add(sent);
  }

  #tell<Req>(method: Method<Req, undefined>, header: Req, payload: readonly Uint8Array[], lent?: LentPayload): void {
    invariant(!this.#isClosed, 'nothing is sent on a stream that was closed');
    this.#primary.tell(this.#joiner, method, header, payload, lent);
  }
}

/** Hashes are spread evenly: the share of the PG's objects that come after the cursor. */
function shareBeyond(cursor: string, { from, to }: { readonly from: number; readonly to: number }): number {
  if (cursor === '') return 1;
  // Behind the pool of a key stands its order.
  return Math.min(1, Math.max(0, (to - readU32(cursor, 4)) / (to - from)));
}
