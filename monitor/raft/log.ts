/**
 * The log in memory: what follows the snapshot, and a bounded tail of what the snapshot replaced, for members that lag
 * a little, or that are being sent an older snapshot (`hold`). It knows what is committed and refuses to change that; what of it is durable is durability.ts's to know.
 *
 *     offset        snapshot.index      commit         last
 *       |  retained tail  |   committed   |  may be truncated  |
 */
import { invariant } from '../../base/invariant.js';
import { equalMemberships, MembershipHistory } from './membership-history.js';
import { entryBytes, retainedBytesMax, type ResolvedRaftOptions } from './options.js';
import { logIndex, type EntryPosition, type LogEntry, type LogIndex, type SnapshotMeta, type Term } from './types.js';

export type LogBounds = Pick<ResolvedRaftOptions, 'retainedEntriesMax' | 'heldBytesMax'>;

export class RaftLog {
  /** The position before the first entry in memory. */
  #offset: EntryPosition;
  #entries: LogEntry[];
  /** `#sums[i]` is the bytes of all entries ever in memory up to and with `#entries[i]`: differences are sizes. */
  #sums: number[];
  #sumBefore = 0;
  #snapshot: SnapshotMeta;
  #commit: LogIndex;
  #memberships: MembershipHistory;
  readonly #bounds: LogBounds;
  #heldFrom: LogIndex | undefined;

  /** After a compaction up to `retainedEntriesMax` entries before the snapshot stay in memory. */
  constructor(snapshot: SnapshotMeta, entries: readonly LogEntry[], bounds: LogBounds) {
    this.#bounds = bounds;
    checkSnapshot(snapshot);
    this.#snapshot = snapshot;
    this.#offset = positionOf(snapshot);
    this.#commit = snapshot.index;
    this.#memberships = new MembershipHistory(snapshot.index, snapshot.membership);
    this.#entries = [];
    this.#sums = [];
    this.append(entries);
  }

  get offset(): EntryPosition {
    return this.#offset;
  }

  get snapshot(): SnapshotMeta {
    return this.#snapshot;
  }

  get commit(): LogIndex {
    return this.#commit;
  }

  get last(): EntryPosition {
    const entry = this.#entries.at(-1);
    return entry === undefined ? this.#offset : positionOf(entry);
  }

  get memberships(): MembershipHistory {
    return this.#memberships;
  }

