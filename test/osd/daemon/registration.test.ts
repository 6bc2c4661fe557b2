/** How an OSD comes up, comes back, and is told that it may not. */
import assert from 'node:assert/strict';
import { osdDown, osdSet, osdUnset } from '../../../protocol/commands/osd.js';
import { forEachSeed } from '../../sim/seeds.js';
import { inCluster } from './osd-cluster.js';

describe('osd daemon: registration', function () {
  this.timeout(60_000);

  it('a new disk comes up with a store number of its own, under its first boot', async () => {
    await forEachSeed({ count: 20, boxMs: 1_000 }, (seed) =>
      inCluster({ seed, osds: 2 }, async ({ cluster, osds }) => {
        for (const osd of osds) {
          const info = osd.in(cluster);
          assert.equal(info?.boot, 1);
          assert.deepEqual(info.publicAddress, osd.daemon?.addresses.publicAddress);
          assert.equal(osd.daemon?.status.self?.store, info.store);
          assert.equal(info.capacityBytes, 18 * 2 ** 20);
        }
        assert.notEqual(osds[0]?.in(cluster)?.store, osds[1]?.in(cluster)?.store);
      }),
    );
  });

  it('stopped in good order it is down at once, and comes back as the same store under a higher boot', async () => {
    await inCluster({ seed: 2, osds: 1 }, async ({ cluster, osd }) => {
      const before = osd.in(cluster);
      await osd.stop();
      assert.ok(!osd.isUp(cluster), 'the goodbye was heard');
      osd.start();
      await cluster.until('it serves again', 10_000, () => osd.isServing());
      const after = osd.in(cluster);
      assert.equal(after?.store, before?.store);
      assert.equal(after?.boot, 3, 'behind that of its goodbye');
    });
  });

  it('marked down while it runs, it registers by a higher boot, and waits longer when that happens again', async () => {
    await inCluster({ seed: 3, osds: 1 }, async ({ world, cluster, admin, osd }) => {
      const lengths: number[] = [];
      for (let round = 0; round < 4; round++) {
        const service = osd.daemon?.service;
        const { boot = 0 } = osd.in(cluster) ?? {};
        const begun = world.now;
        await admin.session.change(osdDown, { osds: [osd.id] }, admin.within(5_000));
        await cluster.until('it serves under a higher boot', 60_000, () => {
          return osd.isServing() && (osd.daemon?.status.self?.boot ?? 0) > boot;
        });
        assert.notEqual(osd.daemon?.service, service, 'with a service of its own');
        lengths.push(world.now - begun);
      }
      assert.ok(lengths[0]! < 500, `at once at first: ${lengths.join()}`);
      assert.ok(lengths[3]! > 1_500, `then slower: ${lengths.join()}`);
    });
  });

  it('waits while noup is set', async () => {
    await inCluster({ seed: 4, osds: 1 }, async ({ world, cluster, admin, osd }) => {
      await osd.stop();
      await admin.session.change(osdSet, { flag: 'noup', confirmed: false }, admin.within(5_000));
      osd.start();
      await world.sleep(20_000);
      assert.ok(!osd.isUp(cluster));
      assert.equal(osd.daemon?.status.state, 'registering');
      await admin.session.change(osdUnset, { flag: 'noup', confirmed: false }, admin.within(5_000));
      await cluster.until('it serves', 10_000, () => osd.isServing());
    });
  });
});
