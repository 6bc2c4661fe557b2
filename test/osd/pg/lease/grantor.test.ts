import assert from 'node:assert/strict';
import { pgTerm } from '../../../../cluster/ids.js';
import { LeaseGrantor } from '../../../../osd/pg/lease/grantor.js';
import { bootWaitLeft, clockDrift, leaseMs, leaseMsMax } from '../../../../osd/pg/lease/lease-time.js';
import { PromiseWait } from '../../../../osd/pg/lease/promise-wait.js';
import { type LeaseAsk, namesMax, type OsdRun, type PgName } from '../../../../osd/pg/lease/types.js';
import { at, name, pg, run } from './parties.js';

function ask(holder: OsdRun, noted: readonly PgName[] = []): LeaseAsk {
  return { holder, askedAt: at(77), noted };
}

describe('the grantor of leases', () => {
  it('reports what it promised in a term that it left, and by how much it still runs', () => {
    const grantor = new LeaseGrantor(run(1));
    grantor.enter(at(0), pg(1), pgTerm(1), run(0));
    assert.deepEqual(grantor.onAsk(at(100), ask(run(0))), {
      grantor: run(1),
      holder: run(0),
      askedAt: 77,
      named: [],
      isGranted: true,
    });
    assert.deepEqual(grantor.promises(at(100), pg(1)), [], 'of the present term');
    grantor.enter(at(200), pg(1), pgTerm(2), run(2));
    assert.deepEqual(grantor.promises(at(300), pg(1)), [{ holder: run(0), leftMs: leaseMs - 200 }]);
    assert.deepEqual(grantor.promises(at(100 + leaseMs), pg(1)), []);
  });

  it('never renews for a term that was left, and names the PG until the holder took note of it', () => {
    const grantor = new LeaseGrantor(run(1));
    grantor.enter(at(0), pg(1), pgTerm(1), run(0));
    grantor.onAsk(at(100), ask(run(0)));
    grantor.enter(at(200), pg(1), pgTerm(2), run(2));
    assert.deepEqual(grantor.onAsk(at(300), ask(run(0)))?.named, [name(1, 2)]);
    assert.deepEqual(grantor.promises(at(300), pg(1)), [{ holder: run(0), leftMs: leaseMs - 200 }]);
    assert.deepEqual(grantor.onAsk(at(400), ask(run(0), [name(1, 1)]))?.named, [name(1, 2)], 'of an earlier name');
    assert.deepEqual(grantor.onAsk(at(400), ask(run(0), [name(1, 2)]))?.named, []);
  });

  it('keeps promises to several holders of several terms', () => {
    const grantor = new LeaseGrantor(run(3));
    for (const [ms, term, holder] of [
      [0, 1, run(0)],
      [100, 2, run(1)],
      [200, 4, run(2)],
    ] as const) {
      grantor.enter(at(ms), pg(1), pgTerm(term), holder);
      grantor.onAsk(at(ms), ask(holder));
    }
    assert.deepEqual(grantor.promises(at(200), pg(1)), [
      { holder: run(0), leftMs: leaseMs - 200 },
      { holder: run(1), leftMs: leaseMs - 100 },
    ]);
    assert.throws(() => grantor.enter(at(300), pg(1), pgTerm(3), run(0)), /in order/);
  });

  it('keeps promises of a PG that is split for each of its parts', () => {
    const grantor = new LeaseGrantor(run(1));
    grantor.enter(at(0), pg(1), pgTerm(1), run(0));
    grantor.onAsk(at(100), ask(run(0)));
    grantor.enter(at(200), pg(1), pgTerm(2), undefined);
    const children = [pg(5), pg(9)];
    grantor.split(pg(1), children);
    // As the map's record comes: first the parent enters with its primary, then each child.
    grantor.enter(at(210), pg(1), pgTerm(2), run(2));
    for (const child of children) grantor.enter(at(220), child, pgTerm(2), run(2));
    for (const part of [pg(1), ...children]) {
      assert.deepEqual(grantor.promises(at(300), part), [{ holder: run(0), leftMs: leaseMs - 200 }]);
      assert.deepEqual(grantor.promises(at(100 + leaseMs), part), []);
    }
    grantor.split(pg(1), children);
    assert.deepEqual(grantor.promises(at(300), pg(5)).length, 1, 'and once more, should the split be tried again');
  });

  it('counts all grants before a term is left, those that named the PG for an earlier one too', () => {
    const grantor = new LeaseGrantor(run(1));
    grantor.enter(at(0), pg(1), pgTerm(1), run(0));
    grantor.enter(at(100), pg(1), pgTerm(2), run(0));
    assert.deepEqual(grantor.onAsk(at(200), ask(run(0)))?.named, [name(1, 2)]);
    grantor.enter(at(300), pg(1), pgTerm(3), run(2));
    assert.deepEqual(grantor.promises(at(300), pg(1)), [{ holder: run(0), leftMs: leaseMs - 100 }]);
    assert.deepEqual(grantor.onAsk(at(400), ask(run(0), [name(1, 2)]))?.named, [name(1, 3)]);
  });

  it('owes nothing to a run whose successor asked or is registered, and grants it nothing', () => {
    for (const isRegistered of [true, false]) {
      const grantor = new LeaseGrantor(run(1));
      grantor.enter(at(0), pg(1), pgTerm(1), run(0, 4));
      grantor.onAsk(at(100), ask(run(0, 4)));
      grantor.enter(at(200), pg(1), pgTerm(2), run(2));
      if (isRegistered) grantor.onRegistered(run(0, 5));
      else grantor.onAsk(at(200), ask(run(0, 5)));
      assert.deepEqual(grantor.promises(at(200), pg(1)), []);
      assert.equal(grantor.onAsk(at(300), ask(run(0, 4))), undefined);
    }
  });

  it('names a PG to a run that asks for the first time after the term was left', () => {
    const grantor = new LeaseGrantor(run(1));
    grantor.enter(at(0), pg(1), pgTerm(1), run(0));
    grantor.onAsk(at(50), ask(run(0, 4)));
    grantor.enter(at(100), pg(1), pgTerm(2), run(2));
    assert.deepEqual(grantor.onAsk(at(200), ask(run(0, 5)))?.named, [name(1, 2)]);
  });

  it('grants nothing while more PGs are named than one message takes', () => {
    const grantor = new LeaseGrantor(run(1));
    const pgs = 2 * namesMax + 10;
    for (let i = 0; i < pgs; i++) grantor.enter(at(0), pg(i), pgTerm(1), run(0));
    grantor.onAsk(at(100), ask(run(0)));
    for (let i = 0; i < pgs; i++) grantor.enter(at(200), pg(i), pgTerm(2), run(2));
    grantor.enter(at(200), pg(pgs), pgTerm(2), run(0));
    let noted: readonly PgName[] = [];
    const granted: boolean[] = [];
    for (let round = 0; round < 4; round++) {
      const grant = grantor.onAsk(at(300), ask(run(0), noted));
      assert.ok(grant !== undefined && grant.named.length <= namesMax);
      granted.push(grant.isGranted);
      noted = grant.named;
    }
    assert.deepEqual(granted, [false, false, true, true]);
    assert.deepEqual(noted, []);
  });

  it('lets a bystander of a term become its joiner', () => {
    const grantor = new LeaseGrantor(run(1));
    grantor.enter(at(0), pg(1), pgTerm(1), undefined);
    grantor.enter(at(0), pg(1), pgTerm(1), run(0));
    grantor.onAsk(at(100), ask(run(0)));
    grantor.enter(at(200), pg(1), pgTerm(2), undefined);
    assert.deepEqual(grantor.promises(at(200), pg(1)), [{ holder: run(0), leftMs: leaseMs - 100 }]);
  });
});

