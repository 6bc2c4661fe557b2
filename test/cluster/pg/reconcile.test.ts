import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { osdId } from '../../../cluster/ids.js';
import type { PgRecord } from '../../../cluster/pg-record.js';
import { leaveActing } from '../../../cluster/pg/leave.js';
import { reconcile, reconcileAfterBoot, switchMode } from '../../../cluster/pg/reconcile.js';
import { members, record } from '../record-values.js';
import {
  anyBornRecord,
  anyWorld,
  assertNewRecord,
  contextOf,
  expectedEligible,
  firstOf,
  type OsdState,
  osdCount,
  secondOf,
  syncMode,
  asyncMode,
} from './worlds.js';

/** `1 2 | 3`: 1 and 2 act, 3 is eligible; `3'` is its second store. */
function parse(text: string): PgRecord {
  const [acting = [], eligible = []] = text.split('|').map((list) =>
    list
      .trim()
      .split(/\s+/)
      .filter((word) => word !== '')
      .map((word) => (word.endsWith("'") ? secondOf(Number(word.slice(0, -1))) : firstOf(Number(word)))),
  );
  return record(7, acting, eligible);
}

/** `1 2`: they are up; `-3`: down; `3'`: up, with its second store; `-3'`: down with it; `x3`: no store. Others are up. */
function osdsOf(text: string): OsdState[] {
  const osds: OsdState[] = Array.from({ length: osdCount }, () => ({ isUp: true, store: 'first' }));
  for (const [, sign, id, second] of text.matchAll(/([-x]?)(\d)('?)/g)) {
    osds[Number(id)] = {
      isUp: sign === '',
      store: sign === 'x' ? 'none' : second === "'" ? 'second' : 'first',
    };
  }
  return osds;
}

describe('cluster/pg: reconcile', () => {
  const cases: readonly { name: string; record: string; osds: string; becomes: string | undefined }[] = [
    { name: 'leaves a record alone whose members are all up', record: '1 2 3', osds: '', becomes: undefined },
    { name: 'removes who is down, and keeps it eligible', record: '1 2 3', osds: '-3', becomes: '1 2 | 3' },
    {
      name: 'makes the next one the primary when the primary is down',
      record: '1 2 3',
      osds: '-1',
      becomes: '2 3 | 1',
    },
    { name: 'removes several at once', record: '1 2 3', osds: '-1 -3', becomes: '2 | 1 3' },
    { name: 'restores who is up again, behind the others', record: '2 3 | 1', osds: '', becomes: '2 3 1' },
    { name: 'restores one while another stays down', record: '3 | 1 2', osds: '-2', becomes: '3 1 | 2' },
    { name: 'exchanges the last member for an eligible one', record: '1 | 2', osds: '-1', becomes: '2 | 1' },
    { name: 'changes nothing while none is up', record: '1 2 | 3', osds: '-1 -2 -3', becomes: undefined },
    { name: 'never removes the last member', record: '1', osds: '-1', becomes: undefined },
    { name: 'drops a gone member', record: '1 2 3', osds: "3'", becomes: '1 2' },
    { name: 'drops a gone member whose OSD has no store any more', record: '1 2 3', osds: 'x3', becomes: '1 2' },
    { name: 'drops a gone eligible member', record: '1 2 | 3', osds: "-3'", becomes: '1 2' },
    { name: 'keeps a gone member in the list while none is up', record: '1 2', osds: "1' -2", becomes: undefined },
    { name: 'drops it when one comes up', record: '1 2 | 3', osds: "1' -2", becomes: '3 | 2' },
    { name: 'leaves a lost PG alone', record: '1 2 | 3', osds: "1' x2 x3", becomes: undefined },
    { name: 'does not take the new store of a member for the member', record: '1', osds: "1'", becomes: undefined },
  ];
  for (const c of cases) {
    it(c.name, () => {
      const next = reconcile(parse(c.record), contextOf({ osds: osdsOf(c.osds), minSize: 2, mode: syncMode }));
      assert.deepEqual(next, c.becomes === undefined ? undefined : { ...parse(c.becomes), term: 8 });
    });
  }

  it('takes all that are up, acting first, keeps the others eligible, and settles in one step', () => {
    let changed = 0;
    const property = fc.property(anyWorld, anyBornRecord, (world, before) => {
      const context = contextOf(world);
      const up = [...before.acting, ...before.eligible].filter((one) => context.isUp(one));
      const next = reconcile(before, context);
      if (next === undefined) {
        if (up.length === 0) return;
        assert.deepEqual(before.acting, up);
        assert.deepEqual(before.eligible, expectedEligible(before, up, context));
        return;
      }
      changed += 1;
      assertNewRecord(before, next, context);
      assert.deepEqual(next.acting, up);
      assert.deepEqual(next.eligible, expectedEligible(before, up, context));
      assert.equal(reconcile(next, context), undefined);
      const [primary] = before.acting;
      if (primary !== undefined && context.isUp(primary)) assert.deepEqual(next.acting[0], primary);
    });
    fc.assert(property, { numRuns: 1_500, seed: 5 });
    assert.ok(changed > 300, `${changed}`);
  });

  it('has nothing to do for a PG that was never created', () => {
    assert.equal(reconcile(record(0, []), contextOf({ osds: osdsOf(''), minSize: 1, mode: syncMode })), undefined);
  });
});

describe('cluster/pg: after a boot', () => {
  const cases: readonly { name: string; record: string; osds: string; booted: number; becomes: string | undefined }[] =
    [
      {
        name: 'a member that the map had not seen down starts a term',
        record: '1 2 3',
        osds: '',
        booted: 3,
        becomes: '1 2 3',
      },
      { name: 'so does a primary', record: '1 2 3', osds: '', booted: 1, becomes: '1 2 3' },
      { name: 'so does an only member', record: '1', osds: '', booted: 1, becomes: '1' },
      { name: 'a change of members is the new term', record: '1 2 | 3', osds: '', booted: 3, becomes: '1 2 3' },
      {
        name: 'an only member among those still down acts alone',
        record: '1 2',
        osds: '-2',
        booted: 1,
        becomes: '1 | 2',
      },
      { name: 'an OSD that is no member changes nothing', record: '1 2 3', osds: '', booted: 4, becomes: undefined },
      { name: 'a new store is no member', record: '1', osds: "1'", booted: 1, becomes: undefined },
    ];
  for (const c of cases) {
    it(c.name, () => {
      const context = contextOf({ osds: osdsOf(c.osds), minSize: 2, mode: syncMode });
      const next = reconcileAfterBoot(parse(c.record), (osd) => osd === osdId(c.booted), context);
      assert.deepEqual(next, c.becomes === undefined ? undefined : { ...parse(c.becomes), term: 8 });
    });
  }
});

describe('cluster/pg: the mode of a pool', () => {
  const contextIn = (osds: string) => contextOf({ osds: osdsOf(osds), minSize: 2, mode: asyncMode });

  it('alone changes no record until the next term', () => {
    assert.equal(reconcile(record(7, members(1, 2)), contextIn('')), undefined);
    assert.deepEqual(reconcile(parse('1 2'), contextIn('-2'))?.mode, { kind: 'async', ackCopies: 2 });
  });

  it('is taken over by a term of its own on demand, once', () => {
    const next = switchMode(parse('1 2'), contextIn(''));
    assert.deepEqual(next, { ...parse('1 2'), term: 8, mode: { kind: 'async', ackCopies: 2 } });
    assert.equal(switchMode(next ?? parse('1'), contextIn('')), undefined);
  });

  it('that asks for more copies waits until the primary drained a term, whatever else changes', () => {
    const one = { ...parse('1 2'), mode: { kind: 'async', ackCopies: 1 } } as const;
    for (const mode of [syncMode, asyncMode]) {
      const context = (osds: string) => contextOf({ osds: osdsOf(osds), minSize: 2, mode });
      assert.equal(switchMode(one, context('')), undefined);
      assert.deepEqual(reconcile(one, context('-2'))?.mode, one.mode);
      const request = { term: one.term, from: one.acting[0] ?? assert.fail(), acting: one.acting, isDrained: true };
      const wanted = mode.kind === 'sync' ? mode : { kind: 'async', ackCopies: mode.ackCopies };
      assert.deepEqual(leaveActing(one, request, context('')), { ...one, term: 8, mode: wanted });
    }
  });

  it('waits with a PG whose members are down, and brings other changes along', () => {
    assert.equal(switchMode(parse('1 2'), contextIn('-1 -2')), undefined);
    assert.deepEqual(switchMode(parse('1 2'), contextIn('-2'))?.eligible, parse('2').acting);
  });
});
