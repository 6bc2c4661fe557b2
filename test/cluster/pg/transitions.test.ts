/** Each row of the table in docs/PG-PROTOCOL.md section 1: what it refuses, and what it makes. */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { pgTerm } from '../../../cluster/ids.js';
import type { Member, PgRecord } from '../../../cluster/pg-record.js';
import { admitJoiner } from '../../../cluster/pg/admit.js';
import { bumpTerm } from '../../../cluster/pg/bump.js';
import { confirmTerm } from '../../../cluster/pg/confirm.js';
import type { PgContext } from '../../../cluster/pg/context.js';
import { createRecord, unbornRecord } from '../../../cluster/pg/create.js';
import { forceRecord, forceTermStep } from '../../../cluster/pg/force.js';
import { leaveActing } from '../../../cluster/pg/leave.js';
import { hasMember } from '../../../cluster/pg/members.js';
import { setActing } from '../../../cluster/pg/set-acting.js';
import { splitRecord } from '../../../cluster/pg/split.js';
import { member, record } from '../record-values.js';
import {
  allMembers,
  anyBornRecord,
  anyMembers,
  anyWorld,
  assertNewRecord,
  assertWellFormed,
  contextOf,
  expectedEligible,
  type Outcome,
  outcome,
} from './worlds.js';

const runs = { numRuns: 600, seed: 3 };

/** Says how often a property saw a change made and refused: one that never makes any proves nothing. */
class Tally {
  made = 0;
  refused = 0;

  note(result: Outcome, expected: string | undefined): PgRecord | undefined {
    if ('next' in result) {
      assert.equal(expected, undefined, 'it should have been refused');
      this.made += 1;
      return result.next;
    }
    assert.equal(result.code, expected);
    this.refused += 1;
    return undefined;
  }

  assertBoth(): void {
    assert.ok(this.made >= 20 && this.refused >= 20, `made ${this.made}, refused ${this.refused}`);
  }
}

const primaryOf = (of: PgRecord): Member => of.acting[0] ?? member(0);
const isDuplicated = (list: readonly Member[]): boolean =>
  new Set(list.map(({ osd, store }) => `${osd}/${store}`)).size < list.length;

/** Requests of the primary, in short: each asks for something that would otherwise be granted. */
const primaryRequests: Readonly<
  Record<string, (of: PgRecord, as: { term: number; from: Member }, context: PgContext) => PgRecord>
> = {
  confirm: (of, as, context) => confirmTerm(of, { term: pgTerm(as.term), from: as.from }, context),
  admit: (of, as, context) => admitJoiner(of, { term: pgTerm(as.term), from: as.from, joiner: member(4) }, context),
  leave: (of, as, context) =>
    leaveActing(of, { term: pgTerm(as.term), from: as.from, acting: of.acting, isDrained: true }, context),
  bump: (of, as, context) => bumpTerm(of, { term: pgTerm(as.term), from: as.from }, context),
};
const healthy = contextOf({
  osds: Array.from({ length: 6 }, () => ({ isUp: true, store: 'first' as const })),
  minSize: 1,
  mode: { kind: 'sync' },
});

describe('cluster/pg: what the primary asks for', () => {
  const present = record(9, [member(1), member(2)]);

  for (const [name, ask] of Object.entries(primaryRequests)) {
    it(`${name} is granted on its term`, () => {
      const next = ask(present, { term: 9, from: member(1) }, healthy);
      assert.equal(next.term, name === 'confirm' ? 9 : 10);
    });

    for (const term of [8, 10]) {
      it(`${name} is refused on term ${term}, with the newer record`, () => {
        const result = outcome(() => ask(present, { term, from: member(1) }, healthy));
        assert.deepEqual(result, { code: 'CONFLICT', details: { record: present } });
      });
    }

    for (const from of [member(2), member(5), member(1, 7)]) {
      it(`${name} is refused to osd.${from.osd}/${from.store}, which does not lead`, () => {
        const result = outcome(() => ask(present, { term: 9, from }, healthy));
        assert.deepEqual(result, { code: 'INVALID_ARGUMENT', details: { record: present } });
      });
    }
  }
});

