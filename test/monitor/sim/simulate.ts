/** One world: monitor daemons under changes, followers and every fault there is; then peace, progress, equality. */
import assert from 'node:assert/strict';
import { configSet } from '../../../protocol/commands/config.js';
import { World } from '../../../runtime/sim/world.js';
import { ChangeStreams } from './change-stream.js';
import { injectFaults, mend } from './faults.js';
import { MonitorCluster } from './monitor-cluster.js';
import { LogWitness, MapWitness } from './witnesses.js';

export interface Outcome {
  readonly acknowledged: number;
  readonly failed: number;
  readonly epochs: number;
  readonly mapsFollowed: number;
  readonly terms: number;
  readonly traceHash: string;
}

/** After the last fault the next change commits within so much: lost connections are found, a leader elected. */
const progressMs = 30_000;

export async function simulate(seed: number): Promise<Outcome> {
  const world = new World({ seed, traceLines: 40 });
  return await world.main(async () => {
    const random = world.stream('shape');
    const monitors = random.pick([1, 3, 3, 3, 5]);
    const snapshotAfterEntries = random.pick([10, 50, 20_000]);
    const cluster = await MonitorCluster.found(world, { monitors, snapshotAfterEntries, mayFail: true });
    const maps = new MapWitness(cluster);
    const log = new LogWitness(await cluster.client());
    maps.follow(await cluster.client());
    maps.follow(await cluster.client(), { takeMs: random.pick([0, 300, 3_000]) });
    const streams = new ChangeStreams(world);
    const end = world.now + random.pick([3_000, 8_000, 15_000]);
    const isOver = (): boolean => world.now >= end;
    const writers = Array.from({ length: 3 }, async () => {
      const options = { deadlineMs: random.pick([500, 2_000, 10_000]), pauseMs: random.pick([20, 200]), isOver };
      await streams.run(await cluster.client(), options);
    });
    const watching = watch(maps, cluster, isOver);
    await Promise.all([...writers, watching, injectFaults({ cluster, admin: await cluster.client(), isOver })]);

    cluster.checkDeaths();
    mend(cluster);
    const admin = await cluster.client();
    const last = { section: 'global', option: 'osd_heartbeat_interval', value: '400ms' };
    await admin.session.change(configSet, last, admin.within(progressMs));
    // Who removed a monitor also stops it.
    const { monitors: left } = cluster.newestMap;
    for (const site of cluster.sites.filter(({ name }) => !left.has(name))) cluster.forget(site);
    await cluster.untilVoters(cluster.sites.length);
    await maps.untilNobodyIsBehind(progressMs);
    await log.untilCaughtUp(cluster, progressMs);
    log.check(cluster);
    await cluster.untilEqual();
    cluster.checkDeaths();
    const { leader } = cluster;
    assert.ok(leader !== undefined, 'there is a leader');
    const state = leader.monitor.state.view();
    streams.check(state.audit({ after: 0, count: 10_000 }), state.map.config);
    return {
      acknowledged: streams.acknowledged,
      failed: streams.failed,
      epochs: maps.epochsChecked,
      mapsFollowed: maps.mapsFollowed,
      terms: leader.monitor.status.raft.term,
      traceHash: world.traceHash,
    };
  });
}

async function watch(maps: MapWitness, cluster: MonitorCluster, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    cluster.checkDeaths();
    maps.check();
    await cluster.world.sleep(100);
  }
}
