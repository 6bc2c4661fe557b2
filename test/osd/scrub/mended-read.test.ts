/** Read-repair in a whole simulated cluster. */
import assert from 'node:assert/strict';
import { bytesAt, idOf, inScene, rolesOf, rot } from './scrub-cluster.js';

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
