import assert from 'node:assert/strict';
import { monotonicMs } from '../../../base/instants.js';
import { epoch, osdId } from '../../../cluster/ids.js';
import { Reports } from '../../../monitor/failure/reports.js';
import { reportLifeMs, reportsPerReporterMax } from '../../../monitor/failure/settings.js';
import type { FailureReport } from '../../../monitor/failure/types.js';

function report(target: number, changes: Partial<FailureReport> = {}): FailureReport {
  return {
    reporter: osdId(0),
    target: osdId(target),
    targetUpFrom: epoch(1),
    reason: 'silent',
    silentMs: 4_000,
    peerCount: 10,
    at: monotonicMs(0),
    ...changes,
  };
}

const silent = (reports: Reports): number => reports.silenceAround(osdId(0)).silent;

describe('standing reports', () => {
  it('a repeated report counts once, and keeps the instant of the first', () => {
    const reports = new Reports();
    for (const at of [0, 1_000, 2_000]) reports.add(report(1, { at: monotonicMs(at) }));
    const standing = reports.about(osdId(1)).get(osdId(0));
    assert.deepEqual([standing?.since, standing?.at, silent(reports)], [0, 2_000, 1]);
  });

  it('a report about another life begins anew', () => {
    const reports = new Reports();
    reports.add(report(1));
    reports.add(report(1, { at: monotonicMs(1_000), targetUpFrom: epoch(2) }));
    assert.equal(reports.about(osdId(1)).get(osdId(0))?.since, 1_000);
  });

  it('silence that turns into refusal is silence no more', () => {
    const reports = new Reports();
    reports.add(report(1));
    reports.add(report(2));
    reports.add(report(1, { reason: 'refused', peerCount: 7 }));
    assert.deepEqual(reports.silenceAround(osdId(0)), { silent: 1, peers: 7 });
  });

  it('what is withdrawn, even twice, leaves nothing behind', () => {
    const reports = new Reports();
    for (const target of [1, 2]) reports.add(report(target));
    reports.withdraw(osdId(0), osdId(1));
    reports.withdraw(osdId(0), osdId(1));
    assert.equal(silent(reports), 1);
    reports.withdraw(osdId(0), osdId(2));
    assert.deepEqual([reports.targets(), reports.reporters(), silent(reports)], [[], [], 0]);
  });

  it('what is old, or about the past, goes', () => {
    const reports = new Reports();
    reports.add(report(1));
    reports.add(report(2, { at: monotonicMs(1) }));
    reports.add(report(3, { at: monotonicMs(1) }));
    reports.prune(monotonicMs(reportLifeMs + 1), ({ target }) => target !== 3);
    assert.deepEqual([reports.targets(), silent(reports)], [[2], 1]);
  });

  it('one reporter fills its own share only', () => {
    const reports = new Reports();
    for (let target = 1; target <= reportsPerReporterMax; target += 1) assert.ok(reports.add(report(target)));
    assert.equal(reports.add(report(9_999)), false);
    assert.ok(reports.add(report(1)), 'a repetition needs no room');
    assert.ok(reports.add(report(9_999, { reporter: osdId(5) })));
  });
});
