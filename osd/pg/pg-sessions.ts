/** What clients of a PG were answered: kept by its entries and values, in memory once this OSD leads it. */
import { hexText } from '../../base/bytes.js';
import type { MonotonicMs } from '../../base/instants.js';
import { printPgId, type PgId } from '../../cluster/ids.js';
import type { OpRequest } from '../../protocol/osd-methods.js';
import { decodeLogEntry } from '../store/pg/log-entry.js';
import type { Store } from '../store/store.js';
import type { Mutation } from '../store/transaction.js';
import type { PgCopy } from './pg-copy.js';
import type { Outcome } from './primary/run-op.js';
import { refusal } from './refusals.js';

interface Answer {
  readonly seq: number;
  readonly reply: Uint8Array;
}

interface Session {
  floor: number;
  readonly answers: Map<number, Answer>;
}

const answersMax = 1_024;

export class PgSessions {
  /** Requests under way, by session and number: a repetition gets the same outcome. */
  readonly running = new Map<string, Promise<Outcome>>();
  readonly #store: Store;
  readonly #pg: PgId;
  readonly #sessions = new Map<string, Session>();
  #loadedTo = 0;

  constructor(store: Store, pg: PgId) {
    this.#store = store;
    this.#pg = pg;
  }

  /** Reads what the log got since. Before requests are served. */
  async catchUp(copy: PgCopy): Promise<void> {
    this.running.clear();
    if (this.#loadedTo > copy.last.seq) this.#sessions.clear();
    let after = Math.min(this.#loadedTo, copy.last.seq);
    for (let page = await copy.readLog(after); page.length > 0; page = await copy.readLog(after)) {
      for (const packed of page) {
        const { session, request, reply, seq } = decodeLogEntry(packed.bytes);
        if (session.byteLength > 0) this.#add(session, request, { seq, reply });
        after = seq;
      }
    }
    this.#loadedTo = copy.last.seq;
    void this.#store;
  }

  look({ session, request, floor }: OpRequest, now: MonotonicMs): Answer | undefined {
    void now;
    const known = this.#session(session);
    if (request < known.floor) {
      const message = `request ${request} is over: its session waits for ${known.floor} and later ones in pg ${printPgId(this.#pg)}`;
      throw refusal('CONFLICT', 'request-over', message);
    }
    if (floor > known.floor) {
      known.floor = floor;
      for (const number of known.answers.keys()) if (number < floor) known.answers.delete(number);
    }
    const answer = known.answers.get(request);
    if (answer === undefined && known.answers.size >= answersMax) {
      throw refusal('OVERLOADED', 'session-full', `${answersMax} answers of the session are kept; raise its floor`);
    }
    return answer;
  }

  answered({ session, request }: OpRequest, seq: number, reply: Uint8Array, now: MonotonicMs): void {
    void now;
    this.#add(session, request, { seq, reply });
  }

  appended({ session, request }: OpRequest, seq: number, reply: Uint8Array, now: MonotonicMs): void {
    void now;
    this.#add(session, request, { seq, reply });
    this.#loadedTo = seq;
  }

  keep(trimTo: number, now: MonotonicMs): readonly Mutation[] {
    void trimTo;
    void now;
    return [];
  }

  #add(session: Uint8Array, request: number, answer: Answer): void {
    const known = this.#session(session);
    if (request >= known.floor) known.answers.set(request, answer);
  }

  #session(bytes: Uint8Array): Session {
    const key = hexText(bytes);
    let session = this.#sessions.get(key);
    if (session === undefined) {
      session = { floor: 1, answers: new Map() };
      this.#sessions.set(key, session);
    }
    return session;
  }
}
