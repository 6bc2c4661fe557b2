/** Monitors that die, alone and together, and come back. */
import assert from 'node:assert/strict';
import { configSet } from '../../../protocol/commands/config.js';
import { World } from '../../../runtime/sim/world.js';
import { forEachSeed } from '../../sim/seeds.js';
import { MonitorCluster } from './monitor-cluster.js';

describe('monitor daemons: restarts', function () {
  this.timeout(60_000);

  it('all killed at once come back with everything', async () => {
    await forEachSeed({ count: 20, boxMs: 1_500 }, async (seed) => {
      const world = new World({ seed });
      await world.main(async () => {
        const cluster = await MonitorCluster.found(world, { monitors: 3 });
        const client = await cluster.client();
        const change = { section: 'osd', option: 'osd_heartbeat_grace', value: '4s' };
        await client.session.change(configSet, change, client.within(10_000));
        for (const { process } of cluster.sites) process?.kill();
        for (const site of cluster.sites) cluster.boot(site);
        await cluster.until('a leader', 3_000, () => cluster.leader !== undefined);
        await cluster.untilEqual();
        assert.equal(cluster.newestMap.config.get('osd/osd_heartbeat_grace'), '4s');
      });
    });
  });
});
