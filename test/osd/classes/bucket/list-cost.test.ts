/** What listings look at: as much as they show, whatever the shard holds. */
import assert from 'node:assert/strict';
import { monotonicMs } from '../../../../base/instants.js';
import { objectClasses } from '../../../../osd/classes/all.js';
import type { ClassReader } from '../../../../osd/classes/object-class.js';
import { list, put, remove } from './requests.js';
import { bucketId, ShardObject } from './shard-object.js';
import { encodeHeader, decodeHeader } from '../../../../wire/header-codec.js';
import { headerAttribute } from '../../../../protocol/bucket/shard-header.js';

async function filled(keys: readonly string[]): Promise<ShardObject> {
  const object = await ShardObject.make({ versioning: 'enabled' });
  for (const key of keys) await put(object, key, 'x');
  return object;
}

const digits = (n: number): string => String(n).padStart(4, '0');

describe('osd/classes/bucket: the cost of listings', () => {
  it('a page reads its keys and one more', async () => {
    const object = await filled(Array.from({ length: 300 }, (_, i) => `k${digits(i)}`));
    object.keysRead = 0;
    const { items, next } = await list(object, 'list', { count: 100, after: 'k0049' });
    assert.deepEqual([items.length, next?.key], [100, 'k0149']);
    assert.ok(object.keysRead <= 101, `${object.keysRead} keys read`);
  });

  it('what a delimiter collapses is passed over without being read', async () => {
    const keys = Array.from({ length: 20 }, (_, folder) =>
      Array.from({ length: 40 }, (__, i) => `folder-${digits(folder)}/${digits(i)}`),
    );
    const object = await filled(keys.flat());
    for (const method of ['list', 'list-versions']) {
      object.keysRead = 0;
      const { items } = await list(object, method, { delimiter: '/' });
      assert.equal(items.length, 20);
      assert.ok(object.keysRead <= 20 * 8 * 2, `${method}: ${object.keysRead} keys read`);
    }
  });

  it('versions and delete markers cost a listing of objects nothing', async () => {
    const object = await ShardObject.make({ versioning: 'enabled' });
    for (let i = 0; i < 50; i += 1) {
      for (let version = 0; version < 5; version += 1) await put(object, `k${digits(i)}`, `${version}`);
      await put(object, `gone${digits(i)}`, 'x');
      await remove(object, [{ key: `gone${digits(i)}` }]);
    }
    object.keysRead = 0;
    const { items } = await list(object, 'list', { count: 50 });
    assert.equal(items.length, 50);
    assert.ok(object.keysRead <= 51, `${object.keysRead} keys read`);
  });

  it('a call that has looked for long enough says where to go on', async () => {
    const object = await filled(Array.from({ length: 30 }, (_, i) => `k${digits(i)}`));
    let now = 0;
    const reader: Partial<ClassReader> = {
      attribute: () => Promise.resolve(object.attributes.get(headerAttribute)),
      omapList: (from, to, count) => {
        now += 15;
        const keys = [...object.omap.keys()].filter((key) => key >= from && (to === undefined || key < to)).toSorted();
        const few = keys
          .slice(0, Math.min(count, 4))
          .map((key) => [key, object.omap.get(key)?.head ?? assert.fail()] as const);
        return Promise.resolve(few);
      },
    };
    const method = objectClasses.get('bucket.list') ?? assert.fail();
    const input = encodeHeader({ bucket: bucketId, generation: 1, prefix: '', delimiter: '', count: 3 });
    const context = { payload: new Uint8Array(0), clock: { now: () => monotonicMs(now), wall: () => undefined } };
    const { output } = await method(reader as ClassReader, input, context);
    const { next } = decodeHeader(output, 0, output.byteLength) as { next: { key: string } };
    assert.equal(next.key, 'k0002');
  });
});
