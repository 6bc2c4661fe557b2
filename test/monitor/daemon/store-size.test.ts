import assert from 'node:assert/strict';
import { CairnError } from '../../../base/errors.js';
import { monotonicMs } from '../../../base/instants.js';
import { filesMax, measureMs, StoreSize } from '../../../monitor/daemon/store-size.js';
import type { FileStat } from '../../../runtime/disk.js';

const at = (ms: number) => monotonicMs(1_000 + ms);

/** A disk that holds directories and files of so many bytes. Names that are listed only have just gone away. */
function diskOf(directories: Record<string, readonly string[]>, files: Record<string, number>) {
  const disk = {
    looks: 0,
    isBroken: false,
    async list(path: string): Promise<string[]> {
      if (disk.isBroken) throw new CairnError('IO_ERROR', 'it is broken');
      return [...(directories[path] ?? missing(path))];
    },
    async stat(path: string): Promise<FileStat> {
      disk.looks += 1;
      if (directories[path] !== undefined) return { kind: 'directory', bytes: 4096 };
      return { kind: 'file', bytes: files[path] ?? missing(path) };
    },
  };
  return disk;
}

function missing(path: string): never {
  throw new CairnError('NOT_FOUND', `there is no ${path}`);
}

describe('the size of the store', () => {
  it('is that of all files below its directory, without those that go away meanwhile', async () => {
    const disk = diskOf(
      { '/s': ['votes', 'kv', 'gone'], '/s/kv': ['1.ldb', '2.log', '3.ldb'] },
      { '/s/votes': 8, '/s/kv/1.ldb': 100, '/s/kv/2.log': 30 },
    );
    const size = new StoreSize(disk, '/s');
    assert.equal(size.bytes, undefined);
    await size.measure(at(0));
    assert.equal(size.bytes, 138);
  });

  it('is looked at every ten seconds, one look at a time', async () => {
    const files: Record<string, number> = { '/s/a': 1 };
    const disk = diskOf({ '/s': ['a'] }, files);
    const size = new StoreSize(disk, '/s');
    await Promise.all([size.measure(at(0)), size.measure(at(measureMs))]);
    assert.equal(disk.looks, 1, 'the second came while the first was under way');
    files['/s/a'] = 2;
    await size.measure(at(measureMs - 1));
    assert.equal(size.bytes, 1);
    await size.measure(at(measureMs));
    assert.equal(size.bytes, 2);
  });

  it('costs a bounded number of looks', async () => {
    const names = Array.from({ length: filesMax + 5 }, (_, i) => `f${i}`);
    const disk = diskOf({ '/s': names }, Object.fromEntries(names.map((name) => [`/s/${name}`, 1])));
    const size = new StoreSize(disk, '/s');
    await size.measure(at(0));
    assert.deepEqual([size.bytes, disk.looks], [filesMax, filesMax]);
  });

  it('stays what it was when the disk fails, and is looked at again', async () => {
    const disk = diskOf({ '/s': ['a'] }, { '/s/a': 1 });
    const size = new StoreSize(disk, '/s');
    await size.measure(at(0));
    disk.isBroken = true;
    await assert.rejects(size.measure(at(measureMs)), /broken/);
    assert.equal(size.bytes, 1);
    disk.isBroken = false;
    await size.measure(at(2 * measureMs));
    assert.equal(disk.looks, 2);
  });
});
