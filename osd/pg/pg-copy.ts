/**
 * The copy of a PG that this OSD's store has: where its log ends, and what was written down of the PG beside its objects. All
 * changes of it pass here, one after the other in the order of the log.
 */
import { ByteReader } from '../../base/byte-reader.js';
import { ByteWriter } from '../../base/byte-writer.js';
import { CairnError } from '../../base/errors.js';
import { invariant } from '../../base/invariant.js';
import { pgTerm, printPgId, type PgId, type PgTerm } from '../../cluster/ids.js';
import { childrenOf, parentOf } from '../../cluster/pg/split.js';
import type { ReplicationMode } from '../../cluster/pg-record.js';
import type { PackedEntry } from '../store/pg/log-block.js';
import type { Touched } from '../store/pg/log-entry.js';
import { decodePgNum, encodePgNum, pgNumKey } from '../store/pg/pg-num.js';
import type { Store } from '../store/store.js';
import type { Submitted } from '../store/transaction-queue.js';
import type { Mutation, Transaction } from '../store/transaction.js';
import type { PgCopyInfo } from '../../protocol/pg-copy-info.js';
import { parseObjectKey, showObject } from '../store/object-id.js';
import { decodeLostTail, type LostTail, lostTailKey } from '../store/pg/lost-tail.js';
import { encodeStamps, stampsKey, type ScrubStamps } from '../scrub/stamps.js';
import { blockShiftMin, omapHeadBytesMax } from '../store/limits.js';
import { importMarkKey } from '../store/tools/pg-file/import-mark.js';
import { decodeTouched, encodeTouched } from './copy/touched-list.js';
import { type AsyncNote, decodeAsyncNote, encodeAsyncNote } from './async-note.js';
import { afterMissing, afterOwn, asyncKey, joinKey, missingPrefix, removingKey, termKey } from './own-keys.js';
import { planSplit } from './plan-split.js';
import { decodeJoinState, encodeJoinState, type JoinState } from './join-state.js';
import type { LogPosition } from './types.js';

const numberFormat = 1;

/** Of a PG that is not here. */
export const noCopy: Omit<PgCopyInfo, 'osd' | 'store'> = {
  last: { term: 0, seq: 0 },
  objects: 0,
  bytes: 0,
  isComplete: true,
  missingObjects: 0,
  loss: undefined,
};

export class PgCopy {
  readonly pg: PgId;
  readonly #store: Store;
  /** `undefined` before the first map of its pool: nothing is there yet. */
  #pgNum: number | undefined;
  #term: PgTerm;
  /** On its way to the disk, or there. */
  #termDurable: Promise<void> = Promise.resolve();
  #join: JoinState | undefined;
  #last: LogPosition;
  #isLeaving: boolean;
  #lostTail: LostTail | undefined;
  #frozen: CairnError | undefined;
  #async: AsyncNote | undefined;
  #isAsyncNoted = true;
  readonly #reachWaiters: { readonly seq: number; readonly resolve: () => void }[] = [];

  private constructor(
    store: Store,
    pg: PgId,
    own: {
      readonly term: PgTerm;
      readonly pgNum: number | undefined;
      readonly join: JoinState | undefined;
      readonly isLeaving: boolean;
      readonly lostTail: LostTail | undefined;
      readonly async: AsyncNote | undefined;
    },
  ) {
    this.#store = store;
    this.pg = pg;
    this.#term = own.term;
    this.#pgNum = own.pgNum;
    this.#join = own.join;
    this.#isLeaving = own.isLeaving;
    this.#lostTail = own.lostTail;
    this.#async = own.async;
    this.#last = { seq: 0, term: 0 };
    this.#look();
  }

  /** `CORRUPT` for a copy that cannot be used: what an import left that was cut short, or a value that is none. */
  static async open(store: Store, pg: PgId): Promise<PgCopy> {
    if ((await store.objects.pgGet(pg, importMarkKey)) !== undefined) {
      const message = `an import of pg ${printPgId(pg)} was cut short here; run cairn osd import-pg again`;
      throw new CairnError('CORRUPT', message);
    }
    const term = await store.objects.pgGet(pg, termKey);
    const join = await store.objects.pgGet(pg, joinKey);
    const joinState = join === undefined ? undefined : decodeJoinState(join);
    const isLeaving = (await store.objects.pgGet(pg, removingKey)) !== undefined;
    const pgNum = await store.objects.pgGet(pg, pgNumKey);
    const lostTail = await store.objects.pgGet(pg, lostTailKey);
    const note = await store.objects.pgGet(pg, asyncKey);
    return new PgCopy(store, pg, {
      term: pgTerm(term === undefined ? 0 : decodeNumber(term)),
      pgNum: pgNum === undefined ? undefined : decodePgNum(pgNum),
      join: joinState,
      isLeaving,
      lostTail: lostTail === undefined ? undefined : decodeLostTail(lostTail),
      async: note === undefined ? undefined : decodeAsyncNote(note),
    });
  }

