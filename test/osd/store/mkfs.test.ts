/** What makes a store makes it durable. */
import assert from 'node:assert/strict';
import { mkfs } from '../../../osd/store/mkfs.js';
import type { Disk } from '../../../runtime/disk.js';
import { inWorld } from './one-store.js';

describe('osd/store: mkfs', () => {
  it('makes the names of all directories durable that it had to make', async () => {
    await inWorld(async (runtime) => {
      const synced: string[] = [];
      const disk = new Proxy<Disk>(runtime.disk, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name);
          return typeof value !== 'function'
            ? value
            : (...args: unknown[]): unknown => {
                if (name === 'syncDirectory') synced.push(String(args[0]));
                return Reflect.apply(value, target, args);
              };
        },
      });
      await runtime.disk.makeDirectory('/data');
      const sizes = { osd: 0, capacityBytes: 18 * 2 ** 20, segmentBytes: 2 ** 20 };
      await mkfs({ ...runtime, disk }, '/data/rack/osd', sizes);
      for (const path of ['/data', '/data/rack', '/data/rack/osd', '/data/rack/osd/segments']) {
        assert.ok(synced.includes(path), `${path} is synced: ${synced.join(', ')}`);
      }
    });
  });
});