describe('the wait of a new primary', () => {
  it('lasts until the last promise is over by the slower clock', () => {
    const wait = new PromiseWait(run(9));
    assert.equal(wait.untilOver(at(0)), 0);
    wait.onHead(at(1_000), [{ holder: run(0), leftMs: 300 }]);
    wait.onHead(at(1_000), [{ holder: run(0), leftMs: 200 }]);
    const length = (300 * (1 + clockDrift)) / (1 - clockDrift);
    assert.ok(Math.abs(wait.untilOver(at(1_000)) - length) < 1e-9);
    assert.deepEqual(wait.holders(at(1_000)), [run(0)]);
    assert.equal(wait.untilOver(at(1_307)), 0);
    assert.deepEqual(wait.holders(at(1_307)), []);
  });

  it('ends for a holder that entered the term, or runs no more, whichever comes first', () => {
    for (const isLate of [false, true]) {
      const wait = new PromiseWait(run(9, 3));
      const heads = (): void =>
        wait.onHead(at(0), [
          { holder: run(0, 4), leftMs: 300 },
          { holder: run(1, 4), leftMs: 300 },
          { holder: run(2, 4), leftMs: 300 },
          { holder: run(9, 2), leftMs: 300 },
          { holder: run(9, 3), leftMs: 300 },
        ]);
      if (!isLate) heads();
      wait.onFenced(run(0, 4));
      wait.onRegistered(run(1, 5));
      wait.onFenced(run(2, 3));
      wait.onRegistered(run(2, 4));
      if (isLate) heads();
      assert.deepEqual(wait.holders(at(0)), [run(2, 4)]);
    }
  });

  it('takes two stores under one OSD id for two holders', () => {
    const wait = new PromiseWait(run(9));
    wait.onHead(at(0), [{ holder: { ...run(0), boot: 1 }, leftMs: 300 }]);
    wait.onRegistered({ ...run(1), osd: run(0).osd, boot: 5 });
    assert.equal(wait.holders(at(0)).length, 1);
  });
});

describe('the wait after a start', () => {
  it('takes as long as any promise of the run before may', () => {
    assert.equal(bootWaitLeft(at(500), at(500)), leaseMsMax);
    assert.equal(bootWaitLeft(at(1_499), at(500)), 1);
    assert.equal(bootWaitLeft(at(9_000), at(500)), 0);
  });
});
