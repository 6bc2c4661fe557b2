/** A large object whose copying is cut off, again and again, goes on inside the object. */
import assert from 'node:assert/strict';
import {
  assertSame,
  bringBack,
  bringIn,
  inResumeScene,
  largeName,
  losePower,
  makeItBackfill,
  mebibyte,
  objectBytes,
  omapBytes,
  primaryOf,
  recordOf,
  type ResumeScene,
  slice,
  sliceBytes,
  untilAlone,
  untilCopied,
  untilWhole,
  writeRest,
  writeSlices,
} from './resume-scene.js';

/** Names, keys and checksums. */
const overheadBytes = objectBytes / 50;
/** That are on their way when something is cut off: as many as are sent at once, and one that is sent before that is known. */
const lostPerCut = 5 * mebibyte;

/** The joiner lacks all of the object, by the log or without it. */
async function begin(scene: ResumeScene, how: 'backfill' | 'catch-up'): Promise<void> {
  await writeSlices(scene, 0);
  await writeRest(scene, 0);
  await scene.joiner.stop();
  await untilAlone(scene, scene.joiner);
  if (how === 'backfill') await makeItBackfill(scene);
  else await writeSlices(scene, 1);
  await writeRest(scene, 1);
  scene.copied.sent = scene.copied.answered = 0;
  bringIn(scene);
}

/** Nothing that the joiner had was sent again. */
function assertCopied({ copied, cuts }: ResumeScene, bytes: number): void {
  const most = bytes + overheadBytes;
  assert.ok(copied.answered <= most, `${copied.answered} bytes were copied, instead of ${most} at most`);
  const lost = copied.sent - copied.answered;
  assert.ok(lost <= cuts * lostPerCut, `${lost} bytes were sent in vain, with ${cuts} interruptions`);
}

for (const how of ['backfill', 'catch-up'] as const) {
  describe(`osd/pg: the ${how} of a large object`, () => {
    it('goes on where it was when the joiner loses power, again and again', async () => {
      await inResumeScene(1, async (scene) => {
        await begin(scene, how);
        for (let i = 0; i < 3; i++) {
          await untilCopied(scene, mebibyte);
          losePower(scene, scene.joiner);
          bringBack(scene.joiner);
        }
        await untilWhole(scene);
        assertCopied(scene, objectBytes + omapBytes);
        await assertSame(scene);
      });
    });

    it('goes on when its source restarts, and from another source', async () => {
      await inResumeScene(2, async (scene) => {
        await begin(scene, how);
        await untilCopied(scene, mebibyte);
        const { term } = recordOf(scene);
        const first = primaryOf(scene);
        losePower(scene, first);
        bringBack(first);
        await scene.cluster.until('its term is over', 60_000, () => recordOf(scene).term > term);
        await untilCopied(scene, mebibyte);
        const second = primaryOf(scene);
        losePower(scene, second);
        await scene.cluster.until('another leads', 60_000, () => primaryOf(scene) !== second);
        bringBack(second);
        await untilWhole(scene);
        assertCopied(scene, objectBytes + omapBytes);
        await assertSame(scene);
      });
    });

    it('copies only what is written of it meanwhile', async () => {
      await inResumeScene(3, async (scene) => {
        const { pool, joiner } = scene;
        await begin(scene, how);
        await untilCopied(scene, 2 * mebibyte);
        losePower(scene, joiner);
        await untilAlone(scene, joiner);
        for (const i of [0, 2, 11]) await pool.write(largeName, i * sliceBytes, slice(i, 2));
        await pool.truncate(largeName, objectBytes - sliceBytes / 2);
        await pool.omapRemove(largeName, 'key-3');
        await pool.omapSet(largeName, 'key-4', { head: slice(4, 2).subarray(0, 10) });
        bringBack(joiner);
        await untilCopied(scene, mebibyte);
        await pool.write(largeName, sliceBytes, slice(1, 3));
        await pool.write(largeName, 10 * sliceBytes, slice(10, 3));
        losePower(scene, joiner);
        bringBack(joiner);
        await untilWhole(scene);
        assertCopied(scene, objectBytes + omapBytes + 5 * sliceBytes);
        await assertSame(scene);
      });
    });

    it('leaves nothing behind of one that is made anew, and then removed', async () => {
      await inResumeScene(4, async (scene) => {
        const { pool, joiner } = scene;
        await begin(scene, how);
        await untilCopied(scene, mebibyte);
        losePower(scene, joiner);
        await untilAlone(scene, joiner);
        await pool.remove(largeName);
        await writeSlices(scene, 5, { slices: 6 });
        bringBack(joiner);
        await untilCopied(scene, mebibyte);
        losePower(scene, joiner);
        await untilAlone(scene, joiner);
        await pool.remove(largeName);
        bringBack(joiner);
        await untilWhole(scene);
        await assertSame(scene);
      });
    });
  });
}

describe('osd/pg: the catch-up of several objects', () => {
  it('copies none again that was brought whole before', async () => {
    await inResumeScene(5, async (scene) => {
      const { joiner } = scene;
      const names = ['a', 'b', 'c', 'd'];
      for (const name of names) await writeSlices(scene, 0, { name, slices: 4 });
      await joiner.stop();
      await untilAlone(scene, joiner);
      for (const name of names) await writeSlices(scene, 1, { name, slices: 4 });
      scene.copied.sent = scene.copied.answered = 0;
      bringIn(scene);
      for (let i = 0; i < 2; i++) {
        await untilCopied(scene, 2.5 * mebibyte);
        losePower(scene, joiner);
        bringBack(joiner);
      }
      await untilWhole(scene);
      assertCopied(scene, names.length * 4 * sliceBytes);
      await assertSame(scene);
    });
  });
});
