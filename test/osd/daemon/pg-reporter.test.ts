import assert from 'node:assert/strict';
import { monotonicMs } from '../../../base/instants.js';
import { poolId } from '../../../cluster/ids.js';
import { PgReporter } from '../../../osd/daemon/pg-reporter.js';
import { PoolRecoveryRates, RecoveryRate } from '../../../osd/daemon/recovery-rate.js';
import { nothingRecovered, type Recovered } from '../../../osd/recovery/recovered.js';
import { recoveringPoolsMax } from '../../../protocol/monitor-methods.js';
import { type PgReport, pgReportOfRow, type PgReportRow, pgReportsMax } from '../../../protocol/pg-reports.js';

function report(pg: number, changes: Partial<PgReport> = {}): PgReport {
  return {
    pg: { pool: poolId(1), pg },
    term: 1,
    state: 'active+clean',
    objects: 1,
    bytes: 10,
    last: { term: 1, seq: 1 },
    committed: 1,
    logEntries: 1,
    degradedObjects: 0,
    misplacedObjects: 0,
    leftObjects: 0,
    leftBytes: 0,
    joiner: undefined,
    scrubErrors: 0,
    scrubbedAt: 0,
    deepScrubbedAt: 0,
    ...changes,
  };
}

/** A reporter, what it sent, and what it is answered. */
function scene() {
  const sent: (readonly PgReportRow[])[] = [];
  const answer: { lead: number | undefined } = { lead: 1 };
  const reporter = new PgReporter(async (rows) => {
    sent.push(rows);
    return answer.lead;
  });
  /** PGs told in a round at `at`. */
  const round = async (at: number, ...reports: PgReport[]): Promise<number[]> => {
    sent.length = 0;
    await reporter.round(monotonicMs(at), reports);
    return sent.flat().map((row) => pgReportOfRow(row).pg.pg);
  };
  return { sent, answer, reporter, round };
}

describe('reports of PGs to the monitors', () => {
  it('are made once, again when something happens, and now and then', async () => {
    const { round } = scene();
    assert.deepEqual(await round(0, report(0), report(1)), [0, 1]);
    assert.deepEqual(await round(1_000, report(0), report(1)), []);
    assert.deepEqual(await round(2_000, report(0, { state: 'active' }), report(1, { term: 2 })), [0, 1]);
    assert.deepEqual(await round(60_000, report(0, { state: 'active' }), report(1, { term: 2 })), []);
    assert.deepEqual(await round(62_000, report(0, { state: 'active' }), report(1, { term: 2 })), [0, 1]);
  });

  it('tell of sizes every five seconds, and every two while somebody joins', async () => {
    const { round } = scene();
    await round(0, report(0), report(1, { leftBytes: 5 }));
    const later = [report(0, { objects: 2 }), report(1, { leftBytes: 4 })] as const;
    assert.deepEqual(await round(1_000, ...later), []);
    assert.deepEqual(await round(2_000, ...later), [1]);
    assert.deepEqual(await round(5_000, ...later), [0]);
  });

  it('are repeated until they arrive', async () => {
    const { round, answer } = scene();
    answer.lead = undefined;
    assert.deepEqual(await round(0, report(0)), [0]);
    assert.deepEqual(await round(1_000, report(0)), [0]);
    answer.lead = 1;
    assert.deepEqual(await round(2_000, report(0)), [0]);
    assert.deepEqual(await round(3_000, report(0)), []);
  });

  it('are all made again when another monitor leads, and when an older one answered', async () => {
    const { round, answer, reporter } = scene();
    await round(0, report(0));
    reporter.onLead(2);
    assert.deepEqual(await round(1_000, report(0)), [0], 'the answer was of the leader before');
    answer.lead = 2;
    assert.deepEqual(await round(2_000, report(0)), [0]);
    assert.deepEqual(await round(3_000, report(0)), []);
  });

  it('are made anew of a PG that is led again', async () => {
    const { round } = scene();
    await round(0, report(0));
    await round(1_000);
    assert.deepEqual(await round(2_000, report(0)), [0]);
  });

  it('come in messages of a bounded size, and as many in a round as it may have', async () => {
    const { round, sent } = scene();
    const all = Array.from({ length: pgReportsMax * 9 + 1 }, (_, pg) => report(pg));
    assert.equal((await round(0, ...all)).length, 8 * pgReportsMax);
    assert.ok(sent.every((rows) => rows.length <= pgReportsMax));
    assert.equal((await round(1_000, ...all)).length, pgReportsMax + 1);
    assert.equal((await round(2_000, ...all)).length, 0);
  });

  it('survive their way in rows', () => {
    const one = report(7, { degradedObjects: 1, misplacedObjects: 2, leftObjects: 3, leftBytes: 4, committed: 0 });
    const { sent, reporter } = scene();
    return reporter.round(monotonicMs(0), [one]).then(() => {
      assert.deepEqual(sent.flat().map(pgReportOfRow), [one]);
    });
  });
});