describe('cluster/pg: create', () => {
  it('makes a confirmed term 1 of members that are up, at least min_size of them', () => {
    const tally = new Tally();
    const property = fc.property(anyWorld, anyMembers(0, 3), (world, members) => {
      const context = contextOf(world);
      const isFit = members.every((one) => context.isUp(one)) && members.length >= world.minSize;
      const expected = members.length === 0 ? 'INVALID_ARGUMENT' : isFit ? undefined : 'CONFLICT';
      const next = tally.note(
        outcome(() => createRecord(unbornRecord, members, context)),
        expected,
      );
      if (next === undefined) return;
      assertNewRecord(unbornRecord, next, context);
      assert.deepEqual([next.acting, next.eligible], [members, []]);
    });
    fc.assert(property, { ...runs, numRuns: 2_000 });
    tally.assertBoth();
  });

  it('is refused for a PG that has members', () => {
    const result = outcome(() => createRecord(record(1, [member(1)]), [member(2)], healthy));
    assert.ok('code' in result && result.code === 'CONFLICT');
  });
});

describe('cluster/pg: remove, restore, reorder', () => {
  it('make of known members that are not gone the next term, and keep the others eligible', () => {
    const tally = new Tally();
    const property = fc.property(anyWorld, anyBornRecord, fc.infiniteStream(fc.nat()), (world, before, picks) => {
      const context = contextOf(world);
      const known = [...before.acting, ...before.eligible];
      // Mostly from the record, seldom a stranger or one twice.
      const acting: Member[] = [];
      for (const pick of picks.take(1 + (before.term % 3))) {
        const pool = pick % 9 === 0 ? allMembers : known;
        const chosen = pool[Math.floor(pick / 9) % pool.length];
        if (chosen !== undefined) acting.push(chosen);
      }
      const expected = isDuplicated(acting)
        ? 'refused'
        : acting.some((one) => context.isGone(one) || !hasMember(known, one))
          ? 'refused'
          : undefined;
      const result = outcome(() => setActing(before, { term: before.term, acting }, context));
      if ('code' in result) assert.ok(['CONFLICT', 'INVALID_ARGUMENT'].includes(result.code));
      const next = tally.note('code' in result ? { ...result, code: 'refused' } : result, expected);
      if (next === undefined) return;
      assertNewRecord(before, next, context);
      assert.deepEqual(next.acting, acting);
      assert.deepEqual(next.eligible, expectedEligible(before, acting, context));
    });
    fc.assert(property, runs);
    tally.assertBoth();
  });

  const before = record(9, [member(1), member(2)], [member(3)]);
  const cases = [
    { name: 'nobody at all', acting: [], term: 9, code: 'INVALID_ARGUMENT' },
    { name: 'a stranger', acting: [member(1), member(4)], term: 9, code: 'INVALID_ARGUMENT' },
    { name: 'a member twice', acting: [member(1), member(1)], term: 9, code: 'INVALID_ARGUMENT' },
    { name: 'a store that is gone', acting: [member(1, 999)], term: 9, code: 'CONFLICT' },
    { name: 'another term', acting: [member(1)], term: 8, code: 'CONFLICT' },
  ];
  for (const c of cases) {
    it(`refuse ${c.name}`, () => {
      const result = outcome(() => setActing(before, { term: pgTerm(c.term), acting: c.acting }, healthy));
      assert.deepEqual(result, { code: c.code, details: { record: before } });
    });
  }
});

describe('cluster/pg: confirm', () => {
  it('empties eligible in the same term when at least min_size act and all are up, and changes nothing else', () => {
    const tally = new Tally();
    const property = fc.property(anyWorld, anyBornRecord, (world, before) => {
      const context = contextOf(world);
      const request = { term: before.term, from: primaryOf(before) };
      const isFit = before.acting.length >= world.minSize && before.acting.every((one) => context.isUp(one));
      const isEnough = before.eligible.length === 0 || isFit;
      const next = tally.note(
        outcome(() => confirmTerm(before, request, context)),
        isEnough ? undefined : 'CONFLICT',
      );
      if (next === undefined) return;
      assert.deepEqual(next, { ...before, eligible: [] });
      assert.equal(confirmTerm(next, request, context), next, 'again it is the same record');
    });
    fc.assert(property, runs);
    tally.assertBoth();
  });
});

describe('cluster/pg: a late confirmation', () => {
  it('does not orphan the data of an eligible member when the disk of the primary was lost meanwhile', () => {
    const before = record(9, [member(1, 999)], [member(2)]);
    const result = outcome(() => confirmTerm(before, { term: before.term, from: member(1, 999) }, healthy));
    assert.deepEqual(result, { code: 'CONFLICT', details: { record: before } });
  });
});

