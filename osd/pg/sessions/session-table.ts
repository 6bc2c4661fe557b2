/**
 * The answers of one PG to requests that changed something: a retry is answered again instead of run again
 * (PG-PROTOCOL.md section 6, I6 and pitfall h). Pure; a function of what was applied to the PG, except for what clients say
 * of themselves (floors) and when (idle time), which matters to the primary only.
 *
 *     entry appended ─ add ─► in the log ─ trim ─► forgotten
 *                                  ╰─ mustKeep ─► stored as a value of the PG ─ obsolete ─► removed
 *
 * Answers at or above a session's floor are never dropped to make room: a full session, and a full table, refuse new requests.
 * A request below the floor is never run: its client waits for it no more, so this is a late copy. Floors need not survive
 * the term: copies that were sent in an earlier one are refused for their term.
 */
import type { MonotonicMs } from '../../../base/instants.js';
import { latin1Bytes, latin1Text } from '../../../base/bytes.js';
import { invariant } from '../../../base/invariant.js';
import {
  decodeStoredAnswer,
  decodeStoredAnswerKey,
  sessionIdBytes,
  type StoredAnswer,
  storedAnswerKey,
} from './stored-answer.js';

/** Longer than any deadline of a client. */
export const sessionIdleMs = 600_000;
/** Of one session, at or above its floor: what a client may have under way at once. */
export const answersPerSessionMax = 1_024;
/** Per PG, at some 400 bytes each: a PG has a few hundred clients at a time. */
export const sessionsMax = 10_000;
/** A session without answers makes room for another when it was idle for so long: its copies are no longer on their way. */
export const endableIdleMs = 60_000;
/** Per PG: 256 of the largest replies, or some hundred thousand of the usual ones. */
export const answerBytesMax = 16 * 1024 * 1024;
/** What an answer takes besides its reply: measured, 163 and 169 bytes with replies of 24, in 100 and 10,000 sessions. */
const answerOverheadBytes = 144;

export type Look =
  /** To be run, and added in the same synchronous step. */
  | { readonly kind: 'new' }
  /** The answer; it may be sent once the entry is committed. */
  | { readonly kind: 'known'; readonly seq: number; readonly reply: Uint8Array }
  /** `CONFLICT`, `request-over`. */
  | { readonly kind: 'over' }
  /** `OVERLOADED`, `session-full`. */
  | { readonly kind: 'full' }
  /** `OVERLOADED`: there are too many sessions or answers in this PG. */
  | { readonly kind: 'crowded' };

export interface AddedAnswer {
  readonly session: Uint8Array;
  readonly request: number;
  readonly seq: number;
  /** Copied. */
  readonly reply: Uint8Array;
  /** No entry has it, as nothing was changed: it is kept in memory only, until the session's floor passes it. Default false. */
  readonly isTransient?: boolean;
}

interface Answer {
  readonly session: Session;
  readonly request: number;
  readonly seq: number;
  /** latin1: a `Uint8Array` of so few bytes would take ten times their room. */
  readonly reply: string;
  isStored: boolean;
  readonly isTransient: boolean;
}

interface Session {
  readonly id: string;
  floor: number;
  usedAt: MonotonicMs;
  readonly answers: Map<number, Answer>;
}

export class SessionTable {
  /** The longest idle first. */
  readonly #sessions = new Map<string, Session>();
  /** Answers that only the log has, by seq unless `#isUnsorted`. */
  #inLog = new Set<Answer>();
  #lastSeq = 0;
  #isUnsorted = false;
  /** Keys of stored answers that nobody needs any more. */
  readonly #obsolete = new Set<string>();
  #answers = 0;
  #bytes = 0;

  get sessionCount(): number {
    return this.#sessions.size;
  }

  get answerCount(): number {
    return this.#answers;
  }