  /** `undefined` outside of what is in memory. */
  termAt(index: number): Term | undefined {
    if (index === this.#offset.index) return this.#offset.term;
    return this.#entries[index - this.#offset.index - 1]?.term;
  }

  /** Whether an entry of this position is in the log, as far as is known. */
  holds(position: EntryPosition): boolean {
    return this.termAt(position.index) === position.term;
  }

  /** Entries `first` to `last`, both included, all of them in memory. */
  entries(first: number, last: number): readonly LogEntry[] {
    const base = this.#offset.index + 1;
    invariant(first >= base && last <= this.last.index, 'the entries asked for are in memory', { first, last });
    return this.#entries.slice(first - base, last - base + 1);
  }

  /** Entries from `first` on of at most `bytesMax`, at least one. */
  entriesWithin(first: number, bytesMax: number): readonly LogEntry[] {
    let end = first;
    while (end < this.last.index && this.bytesBetween(first - 1, end + 1) <= bytesMax) end++;
    return this.entries(first, end);
  }

  /** Bytes of the entries after index `after` up to and with `last`. */
  bytesBetween(after: number, last: number): number {
    return this.#sumAt(last) - this.#sumAt(after);
  }

  /**
   * The last index at or before `index` whose term is at most `term`: where two logs may agree again (paper, end of
   * section 5.3). Below the offset nothing is known: then `index` itself, or the offset's predecessor.
   */
  lastNotAbove(index: number, term: number): number {
    if (index < this.#offset.index) return index;
    let low = this.#offset.index - 1;
    let high = Math.min(index, this.last.index);
    // Terms never fall along the log: halve between the last index known to fit and the first known not to.
    while (low < high) {
      const middle = low + Math.ceil((high - low) / 2);
      if ((this.termAt(middle) ?? 0) <= term) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Puts `entries`, contiguous, where their indices say; what stood there and after it is gone. */
  append(entries: readonly LogEntry[]): void {
    const [first] = entries;
    if (first === undefined) return;
    invariant(first.index > this.#commit, 'committed entries are never replaced', {
      index: first.index,
      commit: this.#commit,
    });
    invariant(first.index <= this.last.index + 1, 'the log has no gaps', { index: first.index, last: this.last.index });
    const kept = first.index - this.#offset.index - 1;
    if (kept < this.#entries.length) {
      this.#entries.length = kept;
      this.#sums.length = kept;
      this.#memberships.truncate(first.index);
    }
    for (const entry of entries) this.#push(entry);
  }

  commitTo(index: number): void {
    invariant(index >= this.#commit && index <= this.last.index, 'what is committed is in the log and stays so', {
      index,
      commit: this.#commit,
      last: this.last.index,
    });
    this.#commit = logIndex(index);
  }

  /**
   * What follows `index` stays in memory whatever is compacted, until the next call, or until it is more than the bound:
   * then it is dropped like the rest. `undefined`: nothing is held.
   */
  hold(index: LogIndex | undefined): void {
    if (index === this.#heldFrom) return;
    this.#heldFrom = index;
    this.#trim();
  }

  /** The applied state up to `snapshot.index` is durable elsewhere. False when a newer snapshot has replaced it already. */
  compact(snapshot: SnapshotMeta): boolean {
    if (snapshot.index <= this.#snapshot.index) return false;
    checkSnapshot(snapshot);
    invariant(snapshot.index <= this.#commit, 'a snapshot holds committed entries only', { index: snapshot.index });
    invariant(this.holds(snapshot), 'a snapshot ends with an entry of this log', { index: snapshot.index });
    invariant(
      equalMemberships(snapshot.membership, this.#memberships.at(snapshot.index)),
      'a snapshot has the membership as of its index',
      { index: snapshot.index },
    );
    this.#adopt(snapshot);
    return true;
  }

  /**
   * A whole snapshot arrived from the leader. True when the log held its last position: then what follows it stays.
   * Otherwise the log is empty afterwards.
   */
  install(snapshot: SnapshotMeta): boolean {
    invariant(snapshot.index > this.#commit, 'a snapshot that is installed is news', { index: snapshot.index });
    const isHeld = this.holds(snapshot);
    if (!isHeld) {
      this.#entries = [];
      this.#sums = [];
      this.#offset = positionOf(snapshot);
      this.#memberships = new MembershipHistory(snapshot.index, snapshot.membership);
    }
    this.#commit = snapshot.index;
    this.#adopt(snapshot);
    return isHeld;
  }

  #adopt(snapshot: SnapshotMeta): void {
    this.#snapshot = snapshot;
    this.#memberships.compact(snapshot.index, snapshot.membership);
    this.#trim();
  }

  /** Drops what nobody needs any more. */
  #trim(): void {
    const offset = this.#firstNeeded();
    const dropped = offset - this.#offset.index;
    if (dropped === 0) return;
    this.#sumBefore = this.#sumAt(offset);
    this.#offset = { index: logIndex(offset), term: this.termAt(offset) ?? this.#snapshot.term };
    this.#entries = this.#entries.slice(dropped);
    this.#sums = this.#sums.slice(dropped);
  }

  #firstNeeded(): number {
    const { index } = this.#snapshot;
    const held = this.#heldFrom;
    const isHeld = held !== undefined && held >= this.#offset.index && held < index;
    let low = Math.max(this.#offset.index, index - this.#bounds.retainedEntriesMax);
    let high: number = index;
    // Bytes fall as the offset grows: halve between the first that may do and the first known to.
    while (low < high) {
      const middle = low + Math.floor((high - low) / 2);
      if (this.bytesBetween(middle, index) <= retainedBytesMax) high = middle;
      else low = middle + 1;
    }
    const mayHold = isHeld && this.bytesBetween(held, index) <= this.#bounds.heldBytesMax;
    return mayHold ? Math.min(held, low) : low;
  }

  #push(entry: LogEntry): void {
    const { index, term } = this.last;
    invariant(entry.index === index + 1, 'the log has no gaps', { index: entry.index, last: index });
    invariant(entry.term >= term, 'terms never fall along the log', { index: entry.index, term: entry.term });
    this.#sums.push((this.#sums.at(-1) ?? this.#sumBefore) + entryBytes(entry));
    this.#entries.push(entry);
    if (entry.kind === 'membership') this.#memberships.append(entry.index, entry.membership);
  }

  #sumAt(index: number): number {
    return this.#sums[index - this.#offset.index - 1] ?? this.#sumBefore;
  }
}

/** Without a chunk, a snapshot could not be sent to who needs it. */
function checkSnapshot({ index, chunks }: SnapshotMeta): void {
  invariant(index === 0 || chunks >= 1, 'a snapshot above index 0 has a chunk, though it may be empty', { index });
}

export function positionOf({ index, term }: EntryPosition): EntryPosition {
  return { index, term };
}

/** Whether a log that ends at `a` is at least as up to date as one that ends at `b` (paper, section 5.4.1). */
export function isUpToDate(a: EntryPosition, b: EntryPosition): boolean {
  return a.term > b.term || (a.term === b.term && a.index >= b.index);
}
