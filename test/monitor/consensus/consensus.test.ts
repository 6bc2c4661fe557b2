/** What callers of consensus are promised, one thing at a time; that all of it holds at once is the simulation's to show. */
import assert from 'node:assert/strict';
import { isCairnError, type CairnError, type ErrorCode } from '../../../base/errors.js';
import { monotonicMs } from '../../../base/instants.js';
import { noticeMs } from '../../../monitor/consensus/options.js';
import { memberId } from '../../../monitor/raft/types.js';
import { World } from '../../../runtime/sim/world.js';
import { Cluster, tickMs, type Site } from './cluster.js';
import { encodeCommand } from './history.js';

type Running = Site & { running: NonNullable<Site['running']> };

function code(expected: ErrorCode, applied: CairnError['applied'], words = /./): (error: unknown) => boolean {
  return (error) => isCairnError(error, expected) && error.applied === applied && words.test(error.message);
}

let lastId = 0;

function someCommand(): Uint8Array {
  lastId += 1;
  return encodeCommand({ kind: 'append', id: `c${lastId}`, key: 'x' });
}

/** Three members in peace, with a leader that is ready. */
async function onCluster(body: (cluster: Cluster, leader: Running) => Promise<void>): Promise<void> {
  const world = new World({ seed: 11 });
  await world.main(async () => {
    const carrier = world.machine('network').start('carrier', async () => {});
    await carrier.finished;
    const cluster = new Cluster(world, carrier.runtime, { founders: 3, spares: 0 });
    cluster.network.makePeace();
    for (const site of cluster.sites) cluster.boot(site);
    await until(cluster, () => cluster.leader?.running.consensus.status.isReady === true);
    const { leader } = cluster;
    assert.ok(leader !== undefined);
    await body(cluster, leader);
    if (cluster.failure !== undefined) throw cluster.failure.error;
  });
}

async function until(cluster: Cluster, holds: () => boolean): Promise<void> {
  for (let count = 0; !holds(); count++) {
    assert.ok(count < 1_000, 'the condition holds in time');
    await cluster.world.sleep(tickMs);
  }
}

function cutOff(cluster: Cluster, { member }: Site): void {
  for (const other of cluster.sites) {
    cluster.network.cut(member, other.member);
    cluster.network.cut(other.member, member);
  }
}

function within(site: Running, ms: number): { readonly deadline: ReturnType<typeof monotonicMs> } {
  return { deadline: monotonicMs(site.running.runtime.clock.now() + ms) };
}

function followerOf(cluster: Cluster, leader: Running): Running {
  const follower = cluster.alive.find(({ member }) => member !== leader.member);
  assert.ok(follower !== undefined);
  return follower;
}

