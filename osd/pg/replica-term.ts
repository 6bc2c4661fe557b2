/**
 * A term of a PG that another OSD leads: appends come in the order of the log, become durable, are acknowledged.
 *
 *     append ──► follows what is here? ──► store ──► durable ──► acknowledged, all up to it
 *                    └ no: known already: acknowledged; a gap: the primary is told where to go on
 *
 * The entry before names the whole log before it (PG-PROTOCOL.md section 2), so a copy that takes an append of a term has
 * levelled in it.
 */
import { CairnError, toCairnError } from '../../base/errors.js';
import { printPgId } from '../../cluster/ids.js';
import type { Member } from '../../cluster/pg-record.js';
import { decodeRecord } from '../store/format/record.js';
import type { Transaction } from '../store/transaction.js';
import { attachPayloads } from './attach-payloads.js';
import { nackMethod, positionHeader, positionOfHeader, type AppendMessage } from './messages.js';
import type { PgCopy } from './pg-copy.js';
import type { Term } from './term.js';
import { isSamePosition, type LogPosition } from './types.js';

interface WaitingAppend {
  readonly kind: 'append';
  readonly message: AppendMessage;
  readonly payload: Uint8Array;
  /** The payload is read no more. */
  readonly free: () => void;
  readonly done: () => void;
}

/** A change without an entry. */
interface WaitingChange {
  readonly kind: 'change';
  readonly prepare: () => Promise<Transaction>;
  readonly resolve: () => void;
  readonly reject: (error: CairnError) => void;
}

type Waiting = WaitingAppend | WaitingChange;

export class ReplicaTerm {
  readonly kind = 'replica';
  readonly term: Term;
  readonly #copy: PgCopy;
  readonly #primary: Member;
  /** Appended and not durable yet: without any, all of the log is. */
  #outstanding = 0;
  #isApplying = false;
  #heal = 0;
  /** Behind one that waits for the store. Bounded by the credit of the primary's connection. */
  readonly #waiting: Waiting[] = [];

  constructor(term: Term, copy: PgCopy, primary: Member) {
    this.term = term;
    this.#copy = copy;
    this.#primary = primary;
  }

