/** How many PGs a pool may have, and what advice there is about their number. */
import { CairnError } from '../../base/errors.js';
import type { ConfigValues } from '../../cluster/config-options.js';
import type { ClusterMap } from '../../cluster/map.js';
import type { Pool } from '../../cluster/pool.js';

/** With fewer OSDs than this, as while a cluster is being set up, pools are judged as if there were so many. */
const osdsAssumed = 3;

/** Throws `CONFLICT` when OSDs would hold more PGs than `mon_max_pg_per_osd`, on average. `pool` is new, or as it shall be. */
export function checkPgsPerOsd(map: Pick<ClusterMap, 'osds' | 'pools'>, pool: Pool, config: ConfigValues): void {
  const osds = Math.max(osdsAssumed, [...map.osds.values()].filter(({ isIn }) => isIn).length);
  let others = 0;
  for (const { id, pgNum, size } of map.pools.values()) if (id !== pool.id) others += pgNum * size;
  const copies = others + pool.pgNum * pool.size;
  const max = config.mon_max_pg_per_osd;
  if (copies <= max * osds) return;
  const room = Math.floor(Math.max(0, max * osds - others) / pool.size);
  const present = map.pools.get(pool.id)?.pgNum;
  // A pool that is there takes powers of two.
  const most = present === undefined || room === 0 ? room : 2 ** Math.floor(Math.log2(room));
  const choose = present === undefined ? `--pg-num ${most} at most` : `pg_num ${most}`;
  throw new CairnError(
    'CONFLICT',
    `pool ${pool.name} would make ${copies} copies of PGs on ${osds} OSDs, more than mon_max_pg_per_osd ${max} each; ` +
      (most > (present ?? 0) ? `choose ${choose}, or raise the option` : 'add OSDs, or raise the option'),
  );
}

/** By stable-mod, PGs that have no sibling yet hold twice as much. */
export function unevenText(pgNum: number): string | undefined {
  if ((pgNum & (pgNum - 1)) === 0) return undefined;
  return `${pgNum} PGs are no power of two: some will hold twice as much as others`;
}
