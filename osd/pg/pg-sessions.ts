/** What clients of a PG were answered, in memory once this OSD leads it: read from the PG's values and log, then kept up to date. */
import type { MonotonicMs } from '../../base/instants.js';
import { printPgId, type PgId } from '../../cluster/ids.js';
import type { OpRequest } from '../../protocol/osd-methods.js';
import { decodeLogAnswer } from '../store/pg/log-entry.js';
import type { Store } from '../store/store.js';
import type { Mutation } from '../store/transaction.js';
import type { PgCopy } from './pg-copy.js';
import type { Outcome } from './primary/outcome.js';
import { refusal } from './refusals.js';
import { SessionTable } from './sessions/session-table.js';
import {
  encodeStoredAnswer,
  sessionIdBytes,
  storedAnswerKey,
  storedAnswersEnd,
  storedAnswersPrefix,
} from './sessions/stored-answer.js';

/** Removed with one trim. */
const obsoleteMax = 1_024;

export class PgSessions {
  /** Requests under way, by session and number: a repetition gets the same outcome. */
  readonly running = new Map<string, Promise<Outcome>>();
  readonly #store: Store;
  readonly #pg: PgId;
  #table = new SessionTable();

  constructor(store: Store, pg: PgId) {
    this.#store = store;
    this.#pg = pg;
  }

  /**
   * Reads what there is. Before requests are served, and in a term of its own: floors and what changed nothing do not survive the
   * term (sessions/README.md).
   */
  async catchUp(copy: PgCopy, now: MonotonicMs): Promise<void> {
    this.running.clear();
    const table = new SessionTable();
    this.#table = table;
    const range = { from: storedAnswersPrefix, to: storedAnswersEnd };
    for (const { key, value } of await this.#store.objects.pgValues(this.#pg, range)) table.onStored(key, value, now);
    let after = copy.trimmedTo;
    for (let page = await copy.readLog(after); page.length > 0; page = await copy.readLog(after)) {
      for (const packed of page) {
        const { session, request, reply, seq } = decodeLogAnswer(packed.bytes);
        if (session.byteLength === sessionIdBytes && request > 0) table.add({ session, request, seq, reply }, now);
        after = seq;
      }
    }
  }

  /** The answer that the request got already; `undefined`: it is to be run, and answered in the same step. */
  look({ session, request, floor }: OpRequest, now: MonotonicMs): { seq: number; reply: Uint8Array } | undefined {
    const found = this.#table.look(session, request, floor, now);
    switch (found.kind) {
      case 'new':
        return undefined;
      case 'known':
        return found;
      case 'over': {
        const message = `request ${request} is over in pg ${printPgId(this.#pg)}: its client waits for later ones only`;
        throw refusal('CONFLICT', 'request-over', message);
      }
      case 'full':
        throw refusal(
          'OVERLOADED',
          'session-full',
          'as many answers of the session are kept as may be; raise its floor',
        );
      case 'crowded':
        throw refusal(
          'OVERLOADED',
          'session-full',
          `pg ${printPgId(this.#pg)} keeps as many answers as it can; try again`,
        );
    }
  }

  /** It changed nothing: the answer is kept in memory only, for copies of the request that are on their way in this term. */
  answered(request: OpRequest, seq: number, reply: Uint8Array, now: MonotonicMs): void {
    this.#table.add({ session: request.session, request: request.request, seq, reply, isTransient: true }, now);
  }

  appended(request: OpRequest, seq: number, reply: Uint8Array, now: MonotonicMs): void {
    this.#table.add({ session: request.session, request: request.request, seq, reply }, now);
  }

  get counts(): {
    readonly count: number;
    readonly answers: number;
    readonly answerBytes: number;
    readonly running: number;
  } {
    const { sessionCount, answerCount, bytes } = this.#table;
    return { count: sessionCount, answers: answerCount, answerBytes: bytes, running: this.running.size };
  }

  /** What goes into the transaction that trims the log so far: answers that are still needed, and no longer needed ones. */
  keep(trimTo: number, committed: number, now: MonotonicMs): Mutation[] {
    this.#table.idle(now, committed);
    const mutations: Mutation[] = [];
    for (const key of this.#table.obsolete(obsoleteMax)) mutations.push({ kind: 'pg-remove', key });
    for (const answer of this.#table.mustKeep(trimTo, now)) {
      const key = storedAnswerKey(answer.session, answer.request);
      mutations.push({ kind: 'pg-set', key, value: encodeStoredAnswer(answer) });
    }
    return mutations;
  }

  /** That transaction is applied. */
  kept(mutations: readonly Mutation[], trimTo: number, now: MonotonicMs): void {
    for (const mutation of mutations) {
      if (mutation.kind === 'pg-remove') this.#table.onRemoved(mutation.key);
      else if (mutation.kind === 'pg-set') this.#table.onStored(mutation.key, mutation.value, now);
    }
    this.#table.onTrimmed(trimTo);
  }
}