describe('cluster/pg: admit', () => {
  it('adds a joiner that is up and unknown behind those that are up, and keeps the others eligible unless gone', () => {
    const tally = new Tally();
    const property = fc.property(anyWorld, anyBornRecord, fc.constantFrom(...allMembers), (world, before, joiner) => {
      const context = contextOf(world);
      const isKnown = hasMember([...before.acting, ...before.eligible], joiner);
      const expected = isKnown || !context.isUp(joiner) ? 'CONFLICT' : undefined;
      const request = { term: before.term, from: primaryOf(before), joiner };
      const next = tally.note(
        outcome(() => admitJoiner(before, request, context)),
        expected,
      );
      if (next === undefined) return;
      assertNewRecord(before, next, context);
      const acting = [...before.acting.filter((one) => context.isUp(one)), joiner];
      assert.deepEqual(next.acting, acting);
      assert.deepEqual(next.eligible, expectedEligible(before, acting, context));
    });
    fc.assert(property, runs);
    tally.assertBoth();
  });

  it('in the order asked for, and without those who could leave, if they could', () => {
    const counts = { left: 0, stayed: 0 };
    const property = fc.property(
      anyWorld,
      anyBornRecord,
      fc.array(fc.nat(), { maxLength: 6 }),
      (world, before, order) => {
        const context = contextOf(world);
        const joiner = allMembers.find((one) => {
          return context.isUp(one) && !hasMember([...before.acting, ...before.eligible], one);
        });
        if (joiner === undefined) return;
        const all = [...before.acting, joiner];
        const wanted = [...new Set([...order.map((at) => at % all.length), all.length - 1])].flatMap(
          (at) => all[at] ?? [],
        );
        const leaving = before.acting.filter((one) => !hasMember(wanted, one));
        const request = { term: before.term, from: primaryOf(before), joiner, acting: wanted };
        const next = admitJoiner(before, request, context);
        assertNewRecord(before, next, context);
        const mayLeave =
          before.eligible.length === 0 &&
          before.mode.kind === 'sync' &&
          wanted.length >= context.pool.minSize &&
          wanted.every((one) => context.isUp(one));
        const stay = mayLeave ? wanted : [...wanted, ...leaving].filter((one) => context.isUp(one));
        assert.deepEqual(next.acting, stay);
        assert.deepEqual(next.eligible, mayLeave ? [] : expectedEligible(before, stay, context));
        if (leaving.length > 0) counts[mayLeave ? 'left' : 'stayed'] += 1;
      },
    );
    fc.assert(property, runs);
    assert.ok(counts.left >= 5 && counts.stayed >= 20, JSON.stringify(counts));
  });

  it('is refused with others than those who act, or somebody twice, or without the joiner', () => {
    const before = record(9, [member(1), member(2)]);
    for (const acting of [[member(1)], [member(3), member(4)], [member(3), member(3)], []]) {
      const ask = () => admitJoiner(before, { term: before.term, from: member(1), joiner: member(3), acting }, healthy);
      assert.throws(ask, { code: 'INVALID_ARGUMENT' }, JSON.stringify(acting));
    }
  });

  it('says of a store that is gone that it is, not that it is down', () => {
    const before = record(9, [member(1)]);
    const ask = () => admitJoiner(before, { term: before.term, from: member(1), joiner: member(2, 999) }, healthy);
    assert.throws(ask, { code: 'CONFLICT', message: /gone/ });
  });

  it('is granted late, for a joiner that may be the only one left with the data', () => {
    const before = record(9, [member(1, 999)], []);
    const next = admitJoiner(before, { term: before.term, from: member(1, 999), joiner: member(2) }, healthy);
    assert.deepEqual(next, record(10, [member(2)]));
  });

  it('is refused when a record has as many members as it can hold', () => {
    const many = Array.from({ length: 31 }, (_, i) => member(1, 1_000 + i));
    const wide: PgContext = { ...healthy, isGone: () => false, isUp: () => true };
    const full = record(3, many, [member(2)]);
    const result = outcome(() =>
      admitJoiner(full, { term: full.term, from: primaryOf(full), joiner: member(3) }, wide),
    );
    assert.ok('code' in result && result.code === 'CONFLICT');
  });
});

