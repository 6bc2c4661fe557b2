/** OSDs that die, hang, stop and come back: what the monitors make of it. At default settings but for one interval. */
import assert from 'node:assert/strict';
import { poolId } from '../../../cluster/ids.js';
import type { ClusterMap } from '../../../cluster/map.js';
import type { PgRecord } from '../../../cluster/pg-record.js';
import { configSet } from '../../../protocol/commands/config.js';
import { osdSet, osdUnset } from '../../../protocol/commands/osd.js';
import { poolCreate } from '../../../protocol/commands/pool.js';
import { World } from '../../../runtime/sim/world.js';
import { forEachSeed } from '../../sim/seeds.js';
import { FakeOsd, WallWitness } from './fake-osd.js';
import { type Client, MonitorCluster } from './monitor-cluster.js';
import { MapWitness } from './witnesses.js';

interface Scene {
  readonly world: World;
  readonly cluster: MonitorCluster;
  readonly admin: Client;
  /** Two on each of three hosts: 0 and 1, 2 and 3, 4 and 5. */
  readonly osds: readonly FakeOsd[];
  /** One of them. */
  readonly osd: FakeOsd;
  readonly wall: WallWitness;
}

/** DESIGN.md section 1, "Availability". */
const crashMs = 1_000;
const hangMs = 5_000;
const pgNum = 16;

describe('monitor daemons: failures of OSDs', function () {
  this.timeout(120_000);

  it('a crash is in the map within a second; its PGs go on without it, in a higher term', async () => {
    await forEachSeed({ count: 50, boxMs: 1_000 }, (seed) =>
      withOsds(seed, async ({ cluster, osd }) => {
        const before = cluster.newestMap;
        osd.process?.kill();
        await cluster.until('the dead OSD is down', crashMs, () => !isUp(cluster, osd));
        const after = cluster.newestMap;
        let count = 0;
        for (const [pg, record] of recordsOf(before).entries()) {
          if (!record.acting.some((member) => member.osd === osd.id)) continue;
          count += 1;
          const now = recordsOf(after)[pg];
          assert.ok(now !== undefined && now.term > record.term, `the term of PG ${pg} was raised`);
          assert.ok(!now.acting.some((member) => member.osd === osd.id), `PG ${pg} goes on without it`);
          assert.equal(now.acting.length, record.acting.length - 1);
        }
        assert.ok(count > 0, 'it had PGs');
        osd.start();
        await cluster.until('it is up again', 5_000, () => isUp(cluster, osd));
        assert.equal(cluster.newestMap.osds.get(osd.id)?.boot, 2);
      }),
    );
  });

  it('a hang is in the map within five seconds, and the OSD comes back by itself when it goes on', async () => {
    await forEachSeed({ count: 50, boxMs: 1_000 }, (seed) =>
      withOsds(seed, async ({ cluster, osd }) => {
        osd.process?.pause();
        await cluster.until('the hanging OSD is down', hangMs, () => !isUp(cluster, osd));
        osd.process?.proceed();
        await cluster.until('it is up again', 10_000, () => isUp(cluster, osd));
      }),
    );
  });

  it('a host without power is in the map within five seconds, and takes no other along', async () => {
    await forEachSeed({ count: 50, boxMs: 1_000 }, (seed) =>
      withOsds(seed, async ({ cluster, osd, osds }) => {
        osd.machine.crash();
        const lost = osds.filter(({ machine }) => machine === osd.machine);
        await cluster.until('its OSDs are down', hangMs, () => lost.every((one) => !isUp(cluster, one)));
        const others = osds.filter(({ machine }) => machine !== osd.machine);
        assert.ok(others.every((one) => isUp(cluster, one)));
      }),
    );
  });

  it('an OSD that stops in good order is down at once, even with nodown set', async () => {
    await withOsds(31, async ({ cluster, admin, osd, world }) => {
      await admin.session.change(osdSet, { flag: 'nodown', confirmed: false }, admin.within(5_000));
      const begun = world.now;
      await osd.goodbye();
      assert.ok(!isUp(cluster, osd) && world.now - begun < 100, `${world.now - begun} ms`);
    });
  });

  it('one failure domain alone convicts nobody', async () => {
    await withOsds(32, async ({ cluster, osds, world }) => {
      const [target, , , , first, second] = osds;
      assert.ok(target !== undefined && first !== undefined && second !== undefined);
      for (let round = 0; round < 4; round++) {
        await first.accuse(target, 'refused');
        await second.accuse(target, 'refused');
        await world.sleep(1_000);
        assert.ok(isUp(cluster, target), 'it is up');
      }
    });
  });

  it('with nodown nobody is marked down by others, until it is unset', async () => {
    await withOsds(33, async ({ cluster, admin, osd, world }) => {
      await admin.session.change(osdSet, { flag: 'nodown', confirmed: false }, admin.within(5_000));
      osd.process?.kill();
      await world.sleep(10_000);
      assert.ok(isUp(cluster, osd), 'it counts as up');
      await admin.session.change(osdUnset, { flag: 'nodown', confirmed: false }, admin.within(5_000));
      await cluster.until('it is down', 3_000, () => !isUp(cluster, osd));
    });
  });

  it('who is down for the interval goes out, not with noout, and never so many that too few stay in', async () => {
    await withOsds(34, async ({ cluster, admin, osds, world }) => {
      const interval = { section: 'global', option: 'mon_osd_down_out_interval', value: '20s' };
      await admin.session.change(configSet, interval, admin.within(5_000));
      await admin.session.change(osdSet, { flag: 'noout', confirmed: false }, admin.within(5_000));
      // Of six, 75 % must stay in: one may go out, the second may not.
      const [first, , second] = osds;
      assert.ok(first !== undefined && second !== undefined);
      const isIn = (osd: FakeOsd): boolean => cluster.newestMap.osds.get(osd.id)?.isIn === true;
      first.process?.kill();
      second.process?.kill();
      await cluster.until('they are down', crashMs, () => !isUp(cluster, first) && !isUp(cluster, second));
      await world.sleep(40_000);
      assert.ok(isIn(first) && isIn(second), 'noout keeps them in');
      await admin.session.change(osdUnset, { flag: 'noout', confirmed: false }, admin.within(5_000));
      await cluster.until('one is out', 5_000, () => isIn(first) !== isIn(second));
      await world.sleep(30_000);
      assert.ok(isIn(first) !== isIn(second), 'the other stays in');
      const out = isIn(first) ? second : first;
      out.start();
      await cluster.until('it comes in by booting', 5_000, () => isUp(cluster, out) && isIn(out));
    });
  });

  it('failures are found while the leader changes and clocks jump, and the cluster time never goes back', async () => {
    await forEachSeed({ count: 50, boxMs: 1_500 }, (seed) =>
      withOsds(seed, async ({ cluster, osd, wall, world }) => {
        const random = world.stream('trouble');
        const { answers } = wall;
        for (let round = 0; round < 4; round++) {
          const { leader } = cluster;
          leader?.machine.jumpWall(random.pick([-3_600_000, -5_000, 5_000, 3_600_000]));
          await world.sleep(random.between(0, 2_000));
          if (random.chance(0.7)) leader?.process?.kill();
          if (round === 2) osd.process?.kill();
          await world.sleep(random.between(500, 3_000));
          if (leader !== undefined) cluster.boot(leader);
        }
        await cluster.until('the dead OSD is down', hangMs, () => !isUp(cluster, osd));
        assert.ok(wall.answers > answers + 10, 'beacons were answered');
      }),
    );
  });
});