  /** Estimated, of the answers. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What to do with a request (numbered from 1) at the primary. `floor`: the client waits for no lower one any more. */
  look(sessionId: Uint8Array, request: number, floor: number, now: MonotonicMs): Look {
    const id = idOf(sessionId);
    const session = this.#sessions.get(id);
    if (session === undefined) {
      if (request < floor) return { kind: 'over' };
      if (this.#bytes >= answerBytesMax || !this.#makeRoom(now)) return { kind: 'crowded' };
      this.#open(id, floor, now);
      return { kind: 'new' };
    }
    this.#touch(session, now);
    this.#raiseFloor(session, floor);
    if (request < session.floor) return { kind: 'over' };
    const answer = session.answers.get(request);
    if (answer !== undefined) return { kind: 'known', seq: answer.seq, reply: latin1Bytes(answer.reply) };
    if (session.answers.size >= answersPerSessionMax) return { kind: 'full' };
    return this.#bytes >= answerBytesMax ? { kind: 'crowded' } : { kind: 'new' };
  }

  /**
   * An entry was appended, by the primary or as its replica, or is read from the log again. Never refused: it is part of
   * the log. Of two entries for one request the later counts; a session that was forgotten, and came back, has them.
   */
  add({ session: sessionId, request, seq, reply, isTransient = false }: AddedAnswer, now: MonotonicMs): void {
    const session = this.#use(idOf(sessionId), now);
    if (request < session.floor) return;
    this.#put({ session, request, seq, reply: latin1Text(reply), isStored: false, isTransient });
  }

  /** Entries behind `seq` were cut off: what they answered was not done. */
  cut(seq: number): void {
    for (const answer of this.#inLog) if (answer.seq > seq) this.#forget(answer);
    this.#lastSeq = Math.min(this.#lastSeq, seq);
  }

  /**
   * Drops sessions that were idle for ten minutes, unless they have an answer behind `commit`. Returns how many. Late copies
   * of theirs are older than any deadline.
   */
  idle(now: MonotonicMs, commit: number): number {
    const before = this.#sessions.size;
    for (const session of this.#sessions.values()) {
      if (now - session.usedAt < sessionIdleMs) break;
      if ([...session.answers.values()].some(({ seq }) => seq > commit)) continue;
      this.#close(session);
    }
    return before - this.#sessions.size;
  }

  /**
   * Answers of entries up to `trimTo` that are needed and not stored yet: the primary writes them as values of the PG
   * (stored-answer.ts) in the transaction that trims so far.
   */
  mustKeep(trimTo: number, now: MonotonicMs): StoredAnswer[] {
    const needed: StoredAnswer[] = [];
    for (const { session, request, seq, reply } of this.#inLogUpTo(trimTo))
      if (now - session.usedAt < sessionIdleMs)
        needed.push({ session: session.id, request, seq, reply: latin1Bytes(reply) });
    return needed;
  }

  /**
   * Keys of stored answers that nobody needs any more, at most `max`: the primary removes them with some transaction, before
   * what it stores with the same.
   */
  obsolete(max: number): string[] {
    const keys: string[] = [];
    for (const key of this.#obsolete) {
      if (keys.length >= max) break;
      const { session, request } = decodeStoredAnswerKey(key);
      // The request ran again, long after: its new answer takes the key, or frees it.
      if (this.#sessions.get(session)?.answers.has(request) !== true) keys.push(key);
    }
    return keys;
  }

  /** A stored answer was written, or is read when the PG is opened. `PARSE_ERROR` for what is none; then nothing changed. */
  onStored(key: string, value: Uint8Array, now: MonotonicMs): void {
    const { session: id, request, seq, reply } = decodeStoredAnswer(key, value);
    const session = this.#use(id, now);
    if (request < session.floor) {
      this.#obsolete.add(key);
      return;
    }
    this.#obsolete.delete(key);
    this.#put({ session, request, seq, reply: latin1Text(reply), isStored: true, isTransient: false });
  }

  /** A stored answer was removed. `PARSE_ERROR` for a key that is none. */
  onRemoved(key: string): void {
    const { session, request } = decodeStoredAnswerKey(key);
    this.#obsolete.delete(key);
    const answer = this.#sessions.get(session)?.answers.get(request);
    if (answer?.isStored !== true) return;
    answer.isStored = false;
    this.#forget(answer);
  }

  /** The log was trimmed up to `trimTo`: what was not stored before, nobody needed, says the primary. */
  onTrimmed(trimTo: number): void {
    for (const answer of this.#inLogUpTo(trimTo)) this.#forget(answer);
  }

  // Sessions.

  #use(id: string, now: MonotonicMs): Session {
    const session = this.#sessions.get(id);
    if (session === undefined) return this.#open(id, 0, now);
    this.#touch(session, now);
    return session;
  }

  #open(id: string, floor: number, now: MonotonicMs): Session {
    const session = { id, floor, usedAt: now, answers: new Map() };
    this.#sessions.set(id, session);
    return session;
  }

  #touch(session: Session, now: MonotonicMs): void {
    session.usedAt = now;
    this.#sessions.delete(session.id);
    this.#sessions.set(session.id, session);
  }

  #close(session: Session): void {
    for (const answer of session.answers.values()) this.#forget(answer);
    this.#sessions.delete(session.id);
  }

  /** For one more. */
  #makeRoom(now: MonotonicMs): boolean {
    if (this.#sessions.size < sessionsMax) return true;
    for (const session of this.#sessions.values()) {
      if (now - session.usedAt < endableIdleMs) return false;
      if (session.answers.size > 0) continue;
      this.#sessions.delete(session.id);
      return true;
    }
    return false;
  }

  #raiseFloor(session: Session, floor: number): void {
    if (floor <= session.floor) return;
    session.floor = floor;
    for (const answer of session.answers.values()) if (answer.request < floor) this.#forget(answer);
  }

  // Answers.

  #put(answer: Answer): void {
    const before = answer.session.answers.get(answer.request);
    if (before !== undefined) {
      // Read from the log as well: it stays stored.
      if (before.isStored && before.seq === answer.seq) return;
      this.#forget(before);
    }
    answer.session.answers.set(answer.request, answer);
    this.#answers += 1;
    this.#bytes += sizeOf(answer);
    if (answer.isStored) {
      this.#obsolete.delete(storedAnswerKey(answer.session.id, answer.request));
      return;
    }
    if (answer.isTransient) return;
    this.#inLog.add(answer);
    if (answer.seq < this.#lastSeq) this.#isUnsorted = true;
    this.#lastSeq = Math.max(this.#lastSeq, answer.seq);
  }

  #forget(answer: Answer): void {
    const wasThere = answer.session.answers.delete(answer.request);
    invariant(wasThere, 'an answer is forgotten once');
    this.#answers -= 1;
    this.#bytes -= sizeOf(answer);
    if (answer.isStored) this.#obsolete.add(storedAnswerKey(answer.session.id, answer.request));
    else this.#inLog.delete(answer);
  }

  #inLogUpTo(seq: number): Answer[] {
    if (this.#isUnsorted) {
      this.#inLog = new Set([...this.#inLog].sort((a, b) => a.seq - b.seq));
      this.#isUnsorted = false;
    }
    const found: Answer[] = [];
    for (const answer of this.#inLog) {
      if (answer.seq > seq) break;
      found.push(answer);
    }
    return found;
  }
}

function sizeOf({ reply }: Answer): number {
  return reply.length + answerOverheadBytes;
}

function idOf(session: Uint8Array): string {
  invariant(session.byteLength === sessionIdBytes, 'a session has 16 bytes', { bytes: session.byteLength });
  return latin1Text(session);
}
