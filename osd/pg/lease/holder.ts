/**
 * The side of a lease that leads PGs: it asks each grantor for one lease every 200 ms, for all PGs that they share
 * (PG-PROTOCOL.md sections 4 and 6, pitfall r). Pure: whoever drives it sends what `asks` returns and brings what came.
 */
import { invariant } from '../../../base/invariant.js';
import type { PgId, PgTerm } from '../../../cluster/ids.js';
import type { Member } from '../../../cluster/pg-record.js';
import { LeasePairs, type Pair } from './lease-pairs.js';
import { askIntervalMs, type Clocks } from './lease-time.js';
import { PgLease } from './pg-lease.js';
import { type LeaseAsk, type LeaseGrant, namesMax, type OsdRun, pgKey } from './types.js';

export class LeaseHolder {
  readonly #self: OsdRun;
  readonly #pairs: LeasePairs;
  readonly #leases = new Map<number, PgLease>();

  constructor(self: OsdRun, clocks: Clocks) {
    this.#self = self;
    this.#pairs = new LeasePairs(clocks);
  }

  /**
   * This process entered `term` of the PG as its primary: what it held in an earlier one is over, and nobody was seen yet.
   * `required`: all others of `acting`. To be called before Collect is sent.
   */
  lead(pg: PgId, term: PgTerm, required: readonly Member[]): PgLease {
    const key = pgKey(pg);
    const before = this.#leases.get(key);
    invariant(before === undefined || before.term < term, 'a term is led once', { pg, term });
    const lease = new PgLease(this.#pairs, pg, term);
    this.#leases.set(key, lease);
    for (const member of required) lease.require(member);
    // Last: the leases of pairs go on for the new term.
    before?.end();
    return lease;
  }

  /** This process entered a term that it does not lead, or gave the PG up. */
  leave(pg: PgId): void {
    this.#leases.get(pgKey(pg))?.end();
    this.#leases.delete(pgKey(pg));
  }

  /** Asks that are due, to be sent now; each carries when it was made. */
  asks(clocks: Clocks): { readonly to: Member; readonly ask: LeaseAsk }[] {
    this.#pairs.observe(clocks);
    const { now } = clocks;
    if (!this.#pairs.mayAsk(now)) return [];
    const due: { readonly to: Member; readonly ask: LeaseAsk }[] = [];
    for (const pair of this.#pairs.all()) {
      if (!isAsked(pair) || now < pair.askedAt + askIntervalMs) continue;
      pair.askedAt = now;
      due.push({ to: pair.grantor, ask: { holder: this.#self, askedAt: now, noted: takeNames(pair) } });
    }
    return due;
  }

  /** When `asks` has something next, on the own clock: past if it has now, `Infinity` while no lease is needed. */
  nextAskAt(): number {
    let next = Infinity;
    for (const pair of this.#pairs.all()) if (isAsked(pair)) next = Math.min(next, pair.askedAt + askIntervalMs);
    return Math.max(next, this.#pairs.asksFrom);
  }

  /**
   * The order matters: a PG whose grantor left its term is dropped before the pair is extended, since the grantor's promise
   * for that PG ends where it would have without this grant.
   */
  onGrant(clocks: Clocks, { grantor, holder, askedAt, named, isGranted }: LeaseGrant): void {
    this.#pairs.observe(clocks);
    if (holder.store !== this.#self.store || holder.boot !== this.#self.boot) return;
    const pair = this.#pairs.get(grantor.store);
    if (pair === undefined || !this.#pairs.meet(pair, grantor.boot)) return;
    for (const name of named) {
      const key = pgKey(name.pg);
      // A PG that is not led has seen nobody, and will see only who answers what it sends from then on.
      this.#leases.get(key)?.onNamed(pair.grantor, name.term);
      pair.toNote.set(key, name);
    }
    if (isGranted) this.#pairs.extend(pair, askedAt, clocks.now);
    // There are more names: they are had by asking again, at once.
    else pair.askedAt = -Infinity;
  }

  /** Call it at every tick: what was granted before a suspension is void. True if there was one, for the log. */
  onClocks(clocks: Clocks): boolean {
    return this.#pairs.observe(clocks);
  }

  /** The map shows a run of a grantor: what an earlier one granted is void. */
  onRegistered({ store, boot }: OsdRun): void {
    const pair = this.#pairs.get(store);
    if (pair !== undefined) this.#pairs.meet(pair, boot);
  }
}

/** Also to acknowledge names: until then the grantor repeats them. */
function isAsked({ wanted, toNote }: Pair): boolean {
  return wanted > 0 || toNote.size > 0;
}

/** Should the ask be lost, the grantor names them again. */
function takeNames({ toNote }: Pair): LeaseAsk['noted'] {
  const noted = [];
  for (const [key, name] of toNote) {
    if (noted.length === namesMax) break;
    noted.push(name);
    toNote.delete(key);
  }
  return noted;
}