  /**
   * Resolves when it is durable or was refused: until then it holds the credit of the connection. `free` is called when the payload is read
   * no more.
   */
  append(message: AppendMessage, payload: Uint8Array, free: () => void): Promise<void> {
    return new Promise((done) => {
      this.#waiting.push({ kind: 'append', message, payload, free, done });
      if (!this.#isApplying) this.#next();
    });
  }

  /**
   * A change of this copy without an entry, between two appends: none is applied from when `prepare` begins until its
   * transaction is. Durable when it resolves.
   */
  between(prepare: () => Promise<Transaction>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ kind: 'change', prepare, resolve, reject });
      if (!this.#isApplying) this.#next();
    });
  }

  /** Resolves when the log here has come so far. */
  async reached(seq: number): Promise<void> {
    await this.#copy.reached(seq, this.term.signal);
    this.term.throwIfOver();
  }

  /** The primary numbers what it heals: `CONFLICT` for what comes late of an earlier one. */
  checkHeal(number: number): void {
    if (number < this.#heal) throw new CairnError('CONFLICT', `heal ${number} is over; ${this.#heal} came after it`);
    this.#heal = number;
  }

  end(reason: CairnError): void {
    this.term.end(reason);
    for (const waiting of this.#waiting.splice(0)) {
      if (waiting.kind === 'append') over(waiting);
      else waiting.reject(reason);
    }
  }

  #next(): void {
    for (let waiting = this.#waiting.shift(); waiting !== undefined; waiting = this.#waiting.shift()) {
      if (!this.#take(waiting)) return;
    }
  }

  /** False: what follows has to wait until this one is applied. */
  #take(waiting: Waiting): boolean {
    if (waiting.kind === 'append') return this.#takeAppend(waiting);
    void this.#change(waiting);
    return false;
  }

  async #change({ prepare, resolve, reject }: WaitingChange): Promise<void> {
    this.#isApplying = true;
    let durable: Promise<void> | undefined;
    try {
      const transaction = await prepare();
      this.term.throwIfOver();
      const submitted = this.#copy.submit(transaction);
      durable = submitted.durable;
      durable.then(resolve, (error: unknown) => reject(toCairnError(error)));
      await submitted.applied;
    } catch (error) {
      // What was submitted and refused tells so by `durable`.
      if (durable === undefined) reject(toCairnError(error));
    }
    this.#applied();
  }

  #takeAppend(waiting: WaitingAppend): boolean {
    const { message, payload } = waiting;
    const { last } = this.#copy;
    if (this.term.ended !== undefined) return over(waiting);
    let transaction: Transaction;
    try {
      transaction = decode(message, payload);
    } catch (error) {
      this.#refuse(toCairnError(error));
      return over(waiting);
    }
    const { entry } = transaction;
    if (entry === undefined || entry.seq <= last.seq) {
      // Sent again. All that is here is the primary's log, so it is known.
      if (this.#outstanding === 0) this.#acknowledge(last.seq);
      return over(waiting);
    }
    if (!isSamePosition(positionOfHeader(message.prev), last)) {
      this.#tell(last);
      return over(waiting);
    }
    if (message.everywhere !== undefined) this.#copy.asyncProgress(message.commit, message.everywhere);
    return this.#submit(transaction, entry.seq, waiting);
  }

  /** False while it is not applied. */
  #submit(transaction: Transaction, seq: number, waiting: WaitingAppend): boolean {
    let submitted;
    try {
      submitted = this.#copy.submit(transaction);
    } catch (error) {
      this.#refuse(toCairnError(error));
      return over(waiting);
    }
    this.#outstanding += 1;
    void this.#untilDurable(submitted.durable, seq, waiting.done);
    if (submitted.isApplied) {
      waiting.free();
      return true;
    }
    this.#isApplying = true;
    submitted.applied.then(
      () => {
        waiting.free();
        this.#applied();
      },
      (error: unknown) => {
        waiting.free();
        this.#refuse(toCairnError(error));
        this.#applied();
      },
    );
    return false;
  }

  async #untilDurable(durable: Promise<void>, seq: number, done: () => void): Promise<void> {
    try {
      await durable;
      this.#outstanding -= 1;
      if (this.term.ended === undefined) this.#acknowledge(seq);
    } catch {
      // It was refused, which was told; or the store has failed, and the daemon stops.
      this.#outstanding -= 1;
    }
    done();
  }

  #applied(): void {
    this.#isApplying = false;
    this.#next();
  }

  #acknowledge(seq: number): void {
    this.term.host.acknowledge(this.#primary, this.term.pg, this.term.number, seq);
  }

  /** The store would not have it: the primary tries again, and what follows has a gap before it until then. */
  #refuse(error: CairnError): void {
    if (this.term.ended !== undefined) return;
    const { log } = this.term.host.runtime;
    log.warn({ pg: printPgId(this.term.pg), term: this.term.number, err: error }, 'an entry could not be appended');
    this.#tell(this.#copy.last, error.message);
  }

  #tell(last: LogPosition, problem?: string): void {
    const { term } = this;
    const header = { ...term.headerTo(this.#primary), last: positionHeader(last), problem };
    term.host.peers.tell(this.#primary.osd, nackMethod, header);
  }
}

/** Nothing of it is left to be done. */
function over({ free, done }: WaitingAppend): true {
  free();
  done();
  return true;
}

function decode(message: AppendMessage, payload: Uint8Array): Transaction {
  const record = decodeRecord(message.record);
  if (record.kind !== 'transaction') throw toCairnError(new Error('an append that is no transaction'));
  const { pg, blockShift, mutations, cutAfter, copied, entry, trimTo } = record.transaction;
  // Of one shape with what a primary submits: the store sees few shapes, and V8 compiles it for them.
  return {
    pg,
    blockShift,
    mutations: attachPayloads(mutations, payload),
    cutAfter,
    copied,
    entry,
    trimTo,
    // The primary writes only while every member has room: this was on its way.
    mayUseReserve: true,
    encoded: message.record,
  };
}