/** Three monitors; each epoch that they make is checked. */
async function withOsds(seed: number, act: (scene: Scene) => Promise<void>): Promise<void> {
  const world = new World({ seed });
  await world.main(async () => {
    const cluster = await MonitorCluster.found(world, { monitors: 3 });
    const admin = await cluster.client();
    const maps = new MapWitness(cluster);
    const wall = new WallWitness();
    const osds: FakeOsd[] = [];
    for (let id = 0; id < 6; id++) {
      osds.push(await FakeOsd.make(cluster, admin, { id, host: `host-${Math.floor(id / 2)}`, wall }));
    }
    for (const osd of osds) osd.start();
    await cluster.until('all OSDs are up', 10_000, () => osds.every((osd) => isUp(cluster, osd)));
    await admin.session.change(poolCreate, { name: 'data', pgNum, confirmed: false }, admin.within(5_000));
    // Each has heard from the others, and beaconed.
    await world.sleep(1_500);
    await act({ world, cluster, admin, osds, osd: world.stream('which').pick(osds), wall });
    await cluster.untilEqual();
    await maps.untilNobodyIsBehind(5_000);
  });
}

function isUp(cluster: MonitorCluster, { id }: FakeOsd): boolean {
  return cluster.newestMap.osds.get(id)?.isUp === true;
}

function recordsOf(map: ClusterMap): PgRecord[] {
  const [pool = poolId(1)] = map.records.poolIds;
  return Array.from({ length: pgNum }, (_, pg) => {
    const record = map.records.get({ pool, pg });
    assert.ok(record !== undefined, `PG ${pg} has a record`);
    return record;
  });
}
