/**
 * The lease of one PG in one term, at its primary. It counts the lease of a pair only from when the grantor was **seen** in
 * this term: before, the grantor may not have entered it, so that what it grants says nothing about it; afterwards it
 * names the PG as soon as it enters a later one (grantor.ts).
 */
import { invariant } from '../../../base/invariant.js';
import type { PgId, PgTerm, StoreNumber } from '../../../cluster/ids.js';
import type { Member } from '../../../cluster/pg-record.js';
import type { LeasePairs, Pair } from './lease-pairs.js';
import type { Clocks } from './lease-time.js';
import type { OsdRun } from './types.js';

interface Grantor {
  readonly pair: Pair;
  isWanted: boolean;
  isRequired: boolean;
  /** The run of it that was seen in this term; 0: none, or it has left the term since. */
  seenBoot: number;
  /** It has left this term, for good: a late Head of it says nothing. */
  hasLeft: boolean;
}

export class PgLease {
  readonly pg: PgId;
  readonly term: PgTerm;
  readonly #pairs: LeasePairs;
  readonly #grantors = new Map<StoreNumber, Grantor>();
  #isOver = false;

  /** Made by `LeaseHolder.lead`. */
  constructor(pairs: LeasePairs, pg: PgId, term: PgTerm) {
    this.#pairs = pairs;
    this.pg = pg;
    this.term = term;
  }

  /** Starts to ask, so that the lease is there when it becomes required: a joiner before it is proposed. */
  want(member: Member): void {
    invariant(!this.#isOver, 'a term that was left wants no lease');
    const grantor = this.#grantor(member);
    if (grantor.isWanted) return;
    grantor.isWanted = true;
    grantor.pair.wanted += 1;
  }

  /** From now to the end of the term (PG-PROTOCOL.md section 4, join 4). */
  require(member: Member): void {
    this.want(member);
    this.#grantor(member).isRequired = true;
  }

  /** A join was given up before it was proposed. */
  unwant(member: Member): void {
    const grantor = this.#grantors.get(member.store);
    if (grantor === undefined || !grantor.isWanted) return;
    invariant(!grantor.isRequired, 'who is required stays so until the term ends');
    grantor.isWanted = false;
    grantor.pair.wanted -= 1;
  }

  /**
   * By its Head of this term, or by being level as a joiner: an answer to what this process sent in this term. From then on
   * the lease of the pair counts here. False if it does not: an earlier run, or one that has left the term since.
   */
  seen(run: OsdRun): boolean {
    if (this.#isOver) return false;
    const grantor = this.#grantor(run);
    if (!this.#pairs.meet(grantor.pair, run.boot) || grantor.hasLeft) return false;
    grantor.seenBoot = run.boot;
    return true;
  }

  /**
   * Whether a read may be answered now: to be asked in the step that hands the reply to the socket, with clocks read after the
   * value was. Never kept in a flag. With nobody required it is always valid, and never once the term was left.
   */
  isValid(clocks: Clocks): boolean {
    this.#pairs.observe(clocks);
    return !this.#isOver && clocks.now < this.#end();
  }

  /** On the own clock, as of what is known now; past or `-Infinity` if there is none, `Infinity` with nobody required. */
  leaseEnd(clocks: Clocks): number {
    this.#pairs.observe(clocks);
    return this.#isOver ? -Infinity : this.#end();
  }

  /** Required members whose lease is not valid: for logs, and to know whom to wait for. */
  missing(clocks: Clocks): Member[] {
    this.#pairs.observe(clocks);
    return [...this.#grantors.values()]
      .filter((grantor) => grantor.isRequired && !(clocks.now < untilOf(grantor)))
      .map(({ pair }) => pair.grantor);
  }

  /** Another term, or no primary any more: nothing counts from here on. Idempotent. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const { pair, isWanted } of this.#grantors.values()) {
      if (isWanted) pair.wanted -= 1;
      this.#pairs.drop(pair);
    }
    this.#grantors.clear();
  }

  /** The grantor says that it is in `term` or beyond. */
  onNamed(grantor: Member, term: PgTerm): void {
    if (this.#isOver || term <= this.term) return;
    const known = this.#grantor(grantor);
    known.hasLeft = true;
    known.seenBoot = 0;
  }

  #end(): number {
    let end = Infinity;
    for (const grantor of this.#grantors.values()) if (grantor.isRequired) end = Math.min(end, untilOf(grantor));
    return end;
  }

  /** Kept to the end of the term: that it has left must not be forgotten. */
  #grantor(member: Member): Grantor {
    const known = this.#grantors.get(member.store);
    if (known !== undefined) return known;
    const pair = this.#pairs.use({ osd: member.osd, store: member.store });
    const grantor = { pair, isWanted: false, isRequired: false, seenBoot: 0, hasLeft: false };
    this.#grantors.set(member.store, grantor);
    return grantor;
  }
}

function untilOf({ pair, seenBoot }: Grantor): number {
  return seenBoot !== 0 && seenBoot === pair.boot ? pair.until : -Infinity;
}
