/** PGs of a whole simulated cluster, step by step: what a client sees while nothing, or one thing, goes wrong. */
import assert from 'node:assert/strict';
import { utf8Bytes, utf8Text } from '../../../base/bytes.js';
import { osdOut } from '../../../protocol/commands/osd.js';
import { inCluster, isClean } from './pg-cluster.js';

describe('osd/pg: a cluster of three', () => {
  it('keeps what was written, and tells of it', async () => {
    await inCluster(1, 3, async ({ pool }) => {
      for (let i = 0; i < 50; i++) await pool.writeFull(`object-${i}`, utf8Bytes(`value ${i}`));
      for (let i = 0; i < 50; i++) {
        assert.equal(utf8Text(await pool.read(`object-${i}`, { offset: 0, bytes: 100 })), `value ${i}`);
      }
    });
  });

  it('goes on when one dies, and takes it in again when it returns', async () => {
    await inCluster(2, 3, async ({ pool, osds, world, cluster }) => {
      const write = async (from: number, to: number): Promise<number> => {
        let longest = 0;
        for (let i = from; i < to; i++) {
          const began = world.now;
          await pool.append('log', utf8Bytes(`${i} `));
          await pool.writeFull(`object-${i}`, utf8Bytes(`value ${i}`));
          longest = Math.max(longest, world.now - began);
        }
        return longest;
      };
      await write(0, 20);
      osds[0]?.process?.kill();
      const pause = await write(20, 40);
      assert.ok(pause < 40_000, `a client waited ${pause} ms`);
      osds[0]?.start();
      await write(40, 80);
      await cluster.until('all PGs are whole again', 60_000, () => isClean(cluster));
      osds[1]?.process?.kill();
      await write(80, 100);
      const log = utf8Text(await pool.read('log', { offset: 0, bytes: 10_000 }));
      assert.equal(log, Array.from({ length: 100 }, (_, i) => `${i} `).join(''));
      for (let i = 0; i < 100; i++) {
        assert.equal(utf8Text(await pool.read(`object-${i}`, { offset: 0, bytes: 100 })), `value ${i}`);
      }
    });
  });

  it('moves what an OSD has that is marked out, and takes its copies away', async () => {
    await inCluster(3, 5, async ({ pool, osds, cluster, admin }) => {
      const data = (i: number): Uint8Array => new Uint8Array(30_000).fill(i);
      for (let i = 0; i < 40; i++) {
        await pool.writeFull(`object-${i}`, data(i));
        await pool.omapSet(`object-${i}`, `key-${i}`, { head: utf8Bytes(`head ${i}`) });
      }
      await cluster.until('all PGs are whole', 60_000, () => isClean(cluster));
      await admin.session.change(osdOut, { osds: [osds[0]?.id ?? assert.fail()] }, admin.within(10_000));
      const writing = (async () => {
        for (let i = 0; i < 100; i++) await pool.append('log', utf8Bytes(`${i} `));
      })();
      const isMoved = (): boolean => {
        const cursor = cluster.newestMap.records.cursor();
        while (cursor.next()) if (cursor.record().acting.some(({ osd }) => osd === osds[0]?.id)) return false;
        return isClean(cluster);
      };
      await cluster.until('nothing is on osd.0', 120_000, isMoved);
      await writing;
      for (let i = 0; i < 40; i++) {
        assert.deepEqual(await pool.read(`object-${i}`, { offset: 0, bytes: 40_000 }), Buffer.from(data(i)));
        assert.equal(utf8Text((await pool.omapGet(`object-${i}`, `key-${i}`)).head ?? assert.fail()), `head ${i}`);
      }
      assert.equal(
        utf8Text(await pool.read('log', { offset: 0, bytes: 10_000 })),
        Array.from({ length: 100 }, (_, i) => `${i} `).join(''),
      );
    });
  });
});
