/** What the stores of stopped OSDs hold, PG by PG: replicas are the same, nobody has what is not his, and `fsck` agrees. */
import assert from 'node:assert/strict';
import { concatBytes, hexText, latin1Text } from '../../../base/bytes.js';
import { xxh64 } from '../../../base/xxh64.js';
import { printPgId, type OsdId, type PgId } from '../../../cluster/ids.js';
import { orderRange } from '../../../cluster/object-placement.js';
import type { Pool } from '../../../cluster/pool.js';
import { openStore } from '../../../osd/store/open-store.js';
import { parseObjectKey, showObject, type ObjectId } from '../../../osd/store/object-id.js';
import type { Store } from '../../../osd/store/store.js';
import type { Finding } from '../../../osd/store/tools/fsck/finding.js';
import { fsck } from '../../../osd/store/tools/fsck/fsck.js';
import type { ClusterOsd } from './cluster-osd.js';
import { workAt } from './machine-work.js';
import type { StorageCluster } from './storage-cluster.js';

/** Object in words -> everything of it in words. */
type PgContent = ReadonlyMap<string, string>;

interface StoreContent {
  readonly pgs: ReadonlyMap<string, PgContent>;
  /** Where each PG's log ends. */
  readonly ends: ReadonlyMap<string, string>;
}

export interface Compared {
  readonly replicas: number;
  /** Copies of PGs that nobody counts on any more, and that still take room. */
  readonly strays: number;
}

/**
 * All OSDs were stopped. Throws when two replicas differ, or a store is damaged.
 *
 * @param actings by PG, as of before they were stopped: that changes the records
 */
export async function compareReplicas(
  cluster: StorageCluster,
  actings: readonly (readonly OsdId[])[],
): Promise<Compared> {
  const { pool } = cluster;
  const contents = new Map<OsdId, StoreContent>();
  for (const osd of cluster.osds) contents.set(osd.id, await inspect(cluster, osd, pool));
  let replicas = 0;
  let strays = 0;
  for (const [pg, acting] of actings.entries()) {
    const name = printPgId({ pool: pool.id, pg });
    const [primary] = acting;
    const expected = primary === undefined ? undefined : contents.get(primary);
    for (const osd of acting.slice(1)) {
      const found = contents.get(osd);
      const what = `${name} at osd.${osd}, compared with its primary osd.${primary}`;
      assert.deepEqual(found?.pgs.get(name), expected?.pgs.get(name), what);
      assert.equal(found?.ends.get(name), expected?.ends.get(name), `the log of ${what}`);
      replicas += 1;
    }
    for (const [osd, { pgs }] of contents) {
      if (!acting.includes(osd) && (pgs.get(name)?.size ?? 0) > 0) strays += 1;
    }
  }
  return { replicas, strays };
}

async function inspect({ world }: StorageCluster, osd: ClusterOsd, pool: Pool): Promise<StoreContent> {
  const pgs = new Map<string, PgContent>();
  const ends = new Map<string, string>();
  let errors: readonly Finding[] = [];
  await workAt(world, osd.machine, 'inspect', async (runtime) => {
    const store = await openStore(runtime, osd.directory, { prewrite: false });
    for (let pg = 0; pg < pool.pgNum; pg++) {
      const id: PgId = { pool: pool.id, pg };
      pgs.set(printPgId(id), await contentOf(store, id, pool));
      const { lastTerm, lastSeq } = store.logBounds(id);
      ends.set(printPgId(id), `${lastTerm}.${lastSeq}`);
    }
    await store.close();
    const { findings } = await fsck(runtime, osd.directory, { deep: true, pgNums: new Map([[pool.id, pool.pgNum]]) });
    // A torn batch that the store has left behind is only worth a warning: a disk failed, or the power.
    errors = findings.filter(({ severity }) => severity === 'error');
  });
  assert.deepEqual(errors, [], `fsck of osd.${osd.id}`);
  return { pgs, ends };
}

async function contentOf(store: Store, { pg }: PgId, pool: Pool): Promise<PgContent> {
  const content = new Map<string, string>();
  const walk = store.objects.objectWalk(pool.id, orderRange(pg, pool.pgNum));
  for (let page = await walk.next(100); page.length > 0; page = await walk.next(100)) {
    for (const { key } of page) {
      const object = parseObjectKey(key.slice(1));
      content.set(showObject(object), await describe(store, object));
    }
  }
  await walk.close();
  return content;
}

async function describe({ objects }: Store, object: ObjectId): Promise<string> {
  const info = await objects.stat(object);
  assert.ok(info !== undefined, 'what a walk finds is there');
  const data = concatBytes(await objects.read(object, 0, info.size));
  const attributes = Array.from(info.attributes, ([name, value]) => `${name}=${hexText(value)}`);
  const omap: string[] = [];
  const walk = objects.omapWalk(object, { from: '' });
  for (let page = await walk.next(100); page.length > 0; page = await walk.next(100)) {
    for (const { key, head } of page) omap.push(`${key}=${latin1Text(head)}`);
  }
  await walk.close();
  const { term, seq } = info.version;
  return `${term}.${seq} ${info.size} bytes ${xxh64(data).toString(16)} {${attributes.join()}} [${omap.join()}]`;
}
