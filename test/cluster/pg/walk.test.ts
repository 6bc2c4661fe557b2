/**
 * Random histories of one PG, with the bookkeeping that argument I1 of docs/PG-PROTOCOL.md makes: a ghost set of the members
 * that have every acknowledged write. Writes are acknowledged when a confirmed term has min_size members, all up, and reach
 * just these; a joiner has everything when it is proposed.
 */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { isCairnError } from '../../../base/errors.js';
import { pgTerm } from '../../../cluster/ids.js';
import type { Member, PgRecord } from '../../../cluster/pg-record.js';
import { admitJoiner } from '../../../cluster/pg/admit.js';
import { bumpTerm } from '../../../cluster/pg/bump.js';
import { confirmTerm } from '../../../cluster/pg/confirm.js';
import type { PgContext } from '../../../cluster/pg/context.js';
import { createRecord, unbornRecord } from '../../../cluster/pg/create.js';
import { forceRecord } from '../../../cluster/pg/force.js';
import { leaveActing } from '../../../cluster/pg/leave.js';
import { hasMember, printMember } from '../../../cluster/pg/members.js';
import { reconcileAfterBoot } from '../../../cluster/pg/reconcile.js';
import { member, pool1 } from '../record-values.js';
import { assertWellFormed } from './worlds.js';

const osdCount = 5;

const actions = ['down', 'boot', 'wipe', 'write', 'confirm', 'admit', 'leave', 'bump', 'force', 'delayed'] as const;
type Action = (typeof actions)[number];
interface Step {
  readonly action: Action;
  readonly pick: number;
}

class History {
  record: PgRecord = unbornRecord;
  readonly counts = new Map<Action, number>();
  readonly #minSize: number;
  readonly #stores = Array.from({ length: osdCount }, (_, osd) => 1 + osd);
  readonly #isUp = new Array<boolean>(osdCount).fill(true);
  #storeLast = osdCount;
  /** Who has every acknowledged write. */
  #ghost = new Set<string>();
  /** The members of the last confirmed term that no leave gave up since. */
  #lastServing: readonly Member[] = [];
  /** Requests that were made and not delivered yet. */
  readonly #wire: (() => PgRecord)[] = [];

  constructor(minSize: number) {
    this.#minSize = minSize;
    const members = [0, 1, 2].map((osd) => this.#member(osd));
    this.#accept(createRecord(this.record, members, this.#context()), 'boot');
    this.#ghost = new Set(members.map(printMember));
    this.#lastServing = members;
  }

  step({ action, pick }: Step): void {
    const osd = pick % osdCount;
    switch (action) {
      case 'down':
        this.#isUp[osd] = false;
        return this.#reconcile(action);
      case 'boot':
        this.#isUp[osd] = true;
        return this.#reconcile(action, osd);
      case 'wipe':
        this.#stores[osd] = this.#storeLast += 1;
        this.#isUp[osd] = pick % 2 === 0;
        return this.#reconcile(action, osd);
      case 'write':
        return this.#write();
      case 'force':
        return this.#force(osd);
      case 'delayed': {
        const request = this.#wire.splice(pick % Math.max(1, this.#wire.length), 1)[0];
        return request === undefined ? undefined : this.#deliver(action, request);
      }
      case 'confirm':
      case 'admit':
      case 'leave':
      case 'bump': {
        const request = this.#request(action, pick);
        if (request === undefined) return;
        // Some arrive at once, some late, some twice.
        if (pick % 3 !== 0) this.#wire.push(request);
        if (pick % 3 !== 1) this.#deliver(action, request);
      }
    }
  }

  #member(osd: number): Member {
    return member(osd, this.#stores[osd]);
  }

  #context(): PgContext {
    const isGone = ({ osd, store }: Member): boolean => this.#stores[osd] !== store;
    return {
      id: { pool: pool1, pg: 0 },
      pool: { minSize: this.#minSize, mode: { kind: 'sync' } },
      isGone,
      isUp: (one) => !isGone(one) && this.#isUp[one.osd] === true,
    };
  }

  #isLevelled(): boolean {
    const context = this.#context();
    return this.record.acting.every((one) => context.isUp(one));
  }

  /** In its effects: after a write exactly `acting` has everything. */
  #write(): void {
    const { acting, eligible } = this.record;
    if (eligible.length > 0 || acting.length < this.#minSize || !this.#isLevelled()) return;
    this.#ghost = new Set(acting.map(printMember));
    this.#lastServing = acting;
    this.#count('write');
  }

