/** `pool ls`, `pool get` and `pool stats`. */
import type { ClusterMap } from '../../cluster/map.js';
import type { Pool } from '../../cluster/pool.js';
import type { PoolInfo, PoolStats } from '../../protocol/commands/pool.js';
import { PgCounts } from './pg-conditions.js';
import { addPgs } from './pg-queries.js';
import { ruleText } from './pool-rules.js';
import { poolNamed } from './pool-selection.js';
import type { CommandContext } from './types.js';

export function answerPoolLs(_args: unknown, { state }: CommandContext): { readonly pools: readonly PoolInfo[] } {
  return { pools: [...state.map.pools.values()].map((pool) => poolInfo(pool, state.map)) };
}

export async function answerPoolStats(
  { name }: { readonly name?: string | undefined },
  context: CommandContext,
): Promise<{ readonly pools: readonly PoolStats[] }> {
  const { map } = context.state;
  const wanted = name === undefined ? [...map.pools.values()] : [poolNamed(map, name)];
  const pools: PoolStats[] = [];
  for (const pool of wanted) {
    const counts = new PgCounts();
    await addPgs(counts, pool, context);
    const { states, missingCopies, misplacedCopies, objects, storedBytes } = counts;
    const copies = { missingCopies, misplacedCopies };
    pools.push({ id: pool.id, name: pool.name, pgs: pool.pgNum, objects, storedBytes, states, ...copies });
  }
  return { pools };
}

function poolInfo(pool: Pool, { crush }: ClusterMap): PoolInfo {
  const rule = crush.rules.get(pool.rule);
  const { id, name, size, minSize, pgNum, mode, checksumBlockBytes } = pool;
  const { quotaBytes, quotaObjects, application, flags, createdAt } = pool;
  return {
    id,
    name,
    size,
    minSize,
    pgNum,
    rule: pool.rule,
    ruleName: rule === undefined ? String(pool.rule) : ruleText(rule),
    mode,
    checksumBlockBytes,
    quotaBytes,
    quotaObjects,
    application,
    flags,
    createdAt,
  };
}
