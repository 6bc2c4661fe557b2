/**
 * A small world around the state machines of leases: OSDs with clocks of their own, PGs whose records change all the time,
 * messages that are lost, late and doubled, machines that are suspended, processes that restart. After every event it
 * looks whether two OSDs could read one PG in different terms at this instant of real time.
 *
 * Of replication only what leases rest upon is there: records as the monitors change them (PG-PROTOCOL.md section 1),
 * terms, Collect, Fence, the joiner that is required once proposed. Logs are not.
 */
import { pgTerm } from '../../../../cluster/ids.js';
import { bootWaitLeft, type Clocks } from '../../../../osd/pg/lease/lease-time.js';
import { PromiseWait } from '../../../../osd/pg/lease/promise-wait.js';
import type { LeaseAsk, LeaseGrant, LeasePromise, OsdRun, PgName } from '../../../../osd/pg/lease/types.js';
import { Prng } from '../../../../runtime/sim/prng.js';
import { type Leading, Osd, type Record } from './machine.js';
import { pg as pgId, run } from './parties.js';

/** What can be wrong, and the seed that is known to find it. */
export const bugs = {
  'no-naming': 29,
  'extends-before-it-drops': 29,
  'unseen-counts': 8,
  'noted-without-having-heard': 29,
  'boots-not-compared': 61,
  'drift-of-a-fifth': 76,
  'no-boot-wait': 11,
  'suspension-unnoticed': 68,
  'no-promise-wait': 3,
  'joiner-not-required': 4,
} as const;
export type Bug = keyof typeof bugs;

export interface WorldOptions {
  readonly seed: number;
  readonly bug?: Bug | undefined;
  /** No new terms, faults or losses: leases should simply be there. */
  readonly isCalm?: boolean;
  readonly loss?: number;
}

interface PgState {
  readonly number: number;
  /** The record of the monitors. */
  record: Record;
}

const osds = 4;
const pgs = 3;

