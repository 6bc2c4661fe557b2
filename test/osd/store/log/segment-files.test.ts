import assert from 'node:assert/strict';
import { SegmentFiles } from '../../../../osd/store/log/segment-files.js';
import { readSuperblock } from '../../../../osd/store/open-store.js';
import { directory, freshStore, inWorld } from '../one-store.js';

describe('osd/store/log: segment files', () => {
  it('of one that was given back, no handle is left that would be read in place of its next file', async () => {
    await inWorld(async (runtime) => {
      await (await freshStore(runtime)).close();
      const files = new SegmentFiles(runtime, directory, await readSuperblock(runtime, directory));
      await files.prepare(9, 4, 0, false);
      assert.equal((await files.readHeader(9))?.generation, 5);
      files.pin(9);
      assert.equal(await files.remove(9), false, 'somebody reads it');
      files.unpin(9);
      assert.equal(await files.remove(9), true);
      assert.equal(await files.readHeader(9), undefined);
      assert.equal(await files.remove(9), true, 'again, after a crash');
      await files.prepare(9, 5, 0, false);
      assert.equal((await files.readHeader(9))?.generation, 6);
      await files.close();
    });
  });
});
