/** Settings of pools that give up safety for something else: they want to be meant. */
import type { Pool } from '../../cluster/pool.js';

/** What `after` risks that `before` does not; `undefined` for nothing. */
export function unsafeText(before: Pool | undefined, after: Pool): string | undefined {
  const risks: string[] = [];
  if (after.size === 1 && before?.size !== 1) {
    risks.push('with size 1 there is no second copy: a disk that fails takes the data with it');
  } else if (after.minSize === 1 && after.size > 2 && before?.minSize !== 1) {
    risks.push('with min_size 1 writes are acknowledged with a single copy, which a second failure loses');
  }
  if (before !== undefined && after.mode.kind === 'async' && before.mode.kind === 'sync') {
    risks.push('in mode async a failover may lose acknowledged writes, up to max_lag of them');
  }
  return risks.length === 0 ? undefined : `pool ${after.name}: ${risks.join('; ')}`;
}
