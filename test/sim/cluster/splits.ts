/** An operator who gives the pool more PGs, again and again, while clients and faults run. */
import { poolSet } from '../../../protocol/commands/pool.js';
import { tried } from './tried.js';
import { poolName, type StorageCluster } from './storage-cluster.js';

/** More would only make the run longer: each of a few objects is alone in its PG by then. */
const pgNumMax = 64;
const patienceMs = 5_000;

/** Resolves when it is over, with how often the pool was split. */
export async function splitPool(cluster: StorageCluster, isOver: () => boolean): Promise<number> {
  const { world, admin } = cluster;
  const random = world.stream('splits');
  for (;;) {
    await world.sleep(random.between(100, 4_000));
    const { pgNum } = cluster.pool;
    if (isOver() || pgNum >= pgNumMax) return Math.log2(pgNum / cluster.shape.pgNum);
    const args = { name: poolName, pgNum: pgNum * random.pick([2, 2, 2, 4]), confirmed: false };
    world.note('split', 'world');
    await tried(admin.session.change(poolSet, args, admin.within(patienceMs)));
  }
}