describe('the rate of recovery', () => {
  const copied = (copiedObjects: number, copiedBytes: number) => ({ ...nothingRecovered, copiedObjects, copiedBytes });

  it('is that of the last ten seconds, from when it began', () => {
    const rate = new RecoveryRate();
    const still = copied(0, 0);
    const done = copied(5, 500);
    assert.equal(rate.look(monotonicMs(0), still, false).copiedObjects, 0);
    assert.equal(rate.look(monotonicMs(9_000), still, true).copiedObjects, 0);
    assert.deepEqual(rate.look(monotonicMs(10_000), done, true), done);
    assert.deepEqual(rate.look(monotonicMs(11_000), done, true), copied(2.5, 250), 'nothing got done since');
    let last = done;
    for (let at = 12_000; at <= 30_000; at += 1_000) last = rate.look(monotonicMs(at), done, true);
    assert.deepEqual(last, nothingRecovered);
  });

  it('counts what was done between two looks, and forgets it when there is nothing to do', () => {
    const rate = new RecoveryRate();
    const done = copied(1, 10);
    rate.look(monotonicMs(0), copied(0, 0), false);
    assert.deepEqual(rate.look(monotonicMs(1_000), done, false), done);
    assert.deepEqual(rate.look(monotonicMs(2_000), done, false), nothingRecovered);
    assert.deepEqual(rate.look(monotonicMs(3_000), done, true), nothingRecovered);
    assert.deepEqual(rate.look(monotonicMs(4_000), copied(101, 10_010), true), copied(100, 10_000));
  });

  it('is told of each pool that has one, those with most of it first, and of so many at most', () => {
    const rates = new PoolRecoveryRates();
    const at = (ms: number, pools: Iterable<readonly [number, Recovered]>) => {
      const done = new Map(Array.from(pools, ([id, recovered]) => [poolId(id), recovered] as const));
      return rates.look(monotonicMs(ms), done, true);
    };
    const done = copied(3, 300);
    assert.deepEqual(at(0, []), []);
    assert.deepEqual(at(1_000, [[1, done]]), [[1, 3, 300, 0, 0]]);
    const many = Array.from({ length: 100 }, (_, i) => [i + 2, copied(1, i)] as const);
    const told = at(2_000, [[1, done], ...many]);
    assert.equal(told.length, recoveringPoolsMax);
    assert.deepEqual(told.slice(0, 2), [
      [1, 1.5, 150, 0, 0],
      [101, 1, 99, 0, 0],
    ]);
    assert.deepEqual(at(3_000, []), [], 'of another service');
  });

  it('begins anew with another service', () => {
    const rate = new RecoveryRate();
    rate.look(monotonicMs(0), copied(100, 1_000), true);
    assert.deepEqual(rate.look(monotonicMs(1_000), copied(1, 1), true), nothingRecovered);
  });
});
