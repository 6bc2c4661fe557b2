/**
 * Entries of one term on their way to every copy, as the primary counts them: what each member has durably, what is committed,
 * what has to be sent again. Pure.
 *
 *     added ──► sent, and in the primary's own log ──► acknowledged by all that are required ──► committed, in order
 *
 * Sync: committed is what every required member has. Async: what `ackCopies` of `acting` have, the primary among them.
 */
import type { MonotonicMs } from '../../base/instants.js';
import { invariant } from '../../base/invariant.js';
import type { Member, ReplicationMode } from '../../cluster/pg-record.js';
import type { LentPayload } from './lent-payload.js';
import { memberKey, type LogPosition } from './types.js';

/** An entry as it is sent. */
export interface SentEntry {
  readonly position: LogPosition;
  /** The entry before it in the log. */
  readonly prev: LogPosition;
  readonly record: Uint8Array;
  readonly payload: readonly Uint8Array[];
  /** Held until every copy has the entry, and for each message. */
  readonly lent: LentPayload | undefined;
  /** What another copy has to fetch to catch up with it, about. */
  readonly costBytes: number;
  /** `ObjectId.key` of whom it changes. */
  readonly objectKey: string;
  /** It changes values of the PG, too. */
  readonly changesPg: boolean;
}

/**
 * Entries of a PG that are not committed, at most. A member that lacks them takes them over in one transaction, with what they
 * touched (`level.ts`), so their cost stays well below what a transaction takes (16 MiB).
 */
export const windowBytesMax = 8 * 1024 * 1024;
export const windowEntriesMax = 1_024;

export interface ReplicationOptions {
  /** Where the log of every member ended when the term began to serve. */
  readonly head: LogPosition;
  readonly self: Member;
  readonly acting: readonly Member[];
  readonly mode: ReplicationMode;
  /** Cost of entries that are not committed, at most: `windowBytesMax` or less. An entry that costs more is alone. */
  readonly windowBytes: number;
}

export class Replication {
  readonly #mode: ReplicationMode;
  readonly #self: string;
  /** Highest sequence number that each has durably, of `acting`. */
  readonly #durable = new Map<string, number>();
  /** The proposed joiner: required as well, but no copy of those that an async pool counts. */
  readonly #joiners = new Map<string, number>();
  readonly #window: SentEntry[] = [];
  /** When each of `#window` was added. */
  readonly #addedAt: MonotonicMs[] = [];
  #windowBytes = 0;
  #windowBytesLimit: number;
  #committed: number;
  #last: LogPosition;
  #drains = false;