  /** What the primary asks for in the present term; it may be delivered in a later one. */
  #request(action: 'confirm' | 'admit' | 'leave' | 'bump', pick: number): (() => PgRecord) | undefined {
    const { term, acting } = this.record;
    const [from] = acting;
    if (from === undefined || !this.#isLevelled()) return undefined;
    const as = { term: pgTerm(term), from };
    switch (action) {
      case 'confirm':
        return () => {
          const next = confirmTerm(this.record, as, this.#context());
          // It will serve without those who were eligible.
          if (next === this.record) return next;
          const context = this.#context();
          assert.ok(!next.acting.some((one) => context.isGone(one)), 'nobody confirms on account of a lost disk');
          this.#lastServing = next.acting;
          return next;
        };
      case 'admit': {
        const joiner = this.#member(pick % osdCount);
        return () => {
          const next = admitJoiner(this.record, { ...as, joiner }, this.#context());
          // Required since it was proposed: whatever was acknowledged in this term, it has.
          this.#ghost.add(printMember(joiner));
          return next;
        };
      }
      case 'leave': {
        const stay = acting.filter((_, i) => (pick >> i) % 2 === 0).reverse();
        return () => {
          const next = leaveActing(this.record, { ...as, acting: stay, isDrained: true }, this.#context());
          this.#lastServing = this.#lastServing.filter((one) => hasMember(stay, one));
          return next;
        };
      }
      case 'bump':
        return () => bumpTerm(this.record, as, this.#context());
    }
  }

  #deliver(action: Action, request: () => PgRecord): void {
    try {
      this.#accept(request(), action);
    } catch (error) {
      if (!isCairnError(error)) throw error;
      assert.ok(error.code === 'CONFLICT' || error.code === 'INVALID_ARGUMENT', error.message);
    }
  }

  #reconcile(action: Action, booted?: number): void {
    const next = reconcileAfterBoot(this.record, (osd) => osd === booted, this.#context());
    if (next !== undefined) this.#accept(next, action);
  }

  #force(osd: number): void {
    this.#deliver('force', () => {
      const store = this.#member(osd);
      const next = forceRecord(this.record, { term: this.record.term, store }, this.#context());
      // An operator accepted the loss: what this store has is all that counts from here on.
      this.#ghost = new Set([printMember(store)]);
      this.#lastServing = [store];
      return next;
    });
  }

  #accept(next: PgRecord, action: Action): void {
    const before = this.record;
    if (next === before) return;
    this.#count(action);
    assertWellFormed(next);
    assert.ok(next.term > before.term || action === 'confirm' || action === 'delayed');
    if (next.term === before.term) {
      assert.deepEqual(next, { ...before, eligible: [] }, 'only a confirmation keeps the term');
    }
    this.record = next;
    this.assertHolds();
  }

  assertHolds(): void {
    const context = this.#context();
    const members = [...this.record.acting, ...this.record.eligible];
    if (this.#ghost.size > 0 && this.record.term > 1) {
      for (const one of members) {
        assert.ok(context.isGone(one) || this.#ghost.has(printMember(one)), `${printMember(one)} has every write (I1)`);
      }
    }
    for (const one of this.#lastServing) {
      assert.ok(context.isGone(one) || hasMember(members, one), `${printMember(one)} may lead (I7)`);
    }
  }

  #count(action: Action): void {
    this.counts.set(action, (this.counts.get(action) ?? 0) + 1);
  }
}

const anyStep: fc.Arbitrary<Step> = fc.record({
  action: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom<Action>('down', 'boot', 'boot', 'write', 'confirm', 'admit') },
    { weight: 2, arbitrary: fc.constantFrom<Action>('wipe', 'wipe', 'leave', 'bump', 'force', 'delayed') },
  ),
  pick: fc.nat({ max: 10_000 }),
});

describe('cluster/pg: any history of one PG', () => {
  it('keeps terms rising, all members with every acknowledged write, and survivors able to lead', () => {
    const counts = new Map<Action, number>();
    const property = fc.property(
      fc.integer({ min: 1, max: 3 }),
      fc.array(anyStep, { maxLength: 120, size: 'max' }),
      (minSize, steps) => {
        const history = new History(minSize);
        for (const step of steps) {
          history.step(step);
          history.assertHolds();
        }
        for (const [action, count] of history.counts) counts.set(action, (counts.get(action) ?? 0) + count);
      },
    );
    fc.assert(property, { numRuns: 1_000, seed: 11 });
    for (const action of actions) {
      const count = counts.get(action) ?? 0;
      assert.ok(count >= 20, `${action} happened ${count} times`);
    }
  });
});