  /** PGs of the pool when it was last known: which objects are of this one. */
  get pgNum(): number {
    return this.#pgNum ?? this.pg.pg + 1;
  }

  /** For a PG that the pool's new ones take nothing from, or a copy that has nothing: others are `split`. */
  notePgNum(pgNum: number): void {
    if (pgNum <= (this.#pgNum ?? 0)) return;
    this.#pgNum = pgNum;
    this.#note([{ kind: 'pg-set', key: pgNumKey, value: encodePgNum(pgNum) }]);
  }

  /** PGs that objects of this one are in when the pool has `pgNum` PGs, besides itself. */
  childrenOf(pgNum: number): readonly number[] {
    if (this.#pgNum === undefined || pgNum <= this.#pgNum) return [];
    return childrenOf(this.pg.pg, { fromPgNum: this.#pgNum, toPgNum: pgNum });
  }

  /** None of its objects is one of PG `child`. */
  isSplitFor(child: number): boolean {
    const pgNum = this.#pgNum;
    return pgNum === undefined || pgNum > child || parentOf(child, pgNum) !== this.pg.pg;
  }

  /** From here on nothing is changed but by `split`: whoever still means to is told that its term is over. */
  freeze(reason: CairnError): void {
    this.#frozen = reason;
  }

  /**
   * One transaction makes of this copy that of itself and those of its children, which have terms, logs, answers and objects
   * of their own from then on; joins of all of them begin anew. Durable when it resolves. Errors as those of `Store.apply`,
   * and `CORRUPT`; then nothing has changed. Frozen before, and what was submitted is applied.
   */
  async split(pgNum: number): Promise<void> {
    this.#look();
    const mutations: Mutation[] = [];
    const change = { pg: this.pg, blockShift: blockShiftMin, mayUseReserve: true, mutations };
    if (this.isBlank) {
      mutations.push({ kind: 'pg-set', key: pgNumKey, value: encodePgNum(pgNum) });
      await this.#store.apply(change);
    } else {
      const join = this.#join === undefined ? undefined : { from: undefined, cursor: '' };
      if (join !== undefined) mutations.push(this.noteJoin(join));
      await this.#store.apply({ ...change, split: await planSplit(this.#store, this, pgNum) });
      this.#join = join;
    }
    this.#pgNum = pgNum;
    this.#frozen = undefined;
    this.#look();
  }

  get term(): PgTerm {
    return this.#term;
  }

  /** Of the newest entry that is applied. */
  get last(): LogPosition {
    return this.#last;
  }

  get trimmedTo(): number {
    return this.#store.logBounds(this.pg).trimmedTo;
  }

  get logEntries(): number {
    return this.#store.logBounds(this.pg).entries;
  }

  /** It has no object, no log, and nothing of it is being taken away. */
  get isBlank(): boolean {
    const { objects } = this.#store.counts(this.pg);
    return objects === 0 && this.#last.seq === 0 && !this.#isLeaving;
  }

  /** It is half gone, and has to go before it can come back. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** It counts as having everything: it joined again, or somebody accepted that it has not. */
  lossIsOver(): void {
    if (this.#lostTail === undefined || this.#frozen !== undefined) return;
    this.#lostTail = undefined;
    this.#note([{ kind: 'pg-remove', key: lostTailKey }]);
  }

  /** For people. */
  async describe(): Promise<Omit<PgCopyInfo, 'osd' | 'store'>> {
    const { objects, bytes } = this.#store.counts(this.pg);
    const missing = await this.missing();
    const lost = this.#lostTail;
    const missingObjects = new Set(missing.map((part) => ('object' in part ? part.object.key : ''))).size;
    const loss = lost && {
      entries: lost.entries,
      newest: lost.newest,
      isExact: lost.isExact,
      objects: lost.objectKeys.map((key) => showObject(parseObjectKey(key))),
    };
    return { last: this.#last, objects, bytes, isComplete: this.isComplete, missingObjects, loss };
  }

  leaves(): void {
    this.#isLeaving = true;
  }

  /** The last step of its removal: values and log. The term stays, as what was promised stays promised. */
  async forget(): Promise<void> {
    const mutations: Mutation[] = [
      { kind: 'pg-remove-range', from: afterOwn, to: undefined },
      { kind: 'pg-remove-range', from: missingPrefix, to: afterMissing },
      { kind: 'pg-remove', key: joinKey },
      { kind: 'pg-remove', key: asyncKey },
      { kind: 'pg-remove', key: stampsKey },
      { kind: 'pg-remove', key: lostTailKey },
      { kind: 'pg-remove', key: removingKey },
    ];
    await this.takeOver({ mutations, cutAfter: { term: 0, seq: 0 } });
    this.#join = undefined;
    this.#async = undefined;
    this.#isLeaving = false;
  }

  /** `undefined`: it is whole. */
  get join(): JoinState | undefined {
    return this.#join;
  }

  get isComplete(): boolean {
    return this.#join === undefined;
  }

  /** From here on no lower term is taken part in. Durable with everything before it when `termDurable` resolves. */
  enter(term: PgTerm, { kind }: Pick<ReplicationMode, 'kind'>): void {
    invariant(term >= this.#term, 'terms only rise', { pg: printPgId(this.pg), term });
    if (term === this.#term) return;
    this.#term = term;
    const mutations: Mutation[] = [{ kind: 'pg-set', key: termKey, value: encodeNumber(term) }];
    if (kind === 'async') {
      const { commit = 0, everywhere = 0 } = this.#async ?? {};
      this.#async = { term, commit, everywhere };
      mutations.push(this.#asyncNoted(this.#async));
    }
    this.#termDurable = this.#store.apply({ pg: this.pg, blockShift: blockShiftMin, mutations, mayUseReserve: true });
    // Whoever relies on it waits for it; a store that fails ends the daemon anyway.
    this.#termDurable.catch(() => undefined);
  }

  /** Of the async terms that it was in, as far as this process knows; `undefined`: it was in none. */
  get async(): AsyncNote | undefined {
    return this.#async;
  }

  /** In an async term: entries up to `commit` are committed, and up to `everywhere` all members have them. */
  asyncProgress(commit: number, everywhere: number): void {
    const note = this.#async;
    if (note === undefined) return;
    // Of those that are in this log: under the numbers that follow, another primary may log others.
    const { seq } = this.#last;
    const next = {
      term: note.term,
      commit: Math.max(note.commit, Math.min(commit, seq)),
      everywhere: Math.max(note.everywhere, Math.min(everywhere, seq)),
    };
    if (next.commit === note.commit && next.everywhere === note.everywhere) return;
    this.#async = next;
    this.#isAsyncNoted = false;
  }

  /** The mutation that goes with a cut: what is logged behind it from now on is other entries. */
  noteAsyncCut({ seq }: LogPosition): readonly Mutation[] {
    const note = this.#async;
    if (note === undefined) return [];
    this.#async = { ...note, commit: Math.min(note.commit, seq), everywhere: Math.min(note.everywhere, seq) };
    return [this.#asyncNoted(this.#async)];
  }

  /** Now and then. Soon durable; what is lost of it makes more be parked, and less be called acknowledged. */
  noteAsyncProgress(): void {
    if (this.#async === undefined || this.#isAsyncNoted || this.#frozen !== undefined) return;
    this.#note([this.#asyncNoted(this.#async)]);
  }

  #asyncNoted(note: AsyncNote): Mutation {
    this.#isAsyncNoted = true;
    return { kind: 'pg-set', key: asyncKey, value: encodeAsyncNote(note) };
  }

  /** The term is durable, and all that was submitted before it. */
  get termDurable(): Promise<void> {
    return this.#termDurable;
  }

  /** Throws and rejects as `Store.submit`; a refused one leaves nothing. */
  submit(transaction: Transaction): Submitted {
    if (this.#frozen !== undefined) throw this.#frozen;
    const submitted = this.#store.submit(transaction);
    if (submitted.isApplied) this.#look();
    else {
      submitted.applied.then(
        () => this.#look(),
        () => undefined,
      );
    }
    return submitted;
  }

  /** Entries of another copy with what they touched, and what is to be noted with them. Durable when it resolves. */
  async takeOver(change: Pick<Transaction, 'mutations' | 'copied' | 'cutAfter' | 'trimTo'>): Promise<void> {
    if (this.#frozen !== undefined) throw this.#frozen;
    const { applied, durable } = this.#store.submit({
      pg: this.pg,
      blockShift: blockShiftMin,
      mayUseReserve: true,
      ...change,
    });
    durable.catch(() => undefined);
    await applied;
    this.#look();
    await durable;
  }

  /** The mutation that goes with whatever brings the copy so far; `joinIs` once that is applied. */
  noteJoin(join: JoinState | undefined): Mutation {
    return join === undefined
      ? { kind: 'pg-remove', key: joinKey }
      : { kind: 'pg-set', key: joinKey, value: encodeJoinState(join) };
  }

  joinIs(join: JoinState | undefined): void {
    this.#join = join;
  }

  /** Each term in the log with its last entry, oldest first: where two logs part (PG-PROTOCOL.md section 4, join 1). */
  async lineage(): Promise<LogPosition[]> {
    const terms: LogPosition[] = [];
    let after = this.trimmedTo;
    for (let page = await this.readLog(after); page.length > 0; page = await this.readLog(after)) {
      for (const { term, seq } of page) {
        if (terms.at(-1)?.term === term) terms.pop();
        terms.push({ term, seq });
        after = seq;
      }
    }
    return terms;
  }

  /** What entries that were cut off had touched, of objects that are not whole again. */
  async missing(): Promise<readonly Touched[]> {
    const stored = await this.#store.objects.pgValues(this.pg, { from: missingPrefix, to: afterMissing });
    return stored.flatMap(({ value }) => decodeTouched(value));
  }

  /** Notes it, in the transaction that cuts the entries off. */
  noteMissing(touched: readonly Touched[]): Mutation[] {
    const byObject = new Map<string, Touched[]>();
    for (const one of touched) {
      const key = 'object' in one ? one.object.key : '';
      byObject.set(key, [...(byObject.get(key) ?? []), one]);
    }
    return [...byObject].map(([key, parts]): Mutation => {
      const encoded = encodeTouched(parts);
      const [first] = parts;
      const isLong = encoded.byteLength > omapHeadBytesMax && first !== undefined && 'object' in first;
      const value = isLong ? encodeTouched([{ kind: 'whole', object: first.object }]) : encoded;
      return { kind: 'pg-set', key: `${missingPrefix}${key}`, value };
    });
  }

  /** Notes that the objects with these keys are as the log says; of '' the values of the PG. */
  noteFound(keys: readonly string[]): Mutation[] {
    return keys.map((key): Mutation => ({ kind: 'pg-remove', key: `${missingPrefix}${key}` }));
  }

  /** Resolves when the entry `seq` is applied, or the signal aborts: whoever waits looks what it was. */
  async reached(seq: number, signal: AbortSignal): Promise<void> {
    if (this.#last.seq >= seq || signal.aborted) return;
    let wake: () => void = () => undefined;
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    this.#reachWaiters.push({ seq, resolve: wake });
    signal.addEventListener('abort', wake, { once: true });
    await woken;
    signal.removeEventListener('abort', wake);
  }

  /** When the PG was scrubbed. Soon durable; one that is lost makes a scrub too many. */
  noteScrubbed(stamps: ScrubStamps): void {
    if (this.#frozen !== undefined) return;
    this.#note([{ kind: 'pg-set', key: stampsKey, value: encodeStamps(stamps) }]);
  }

  /** Soon durable, and nothing rests on it. */
  #note(mutations: readonly Mutation[]): void {
    const { durable } = this.#store.submit({ pg: this.pg, blockShift: blockShiftMin, mutations, mayUseReserve: true });
    durable.catch(() => undefined);
  }

  /** A value of this copy alone, which no other takes over. */
  async ownValue(key: string): Promise<Uint8Array | undefined> {
    return await this.#store.objects.pgGet(this.pg, key);
  }

  /** Entries behind `afterSeq`, a block at a time. */
  readLog(afterSeq: number): Promise<readonly PackedEntry[]> {
    return this.#store.readPackedLog(this.pg, afterSeq);
  }

  #look(): void {
    const { lastSeq, lastTerm } = this.#store.logBounds(this.pg);
    this.#last = { seq: lastSeq, term: lastTerm };
    if (this.#reachWaiters.length === 0) return;
    for (const waiter of this.#reachWaiters.splice(0)) {
      if (waiter.seq <= lastSeq) waiter.resolve();
      else this.#reachWaiters.push(waiter);
    }
  }
}

function encodeNumber(value: number): Uint8Array {
  const writer = new ByteWriter(16);
  writer.u8(numberFormat);
  writer.varint(value);
  return writer.bytes();
}

/** `PARSE_ERROR` for what is none of a known format. */
function decodeNumber(bytes: Uint8Array): number {
  const reader = new ByteReader(bytes);
  const version = reader.u8('the format of a number');
  if (version !== numberFormat) throw reader.error(`a number of unknown format ${version}`, 0);
  return reader.varint('a number');
}
