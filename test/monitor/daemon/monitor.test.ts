/** Whole monitors under power loss, lost disks and partitions: what DESIGN.md promises of them. */
import assert from 'node:assert/strict';
import { configSet } from '../../../protocol/commands/config.js';
import { monDump, monRm } from '../../../protocol/commands/mon.js';
import { clusterHealth } from '../../../protocol/commands/status.js';
import { vitalsMethod } from '../../../protocol/monitor-methods.js';
import type { MonitorSession } from '../../../protocol/monitor-session.js';
import { Dialer } from '../../../wire/dialer.js';
import { coded, onMonitors, port, type SimCluster } from './sim-cluster.js';

/** Counts up in a setting until told to stop; every value that was acknowledged. */
class Stream {
  readonly acknowledged: number[] = [];
  worstMs = 0;
  #isStopped = false;
  readonly #cluster: SimCluster;
  readonly #ended: Promise<void>;

  constructor(cluster: SimCluster, client: MonitorSession, first = 10) {
    this.#cluster = cluster;
    this.#ended = this.#run(client, first);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#ended;
  }

  async #run(client: MonitorSession, first: number): Promise<void> {
    const { world } = this.#cluster;
    for (let value = first; !this.#isStopped; value++) {
      const begun = world.now;
      await client.change(configSet, { section: 'global', option: 'osd_heartbeat_grace', value: `${value}s` }, {});
      this.acknowledged.push(value);
      this.worstMs = Math.max(this.worstMs, world.now - begun);
    }
  }
}

/** Every change that was acknowledged is in the audit trail, once. */
function checkOnce(cluster: SimCluster, { acknowledged }: Stream): void {
  const { leader } = cluster;
  assert.ok(leader !== undefined);
  const applied = new Map<number, number>();
  for (const { command, args, outcome } of leader.state.view().audit({ after: 0, count: 10_000 })) {
    const value = /"value":"(\d+)s"/.exec(args)?.[1];
    if (command !== 'config.set' || value === undefined || outcome.kind !== 'done') continue;
    applied.set(Number(value), (applied.get(Number(value)) ?? 0) + 1);
  }
  for (const value of acknowledged) assert.equal(applied.get(value), 1, `change ${value} is there once`);
}

function set(client: MonitorSession, value: string, wait = {}) {
  return client.change(configSet, { section: 'global', option: 'osd_heartbeat_grace', value }, wait);
}

