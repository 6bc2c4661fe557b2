/** Read-repair in a whole simulated cluster. */
import assert from 'node:assert/strict';
import { bytesAt, idOf, inScene, rolesOf, rot, storeOf } from './scrub-cluster.js';

/** No two places of it are alike. */
const data = Buffer.from(Array.from({ length: 12_500 }, (_, i) => `${i}`.padStart(8, '.')).join(''));
const mark = data.subarray(70_000, 70_100);

describe('osd/scrub: a read that meets rot', () => {
  it('answers with right bytes, and mends the copy of the primary', async () => {
    await inScene(1, async (scene) => {
      await scene.pool.writeFull('a', data);
      const { primary } = await rolesOf(scene, 'a');
      await rot(primary, mark);
      await assert.rejects(bytesAt(primary, idOf(scene, 'a')), { code: 'CORRUPT' });
      assert.deepEqual(await scene.pool.read('a', { offset: 0, bytes: data.length }), data);
      assert.deepEqual(await bytesAt(primary, idOf(scene, 'a')), data);
    });
  });

  it('mends just the parts that are bad, of data and of an omap', async () => {
    await inScene(3, async (scene) => {
      const { pool } = scene;
      for (let i = 0; i < 6; i++) await pool.append('a', data.subarray(i * 10_000, i * 10_000 + 40_000));
      const body = Buffer.from(Array.from({ length: 5_000 }, (_, i) => `${i}`.padStart(8, 'x')).join(''));
      await pool.omapSet('a', 'key', { head: mark, bodies: [[2, body]] });
      const { primary } = await rolesOf(scene, 'a');
      // Each of these is at two or three places of the object.
      for (const at of [21_000, 52_000]) await rot(primary, data.subarray(at, at + 50));
      await rot(primary, body.subarray(9_000, 9_050));
      const before = storeOf(primary, idOf(scene, 'a')).space().liveBytes;
      const all = Buffer.concat(Array.from({ length: 6 }, (_, i) => data.subarray(i * 10_000, i * 10_000 + 40_000)));
      assert.deepEqual(await pool.read('a', { offset: 0, bytes: all.length }), all);
      assert.deepEqual(await pool.omapBody('a', 'key', 2), body);
      assert.deepEqual(await bytesAt(primary, idOf(scene, 'a')), all);
      const grown = storeOf(primary, idOf(scene, 'a')).space().liveBytes - before;
      assert.ok(Math.abs(grown) < 20_000, `what was bad gave way: ${grown} bytes more`);
    });
  });

  it('is an error where no copy can be read, never other bytes', async () => {
    await inScene(2, async (scene) => {
      await scene.pool.writeFull('a', data);
      await rolesOf(scene, 'a');
      for (const osd of scene.osds) await rot(osd, mark);
      await assert.rejects(scene.pool.read('a', { offset: 0, bytes: data.length }), { code: 'CORRUPT' });
      // What is not rotten can be read, and written over.
      assert.deepEqual(await scene.pool.read('a', { offset: 90_000, bytes: 100 }), data.subarray(90_000, 90_100));
      await scene.pool.writeFull('a', data);
      assert.deepEqual(await scene.pool.read('a', { offset: 0, bytes: data.length }), data);
    });
  });
});
