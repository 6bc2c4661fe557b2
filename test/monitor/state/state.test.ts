import assert from 'node:assert/strict';
import { wallMs } from '../../../base/instants.js';
import { MonitorMachine } from '../../../monitor/state/machine.js';
import { sessionIdleMs } from '../../../monitor/state/sessions.js';
import { decodeSnapshot } from '../../../monitor/state/snapshot.js';
import { MonitorState } from '../../../monitor/state/state.js';
import { encodeTransaction, type Transaction } from '../../../monitor/state/transaction.js';
import { logIndex, term } from '../../../monitor/raft/types.js';
import {
  emptyState,
  instantClock,
  piecesOf,
  session,
  setting,
  snapshotBytes,
  someState,
  transactionFor,
} from './some-state.js';

describe('the state of the monitors', () => {
  it('takes a transaction that was decided on it, whole', () => {
    const state = someState();
    assert.equal(state.version, 3);
    assert.equal(state.map.epoch, 3);
    assert.equal(state.map.config.get('global/osd_heartbeat_grace'), '8');
    assert.equal(state.wall, 4_000);
    assert.equal(state.wallLimit, 9_000);
    assert.equal(state.key('client.admin')?.[0], 7);
    assert.equal(state.key('client.gone'), undefined);
    assert.deepEqual(state.view().audit({ after: 0, count: 9 })[0], {
      number: 1,
      at: 2_000,
      who: 'client.admin',
      from: '10.0.0.9:4000',
      command: 'config.set',
      args: '{}',
      outcome: { kind: 'done', epoch: 2 },
    });
    assert.equal(state.log.last, 1);
    assert.equal(state.lookup({ session, number: 2, floor: 2 }).kind, 'answered');
  });

  it('is changed in nothing by a transaction decided on another version', async () => {
    const state = someState();
    const before = await snapshotBytes(state.content());
    const late = { ...transactionFor(state, { changes: [setting('99')] }), expects: state.version - 1 };
    assert.equal(state.apply(late), false);
    assert.deepEqual(await snapshotBytes(state.content()), before);
  });

  it('never lets wall time go back, whatever a leader says', () => {
    const state = someState();
    const line = { source: 'mon', severity: 'info', message: 'x' } as const;
    state.apply({ ...transactionFor(state), wall: wallMs(500), wallLimit: wallMs(600), log: [line] });
    assert.equal(state.wall, 4_000);
    assert.equal(state.wallLimit, 9_000);
    assert.equal(state.log.newest({ after: 0, count: 1 })[0]?.at, 4_000);
  });

  it("keeps answers through a jump of the leader's clock", () => {
    const state = someState();
    state.apply(transactionFor(state, { wall: wallMs(state.wall + 10 * sessionIdleMs) }));
    state.apply(transactionFor(state));
    assert.equal(state.lookup({ session, number: 2, floor: 2 }).kind, 'answered');
  });

  it('keeps of an entry no more than it needs', () => {
    const state = emptyState();
    const large = new Uint8Array(100_000);
    const { incremental, ...rest } = transactionFor(state, { changes: [setting('7')] });
    large.set(incremental, 5_000);
    const view = large.subarray(5_000, 5_000 + incremental.byteLength);
    state.apply({ ...rest, incremental: view });
    const kept = state.history.steps[0]?.incremental;
    assert.ok(kept !== undefined && kept.buffer.byteLength < 10_000);
    assert.deepEqual(kept, incremental);
  });

  it('gives out views that nothing changes', () => {
    const state = someState();
    const view = state.view();
    const content = state.content();
    state.apply(
      transactionFor(state, {
        changes: [setting('9')],
        keys: [{ name: 'client.admin', key: undefined }],
        log: [{ source: 'mon', severity: 'info', message: 'x' }],
        mutes: [{ code: 'OSD_DOWN', unmuted: true }],
      }),
    );
    assert.equal(view.map.epoch, 3);
    assert.equal(view.version, 3);
    assert.notEqual(view.key('client.admin'), undefined);
    assert.equal(view.log({ after: 0, count: 9 }).length, 1);
    assert.equal(view.mutes.size, 1);
    assert.equal(content.history.newest.epoch, 3);
    assert.equal(content.log.last, 1);
  });

  it('is the same after the same transactions, and after a snapshot in between', async () => {
    const transactions: Transaction[] = [];
    const one = emptyState();
    const restored: MonitorState[] = [];
    for (let i = 0; i < 60; i++) {
      if (i % 20 === 10)
        restored.push(
          new MonitorState(await decodeSnapshot(piecesOf(await snapshotBytes(one.content())), instantClock)),
        );
      const transaction = transactionFor(one, {
        wall: wallMs(one.wall + 40_000 * (i % 3)),
        changes: i % 2 === 0 ? [setting(String(5 + (i % 50)))] : [],
        replies: [{ session: `client.x ${i % 7}`, number: i + 1, floor: Math.max(1, i - 9), result: Uint8Array.of(i) }],
        log: [{ source: 'mon', severity: 'info', message: `line ${i}` }],
      });
      transactions.push(transaction);
      assert.equal(one.apply(transaction), true);
      for (const other of restored) assert.equal(other.apply(transaction), true);
    }
    const other = emptyState();
    for (const transaction of transactions) other.apply(transaction);
    const expected = await snapshotBytes(one.content());
    for (const state of [other, ...restored]) assert.deepEqual(await snapshotBytes(state.content()), expected);
  });
});

describe('the state machine', () => {
  const place = { term: term(2) };

  it('says of each entry whether it took effect, and tells of every change', async () => {
    let applied = 0;
    const machine = new MonitorMachine(instantClock, emptyState(), () => void (applied += 1));
    const transaction = transactionFor(machine.state, { changes: [setting('7')] });
    const data = encodeTransaction(transaction);
    machine.apply({ ...place, index: logIndex(5), kind: 'command', data });
    machine.apply({ ...place, index: logIndex(6), kind: 'command', data });
    const membership = { voters: [], learners: [] };
    machine.apply({ ...place, index: logIndex(7), kind: 'membership', membership, data: new Uint8Array(0) });
    assert.deepEqual(
      [5, 6, 7].map((index) => machine.tookEffect(logIndex(index))),
      [true, false, true],
    );
    assert.equal(machine.state.version, 1);
    assert.equal(applied, 3);
    (await machine.restore(piecesOf(await snapshotBytes(someState().content()))))();
    assert.equal(machine.state.version, 3);
    assert.equal(applied, 4);
  });

  it('keeps the state while it reads a snapshot, and until it is told to replace it', async () => {
    let applied = 0;
    const machine = new MonitorMachine(instantClock, emptyState(), () => void (applied += 1));
    const replaceState = await machine.restore(piecesOf(await snapshotBytes(someState().content())));
    assert.deepEqual([machine.state.version, applied], [0, 0]);
    replaceState();
    assert.deepEqual([machine.state.version, applied], [3, 1]);
  });

  it('remembers a bounded number of entries without effect', () => {
    const machine = new MonitorMachine(instantClock, emptyState(), () => undefined);
    const data = encodeTransaction({ ...transactionFor(machine.state), expects: 99 });
    for (let index = 1; index <= 1_001; index++) {
      machine.apply({ ...place, index: logIndex(index), kind: 'command', data });
    }
    assert.equal(machine.tookEffect(logIndex(1_001)), false);
    assert.equal(machine.tookEffect(logIndex(2)), false);
    assert.equal(machine.tookEffect(logIndex(1)), true);
  });
});
