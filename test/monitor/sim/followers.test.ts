/** Whoever follows the map or the log hears all of it, however slow it is. */
import assert from 'node:assert/strict';
import { configSet } from '../../../protocol/commands/config.js';
import { World } from '../../../runtime/sim/world.js';
import { type Client, MonitorCluster } from './monitor-cluster.js';
import { LogWitness, MapWitness } from './witnesses.js';

describe('monitor daemons: followers', function () {
  this.timeout(60_000);

  it('a reader of the log who pauses for minutes misses nothing afterwards', async () => {
    const world = new World({ seed: 41 });
    await world.main(async () => {
      const cluster = await MonitorCluster.found(world, { monitors: 3 });
      const admin = await cluster.client();
      const log = new LogWitness(await cluster.client(), { takeMs: 200_000 });
      await world.sleep(500);
      for (let value = 1; value <= 3; value++) {
        await setInterval(admin, value);
        await world.sleep(30_000);
      }
      await log.untilCaughtUp(cluster, 1_500_000);
      log.check(cluster);
      assert.ok(log.records.length >= 3);
    });
  });

  it('one that slept through more epochs than are kept gets a whole map', async () => {
    const world = new World({ seed: 42 });
    await world.main(async () => {
      const cluster = await MonitorCluster.found(world, { monitors: 1 });
      const admin = await cluster.client();
      const maps = new MapWitness(cluster);
      const client = await cluster.client();
      const follower = maps.follow(client);
      await cluster.until('it has a map', 2_000, () => follower.epoch > 0);
      client.process.pause();
      for (let value = 1; value <= 600; value++) {
        await setInterval(admin, value);
        if (value % 100 === 0) maps.check();
      }
      client.process.proceed();
      const { maps: before } = follower;
      await maps.untilNobodyIsBehind(10_000);
      assert.ok(follower.maps - before <= 5, `it took ${follower.maps - before} steps`);
    });
  });
});

async function setInterval(admin: Client, value: number): Promise<void> {
  const change = { section: 'osd', option: 'osd_heartbeat_interval', value: `${100 + value}ms` };
  await admin.session.change(configSet, change, admin.within(10_000));
}
