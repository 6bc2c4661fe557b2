/** Terms of async pools in a whole simulated cluster: nobody leaves with what others lack, and the lag is bounded. */
import assert from 'node:assert/strict';
import { osdOut } from '../../../protocol/commands/osd.js';
import { poolSet } from '../../../protocol/commands/pool.js';
import {
  type AsyncScene,
  asyncMode,
  inAsyncCluster,
  pgIds,
  primaryOf,
  recordOf,
  untilWhole,
  valueOf,
} from './async-cluster.js';

const [slowMs, maxLagMs] = [4_000, 300];

/** Its disk stands still; its leases go on. */
function stall(scene: AsyncScene, osd: number, ms = slowMs): void {
  const slow = scene.osds[osd] ?? assert.fail();
  slow.machine.disk().faults.stall(ms);
}

/** The last member of the only PG: no primary. */
function lastMember(scene: AsyncScene): number {
  const [pg = assert.fail()] = pgIds(scene);
  return recordOf(scene, pg).acting.at(-1)?.osd ?? assert.fail();
}

describe('osd/pg: async terms', () => {
  it('acknowledge while a member lags, until it lags by max_lag; then writes wait for it', async () => {
    const mode = { ...asyncMode, maxLagMs };
    await inAsyncCluster(1, { mode }, async (scene) => {
      const { pool, world } = scene;
      await untilWhole(scene);
      for (let i = 0; i < 10; i++) await pool.writeFull(`object-${i}`, valueOf(i));
      stall(scene, lastMember(scene));
      const began = world.now;
      const acknowledged: number[] = [];
      while (world.now < began + slowMs + 1_000) {
        await pool.writeFull(`object-${acknowledged.length % 7}`, valueOf(acknowledged.length));
        acknowledged.push(world.now - began);
        await world.sleep(10);
      }
      const early = acknowledged.filter((at) => at < maxLagMs).length;
      const late = acknowledged.filter((at) => at > maxLagMs + 200 && at < slowMs).length;
      assert.ok(early > 10, `${early} writes were acknowledged without the slow member`);
      assert.equal(late, 0, 'and none that would have let it lag by more');
      assert.ok(
        acknowledged.some((at) => at > slowMs),
        'they go on with it',
      );
    });
  });

  it('let an OSD go once all who stay have what was acknowledged, while clients write', async () => {
    await inAsyncCluster(2, { pgNum: 4 }, async (scene) => {
      const { pool, admin, cluster, osds, world } = scene;
      await untilWhole(scene);
      const writer = { isDone: false };
      const written = new Map<number, number>();
      const writing = (async () => {
        for (let i = 0; !writer.isDone; i++) {
          await pool.writeFull(`object-${i % 20}`, valueOf(i));
          written.set(i % 20, i);
          await world.sleep(2);
        }
      })();
      // Another one is slow meanwhile: what it lacks it has to get before anybody leaves.
      stall(scene, 1, 1_000);
      await admin.session.change(osdOut, { osds: [osds[0]?.id ?? assert.fail()] }, admin.within(10_000));
      const isEmpty = (): boolean =>
        pgIds(scene).every((pg) => {
          const { acting, eligible } = recordOf(scene, pg);
          return eligible.length === 0 && acting.length === 3 && acting.every(({ osd }) => osd !== osds[0]?.id);
        });
      await cluster.until('nothing is on osd.0', 120_000, isEmpty);
      writer.isDone = true;
      await writing;
      osds[0]?.machine.crash();
      for (const [object, i] of written) {
        assert.deepEqual(await pool.read(`object-${object}`, { offset: 0, bytes: 1_000 }), Buffer.from(valueOf(i)));
      }
    });
  });

  it('become sync when every member has what was acknowledged before, and not earlier', async () => {
    await inAsyncCluster(3, {}, async (scene) => {
      const { pool, admin, cluster, world } = scene;
      await untilWhole(scene);
      const [pg = assert.fail()] = pgIds(scene);
      const slow = lastMember(scene);
      stall(scene, slow, 2_000);
      const stalledUntil = world.now + 2_000;
      for (let i = 0; i < 10; i++) await pool.writeFull(`object-${i}`, valueOf(i));
      const { replication } = primaryOf(scene, pg);
      const acknowledged = replication.committed;
      assert.ok(replication.everywhere < acknowledged, 'one lacks what was acknowledged');
      const { term } = recordOf(scene, pg);
      const change = { name: 'data', mode: { kind: 'sync' }, confirmed: true } as const;
      const set = await admin.session.change(poolSet, change, admin.within(10_000));
      assert.match(set.messages.join('\n'), /once all its members have what was acknowledged/);
      assert.deepEqual(recordOf(scene, pg), { ...recordOf(scene, pg), term, mode: { kind: 'async', ackCopies: 1 } });
      await cluster.until('the PG is sync', 30_000, () => recordOf(scene, pg).mode.kind === 'sync');
      assert.ok(world.now >= stalledUntil, 'the slow one has it on its disk');
      // And back at once.
      await admin.session.change(poolSet, { name: 'data', mode: asyncMode, confirmed: true }, admin.within(10_000));
      assert.deepEqual(recordOf(scene, pg).mode, { kind: 'async', ackCopies: 1 });
      await pool.writeFull('object-0', valueOf(99));
    });
  });
});
