/** Parts of the daemon that need no cluster to be looked at. */
import assert from 'node:assert/strict';
import { monotonicMs, wallMs } from '../../../base/instants.js';
import { osdId, poolId } from '../../../cluster/ids.js';
import { stateKeyring } from '../../../monitor/daemon/keyring.js';
import { LoopDelay } from '../../../runtime/loop-delay.js';
import { SoftBook } from '../../../monitor/daemon/soft-book.js';
import { StatusGate } from '../../../monitor/daemon/status-gate.js';
import type { PgReportRow } from '../../../protocol/pg-reports.js';
import { World } from '../../../runtime/sim/world.js';
import { idleSoftState } from '../commands/idle-soft-state.js';
import { sampleMap } from '../commands/sample-map.js';
import { emptyState, transactionFor } from '../state/some-state.js';

const own = { name: 'mon.a', key: Uint8Array.of(1) };

describe('the keyring of a monitor', () => {
  it('has the keys of the state, and its own', () => {
    const state = emptyState();
    state.apply(transactionFor(state, { keys: [{ name: 'osd.1', key: Uint8Array.of(2) }] }));
    const keyring = stateKeyring(state, own);
    assert.deepEqual(keyring.keyFor('osd.1'), Uint8Array.of(2));
    assert.deepEqual(keyring.keyFor('mon.a'), own.key);
    assert.equal(keyring.keyFor('mon.b'), undefined);
  });

  it('prefers what is committed', () => {
    const state = emptyState();
    state.apply(transactionFor(state, { keys: [{ name: 'mon.a', key: Uint8Array.of(9) }] }));
    assert.deepEqual(stateKeyring(state, own).keyFor('mon.a'), Uint8Array.of(9));
  });
});

describe('the book of what monitors and OSDs said', () => {
  const now = monotonicMs(50_000);
  const report = {
    name: 'a',
    clock: 1_000,
    diskFreeBytes: 1,
    diskTotalBytes: 2,
    loopDelayMs: 3,
    version: '1.0.0',
  };

  it('measures clocks against half of the round trip, and forgets what is old', () => {
    const book = new SoftBook();
    const { raft } = idleSoftState();
    const { map } = emptyState();
    book.noteMonitor(report, { at: now, wall: wallMs(1_010) }, 20);
    const [fresh] = book.state(map, raft, 'a', monotonicMs(now + 10_000)).monitors;
    assert.equal(fresh?.clockOffsetMs, 0);
    assert.equal(fresh?.isInQuorum, true);
    const [stale] = book.state(map, raft, 'a', monotonicMs(now + 10_001)).monitors;
    assert.deepEqual([stale?.clockOffsetMs, stale?.version], [undefined, undefined]);
  });

  it('takes reports of PGs from who leads them, in the term of the record', () => {
    const book = new SoftBook();
    const map = sampleMap({ pools: [{ pgNum: 2 }] });
    const { raft } = idleSoftState();
    const pg = { pool: poolId(1), pg: 0 };
    const record = map.records.get(pg) ?? assert.fail();
    const [primary, replica] = record.acting;
    assert.ok(primary !== undefined && replica !== undefined);
    const row = (term: number, state: string, pgNumber = 0): PgReportRow => {
      return [1, pgNumber, term, state, 7, 70, 1, 9, 9, 9, 0, 0, 0, 0, -1, 0, 0, 0];
    };
    const known = () => book.state(map, raft, 'a', now).pgs;
    book.notePgs(replica.osd, [row(record.term, 'active')], map);
    book.notePgs(primary.osd, [row(record.term + 1, 'active'), row(1, 'active', 5)], map);
    assert.equal(known().get(pg), undefined);
    const { version } = known();
    book.notePgs(primary.osd, [row(record.term, 'active+clean')], map);
    assert.equal(known().get(pg)?.state, 'active+clean');
    assert.notEqual(known().version, version);

    book.beginLead();
    const aged = known().get(pg);
    assert.deepEqual([aged?.objects, aged?.bytes], [7, 70], 'the sizes are kept');
    assert.notEqual(aged?.term, record.term, 'and nothing else counts');

    book.prune({ ...map, pools: new Map() });
    assert.equal(known().get(pg), undefined);
  });

  it('forgets whoever is in the map no more', () => {
    const book = new SoftBook();
    const { map } = emptyState();
    const beacon = { osd: 4, boot: 1, epoch: 1, usedBytes: 1, totalBytes: 2, loopDelayMs: 0, slowOps: 0 };
    book.noteOsd(beacon, wallMs(1));
    assert.equal(book.state(map, idleSoftState().raft, 'a', now).osds.has(osdId(4)), true);
    book.prune(map);
    assert.equal(book.state(map, idleSoftState().raft, 'a', now).osds.size, 0);
  });
});

describe('the delay of the event loop', () => {
  it('is the worst of the last hundred timers', () => {
    const delay = new LoopDelay();
    assert.equal(delay.worstMs, 0);
    const fire = (at: number): void => delay.fired(monotonicMs(at), monotonicMs(at + 100));
    fire(0);
    fire(350);
    assert.equal(delay.worstMs, 250);
    for (let i = 1; i <= 100; i++) fire(350 + i * 100);
    assert.equal(delay.worstMs, 0);
  });
});

describe('the status gate', () => {
  it('wakes all that wait, and keeps none that gave up', async () => {
    const world = new World({ seed: 1 });
    await world.main(async () => {
      const process = world.machine('a').start('gate', async () => {});
      await process.finished;
      const { clock } = process.runtime;
      const gate = new StatusGate(clock);
      const late = gate.changed({ deadline: monotonicMs(clock.now() + 10) });
      const abort = new AbortController();
      const cancelled = gate.changed({ signal: abort.signal });
      const waiting = [gate.changed({}), gate.changed({})];
      assert.equal(gate.waiting, 4);
      abort.abort();
      await assert.rejects(cancelled, { code: 'CANCELLED' });
      await assert.rejects(late, { code: 'DEADLINE_EXCEEDED' });
      assert.equal(gate.waiting, 2);
      gate.open();
      await Promise.all(waiting);
      assert.equal(gate.waiting, 0);
    });
  });
});
