/** OSD daemons watch each other: what dies is found within the bounds of the failure detector, what lives stays up. */
import assert from 'node:assert/strict';
import { poolCreate } from '../../../protocol/commands/pool.js';
import { osdDown } from '../../../protocol/commands/osd.js';
import { forEachSeed } from '../../sim/seeds.js';
import { inCluster, type SimOsd } from './osd-cluster.js';

/** DESIGN.md section 1, "Availability". */
const crashMs = 1_000;
const hangMs = 5_000;

describe('osd daemon: heartbeats', function () {
  this.timeout(120_000);

  it('a killed OSD is down within a second, and up again under a higher boot when it is started', async () => {
    await forEachSeed({ count: 30, boxMs: 2_000 }, (seed) =>
      inCluster({ seed, osds: 4 }, async ({ world, cluster, osd, osds }) => {
        await world.sleep(world.stream('when').below(3_000));
        osd.process?.kill();
        await cluster.until('it is down', crashMs, () => !osd.isUp(cluster));
        assert.ok(osds.slice(1).every((other) => other.isUp(cluster)));
        osd.start();
        await cluster.until('it serves', 10_000, () => osd.isServing());
        assert.ok((osd.in(cluster)?.boot ?? 0) >= 2);
      }),
    );
  });

  it('a hanging OSD is down within five seconds; it comes back by itself when it goes on, and takes nobody along', async () => {
    await forEachSeed({ count: 30, boxMs: 2_000 }, (seed) =>
      inCluster({ seed, osds: 4 }, async ({ world, cluster, osd, osds }) => {
        await world.sleep(2_000);
        osd.process?.pause();
        await cluster.until('it is down', hangMs, () => !osd.isUp(cluster));
        await world.sleep(world.stream('when').below(10_000));
        osd.process?.proceed();
        await cluster.until('it serves', 10_000, () => osd.isServing() && osd.isUp(cluster));
        await world.sleep(10_000);
        assert.ok(osds.every((one) => one.isUp(cluster) && one.isServing()));
        const boots = osds.slice(1).map((other) => other.in(cluster)?.boot);
        assert.deepEqual(boots, [1, 1, 1], 'none of the others went down');
      }),
    );
  });

  it('one that restarts before anybody notices registers, and is not marked down for its earlier life', async () => {
    await inCluster({ seed: 5, osds: 4 }, async ({ world, cluster, osd }) => {
      await world.sleep(1_000);
      osd.process?.kill();
      osd.start();
      await cluster.until('it serves', 5_000, () => osd.isServing());
      await world.sleep(10_000);
      assert.ok(osd.isServing() && osd.isUp(cluster));
    });
  });

  it('marked down wrongly, it is up again at once and keeps its store', async () => {
    await inCluster({ seed: 6, osds: 3, monitors: 3 }, async ({ cluster, admin, osd }) => {
      const before = osd.in(cluster);
      await admin.session.change(osdDown, { osds: [osd.id] }, admin.within(5_000));
      await cluster.until(
        'it serves',
        2_000,
        () => osd.isServing() && (osd.in(cluster)?.boot ?? 0) > (before?.boot ?? 0),
      );
      assert.equal(osd.in(cluster)?.store, before?.store);
    });
  });

  it('cut off from everybody it is down, says so in its log, and comes back when the cut heals', async () => {
    await inCluster({ seed: 7, osds: 4 }, async ({ world, cluster, osd, osds }) => {
      await world.sleep(2_000);
      const others = [...osds.slice(1), ...cluster.sites].map(({ machine }) => machine.name);
      for (const name of others) world.network.cutBoth(osd.machine.name, name);
      await cluster.until('it is down', 10_000, () => !osd.isUp(cluster));
      await cluster.until('it says so', 10_000, () => logged(osd, 'neither monitors nor most other OSDs answer'));
      world.network.heal();
      await cluster.until('it serves', 30_000, () => osd.isServing() && osd.isUp(cluster));
      assert.ok(osds.every((one) => one.isUp(cluster)));
    });
  });

  it('without PGs it watches others all the same, and with many OSDs only some', async () => {
    await inCluster({ seed: 8, osds: 13 }, async ({ world, cluster, admin, osds }) => {
      await world.sleep(1_000);
      for (const osd of osds) assert.equal(osd.daemon?.status.heartbeatPeers, 10);
      await admin.session.change(poolCreate, { name: 'data', pgNum: 256, confirmed: true }, admin.within(10_000));
      await cluster.until('they watch those that they share PGs with', 10_000, () => {
        return osds.every((osd) => osd.daemon?.status.heartbeatPeers === 12);
      });
    });
  });
});

function logged(osd: SimOsd, text: string): boolean {
  return osd.process?.logs.some(({ sentence }) => sentence.includes(text)) === true;
}
