/** What the leader knows of one other member, and how it sends to it. */
import type { RaftProgress } from './output.js';
import { SnapshotTransfer } from './snapshot-transfer.js';
import { logIndex, type LogIndex, type MemberId, type SnapshotMeta } from './types.js';

export type ProgressState =
  /** Where the logs agree is not known: one append at a time, until one fits. */
  | { readonly kind: 'probing'; readonly isAwaiting: boolean }
  /** Appends follow each other without waiting; `inFlight` has the last index of each, oldest first. */
  | { readonly kind: 'replicating'; readonly inFlight: LogIndex[] }
  /** Needs entries that the log no longer has. */
  | { readonly kind: 'snapshot'; readonly transfer: SnapshotTransfer };

export class Progress {
  readonly member: MemberId;
  #matched = logIndex(0);
  #next: LogIndex;
  #state: ProgressState = { kind: 'probing', isAwaiting: false };
  #acknowledgedRound = 0;
  /** Since it last got further: an entry that matched, a chunk. */
  #idleTicks = 0;
  /** It has the snapshot it was sent, and not yet all that was compacted meanwhile. */
  #isCatchingUp = false;
  /** Said anything in this term since the last check of the quorum. */
  isActive = false;
  /** The same before that check; until the first one nobody is taken for silent. */
  #wasActive = true;
  /** The highest commit index it was told. */
  toldCommit = 0;
  /** Set while it is no longer in the membership but still gets the log: since its removal committed. */
  departingTicks: number | undefined;

  constructor(member: MemberId, next: LogIndex) {
    this.member = member;
    this.#next = next;
  }

  /** All up to here is durable at the member, and equal to the leader's log. */
  get matched(): LogIndex {
    return this.#matched;
  }

  /** The next entry to send; while replicating, ahead of what is acknowledged. */
  get next(): LogIndex {
    return this.#next;
  }

  get state(): ProgressState {
    return this.#state;
  }

  get acknowledgedRound(): number {
    return this.#acknowledgedRound;
  }

  get status(): RaftProgress {
    const { member, matched, next } = this;
    // Right after a check nobody has said anything yet: that is no silence.
    const isActive = this.isActive || this.#wasActive;
    return { member, matched, next, state: this.#state.kind, isActive };
  }

  /** How long it has got no further. */
  get idleTicks(): number {
    return this.#idleTicks;
  }

  get isCatchingUp(): boolean {
    return this.#isCatchingUp;
  }

  tick(): void {
    this.#idleTicks++;
  }

  /** The member wants chunk `next` of the snapshot that it is being sent. */
  acknowledgeChunk(transfer: SnapshotTransfer, next: number): void {
    if (next > transfer.acknowledged) this.#idleTicks = 0;
    transfer.acknowledge(next);
  }

  /** It has all that the snapshot in force has: whatever it lacks is in the log anyway. */
  caughtUp(): void {
    this.#isCatchingUp = false;
  }

  /** The quorum was checked: from here on it counts who says anything. */
  forgetActivity(): void {
    this.#wasActive = this.isActive;
    this.isActive = false;
  }

  heard(round: number): void {
    this.isActive = true;
    this.#acknowledgedRound = Math.max(this.#acknowledgedRound, round);
  }

  /** Entries up to `last` were sent; nothing when there were none, unless it is a probe. */
  sent(last: LogIndex): void {
    if (this.#state.kind === 'probing') {
      // The next to send stays: the answer says where it is.
      this.#state = { kind: 'probing', isAwaiting: true };
    } else if (this.#state.kind === 'replicating' && last >= this.#next) {
      this.#state.inFlight.push(last);
      this.#next = logIndex(last + 1);
    }
  }

  /** probing -> replicating; snapshot -> replicating once the log (in memory from `offset` on) can go on from there. */
  match(matched: LogIndex, offset: LogIndex): void {
    if (matched > this.#matched) {
      this.#matched = matched;
      this.#idleTicks = 0;
    }
    switch (this.#state.kind) {
      case 'probing':
        this.#replicateFrom(this.#matched + 1);
        break;
      case 'replicating': {
        const { inFlight } = this.#state;
        const pending = inFlight.findIndex((last) => last > matched);
        inFlight.splice(0, pending === -1 ? inFlight.length : pending);
        if (this.#next <= this.#matched) this.#next = logIndex(this.#matched + 1);
        break;
      }
      case 'snapshot':
        if (this.#matched < offset) break;
        this.#replicateFrom(this.#matched + 1);
        this.#isCatchingUp = true;
        break;
    }
  }

  /** Whether a rejection of `rejected` is about what was sent last, rather than late. */
  isRejection(rejected: LogIndex): boolean {
    switch (this.#state.kind) {
      case 'probing':
        // Not below what it has made durable: a member that lost its disk is stuck, rather than asked again and again.
        return rejected === this.#next - 1 && rejected > this.#matched;
      case 'replicating':
        return rejected > this.#matched && rejected < this.#next;
      case 'snapshot':
        return false;
    }
  }

  /** -> probing, from `next`, which is never before what has matched. */
  probeFrom(next: number): void {
    this.#next = logIndex(Math.max(next, this.#matched + 1));
    this.#state = { kind: 'probing', isAwaiting: false };
  }

  /** -> snapshot, or another one. */
  sendSnapshot(meta: SnapshotMeta): void {
    this.#next = logIndex(meta.index + 1);
    this.#state = { kind: 'snapshot', transfer: new SnapshotTransfer(meta) };
    this.#isCatchingUp = false;
  }

  #replicateFrom(next: number): void {
    this.#next = logIndex(next);
    this.#state = { kind: 'replicating', inFlight: [] };
  }
}
