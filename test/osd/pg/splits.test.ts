/** A pool that gets more PGs, step by step: what its clients see, and what its OSDs have. */
import assert from 'node:assert/strict';
import { utf8Bytes, utf8Text } from '../../../base/bytes.js';
import { CairnClient } from '../../../client/client.js';
import type { PoolClient } from '../../../client/pool-client.js';
import { objectHash, pgOfHash } from '../../../cluster/object-placement.js';
import { poolSet } from '../../../protocol/commands/pool.js';
import { inCluster, isClean, type Scene } from './pg-cluster.js';

async function setPgNum({ admin }: Scene, pgNum: number): Promise<void> {
  await admin.session.change(poolSet, { name: 'data', pgNum, confirmed: false }, admin.within(10_000));
}

function pgOf({ id }: PoolClient, name: string, pgNum: number): number {
  return pgOfHash(objectHash(id, { namespace: '', locator: '', name }), pgNum);
}

/** With the new terms confirmed. */
async function untilSplit({ cluster, osds }: Scene, pgNum: number): Promise<void> {
  const leading = (): number => osds.reduce((sum, { daemon }) => sum + (daemon?.status.pgs.leading ?? 0), 0);
  await cluster.until('all PGs are led', 30_000, () => leading() === pgNum && isClean(cluster));
}

describe('osd/pg: splits', () => {
  it('leave every object where it is, with a PG of its own half', async () => {
    await inCluster(4, 3, async (scene) => {
      const { pool } = scene;
      const names = Array.from({ length: 100 }, (_, i) => `object-${i}`);
      for (const name of names) {
        await pool.writeFull(name, utf8Bytes(`value of ${name}`));
        await pool.omapSet(name, 'key', { head: utf8Bytes(name) });
      }
      for (const pgNum of [16, 128]) {
        await setPgNum(scene, pgNum);
        for (const name of names) {
          assert.equal(utf8Text(await pool.read(name, { offset: 0, bytes: 100 })), `value of ${name}`);
          assert.equal(utf8Text((await pool.omapGet(name, 'key')).head ?? assert.fail()), name);
        }
        const listed: string[] = [];
        for await (const { name } of pool.list()) listed.push(name);
        assert.deepEqual(listed.sort(), [...names].sort());
        await untilSplit(scene, pgNum);
        const reports = scene.osds.flatMap(({ daemon }) => [...(daemon?.service?.reports() ?? [])]);
        assert.equal(reports.length, pgNum);
        for (const {
          pg: { pg },
          objects,
        } of reports) {
          const own = names.filter((name) => pgOf(pool, name, pgNum) === pg);
          assert.equal(objects, own.length, `PG ${pg}`);
        }
      }
    });
  });

  it('answer a request that was applied before, and whose answer was lost, from where its object is now', async () => {
    await inCluster(5, 3, async (scene) => {
      const { world, pool, osds, cluster } = scene;
      const names = Array.from({ length: 40 }, (_, i) => `object-${i}`);
      for (const name of names) await pool.create(name);
      // Nothing that OSDs say reaches the client any more; what it says reaches them.
      const cuts = osds.map(({ machine }) => ({ from: machine.name, to: 'client' }));
      for (const cut of cuts) world.network.cut(cut);
      const appended = names.map((name) => pool.append(name, utf8Bytes('once')));
      const reader = world.machine('reader').start('reader', async (runtime) => {
        const client = await CairnClient.connect(runtime, { credentials: cluster.admin, role: 'client' });
        const other = await client.pool('data');
        for (const name of names) {
          while ((await other.stat(name))?.size !== 4) await runtime.clock.sleep(10);
        }
        await client.close();
      });
      await reader.finished;
      await setPgNum(scene, 32);
      await untilSplit(scene, 32);
      for (const cut of cuts) world.network.heal(cut);
      await Promise.all(appended);
      const isMoved = (name: string): boolean => pgOf(pool, name, 8) !== pgOf(pool, name, 32);
      assert.ok(names.filter(isMoved).length > 10, 'some of the objects are in other PGs now');
      for (const name of names) {
        assert.equal(utf8Text(await pool.read(name, { offset: 0, bytes: 100 })), 'once', name);
      }
    });
  });

  it('are waited for where a disk is slow: nobody takes the copy of a child that is not there yet for an empty one', async () => {
    await inCluster(7, 3, async (scene) => {
      const { pool, osds } = scene;
      const names = Array.from({ length: 60 }, (_, i) => `object-${i}`);
      for (const name of names) await pool.writeFull(name, utf8Bytes(name));
      const slow = osds[2] ?? assert.fail();
      slow.machine.disk().faults.slowdown = 300;
      await setPgNum(scene, 64);
      const appended = names.map((name) => pool.append(name, utf8Bytes('+')));
      await untilSplit(scene, 64);
      await Promise.all(appended);
      slow.machine.disk().faults.slowdown = 1;
      osds[0]?.process?.kill();
      for (const name of names) {
        assert.equal(utf8Text(await pool.read(name, { offset: 0, bytes: 100 })), `${name}+`);
      }
    });
  });

  it('split a copy that was away as it comes back, before it takes part in anything', async () => {
    await inCluster(6, 4, async (scene) => {
      const { pool, osds, cluster } = scene;
      const write = async (round: number): Promise<void> => {
        for (let i = 0; i < 40; i++) await pool.append(`object-${i}`, utf8Bytes(`${round} `));
      };
      await write(0);
      osds[0]?.process?.kill();
      await cluster.until(
        'its PGs go on without it',
        60_000,
        () => cluster.newestMap.osds.get(osds[0]!.id)?.isUp === false,
      );
      await write(1);
      await setPgNum(scene, 32);
      await write(2);
      await setPgNum(scene, 64);
      await write(3);
      osds[0]?.start();
      await untilSplit(scene, 64);
      osds[1]?.process?.kill();
      await write(4);
      for (let i = 0; i < 40; i++) {
        assert.equal(utf8Text(await pool.read(`object-${i}`, { offset: 0, bytes: 100 })), '0 1 2 3 4 ');
      }
    });
  });
});
