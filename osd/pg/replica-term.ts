/**
 * A term of a PG that another OSD leads: appends come in the order of the log, become durable, are acknowledged.
 *
 *     append ──► follows what is here? ──► store ──► durable ──► acknowledged, all up to it
 *                    └ no: known already: acknowledged; a gap: the primary is told where to go on
 *
 * The entry before names the whole log before it (PG-PROTOCOL.md section 2), so a copy that takes an append of a term has
 * levelled in it.
 */
import { isCairnError, toCairnError, type CairnError } from '../../base/errors.js';
import { printPgId } from '../../cluster/ids.js';
import type { Member } from '../../cluster/pg-record.js';
import { decodeRecord } from '../store/format/record.js';
import type { Transaction } from '../store/transaction.js';
import { attachPayloads } from './attach-payloads.js';
import { nackMethod, positionHeader, positionOfHeader, type AppendMessage } from './messages.js';
import type { PgCopy } from './pg-copy.js';
import type { Term } from './term.js';
import { isSamePosition, type LogPosition } from './types.js';

interface Waiting {
  readonly message: AppendMessage;
  readonly payload: Uint8Array;
  readonly done: () => void;
}

export class ReplicaTerm {
  readonly kind = 'replica';
  readonly term: Term;
  readonly #copy: PgCopy;
  readonly #primary: Member;
  /** Appended and not durable yet: without any, all of the log is. */
  #outstanding = 0;
  #isApplying = false;
  /** Behind one that waits for the store. Bounded by the credit of the primary's connection. */
  readonly #waiting: Waiting[] = [];

  constructor(term: Term, copy: PgCopy, primary: Member) {
    this.term = term;
    this.#copy = copy;
    this.#primary = primary;
  }

  /** Resolves when it is durable or was refused: until then it holds the credit of the connection. */
  append(message: AppendMessage, payload: Uint8Array): Promise<void> {
    return new Promise((done) => {
      this.#waiting.push({ message, payload, done });
      if (!this.#isApplying) this.#next();
    });
  }

  end(reason: CairnError): void {
    this.term.end(reason);
    for (const { done } of this.#waiting.splice(0)) done();
  }

  #next(): void {
    for (let waiting = this.#waiting.shift(); waiting !== undefined; waiting = this.#waiting.shift()) {
      if (!this.#take(waiting)) return;
    }
  }

  /** False: what follows has to wait until this one is applied. */
  #take({ message, payload, done }: Waiting): boolean {
    const { last } = this.#copy;
    if (this.term.ended !== undefined) {
      done();
      return true;
    }
    let transaction: Transaction;
    try {
      transaction = decode(message, payload);
    } catch (error) {
      this.#refuse(toCairnError(error));
      done();
      return true;
    }
    const { entry } = transaction;
    if (entry === undefined || entry.seq <= last.seq) {
      // Sent again. All that is here is the primary's log, so it is known.
      if (this.#outstanding === 0) this.#acknowledge(last.seq);
      done();
      return true;
    }
    if (!isSamePosition(positionOfHeader(message.prev), last)) {
      this.#tell(last);
      done();
      return true;
    }
    this.#submit(transaction, { term: entry.term, seq: entry.seq }, done);
    return false;
  }

  #submit(transaction: Transaction, position: LogPosition, done: () => void): void {
    this.#isApplying = true;
    let submitted;
    try {
      submitted = this.#copy.submit(transaction);
    } catch (error) {
      this.#isApplying = false;
      this.#refuse(toCairnError(error));
      done();
      this.#next();
      return;
    }
    const { applied, durable } = submitted;
    this.#outstanding += 1;
    applied.then(
      () => this.#applied(),
      (error: unknown) => {
        this.#refuse(toCairnError(error));
        this.#applied();
      },
    );
    void this.#untilDurable(durable, position, done);
  }

  async #untilDurable(durable: Promise<void>, { seq }: LogPosition, done: () => void): Promise<void> {
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
    term.host.peers.tell(this.#primary.osd, nackMethod, header, {}).catch((error: unknown) => {
      if (!isCairnError(error)) term.host.fatal(error);
    });
  }
}

function decode(message: AppendMessage, payload: Uint8Array): Transaction {
  const record = decodeRecord(message.record);
  if (record.kind !== 'transaction') throw toCairnError(new Error('an append that is no transaction'));
  // The primary writes only while every member has room: this was on its way.
  return { ...attachPayloads(record.transaction, payload), mayUseReserve: true, encoded: message.record };
}