describe('three monitors', function () {
  this.timeout(60_000);

  for (const seed of [1, 2, 3]) {
    it(`have a new leader within 2 s of a kill -9, and lose or repeat no change (seed ${seed})`, () =>
      onMonitors(
        ['a', 'b', 'c'],
        async (cluster) => {
          const client = await cluster.client();
          const stream = new Stream(cluster, client);
          for (let round = 0; round < 3; round++) {
            await cluster.until('changes', () => stream.acknowledged.length > 20 * (round + 1));
            const victim = cluster.leaderName;
            cluster.kill(victim);
            await cluster.until('a new leader', () => cluster.leader !== undefined, 2_000);
            // What `cairn status` calls the quorum's age.
            await cluster.until('it has begun', () => cluster.leader?.status.quorumSince !== undefined, 2_000);
            const count = stream.acknowledged.length;
            await cluster.until('changes go on', () => stream.acknowledged.length > count + 5);
            cluster.start(victim);
            await cluster.until('it is back', () => cluster.site(victim).monitor !== undefined);
          }
          await stream.stop();
          checkOnce(cluster, stream);
          await client.close();
        },
        seed,
      ));
  }

  it('take one back that lost its disk, under a new number', () =>
    onMonitors(['a', 'b', 'c'], async (cluster) => {
      const [victim] = cluster.followers;
      assert.ok(victim !== undefined);
      const before = cluster.leader?.state.map.monitors.get(victim)?.member ?? 0;
      await cluster.wipe(victim);
      cluster.start(victim);
      const member = () => cluster.leader?.state.map.monitors.get(victim)?.member ?? 0;
      await cluster.until('a new number', () => member() > before);
      await cluster.untilVoters(victim);
      const { membership } = cluster.leader!.status.raft;
      assert.equal(membership.voters.length, 3);
      assert.equal(membership.learners.length, 0);
      assert.ok(!membership.voters.some((id) => Number(id) === before));
      assert.equal(cluster.site(victim).isRemoved, false);
    }));

  it('grow and shrink while changes stream, the leader included', () =>
    onMonitors(['a', 'b', 'c'], async (cluster) => {
      const client = await cluster.client();
      const admin = await cluster.client();
      const stream = new Stream(cluster, client);
      await cluster.add(admin, 'd');
      const victim = cluster.leaderName;
      await admin.control(monRm, { name: victim, confirmed: true }, {});
      await cluster.until('it knows', () => cluster.site(victim).isRemoved);
      cluster.kill(victim);
      await cluster.until('another one leads', () => cluster.leader !== undefined && cluster.leaderName !== victim);
      const count = stream.acknowledged.length;
      await cluster.until('changes go on', () => stream.acknowledged.length > count + 5);
      await stream.stop();
      checkOnce(cluster, stream);
      assert.equal(cluster.leader?.state.map.monitors.has(victim), false);
      assert.equal(cluster.leader?.state.key(`mon.${victim}`), undefined);
      cluster.start(victim);
      await assert.rejects(cluster.site(victim).process!.finished, coded('CONFLICT', /was removed from its cluster/));
      cluster.sites.delete(victim);
      await client.close();
      await admin.close();
    }));

  it('say clearly that they have no leader, within the deadline, and go on when the majority is back', () =>
    onMonitors(['a', 'b', 'c'], async (cluster) => {
      const client = await cluster.client();
      await set(client, '7s');
      for (const name of ['b', 'c']) cluster.kill(name);
      await cluster.until('no leader', () => cluster.leader === undefined);
      const begun = cluster.world.now;
      await assert.rejects(
        set(client, '8s', cluster.within(4_000)),
        coded(
          'DEADLINE_EXCEEDED',
          /config\.set: the monitors have no leader: mon\.a does not hear mon\.b, mon\.c;/,
          'no',
        ),
      );
      assert.ok(cluster.world.now - begun <= 4_100);
      const stale = await client.query(monDump, {}, { mayBeStale: true, ...cluster.within(10_000) });
      assert.equal(stale.isStale, true);
      assert.equal(stale.result.monitors.length, 3);
      assert.deepEqual(stale.result.hearing, { by: 'a', heard: [], silent: ['b', 'c'] });
      const waiting = set(client, '9s', cluster.within(60_000));
      for (const name of ['b', 'c']) cluster.start(name);
      await waiting;
      const fresh = await client.query(monDump, {}, {});
      assert.deepEqual([fresh.isStale, fresh.result.hearing], [false, undefined]);
      await client.close();
    }));

  it('say without a leader whom they hear, and whom not: dead, hung, or cut off', () =>
    onMonitors(['a', 'b', 'c', 'd', 'e'], async (cluster) => {
      const hearing = (name: string) => cluster.site(name).monitor?.status.hearing;
      assert.equal(hearing('a'), undefined, 'there is a quorum');
      cluster.kill('c');
      cluster.world.machine('d').suspend();
      cluster.isolate('e');
      await cluster.until('no leader', () => cluster.site('a').monitor?.status.hasQuorum === false);
      // As long as a hung one is not told from a quiet one.
      await cluster.world.sleep(4_000);
      assert.deepEqual(hearing('a'), { by: 'a', heard: ['b'], silent: ['c', 'd', 'e'] });
      assert.deepEqual(hearing('b'), { by: 'b', heard: ['a'], silent: ['c', 'd', 'e'] });
      assert.deepEqual(hearing('e'), { by: 'e', heard: [], silent: ['a', 'b', 'c', 'd'] });
      cluster.world.machine('d').resume();
      await cluster.until('a leader', () => cluster.leader !== undefined);
      assert.equal(cluster.site(cluster.leaderName).monitor?.status.hearing, undefined);
    }));

  it('say how large their stores are, and are told of one that is too large', () =>
    onMonitors(['a', 'b', 'c'], async (cluster) => {
      const client = await cluster.client();
      await cluster.world.sleep(3_000);
      const { monitors } = (await client.query(monDump, {}, {})).result;
      for (const { name, storeBytes } of monitors) assert.ok((storeBytes ?? 0) > 1_000, `mon.${name}: ${storeBytes}`);
      const [follower] = cluster.followers;
      assert.ok(follower !== undefined);
      // In its place, so that nothing but this is heard of it.
      cluster.kill(follower);
      const { key } = cluster.site(follower).credentials;
      const identity = { name: `mon.${follower}`, role: 'monitor', fsid: cluster.admin.fsid };
      const address = { host: cluster.leaderName, port };
      const dialer = new Dialer(await cluster.runtime('stand-in'), { address, identity }, { key });
      const report = { name: follower, clock: 0, diskFreeBytes: 80, diskTotalBytes: 100, loopDelayMs: 0, version: '1' };
      const checks = async () => Object.keys((await client.query(clusterHealth, { detail: true }, {})).result.checks);
      // As an older version has it.
      await dialer.call(vitalsMethod, report);
      assert.ok(!(await checks()).includes('MON_DISK_BIG'));
      await dialer.call(vitalsMethod, { ...report, storeBytes: 16 * 2 ** 30 });
      assert.ok((await checks()).includes('MON_DISK_BIG'));
      await dialer.close();
      await client.close();
    }));

  it('come back from the loss of all their power', () =>
    onMonitors(['a', 'b', 'c'], async (cluster) => {
      const client = await cluster.client();
      const stream = new Stream(cluster, client);
      await cluster.until('changes', () => stream.acknowledged.length > 30);
      for (const name of ['a', 'b', 'c']) {
        cluster.world.machine(name).crash();
        cluster.site(name).monitor = undefined;
      }
      for (const name of ['a', 'b', 'c']) {
        cluster.world.machine(name).restart();
        cluster.start(name);
      }
      await cluster.until('a leader', () => cluster.leader !== undefined);
      const count = stream.acknowledged.length;
      await cluster.until('changes go on', () => stream.acknowledged.length > count + 5);
      await stream.stop();
      checkOnce(cluster, stream);
      await client.close();
    }));

  it('answer soon after a start, whoever is asked', async () => {
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      await onMonitors(
        ['a', 'b', 'c'],
        async (cluster) => {
          for (const name of ['a', 'b', 'c']) cluster.kill(name);
          const clients = await Promise.all(
            ['a', 'b', 'c'].map((host) => cluster.client({ machine: `${host}1`, monitors: [{ host, port }] })),
          );
          const waiting = clients.map((client, i) => set(client, `${i + 5}s`));
          for (const [i, name] of ['b', 'c', 'a'].entries()) {
            await cluster.world.sleep(i * 400);
            cluster.start(name);
          }
          const begun = cluster.world.now;
          await Promise.all(waiting);
          assert.ok(cluster.world.now - begun < 2_500, `seed ${seed}: ${cluster.world.now - begun} ms`);
          for (const client of clients) await client.close();
        },
        seed,
      );
    }
  });

  it('are all in quorum, whenever one asks', () =>
    onMonitors(['a', 'b', 'c'], async (cluster) => {
      for (let i = 0; i < 300; i++) {
        await cluster.world.sleep(7);
        const away = cluster.leader?.status.monitors.filter(({ isInQuorum }) => !isInQuorum) ?? [];
        assert.deepEqual(away, []);
      }
    }));
});
