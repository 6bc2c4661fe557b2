/** A store with one object in PG 1.0, as an OSD that was stopped leaves it. */
import { utf8Bytes } from '../../base/bytes.js';
import { poolId } from '../../cluster/ids.js';
import { mkfs } from '../../osd/store/mkfs.js';
import { objectId } from '../../osd/store/object-id.js';
import { openStore } from '../../osd/store/open-store.js';
import { payloadOf } from '../../osd/store/transaction.js';
import { createNodeRuntime } from '../../runtime/node/runtime.js';

export async function makeStoreOfOnePg(directory: string): Promise<void> {
  const runtime = createNodeRuntime({ daemon: 'osd.3', logLevel: 'error' });
  await mkfs(runtime, directory, { osd: 3, capacityBytes: 64 * 2 ** 20, segmentBytes: 2 ** 20 });
  const store = await openStore(runtime, directory, { prewrite: false });
  const pool = poolId(1);
  const object = objectId(pool, { namespace: '', locator: '', name: 'hello' });
  await store.apply({
    pg: { pool, pg: 0 },
    blockShift: 12,
    mutations: [{ kind: 'write', object, offset: 0, data: payloadOf(utf8Bytes('world')) }],
  });
  await store.close();
}
