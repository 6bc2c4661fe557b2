import assert from 'node:assert/strict';
import type { MonitorInfo } from '../../../cluster/map.js';
import { CommandTable } from '../../../monitor/commands/types.js';
import { Lead } from '../../../monitor/leader/lead.js';
import { MembershipChanges } from '../../../monitor/leader/membership-changes.js';
import { logIndex, memberId } from '../../../monitor/raft/types.js';
import { idleSoftState } from '../commands/idle-soft-state.js';
import { transactionFor } from '../state/some-state.js';
import { FakeConsensus, fakeRuntime, settle } from './fake-consensus.js';

const disk = '0'.repeat(32);
const address = { host: 'b', port: 7000 };

function stage() {
  const consensus = new FakeConsensus();
  const { machine } = consensus;
  const { runtime } = fakeRuntime();
  const lead = new Lead(runtime, { consensus, machine, table: new CommandTable(), soft: idleSoftState });
  const changes = new MembershipChanges({ lead, consensus, machine, log: runtime.log });
  const monitor = (name: string): MonitorInfo | undefined => machine.state.map.monitors.get(name);
  return { consensus, changes, machine, monitor };
}

function progressOf(member: number, isActive: boolean) {
  const matched = logIndex(1);
  return { member: memberId(member), matched, next: logIndex(2), state: 'replicating' as const, isActive };
}

const audit = { who: 'client.admin', from: '10.0.0.9:5', command: 'mon.rm', args: '{}' };

describe('monitors that join', () => {
  it('become learners in the map and in Raft by one entry, under a number that nobody had', async () => {
    const { consensus, changes, monitor } = stage();
    const reply = await changes.join({ name: 'b', address, disk }, undefined);
    assert.equal(reply.member, 2);
    assert.deepEqual(monitor('b'), { name: 'b', member: 2, address, role: 'learner' });
    assert.deepEqual(consensus.memberships, [{ voters: [memberId(1)], learners: [memberId(2)] }]);
    assert.equal(consensus.transactions.length, 1);
  });

  it('get the same place for the same disk, however often they ask', async () => {
    const { consensus, changes } = stage();
    const asked = { name: 'b', address, disk };
    const replies = await Promise.all([changes.join(asked, undefined), changes.join(asked, undefined)]);
    replies.push(await changes.join(asked, undefined));
    assert.deepEqual(
      replies.map(({ member }) => member),
      [2, 2, 2],
    );
    assert.equal(consensus.memberships.length, 1);
  });

  it('come in one after the other when two ask at once', async () => {
    const { consensus, changes } = stage();
    const replies = await Promise.all(
      ['b', 'c'].map((name, i) => changes.join({ name, address, disk: String(i).repeat(32) }, undefined)),
    );
    assert.deepEqual(
      replies.map(({ member }) => member),
      [2, 3],
    );
    assert.deepEqual(consensus.status.membership.learners, [2, 3]);
    assert.equal(consensus.transactions.length, 2);
  });

  it('get a new place when theirs was given up, for the same disk too', async () => {
    const { changes, machine, monitor } = stage();
    const asked = { name: 'b', address, disk };
    await changes.join(asked, undefined);
    await changes.remove('b', { audit });
    assert.equal(monitor('b'), undefined);
    machine.state.apply(transactionFor(machine.state));
    const reply = await changes.join(asked, undefined);
    assert.equal(reply.member, 3);
    assert.equal(monitor('b')?.member, 3);
  });

  it('take the place of an earlier life that is silent, and of none that is alive', async () => {
    const { consensus, changes, monitor } = stage();
    await changes.join({ name: 'b', address, disk }, undefined);
    consensus.status = { ...consensus.status, progress: [progressOf(2, true)] };
    const again = { name: 'b', address, disk: 'f'.repeat(32) };
    await assert.rejects(changes.join(again, undefined), { code: 'CONFLICT', message: /mon\.b is running already/ });
    consensus.status = { ...consensus.status, progress: [progressOf(2, false)] };
    assert.equal((await changes.join(again, undefined)).member, 3);
    assert.equal(monitor('b')?.member, 3);
    changes.step();
    await settle();
    assert.deepEqual(consensus.status.membership, { voters: [1], learners: [3] }, 'the earlier life leaves Raft');
  });

  it('cannot take the place of the leader, or of the only monitor', async () => {
    const { changes } = stage();
    await assert.rejects(changes.join({ name: 'a', address, disk }, undefined), {
      code: 'CONFLICT',
      message: /the only monitor/,
    });
  });

  it('are nine at most', async () => {
    const { changes } = stage();
    for (let i = 0; i < 8; i++) {
      await changes.join({ name: `m${i}`, address, disk: String(i).repeat(32) }, undefined);
    }
    await assert.rejects(changes.join({ name: 'z', address, disk: 'f'.repeat(32) }, undefined), {
      code: 'CONFLICT',
      message: /9 monitors already/,
    });
  });
});

describe('monitors that leave', () => {
  it('are gone from the map, from Raft and from the keys by one entry', async () => {
    const { consensus, changes, machine, monitor } = stage();
    await changes.join({ name: 'b', address, disk }, undefined);
    const before = consensus.transactions.length;
    await changes.remove('b', { audit });
    assert.equal(consensus.transactions.length, before + 1);
    const [record] = machine.state.view().audit({ after: 0, count: 1 });
    assert.deepEqual([record?.who, record?.command, record?.outcome.kind], ['client.admin', 'mon.rm', 'done']);
    assert.equal(monitor('b'), undefined);
    assert.equal(machine.state.key('mon.b'), undefined);
    assert.deepEqual(consensus.status.membership, { voters: [1], learners: [] });
  });

  it('are never the last one with a vote, nor one that is not there', async () => {
    const { changes } = stage();
    await assert.rejects(changes.remove('a', { audit }), { code: 'CONFLICT', message: /only monitor with a vote/ });
    await assert.rejects(changes.remove('x', { audit }), { code: 'NOT_FOUND' });
  });
});