  constructor({ head, self, acting, mode, windowBytes }: ReplicationOptions) {
    this.#windowBytesLimit = windowBytes;
    this.#mode = mode;
    this.#self = memberKey(self);
    this.#committed = head.seq;
    this.#last = head;
    for (const member of acting) this.#durable.set(memberKey(member), head.seq);
    invariant(this.#durable.has(this.#self), 'the primary acts');
  }

  /** Of the newest entry. */
  get last(): LogPosition {
    return this.#last;
  }

  /** Entries up to here are committed. */
  get committed(): number {
    return this.#committed;
  }

  /** Every member of `acting` has the log up to here: what may be trimmed. */
  get everywhere(): number {
    return lowestOf(this.#durable);
  }

  /** 0 for who is neither a member nor a proposed joiner. */
  durableOf(member: Member): number {
    const key = memberKey(member);
    return this.#durable.get(key) ?? this.#joiners.get(key) ?? 0;
  }

  get hasRoom(): boolean {
    return this.fits(1);
  }

  /** Whether entries of this cost may be added: what is not committed then still fits one transaction. One may always be alone. */
  fits(costBytes: number): boolean {
    if (this.#window.length === 0 && this.#windowBytes === 0) return true;
    return this.#window.length < windowEntriesMax && this.#windowBytes + costBytes <= this.#windowBytesLimit;
  }

  get windowEntries(): number {
    return this.#window.length;
  }

  /**
   * By how much the slowest member lags, acknowledged or not: what the window holds begins with the oldest entry that somebody
   * lacks. 0 and 0 when all have everything.
   */
  lag(now: MonotonicMs): { readonly ms: number; readonly bytes: number } {
    const [since] = this.#addedAt;
    return since === undefined ? { ms: 0, bytes: 0 } : { ms: now - since, bytes: this.#windowBytes };
  }

  /** From here to the end of the term nothing is committed that somebody of `acting` lacks (PG-PROTOCOL.md section 5). */
  drain(): void {
    this.#drains = true;
  }

  /** All of `acting` have all that was ever committed, and nothing will be that one of them lacks. */
  get isDrained(): boolean {
    return (this.#drains || this.#mode.kind === 'sync') && this.everywhere >= this.#committed;
  }

  limitWindow(bytes: number): void {
    this.#windowBytesLimit = Math.min(this.#windowBytesLimit, bytes);
  }

  add(entry: SentEntry, now: MonotonicMs): void {
    invariant(entry.position.seq > this.#last.seq, 'entries are added in order', { seq: entry.position.seq });
    this.#last = entry.position;
    this.#window.push(entry);
    this.#addedAt.push(now);
    this.#windowBytes += entry.costBytes;
  }

  /** Returns the entries that are committed by it, in order. A number above the newest entry's is a lie and is ignored. */
  onDurable(member: Member, seq: number): readonly SentEntry[] {
    const key = memberKey(member);
    if (seq > this.#last.seq) return [];
    const known = this.#durable.get(key);
    if (known !== undefined) this.#durable.set(key, Math.max(known, seq));
    const joined = this.#joiners.get(key);
    if (joined !== undefined) this.#joiners.set(key, Math.max(joined, seq));
    return this.#advance();
  }

  /** From here to the end of the term nothing is committed that this joiner lacks (PG-PROTOCOL.md section 4, join, 4). */
  requireJoiner(member: Member, durableSeq: number): void {
    this.#joiners.set(memberKey(member), durableSeq);
  }

  /** Entries behind `seq` that somebody may lack, in order. */
  behind(seq: number): readonly SentEntry[] {
    return this.#window.filter((entry) => entry.position.seq > seq);
  }

  #advance(): readonly SentEntry[] {
    const committed = this.#committable;
    const everywhere = Math.min(this.everywhere, lowestOf(this.#joiners));
    const done: SentEntry[] = [];
    for (const entry of this.#window) {
      if (entry.position.seq > committed) break;
      if (entry.position.seq > this.#committed) done.push(entry);
    }
    this.#committed = Math.max(this.#committed, committed);
    // An async pool commits what some lack: they get it again after a lost connection.
    const kept = Math.min(everywhere, this.#committed);
    let count = 0;
    while (count < this.#window.length && (this.#window[count]?.position.seq ?? Infinity) <= kept) {
      this.#windowBytes -= this.#window[count]?.costBytes ?? 0;
      count += 1;
    }
    if (count > 0) {
      for (const { lent } of this.#window.splice(0, count)) lent?.letGo();
      this.#addedAt.splice(0, count);
    }
    return done;
  }

  get #committable(): number {
    const own = this.#durable.get(this.#self) ?? 0;
    const joined = lowestOf(this.#joiners);
    if (this.#mode.kind === 'sync' || this.#drains) return Math.min(this.everywhere, joined);
    const sorted = [...this.#durable.values()].sort((a, b) => b - a);
    return Math.min(own, sorted[this.#mode.ackCopies - 1] ?? 0, joined);
  }
}

/** `Infinity` of none. */
function lowestOf(numbers: ReadonlyMap<string, number>): number {
  let lowest = Infinity;
  for (const number of numbers.values()) if (number < lowest) lowest = number;
  return lowest;
}