describe('monitor/consensus', () => {
  it('applies commands in the order proposed, several to a write', () =>
    onCluster(async (_cluster, leader) => {
      const { consensus } = leader.running;
      const { writes } = consensus.metrics;
      const places = await Promise.all(Array.from({ length: 200 }, () => consensus.propose(someCommand(), {})));
      const indices = places.map(({ index }) => index);
      assert.deepEqual(
        indices,
        [...indices].sort((a, b) => a - b),
      );
      assert.equal(leader.running.registers.applied, indices.at(-1));
      assert.ok(consensus.metrics.writes - writes <= 3, `${consensus.metrics.writes - writes} writes`);
      assert.ok(consensus.metrics.writeSeconds > 0 && consensus.metrics.proposals === 200);
    }));

  it('refuses proposals on a follower, names the leader, and applies nothing', () =>
    onCluster(async (cluster, leader) => {
      const follower = followerOf(cluster, leader);
      const proposal = follower.running.consensus.propose(someCommand(), {});
      await assert.rejects(proposal, code('CONFLICT', 'no', new RegExp(`member ${leader.member} leads`)));
    }));

  it('says maybe of what a leader had appended that loses its majority', () =>
    onCluster(async (cluster, leader) => {
      cutOff(cluster, leader);
      const early = leader.running.consensus.propose(someCommand(), {});
      await assert.rejects(early, code('CANCELLED', 'maybe'));
      cluster.network.heal();
      await until(cluster, () => leader.running.consensus.status.role === 'follower' && cluster.leader !== undefined);
    }));

  it('says maybe when the deadline passes after appending, no when it passed before', () =>
    onCluster(async (cluster, leader) => {
      cutOff(cluster, leader);
      const { consensus } = leader.running;
      await assert.rejects(consensus.propose(someCommand(), within(leader, 5)), code('DEADLINE_EXCEEDED', 'maybe'));
      await assert.rejects(consensus.propose(someCommand(), within(leader, 0)), code('DEADLINE_EXCEEDED', 'no'));
    }));

  it('tells followers what is committed with the next command, or soon without one', () =>
    onCluster(async (cluster, leader) => {
      const { consensus } = leader.running;
      const sentBefore = consensus.metrics.messagesSent;
      const count = 20;
      for (let i = 0; i < count; i++) await consensus.propose(someCommand(), {});
      const appends = consensus.metrics.messagesSent - sentBefore;
      // One to each follower, and some heartbeats; with as many notices it would be twice that.
      assert.ok(appends >= 2 * count && appends < 3 * count, `${appends} messages`);
      for (let i = 0; i < 5; i++) {
        const { index } = await consensus.propose(someCommand(), {});
        // Sooner than a heartbeat, but for chance.
        await cluster.world.sleep(noticeMs + 3);
        for (const { running } of cluster.alive) assert.ok(running.registers.applied >= index);
      }
    }));

  it('opens a barrier on any member, not before what was acknowledged is applied there', () =>
    onCluster(async (cluster, leader) => {
      const follower = followerOf(cluster, leader);
      const { index } = await leader.running.consensus.propose(someCommand(), {});
      await follower.running.consensus.readBarrier(within(follower, 1_000));
      assert.ok(follower.running.registers.applied >= index);
    }));

  it('opens no barrier on a leader that is cut off', () =>
    onCluster(async (cluster, leader) => {
      cutOff(cluster, leader);
      const barrier = leader.running.consensus.readBarrier(within(leader, 300));
      await assert.rejects(barrier, code('DEADLINE_EXCEEDED', 'no'));
    }));

  it('shares one round among the barriers of a turn', () =>
    onCluster(async (_cluster, leader) => {
      const { consensus } = leader.running;
      await Promise.all(Array.from({ length: 50 }, () => consensus.readBarrier({})));
      assert.equal(consensus.metrics.readBarriers, 50);
      assert.equal(consensus.metrics.readRounds, 1);
    }));

  it('transfers leadership, and says when it cannot', () =>
    onCluster(async (cluster, leader) => {
      const target = followerOf(cluster, leader);
      await leader.running.consensus.transfer(target.member, within(leader, 1_000));
      assert.equal(leader.running.consensus.status.leader, target.member);
      await until(cluster, () => target.running.consensus.status.role === 'leader');
      await assert.rejects(target.running.consensus.transfer(memberId(99), {}), code('INVALID_ARGUMENT', 'no'));
      await assert.rejects(
        leader.running.consensus.transfer(memberId(3), {}),
        (error) => isCairnError(error, 'CONFLICT') || leader.member === 3,
      );
    }));

  it('removes a member and refuses a change by two', () =>
    onCluster(async (cluster, leader) => {
      const { consensus } = leader.running;
      const other = cluster.founders.voters.find((member) => member !== leader.member);
      const one = { voters: [leader.member], learners: [] };
      await assert.rejects(consensus.changeMembership(one, new Uint8Array(0), {}), code('INVALID_ARGUMENT', 'no'));
      const two = { voters: cluster.founders.voters.filter((member) => member !== other), learners: [] };
      await consensus.changeMembership(two, new Uint8Array(0), {});
      assert.deepEqual(consensus.status.membership, two);
    }));

  it('refuses proposals beyond its bound, and takes them again afterwards', () =>
    onCluster(async (_cluster, leader) => {
      const { consensus } = leader.running;
      const all = await Promise.allSettled(Array.from({ length: 10_100 }, () => consensus.propose(someCommand(), {})));
      const refused = all
        .filter(({ status }) => status === 'rejected')
        .map((result) => (result as PromiseRejectedResult).reason as unknown);
      assert.equal(refused.length, 100);
      assert.ok(refused.every(code('OVERLOADED', 'no')));
      await consensus.propose(someCommand(), {});
      await assert.rejects(consensus.propose(new Uint8Array(17 * 1024 * 1024), {}), code('INVALID_ARGUMENT', 'no'));
    }));

  it('tells everybody who waits when it is closed, and frees its directory', () =>
    onCluster(async (cluster, leader) => {
      const { consensus } = leader.running;
      cutOff(cluster, leader);
      const appended = consensus.propose(someCommand(), {});
      const barrier = consensus.readBarrier({});
      await cluster.world.sleep(1);
      const ends = [assert.rejects(appended, code('CLOSED', 'maybe')), assert.rejects(barrier, code('CLOSED', 'no'))];
      await Promise.all([consensus.close(), consensus.close(), ...ends]);
      await assert.rejects(consensus.propose(someCommand(), {}), code('CLOSED', 'no'));
      await assert.rejects(consensus.readBarrier({}), code('CLOSED', 'no'));
      const again = await leader.running.runtime.kv.open(`/mon-${leader.member}/raft`, { createIfMissing: false });
      await again.close();
    }));

  it('stops the daemon at a failed sync, before anything of it is acknowledged', () =>
    onCluster(async (cluster, leader) => {
      leader.machine.disk().faults.failNextSyncs = 1;
      let isAcknowledged = false;
      void leader.running.consensus.propose(someCommand(), {}).then(() => {
        isAcknowledged = true;
      });
      await until(cluster, () => leader.process?.isAlive === false);
      assert.ok(isCairnError(leader.process?.failure, 'IO_ERROR'));
      assert.equal(isAcknowledged, false);
    }));

  it('goes on after standing still for long, as a follower of who leads by then', () =>
    onCluster(async (cluster, leader) => {
      leader.process?.pause();
      await until(cluster, () => cluster.leader !== undefined && cluster.leader.member !== leader.member);
      const late = leader.running.consensus.readBarrier(within(leader, 60_000));
      leader.process?.proceed();
      await late;
      assert.equal(leader.running.consensus.status.role, 'follower');
      assert.ok(leader.running.consensus.metrics.stalls >= 1);
      assert.ok(leader.process?.logs.some(({ level, sentence }) => level === 'warn' && /stood still/.test(sentence)));
    }));
});