export class LeaseWorld {
  readonly #random: Prng;
  readonly #options: WorldOptions;
  readonly #osds: readonly Osd[];
  readonly #pgs: readonly PgState[];
  readonly #events: { readonly at: number; readonly order: number; readonly run: () => void }[] = [];
  #order = 0;
  #real = 0;
  #checkedAt = 0;
  /** From, to: no message passes. */
  readonly #cut = new Set<string>();
  /** What is wrong, once it is. */
  violation: string | undefined;
  terms = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#random = new Prng(`leases ${options.seed}`);
    const drift = options.bug === 'drift-of-a-fifth' ? 0.2 : 0.01;
    this.#osds = Array.from({ length: osds }, (_, id) => new Osd(id, this.#random, drift));
    this.#pgs = Array.from({ length: pgs }, (_, number) => {
      const first = number % osds;
      return { number, record: { term: 1, acting: [first, (first + 1) % osds, (first + 2) % osds], eligible: [] } };
    });
    for (const osd of this.#osds) {
      osd.start(0);
      this.#every(5 + this.#random.below(10), () => this.#tick(osd));
    }
    for (const pg of this.#pgs) this.#publish(pg);
    if (options.isCalm !== true) this.#disturb();
  }

  /** Share of the time in which a serving primary could read. */
  get validShare(): number {
    const serving = this.#osds.reduce((sum, { servingMs }) => sum + servingMs, 0);
    return serving === 0 ? 0 : this.#osds.reduce((sum, { validMs }) => sum + validMs, 0) / serving;
  }

  get servedMs(): number {
    return this.#osds.reduce((sum, { servingMs }) => sum + servingMs, 0);
  }

  runFor(ms: number): void {
    const end = this.#real + ms;
    while (this.violation === undefined) {
      const next = this.#takeNext(end);
      if (next === undefined) break;
      this.#real = next.at;
      next.run();
      this.#check();
    }
  }

  // The world.

  #takeNext(end: number): { readonly at: number; readonly run: () => void } | undefined {
    const next = this.#events.shift();
    if (next !== undefined && next.at <= end) return next;
    if (next !== undefined) this.#events.unshift(next);
    return undefined;
  }

  #after(ms: number, call: () => void): void {
    const event = { at: this.#real + ms, order: this.#order++, run: call };
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#events[middle];
      if (other !== undefined && (other.at < event.at || (other.at === event.at && other.order < event.order)))
        low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, event);
  }

  #every(ms: number, call: () => void): void {
    this.#after(ms * (0.5 + this.#random.float()), () => {
      call();
      this.#every(ms, call);
    });
  }

  #chance(probability: number): boolean {
    return this.#random.float() < probability;
  }

  #pick<T>(values: readonly T[]): T | undefined {
    return values.length === 0 ? undefined : values[this.#random.below(values.length)];
  }

  /** Runs on that OSD's process, or never: not while it is suspended, nor after it restarted. */
  #on(osd: Osd, call: () => void): void {
    if (osd.suspendedAt === undefined) call();
    else osd.inbox.push(call);
  }

  #send(from: Osd, to: Osd, deliver: () => void): void {
    const isCalm = this.#options.isCalm === true;
    const copies = !isCalm && this.#chance(0.1) ? 2 : 1;
    const { boot } = to;
    for (let i = 0; i < copies; i++) {
      if (this.#chance(this.#options.loss ?? 0.1)) continue;
      const delay = isCalm || this.#chance(0.8) ? this.#random.float() * 20 : this.#random.float() ** 3 * 3_000;
      this.#after(delay, () => {
        if (this.#cut.has(`${from.id} ${to.id}`)) return;
        this.#on(to, () => {
          if (to.boot === boot) deliver();
        });
      });
    }
  }

  #disturb(): void {
    for (const pg of this.#pgs) this.#every(1_200, () => this.#changeRecord(pg));
    this.#every(700, () => {
      this.#cut.clear();
      for (let from = 0; from < osds; from++)
        for (let to = 0; to < osds; to++) if (this.#chance(0.2)) this.#cut.add(`${from} ${to}`);
    });
    for (const osd of this.#osds) {
      this.#every(4_000, () => this.#suspend(osd));
      this.#every(3_000, () => {
        osd.deafUntil = this.#real + this.#random.float() * 6_000;
      });
      this.#every(6_000, () => this.#restart(osd));
    }
  }

  #suspend(osd: Osd): void {
    if (osd.suspendedAt !== undefined) return;
    osd.suspendedAt = this.#real;
    const ms = this.#chance(0.3) ? this.#random.float() * 45 : this.#random.float() * 2_000;
    this.#after(ms, () => {
      osd.suspendedMs += this.#real - (osd.suspendedAt ?? this.#real);
      osd.suspendedAt = undefined;
      for (const call of osd.inbox.splice(0)) call();
    });
  }

  #restart(osd: Osd): void {
    if (osd.suspendedAt !== undefined) return;
    osd.start(this.#real);
    // Registered: later runs end what earlier ones were promised, and terms rise. The map comes late to all, but to itself.
    for (const other of this.#osds) {
      const known = osd.run;
      this.#learn(other, () => {
        other.holder.onRegistered(known);
        other.grantor.onRegistered(known);
        for (const leading of other.leading.values()) leading.wait.onRegistered(known);
      });
    }
    for (const pg of this.#pgs)
      if (pg.record.acting.includes(osd.id)) this.#changeRecord(pg, this.#chance(0.5) ? pg.record.acting : undefined);
  }

  // The monitors.

  /** Some of those who have everything, in any order; the others stay eligible until a term is confirmed. */
  #changeRecord(pg: PgState, acting?: readonly number[]): void {
    const all = [...pg.record.acting, ...pg.record.eligible];
    const wanted = acting ?? all.filter(() => this.#chance(0.6));
    const chosen = wanted.length === 0 ? all.slice(0, 1) : [...wanted];
    const first = this.#random.below(chosen.length);
    this.#setRecord(pg, [...chosen.slice(first), ...chosen.slice(0, first)], all);
  }

  #setRecord(pg: PgState, acting: readonly number[], all: readonly number[]): void {
    const eligible = all.filter((osd) => !acting.includes(osd));
    pg.record = { term: pg.record.term + 1, acting, eligible };
    this.terms += 1;
    this.#publish(pg);
  }

  #publish(pg: PgState): void {
    const { record } = pg;
    for (const osd of this.#osds) this.#learn(osd, () => this.#enter(osd, pg, record));
  }

  /** Maps come soon or very late. */
  #learn(osd: Osd, call: () => void): void {
    const { boot } = osd;
    const deafMs = Math.max(0, osd.deafUntil - this.#real);
    this.#after(deafMs + this.#random.float() * 20, () =>
      this.#on(osd, () => {
        if (osd.boot === boot) call();
      }),
    );
  }

  // OSDs.

  #clocks(osd: Osd): Clocks {
    return osd.clocks(this.#real, this.#options.bug === 'suspension-unnoticed');
  }

  #enter(osd: Osd, pg: PgState, record: Record, joinerOf?: number): void {
    if (record.term <= (osd.terms.get(pg.number) ?? 0)) return;
    osd.terms.set(pg.number, record.term);
    const [primary = 0] = record.acting;
    const isIn = record.acting.includes(osd.id) || joinerOf !== undefined;
    const id = pgId(pg.number);
    const term = pgTerm(record.term);
    osd.grantor.enter(osd.now(this.#real), id, term, isIn && primary !== osd.id ? run(primary) : undefined);
    osd.leading.delete(pg.number);
    if (primary !== osd.id) {
      osd.holder.leave(id);
      return;
    }
    const others = record.acting.filter((other) => other !== osd.id).map((other) => run(other));
    const lease = osd.holder.lead(id, term, others);
    const leading: Leading = {
      record,
      lease,
      wait: new PromiseWait(osd.run),
      heads: new Set([osd.id]),
      joiner: undefined,
      isProposed: false,
      isServing: false,
    };
    // Its own promises to others count like anybody's.
    leading.wait.onHead(osd.now(this.#real), osd.grantor.promises(osd.now(this.#real), id));
    osd.leading.set(pg.number, leading);
  }

  #tick(osd: Osd): void {
    if (osd.suspendedAt !== undefined) return;
    for (const { to, ask } of osd.holder.asks(this.#clocks(osd))) this.#sendAsk(osd, to.osd, ask);
    for (const [number, leading] of osd.leading) {
      const pg = this.#pgs[number];
      if (pg !== undefined) this.#lead(osd, pg, leading);
    }
  }

  #lead(osd: Osd, pg: PgState, leading: Leading): void {
    const { record, heads, wait } = leading;
    const now = osd.now(this.#real);
    if (!leading.isServing) {
      for (const other of record.acting) if (!heads.has(other) && this.#chance(0.2)) this.#collect(osd, pg, other);
      for (const holder of wait.holders(now)) if (this.#chance(0.1)) this.#fence(osd, pg, record, holder.osd);
      const isWaited = wait.untilOver(now) === 0 || this.#options.bug === 'no-promise-wait';
      // After a start it was told nothing itself: its own promises of the run before are waited out as well.
      if (!isWaited || heads.size < record.acting.length || this.#bootWait(osd) > 0) return;
      if (pg.record.term !== record.term) return;
      pg.record.eligible = [];
      leading.isServing = true;
    }
    if (this.#options.isCalm !== true) this.#join(osd, pg, leading);
  }

  #bootWait(osd: Osd): number {
    const isForgotten = this.#options.bug === 'no-boot-wait' || osd.boot === 1;
    return isForgotten ? 0 : bootWaitLeft(osd.now(this.#real), osd.startedAt);
  }

  #collect(from: Osd, pg: PgState, id: number): void {
    const { record } = from.leading.get(pg.number) ?? {};
    const to = this.#osds[id];
    if (record === undefined || to === undefined) return;
    const asker = from.run;
    this.#send(from, to, () => {
      if (record.term < (to.terms.get(pg.number) ?? 0)) return;
      this.#enter(to, pg, record);
      if (this.#bootWait(to) > 0) return;
      const promises = to.grantor.promises(to.now(this.#real), pgId(pg.number));
      this.#sendHead(to, from, asker, pg, record.term, promises);
    });
  }

  #sendHead(
    from: Osd,
    to: Osd,
    asker: OsdRun,
    pg: PgState,
    term: number,
    promises: readonly LeasePromise[],
    isJoiner = false,
  ): void {
    const seen = this.#seenAs(from.run);
    const sender = from.run;
    this.#send(from, to, () => {
      const leading = to.leading.get(pg.number);
      if (leading?.record.term !== term || to.boot !== asker.boot) return;
      leading.lease.seen(seen);
      if (isJoiner) return;
      leading.wait.onFenced(sender);
      leading.wait.onHead(to.now(this.#real), promises);
      leading.heads.add(from.id);
    });
  }

  #fence(from: Osd, pg: PgState, record: Record, id: number): void {
    const to = this.#osds[id];
    if (to === undefined) return;
    this.#send(from, to, () => {
      this.#enter(to, pg, record);
      const fenced = to.run;
      this.#send(to, from, () => from.leading.get(pg.number)?.wait.onFenced(fenced));
    });
  }

  /** A joiner enters the term, is seen in it, and is required before it is proposed. */
  #join(osd: Osd, pg: PgState, leading: Leading): void {
    const { record, lease } = leading;
    const term = record.term;
    if (leading.joiner === undefined) {
      const outside = this.#osds.filter(({ id }) => !record.acting.includes(id));
      const joiner = this.#chance(0.02) ? this.#pick(outside) : undefined;
      if (joiner === undefined) return;
      leading.joiner = joiner.id;
      lease.want(run(joiner.id));
    }
    const joiner = this.#osds[leading.joiner];
    if (joiner === undefined) return;
    if (!leading.isProposed && this.#chance(0.1)) {
      const asker = osd.run;
      this.#send(osd, joiner, () => {
        if (term < (joiner.terms.get(pg.number) ?? 0)) return;
        if (term === joiner.terms.get(pg.number))
          joiner.grantor.enter(joiner.now(this.#real), pgId(pg.number), pgTerm(term), run(osd.id));
        this.#enter(joiner, pg, record, osd.id);
        this.#sendHead(joiner, osd, asker, pg, term, [], true);
      });
      if (this.#chance(0.2)) this.#propose(pg, leading, joiner.id);
    }
  }

  #propose(pg: PgState, leading: Leading, joiner: number): void {
    leading.isProposed = true;
    if (this.#options.bug !== 'joiner-not-required') leading.lease.require(run(joiner));
    const { term, acting } = leading.record;
    this.#after(this.#random.float() * 300, () => {
      if (pg.record.term !== term) return;
      // At once without the old ones, sometimes: the joiner alone is what the old primary still has to ask.
      const all = [...pg.record.acting, joiner];
      this.#setRecord(pg, this.#chance(0.5) ? [joiner] : [joiner, ...acting], all);
    });
  }

  // Leases.

  #sendAsk(from: Osd, id: number, ask: LeaseAsk): void {
    const to = this.#osds[id];
    if (to === undefined) return;
    this.#send(from, to, () => {
      const noted = this.#options.bug === 'noted-without-having-heard' ? this.#allNames(to) : ask.noted;
      const grant = to.grantor.onAsk(to.now(this.#real), { ...ask, noted });
      if (grant !== undefined) this.#send(to, from, () => this.#onGrant(from, grant));
    });
  }

  #onGrant(osd: Osd, sent: LeaseGrant): void {
    const { bug } = this.#options;
    const grant = { ...sent, grantor: this.#seenAs(sent.grantor) };
    const take = (one: LeaseGrant): void => osd.holder.onGrant(this.#clocks(osd), one);
    if (bug === 'unseen-counts') for (const { lease } of osd.leading.values()) lease.seen(grant.grantor);
    if (bug === 'no-naming') return take({ ...grant, named: [] });
    if (bug !== 'extends-before-it-drops') return take(grant);
    take({ ...grant, named: [] });
    this.#after(50, () => this.#on(osd, () => take(grant)));
  }

  #seenAs(of: OsdRun): OsdRun {
    return this.#options.bug === 'boots-not-compared' ? { ...of, boot: 1 } : of;
  }

  #allNames(osd: Osd): PgName[] {
    return this.#pgs.map(({ number }) => ({ pg: pgId(number), term: pgTerm(osd.terms.get(number) ?? 0) }));
  }

  // What must never be.

  #check(): void {
    const passed = this.#real - this.#checkedAt;
    this.#checkedAt = this.#real;
    const readers = new Map<number, { readonly osd: number; readonly term: number }>();
    for (const osd of this.#osds) {
      if (osd.suspendedAt !== undefined) continue;
      for (const [number, { isServing, lease, record }] of osd.leading) {
        if (!isServing) continue;
        osd.servingMs += passed;
        if (!lease.isValid(this.#clocks(osd))) continue;
        osd.validMs += passed;
        const other = readers.get(number);
        readers.set(number, { osd: osd.id, term: record.term });
        if (other === undefined || other.term === record.term) continue;
        const what = `osd.${other.osd} in term ${other.term} and osd.${osd.id} in term ${record.term} read pg ${number}`;
        this.violation = `${what} at ${this.#real}`;
      }
    }
  }
}
