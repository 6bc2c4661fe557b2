/** What the stores of stopped OSDs have of each PG: entries of the log that the primary has, and what is parked anywhere. */
import { printPgId, type OsdId } from '../../../../cluster/ids.js';
import { ParkedSet } from '../../../../osd/pg/parked/parked-set.js';
import { openStore } from '../../../../osd/store/open-store.js';
import { readU64 } from '../../../../osd/store/object-id.js';
import { parkedObjectId, shadowPg } from '../../../../osd/store/parked/parked-place.js';
import type { Store } from '../../../../osd/store/store.js';
import type { Runtime } from '../../../../runtime/runtime.js';
import { workAt } from '../machine-work.js';
import type { StorageCluster } from '../storage-cluster.js';

export interface PgRemains {
  /** `term.seq` of each entry in the log of the primary. */
  readonly log: ReadonlySet<string>;
  /** Entries up to here are not in it any more. */
  readonly trimmedTo: number;
  /** Of entries that are parked, at whichever OSD; and of these, what counts as acknowledged for certain. */
  readonly parked: ReadonlySet<string>;
  readonly parkedAcknowledged: number;
}

/** @param primaries by PG, as of before the OSDs were stopped */
export async function readRemains(
  cluster: StorageCluster,
  primaries: readonly (OsdId | undefined)[],
): Promise<ReadonlyMap<string, PgRemains>> {
  const { pool, world } = cluster;
  const logs = new Map<string, Pick<PgRemains, 'log' | 'trimmedTo'>>();
  const parked = new Map<string, { entries: Set<string>; acknowledged: number }>();
  for (const osd of cluster.osds) {
    await workAt(world, osd.machine, 'remains', async (runtime) => {
      const store = await openStore(runtime, osd.directory, { prewrite: false });
      for (const [pg, primary] of primaries.entries()) {
        if (primary !== osd.id) continue;
        const id = { pool: pool.id, pg };
        logs.set(printPgId(id), { log: await readLog(store, id), trimmedTo: store.logBounds(id).trimmedTo });
      }
      for (const { pg, entries, acknowledged } of await readParked(runtime, store, cluster)) {
        const known = parked.get(pg) ?? { entries: new Set(), acknowledged: 0 };
        for (const entry of entries) known.entries.add(entry);
        known.acknowledged += acknowledged;
        parked.set(pg, known);
      }
      await store.close();
    });
  }
  const remains = new Map<string, PgRemains>();
  for (const { id } of cluster.pgs()) {
    const name = printPgId(id);
    const { log = new Set<string>(), trimmedTo = 0 } = logs.get(name) ?? {};
    const { entries = new Set<string>(), acknowledged = 0 } = parked.get(name) ?? {};
    remains.set(name, { log, trimmedTo, parked: entries, parkedAcknowledged: acknowledged });
  }
  return remains;
}

async function readLog(store: Store, pg: Parameters<Store['readLog']>[0]): Promise<Set<string>> {
  const log = new Set<string>();
  for (let after = 0; ;) {
    const { entries } = await store.readLog(pg, after);
    for (const { term, seq } of entries) log.add(`${term}.${seq}`);
    const last = entries.at(-1);
    if (last === undefined) return log;
    after = last.seq;
  }
}

async function readParked(
  runtime: Runtime,
  store: Store,
  { pool }: StorageCluster,
): Promise<{ pg: string; entries: string[]; acknowledged: number }[]> {
  const found: { pg: string; entries: string[]; acknowledged: number }[] = [];
  // A store in which nothing was ever parked has no shadow to look at.
  if (!store.pgs().some((pg) => printPgId(pg) === printPgId(shadowPg(pool.id)))) return found;
  const set = new ParkedSet(runtime, store);
  for (let after = ''; ;) {
    const { parked, next } = await set.list(pool.id, { pg: undefined, after, count: 100 });
    for (const place of parked) {
      const entries: string[] = [];
      const walk = store.objects.omapWalk(parkedObjectId(place, 'log'), { from: '' });
      for (let page = await walk.next(100); page.length > 0; page = await walk.next(100)) {
        for (const { key } of page) entries.push(`${readU64(key, 0)}.${readU64(key, 8)}`);
      }
      await walk.close();
      found.push({ pg: printPgId(place.pg), entries, acknowledged: place.what.acknowledged });
    }
    if (next === undefined) return found;
    after = next;
  }
}
