/**
 * The side of a lease that is a member of PGs led by others. It grants to each holder one lease for all PGs they share, and
 * remembers until when; a PG that enters a later term is taken out of what follows (PG-PROTOCOL.md section 6, pitfall r):
 *
 *     grants to h     ├── until 900 ──┤ ├── until 1100 ──┤   ├── until 1300, not for p ──┤
 *     PG p            ─── term 4, led by h ───────────────┃─ term 5 ──────────────────────
 *                                                         ╰ promised to h until 1100: reported to whoever collects
 *
 * Nothing here is durable. A process that restarts waits `leaseMsMax` before it answers a Collect (lease-time.ts).
 */
import type { MonotonicMs } from '../../../base/instants.js';
import { invariant } from '../../../base/invariant.js';
import { pgTerm, type PgId, type PgTerm, type StoreNumber } from '../../../cluster/ids.js';
import type { Member } from '../../../cluster/pg-record.js';
import { leaseMs } from './lease-time.js';
import {
  type LeaseAsk,
  type LeaseGrant,
  type LeasePromise,
  namesMax,
  type OsdRun,
  type PgName,
  pgKey,
} from './types.js';

/** What was granted to one store's runs; kept for good, since what it may still hold is only known when it asks. */
interface Holder {
  /** The newest run that was heard of; 0 before. */
  boot: number;
  /** The end of the last grant to that run. */
  promisedUntil: number;
  /**
   * PGs that grants are not for, with the term entered. Until the holder took note of it, and through its restarts: a later
   * run may have led, and seen this member in, a term that was left before that run was heard of.
   */
  readonly names: Map<number, PgName>;
}

/** One PG here. */
interface Entered {
  readonly term: PgTerm;
  /** `undefined`: this OSD itself, or one of whose members this OSD is none. */
  holder: Member | undefined;
  /** Of terms that were left, by the holder's store. */
  readonly promises: Map<StoreNumber, { readonly holder: OsdRun; readonly endsAt: number }>;
}

export class LeaseGrantor {
  readonly #self: OsdRun;
  readonly #holders = new Map<StoreNumber, Holder>();
  readonly #pgs = new Map<number, Entered>();

  constructor(self: OsdRun) {
    this.#self = self;
  }

  /**
   * This OSD entered `term` of the PG; `holder` is its primary, unless that is this OSD or this OSD neither acts nor joins in
   * it. To be called before anything is answered in that term. For the same term again: a bystander became a joiner.
   */
  enter(now: MonotonicMs, pg: PgId, term: PgTerm, holder: Member | undefined): void {
    const key = pgKey(pg);
    const before = this.#pgs.get(key);
    if (before?.term === term) {
      const isSame = before.holder === undefined || before.holder.store === holder?.store;
      invariant(isSame, 'a term has one primary', { pg, term });
      before.holder = holder;
      return;
    }
    invariant(before === undefined || before.term < term, 'terms are entered in order', { pg, term });
    const promises = new Map([...(before?.promises ?? [])].filter(([, { endsAt }]) => endsAt > now));
    if (before?.holder !== undefined) this.#leaveTermOf(before.holder, { pg, term }, promises, now);
    if (holder === undefined && promises.size === 0) this.#pgs.delete(key);
    else this.#pgs.set(key, { term, holder, promises });
  }

  /**
   * The PG was split when it entered its present term: whoever was promised something for it in earlier terms may still read
   * what is its children's by now, so the promises stand for each of them. Their names are not needed: the PG's own takes
   * it from the holder whole. Before anything is answered for a child.
   */
  split(pg: PgId, children: readonly PgId[]): void {
    const promises = this.#pgs.get(pgKey(pg))?.promises;
    if (promises === undefined || promises.size === 0) return;
    for (const child of children) {
      // There already: the split is tried once more, and nothing was promised since.
      if (this.#pgs.has(pgKey(child))) continue;
      this.#pgs.set(pgKey(child), { term: pgTerm(0), holder: undefined, promises: new Map(promises) });
    }
  }

  /** `undefined`: an earlier run than one that asked, or is registered; that one is no more. */
  onAsk(now: MonotonicMs, { holder, askedAt, noted }: LeaseAsk): LeaseGrant | undefined {
    const known = this.#holder(holder.store);
    meet(known, holder.boot);
    if (holder.boot < known.boot) return undefined;
    for (const { pg, term } of noted) {
      const name = known.names.get(pgKey(pg));
      if (name !== undefined && name.term <= term) known.names.delete(pgKey(pg));
    }
    const isGranted = known.names.size <= namesMax;
    if (isGranted) known.promisedUntil = Math.max(known.promisedUntil, now + leaseMs);
    const named = firstNames(known.names);
    return { grantor: this.#self, holder, askedAt, named, isGranted };
  }

  /**
   * Promises of earlier terms that are not over, for a Head of the term entered last. They never grow: a term that was left is
   * granted nothing more.
   */
  promises(now: MonotonicMs, pg: PgId): LeasePromise[] {
    const standing: LeasePromise[] = [];
    for (const { holder, endsAt } of this.#pgs.get(pgKey(pg))?.promises.values() ?? []) {
      const isRunning = holder.boot >= (this.#holders.get(holder.store)?.boot ?? 0);
      if (isRunning && endsAt > now) standing.push({ holder, leftMs: endsAt - now });
    }
    return standing;
  }

  /** The map shows a run of a holder: promises to an earlier one are over. */
  onRegistered({ store, boot }: OsdRun): void {
    const known = this.#holders.get(store);
    if (known !== undefined) meet(known, boot);
  }

  #leaveTermOf({ osd, store }: Member, name: PgName, promises: Entered['promises'], now: MonotonicMs): void {
    const known = this.#holder(store);
    // Every grant so far counts, also one with an older name of this PG: the holder may have entered that term since.
    const { boot, promisedUntil: endsAt } = known;
    if (endsAt > now) promises.set(store, { holder: { osd, store, boot }, endsAt });
    // Also with nothing granted yet: it may have seen this member in the term, and ask later.
    known.names.set(pgKey(name.pg), name);
  }

  #holder(store: StoreNumber): Holder {
    let known = this.#holders.get(store);
    if (known === undefined) {
      known = { boot: 0, promisedUntil: -Infinity, names: new Map() };
      this.#holders.set(store, known);
    }
    return known;
  }
}

function meet(known: Holder, boot: number): void {
  if (boot <= known.boot) return;
  known.boot = boot;
  known.promisedUntil = -Infinity;
}

function firstNames(names: Holder['names']): PgName[] {
  const first: PgName[] = [];
  for (const name of names.values()) {
    if (first.length === namesMax) break;
    first.push(name);
  }
  return first;
}
