/** Commands and membership changes on their way: waiting to be proposed, then waiting for their place in the log to be applied. */
import { CairnError, isCairnError } from '../../base/errors.js';
import { invariant } from '../../base/invariant.js';
import type { Clock, WaitOptions } from '../../runtime/clock.js';
import { raceWithWait, type Race } from '../../runtime/wait.js';
import type { RaftRefusal, RaftStatus } from '../raft/output.js';
import type { EntryPosition, LogIndex, Membership, SnapshotMeta, Term } from '../raft/types.js';
import { commandBytesMax, proposalBytesMax, waitersMax } from './options.js';
import { refusalError } from './refusal.js';
import type { Proposed } from './types.js';

export interface Proposal {
  readonly data: Uint8Array;
  /** `undefined`: a command. */
  readonly membership: Membership | undefined;
}

interface Waiting extends Proposal {
  readonly race: Race<Proposed>;
  /** In the log of this member when it led: may yet be committed. */
  isAppended: boolean;
  isGone: boolean;
}

export class Proposals {
  readonly #clock: Clock;
  readonly #onWork: () => void;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  /** Between `take` and what the core said to them. */
  #taken: readonly Waiting[] = [];
  readonly #appended = new Map<number, { readonly term: Term; readonly proposal: Waiting }>();
  #closed: CairnError | undefined;

  constructor(clock: Clock, onWork: () => void) {
    this.#clock = clock;
    this.#onWork = onWork;
  }

  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Resolves when applied; see `Consensus.propose` for the errors. */
  async add(proposal: Proposal, wait: WaitOptions): Promise<Proposed> {
    if (this.#closed !== undefined) throw this.#closed;
    const { byteLength } = proposal.data;
    if (byteLength > commandBytesMax) {
      throw new CairnError('INVALID_ARGUMENT', `a command has at most ${commandBytesMax} bytes, not ${byteLength}`);
    }
    const count = this.#waiting.length + this.#appended.size;
    if (count >= waitersMax || (this.#waiting.length > 0 && this.#waitingBytes + byteLength > proposalBytesMax)) {
      throw new CairnError('OVERLOADED', `${count} proposals wait already; retry later`);
    }
    let item: Waiting | undefined;
    try {
      return await raceWithWait<Proposed>(this.#clock, wait, 'a proposal', (race) => {
        const { data, membership } = proposal;
        const mine = { data, membership, race, isAppended: false, isGone: false };
        item = mine;
        this.#waiting.push(mine);
        this.#waitingBytes += byteLength;
        this.#onWork();
        return () => {
          mine.isGone = true;
        };
      });
    } catch (error) {
      // The deadline or the signal does not know how far it had come.
      if (item?.isGone === true && item.isAppended && isCairnError(error)) throw uncertain(error);
      throw error;
    }
  }

  /** The next ones to propose together: commands up to a size, or one change of membership. */
  take(bytesMax: number): readonly Waiting[] {
    const taken: Waiting[] = [];
    let bytes = 0;
    let used = 0;
    for (const proposal of this.#waiting) {
      const isChange = proposal.membership !== undefined;
      const isFull = bytes + proposal.data.byteLength > bytesMax;
      if (taken.length > 0 && (isChange || isFull)) break;
      used += 1;
      this.#waitingBytes -= proposal.data.byteLength;
      if (proposal.isGone) continue;
      taken.push(proposal);
      bytes += proposal.data.byteLength;
      if (isChange) break;
    }
    this.#waiting = this.#waiting.slice(used);
    this.#taken = taken;
    return taken;
  }

  /** They are in the log from `first` on. */
  appended(proposals: readonly Waiting[], first: LogIndex, term: Term): void {
    this.#taken = [];
    for (const [offset, proposal] of proposals.entries()) {
      invariant(!this.#appended.has(first + offset), 'one proposal waits for one place', { index: first + offset });
      proposal.isAppended = true;
      this.#appended.set(first + offset, { term, proposal });
    }
  }

  refused(proposals: readonly Waiting[], refusal: RaftRefusal): void {
    this.#taken = [];
    for (const { race } of proposals) race.fail(refusalError(refusal));
  }

  /** An entry was applied: the one waited for there, or another that took its place for good. */
  onApplied({ index, term }: EntryPosition): void {
    const found = this.#appended.get(index);
    if (found === undefined) return;
    this.#appended.delete(index);
    if (found.term === term) {
      found.proposal.race.win({ index, term });
      return;
    }
    const sentence = 'another leader committed something else in its place; propose it again, to the leader';
    found.proposal.race.fail(new CairnError('CONFLICT', sentence));
  }

  /** The state jumped: what was committed up to there is not known one by one. */
  onRestored(meta: SnapshotMeta): void {
    this.#cancel((index) => index <= meta.index);
  }

  /** Those of a term that this member leads no longer are given up, but for those whose outcome is committed. */
  onStatus(status: Pick<RaftStatus, 'role' | 'term' | 'commit'>): void {
    if (this.#appended.size === 0) return;
    const isLeader = status.role === 'leader';
    this.#cancel((index, term) => index > status.commit && !(isLeader && term === status.term));
  }

  close(error: CairnError): void {
    this.#closed = error;
    for (const { race } of this.#waiting.splice(0)) race.fail(error);
    // The core failed over them, and did not say how far it had come.
    for (const { race } of this.#taken) race.fail(uncertain(error));
    this.#taken = [];
    for (const { proposal } of this.#appended.values()) proposal.race.fail(uncertain(error));
    this.#appended.clear();
  }

  #cancel(isLost: (index: number, term: Term) => boolean): void {
    for (const [index, { term, proposal }] of this.#appended) {
      if (!isLost(index, term)) continue;
      this.#appended.delete(index);
      const sentence = 'leadership was lost before it was committed; it may still be: ask the new leader';
      proposal.race.fail(new CairnError('CANCELLED', sentence, { applied: 'maybe' }));
    }
  }
}

function uncertain(error: CairnError): CairnError {
  const sentence = `${error.message}; the proposal may still be committed`;
  return new CairnError(error.code, sentence, { applied: 'maybe', cause: error });
}
