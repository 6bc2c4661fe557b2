/**
 * A term of a PG at an OSD that is no member and becomes one. Everything comes in the order of the primary's log: entries
 * with their effects, entries without where the object is behind, and parts of objects as they were at that place.
 *
 *     start ──► begin: cut what the primary does not have ──► entries, appends, copies ──► finish: whole
 */
import { latin1Bytes, latin1Text } from '../../base/bytes.js';
import { CairnError, toCairnError } from '../../base/errors.js';
import { orderRange } from '../../cluster/object-placement.js';
import { printPgId } from '../../cluster/ids.js';
import type { Member } from '../../cluster/pg-record.js';
import type { OutgoingReply } from '../../wire/method.js';
import { decodeRecord } from '../store/format/record.js';
import { blockShiftMin } from '../store/limits.js';
import { decodeObjectHead } from '../store/format/object-head.js';
import { parseObjectKey } from '../store/object-id.js';
import { decodeLogBlock } from '../store/pg/log-block.js';
import { decodeLogEntry } from '../store/pg/log-entry.js';
import type { Submitted } from '../store/transaction-queue.js';
import type { Mutation, Transaction } from '../store/transaction.js';
import { attachPayloads } from './attach-payloads.js';
import { decodePartialCopy, isPartialCopy, partialsMax } from './copy/partial-copy.js';
import { unpackParts } from './copy/parts-message.js';
import { reachedObjects } from './copy/reached-objects.js';
import { unfinishedVersion } from './copy/read-parts.js';
import { splitMutations } from './copy/split-mutations.js';
import { TouchedSet } from './copy/touched-set.js';
import { encodeTouched } from './copy/touched-list.js';
import {
  joinStateHeader,
  joinStateOfHeader,
  nackMethod,
  positionHeader,
  positionOfHeader,
  type AppendMessage,
  type JoinBeginReply,
  type JoinBeginRequest,
  type JoinCopyRequest,
  type JoinEntriesMessage,
  type JoinHeader,
  type JoinScanReply,
  type JoinScanRequest,
  type JoinStartReply,
} from './messages.js';
import type { PgCopy } from './pg-copy.js';
import type { Term } from './term.js';
import { isSamePosition, type LogPosition } from './types.js';

/** PGs that are copied to one OSD at a time: its disk writes what several others read. */
const joinedMax = 8;
/** Objects of one answer to a scan. */
const scanObjectsMax = 256;

interface Step {
  /** `undefined`: nothing is to be done; throws what is wrong. */
  readonly make: () => Transaction | undefined;
  readonly onApplied: () => void;
  readonly resolve: () => void;
  readonly reject: (error: CairnError) => void;
}

export class JoinerTerm {
  readonly kind = 'joiner';
  readonly term: Term;
  readonly #copy: PgCopy;
  readonly #primary: Member;
  readonly #steps: Step[] = [];
  #isRunning = false;
  #isBegun = false;
  /** The primary's newest. */
  #attempt = 0;
  /** Entries up to here are durable. */
  #durable = 0;
  /** By `ObjectId.key`: what is noted in part, with everything that was submitted. */
  #partials = new Set<string>();

  constructor(term: Term, copy: PgCopy, primary: Member) {
    this.term = term;
    this.#copy = copy;
    this.#primary = primary;
  }