describe('cluster/pg: leave and hand over', () => {
  it('keep members that act and are up, at least min_size, in any order, and nobody eligible', () => {
    const tally = new Tally();
    const property = fc.property(
      anyWorld,
      anyBornRecord,
      anyMembers(0, 1),
      fc.boolean(),
      fc.infiniteStream(fc.nat()),
      (world, before, strangers, isDrained, picks) => {
        const context = contextOf(world);
        const acting = before.acting
          .filter(() => picks.next().value % 4 !== 0)
          .map((one) => ({ one, key: picks.next().value }))
          .sort((a, b) => a.key - b.key)
          .map(({ one }) => one)
          .concat(picks.next().value % 8 === 0 ? strangers : []);
        const isFit =
          before.eligible.length === 0 &&
          (before.mode.kind === 'sync' || isDrained) &&
          acting.length > 0 &&
          acting.length >= world.minSize &&
          !isDuplicated(acting) &&
          acting.every((one) => hasMember(before.acting, one) && context.isUp(one));
        const request = { term: before.term, from: primaryOf(before), acting, isDrained };
        const result = outcome(() => leaveActing(before, request, context));
        const next = tally.note('code' in result ? { ...result, code: 'no' } : result, isFit ? undefined : 'no');
        if (next === undefined) return;
        assertNewRecord(before, next, context, { isDrained });
        assert.deepEqual([next.acting, next.eligible], [acting, []]);
      },
    );
    fc.assert(property, { ...runs, numRuns: 2_000 });
    tally.assertBoth();
  });

  const async2 = { kind: 'async', ackCopies: 2 } as const;
  const cases = [
    { name: 'before the term is confirmed', of: record(9, [member(1), member(2)], [member(3)]), code: 'CONFLICT' },
    { name: 'an async term undrained', of: record(9, [member(1), member(2)], [], async2), code: 'CONFLICT' },
    { name: 'to nobody', of: record(9, [member(1), member(2)]), acting: [], code: 'INVALID_ARGUMENT' },
    { name: 'to a stranger', of: record(9, [member(1)]), acting: [member(2)], code: 'INVALID_ARGUMENT' },
  ];
  for (const { name, of, acting, code } of cases) {
    it(`are refused ${name}`, () => {
      const request = { term: of.term, from: member(1), acting: acting ?? [member(2)], isDrained: false };
      assert.deepEqual(
        outcome(() => leaveActing(of, request, healthy)),
        { code, details: { record: of } },
      );
    });
  }
});

describe('cluster/pg: bump and split', () => {
  for (const [name, change] of Object.entries({
    bump: (before: PgRecord, context: PgContext) =>
      bumpTerm(before, { term: before.term, from: primaryOf(before) }, context),
    split: splitRecord,
  })) {
    it(`${name} raises the term and keeps all members that are not gone`, () => {
      const tally = new Tally();
      const property = fc.property(anyWorld, anyBornRecord, (world, before) => {
        const context = contextOf(world);
        const isGone = before.acting.some((one) => context.isGone(one));
        const next = tally.note(
          outcome(() => change(before, context)),
          isGone ? 'CONFLICT' : undefined,
        );
        if (next === undefined) return;
        assertNewRecord(before, next, context);
        assert.deepEqual(next.acting, before.acting);
        assert.deepEqual(next.eligible, expectedEligible(before, before.acting, context));
      });
      fc.assert(property, runs);
      tally.assertBoth();
    });
  }

  it('a PG that was never created is split into two of the kind', () => {
    assert.equal(splitRecord(unbornRecord, healthy), unbornRecord);
  });
});

describe('cluster/pg: force', () => {
  it('continues a PG only when every member is gone, alone on a store that is not, far above its term', () => {
    const tally = new Tally();
    const property = fc.property(anyWorld, anyBornRecord, fc.constantFrom(...allMembers), (world, drawn, store) => {
      // Mostly with members that are gone.
      const osds = world.osds.map((osd, id) => (id % 2 === 0 ? osd : { ...osd, store: 'none' as const }));
      const context = contextOf({ ...world, osds });
      const before = drawn.term % 2 === 0 ? drawn : record(drawn.term, [member(1)], [member(3)], drawn.mode);
      const isLost = [...before.acting, ...before.eligible].every((one) => context.isGone(one));
      const next = tally.note(
        outcome(() => forceRecord(before, { term: before.term, store }, context)),
        isLost && !context.isGone(store) ? undefined : 'CONFLICT',
      );
      if (next === undefined) return;
      assertWellFormed(next);
      assert.equal(next.term, before.term + forceTermStep);
      assert.deepEqual([next.acting, next.eligible], [[store], []]);
    });
    fc.assert(property, runs);
    tally.assertBoth();
  });

  it('is refused on another term, and for a PG that was never created', () => {
    const of = record(4, [member(1, 999)]);
    const stale = outcome(() => forceRecord(of, { term: pgTerm(3), store: member(2) }, healthy));
    assert.deepEqual(stale, { code: 'CONFLICT', details: { record: of } });
    const unborn = outcome(() => forceRecord(unbornRecord, { term: pgTerm(0), store: member(2) }, healthy));
    assert.ok('code' in unborn && unborn.code === 'CONFLICT');
  });
});