  end(reason: CairnError): void {
    this.term.host.joined.delete(printPgId(this.term.pg));
    this.term.end(reason);
    for (const { reject } of this.#steps.splice(0)) reject(reason);
  }

  async start({ attempt }: JoinHeader): Promise<JoinStartReply> {
    this.#checkAttempt(attempt, attempt > this.#attempt);
    const { joined } = this.term.host;
    const name = printPgId(this.term.pg);
    if (joined.size >= joinedMax && !joined.has(name)) {
      throw new CairnError(
        'OVERLOADED',
        `${joinedMax} PGs are copied to osd.${this.term.host.self.osd} already; try again`,
      );
    }
    const { spaceLevel } = this.term.host.store;
    if (spaceLevel === 'full' || spaceLevel === 'backfillfull') {
      throw new CairnError('NO_SPACE', `the disk of osd.${this.term.host.self.osd} is too full to take a PG in`);
    }
    await this.#copy.termDurable;
    joined.add(name);
    // A primary that asks again begins anew: what is still to come of its attempt before would come in between.
    this.#isBegun = false;
    this.#attempt = attempt;
    const lineage = await this.#copy.lineage();
    this.term.throwIfOver();
    const { last, join } = this.#copy;
    return {
      boot: this.term.host.self.boot,
      transactionBytesMax: this.term.host.store.transactionBytesMax,
      last: positionHeader(last),
      lineage: lineage.map(positionHeader),
      state: join === undefined ? null : joinStateHeader(join),
    };
  }

  /** Returns what is to be copied of objects that the cut entries, now or earlier, had changed, and what earlier attempts brought. */
  async begin({ attempt, cutAfter, common, state }: JoinBeginRequest): Promise<OutgoingReply<JoinBeginReply>> {
    this.#checkAttempt(attempt);
    const after = positionOfHeader(cutAfter);
    await this.#park(common === undefined ? undefined : positionOfHeader(common));
    this.term.throwIfOver();
    this.#checkAttempt(attempt);
    const touched = TouchedSet.of(await this.#copy.missing());
    for (let at = after.seq; ;) {
      const page = await this.#copy.readLog(at);
      const last = page.at(-1);
      if (last === undefined) break;
      for (const { bytes } of page) for (const one of decodeLogEntry(bytes).touched) touched.add(one);
      at = last.seq;
    }
    this.term.throwIfOver();
    this.#checkAttempt(attempt);
    const missing = touched.list();
    const mutations = [
      ...this.#copy.noteMissing(missing),
      this.#copy.noteJoin(joinStateOfHeader(state)),
      ...this.#copy.noteAsyncCut(after),
    ];
    await this.#copy.takeOver({ mutations, cutAfter: after });
    this.#copy.joinIs(joinStateOfHeader(state));
    const partials = await this.#readPartials();
    const keys = new Set(missing.map((part) => ('object' in part ? part.object.key : '')));
    const { from } = joinStateOfHeader(state);
    const { objects } = this.term.host.store;
    const reached = from === undefined ? [] : await reachedObjects(this.#copy, objects, { from, missing: keys });
    this.term.throwIfOver();
    this.#checkAttempt(attempt);
    this.#durable = this.#copy.last.seq;
    this.#partials = new Set(partials.keys());
    this.#isBegun = true;
    const header = {
      partial: [...partials.values()],
      reached: reached.map(({ objectKey, version: { term, seq } }) => [latin1Bytes(objectKey), term, seq] as const),
    };
    return { header, payload: encodeTouched(missing) };
  }

  /**
   * What is noted of objects that are here in part, by `ObjectId.key`. One that shows a version is whole, and nothing that cannot be read
   * counts.
   */
  async #readPartials(): Promise<ReadonlyMap<string, Uint8Array>> {
    const { objects } = this.term.host.store;
    const found = await this.#copy.partials();
    const useful = new Map<string, Uint8Array>();
    const useless: Mutation[] = [];
    for (const [objectKey, encoded] of found) {
      const version = (await objects.stat(parseObjectKey(objectKey)))?.version;
      const isUnfinished = version !== undefined && isSamePosition(version, unfinishedVersion);
      if (isUnfinished && isPartialCopy(encoded)) useful.set(objectKey, encoded);
      else useless.push(this.#copy.notePartial(objectKey, undefined));
    }
    if (useless.length > 0) await this.#copy.takeOver({ mutations: useless });
    return useful;
  }

  /** Nothing is cut before what an async PG does not have of it is parked. */
  async #park(common: LogPosition | undefined): Promise<void> {
    try {
      await this.term.host.parked.park(this.#copy, common);
    } catch (error) {
      const { log } = this.term.host.runtime;
      log.warn(
        { pg: printPgId(this.term.pg), err: error },
        'a copy cannot join, as what is to be cut cannot be parked',
      );
      throw error;
    }
  }

  /** Resolves when it is durable, or was refused. `free` is called if the payload is read no more then. */
  async append(message: AppendMessage, payload: Uint8Array, free: () => void): Promise<void> {
    try {
      let seq = 0;
      await this.#run(() => {
        this.#checkAttempt(message.attempt ?? 0);
        const transaction = this.#appendOf(message, payload);
        seq = transaction?.entry?.seq ?? transaction?.copied?.[0]?.seq ?? 0;
        return transaction;
      });
      free();
      this.#acknowledge(seq);
    } catch (error) {
      this.#refused(error, message.attempt ?? 0);
    }
  }

  async entries({ attempt, prev, trimTo }: JoinEntriesMessage, payload: Uint8Array): Promise<void> {
    try {
      let seq = 0;
      await this.#run(() => {
        this.#checkAttempt(attempt);
        const copied = decodeLogBlock(payload);
        seq = copied.at(-1)?.seq ?? 0;
        this.#checkFollows(positionOfHeader(prev), copied[0]?.seq ?? 0);
        return { pg: this.term.pg, blockShift: blockShiftMin, mutations: [], copied, trimTo };
      });
      this.#acknowledge(seq);
    } catch (error) {
      this.#refused(error, attempt);
    }
  }

  /** Durable when it resolves. */
  async copy(header: JoinCopyRequest, payload: Uint8Array): Promise<void> {
    const state = joinStateOfHeader(header.state);
    const { mutations } = unpackParts(payload, header);
    const objectKeys = new Set(mutations.flatMap((one) => ('object' in one ? [one.object.key] : [])));
    const partialKey = header.partial && decodePartialCopy(header.partial).object.key;
    const lost = (header.lost ?? []).map((key) => ({
      kind: 'whole' as const,
      object: parseObjectKey(latin1Text(key)),
    }));
    const noted = (): Mutation[] => [
      ...this.#copy.noteFound(header.done.map(latin1Text)),
      ...this.#copy.noteMissing(lost),
      ...(header.partial === undefined || partialKey === undefined
        ? this.#dropPartials([...header.done, ...(header.lost ?? [])].map(latin1Text))
        : this.#notePartial(partialKey, header.partial)),
      this.#copy.noteJoin(state),
    ];
    const { transactionBytesMax } = this.term.host.store;
    const lists = splitMutations(mutations, transactionBytesMax / 2);
    const steps = lists.map((list, i) => {
      const isLast = i === lists.length - 1;
      const make = (): Transaction => {
        this.#checkAttempt(header.attempt);
        // What is not true any more goes before the first of it, what is noted holds with the last.
        const before = i === 0 && header.keepsPartial !== true ? this.#dropPartials(objectKeys) : [];
        const after = isLast ? noted() : [];
        return { pg: this.term.pg, blockShift: blockShiftMin, mutations: [...before, ...list, ...after] };
      };
      return this.#run(make, () => {
        if (isLast) this.#copy.joinIs(state);
      });
    });
    await Promise.all(steps);
  }

  #notePartial(objectKey: string, encoded: Uint8Array): Mutation[] {
    this.#partials.add(objectKey);
    const mutations = [this.#copy.notePartial(objectKey, encoded)];
    if (this.#partials.size <= partialsMax) return mutations;
    // The one that is come to last. Nothing is lost but the copying of it so far.
    const [last = objectKey] = [...this.#partials].filter((key) => key !== objectKey).sort((a, b) => (a < b ? 1 : -1));
    return [...mutations, ...this.#dropPartials([last])];
  }

  #dropPartials(objectKeys: Iterable<string>): Mutation[] {
    const mutations: Mutation[] = [];
    for (const key of objectKeys) {
      if (this.#partials.delete(key)) mutations.push(this.#copy.notePartial(key, undefined));
    }
    return mutations;
  }

  /** Versions of the objects behind `after` up to `until`. */
  async scan({ attempt, after, until }: JoinScanRequest): Promise<JoinScanReply> {
    this.#checkAttempt(attempt);
    const { pg, host } = this.term;
    const walk = host.store.objects.objectWalk(pg.pool, orderRange(pg.pg, this.#copy.pgNum));
    const end = until === null ? undefined : latin1Text(until);
    const objects: (readonly [Uint8Array, number, number])[] = [];
    try {
      if (after.byteLength > 0) walk.seek(`o${latin1Text(after)}\0`);
      for (const { key, value } of await walk.next(scanObjectsMax + 1)) {
        const own = key.slice(1);
        if (end !== undefined && own > end) break;
        const { version } = decodeObjectHead(value);
        objects.push([latin1Bytes(own), version.term, version.seq]);
      }
    } finally {
      await walk.close();
    }
    const isMore = objects.length > scanObjectsMax;
    return { objects: isMore ? objects.slice(0, scanObjectsMax) : objects, isMore };
  }

  /** All is there: from here on the copy is whole. */
  async finish({ attempt }: JoinHeader): Promise<LogPosition> {
    const make = (): Transaction => {
      this.#checkAttempt(attempt);
      if (this.#partials.size > 0) {
        throw new CairnError('CONFLICT', `pg ${printPgId(this.term.pg)} has objects that were copied in part only`);
      }
      return { pg: this.term.pg, blockShift: blockShiftMin, mutations: [this.#copy.noteJoin(undefined)] };
    };
    await this.#run(make, () => this.#copy.joinIs(undefined));
    this.term.host.joined.delete(printPgId(this.term.pg));
    return { term: this.#copy.last.term, seq: this.#durable };
  }

  /** In the order of the calls, each applied before the next. Resolves when it is durable. */
  #run(make: () => Transaction | undefined, onApplied: () => void = () => undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#steps.push({ make, onApplied, resolve, reject });
      if (!this.#isRunning) this.#next();
    });
  }

  #next(): void {
    const step = this.#steps.shift();
    if (step === undefined) return;
    this.#isRunning = true;
    const go = (): void => {
      this.#isRunning = false;
      this.#next();
    };
    let isSubmitting = false;
    try {
      this.term.throwIfOver();
      if (!this.#isBegun) throw new CairnError('CONFLICT', 'the join was begun anew; this is of the one before');
      const transaction = step.make();
      if (transaction === undefined) {
        step.resolve();
        go();
        return;
      }
      isSubmitting = true;
      this.#settle(this.#copy.submit(transaction), step, go);
    } catch (error) {
      // Nothing may follow what is not there: what it notes would be of data that was refused.
      if (isSubmitting) this.#isBegun = false;
      step.reject(toCairnError(error));
      go();
    }
  }

  #settle({ applied, durable }: Submitted, { onApplied, resolve, reject }: Step, go: () => void): void {
    void (async () => {
      try {
        await applied;
        onApplied();
      } catch {
        // Nothing may follow what is not there.
        this.#isBegun = false;
      }
      go();
      try {
        await durable;
        resolve();
      } catch (error) {
        reject(toCairnError(error));
      }
    })();
  }

  /** `undefined` for one that is known. */
  #appendOf(message: AppendMessage, payload: Uint8Array): Transaction | undefined {
    const record = decodeRecord(message.record);
    if (record.kind !== 'transaction') throw new CairnError('PROTOCOL_ERROR', 'an append that is no transaction');
    const mutations = attachPayloads(record.transaction.mutations, payload);
    const transaction = { ...record.transaction, mutations, encoded: message.record };
    const seq = transaction.entry?.seq ?? transaction.copied?.[0]?.seq ?? 0;
    if (seq <= this.#copy.last.seq) return undefined;
    this.#checkFollows(positionOfHeader(message.prev), seq);
    if (message.everywhere !== undefined) this.#copy.asyncProgress(message.commit, message.everywhere);
    return transaction;
  }

  #checkAttempt(attempt: number, isCurrent = attempt === this.#attempt): void {
    if (isCurrent) return;
    throw new CairnError('CONFLICT', `attempt ${attempt} to join is over; ${this.#attempt} is under way`);
  }

  #checkFollows(prev: LogPosition, seq: number): void {
    const { last } = this.#copy;
    // A log that is made anew begins where the primary's does.
    if (isSamePosition(prev, last) || (last.seq === 0 && seq > 0)) return;
    throw new CairnError(
      'CONFLICT',
      `entry ${seq} does not follow ${last.seq}, the last of pg ${printPgId(this.term.pg)}`,
    );
  }

  #acknowledge(seq: number): void {
    const { host, pg, number, ended } = this.term;
    this.#durable = Math.max(this.#durable, seq);
    if (ended === undefined) host.acknowledge(this.#primary, pg, number, this.#durable);
  }

  /** The primary gives this attempt up. */
  #refused(thrown: unknown, attempt: number): void {
    const { term } = this;
    if (term.ended !== undefined || attempt !== this.#attempt) return;
    const error = toCairnError(thrown);
    if (error.code === 'INTERNAL') {
      term.host.fatal(thrown);
      return;
    }
    const header = { ...term.headerTo(this.#primary), last: positionHeader(this.#copy.last), problem: error.message };
    term.host.peers.tell(this.#primary.osd, nackMethod, header);
  }
}
