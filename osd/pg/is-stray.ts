import type { ClusterMap } from '../../cluster/map.js';
import { hasMember } from '../../cluster/pg/members.js';
import type { Member, PgRecord } from '../../cluster/pg-record.js';
import type { Pool } from '../../cluster/pool.js';

export interface MaybeStray {
  readonly self: Member;
  readonly record: PgRecord;
  readonly pool: Pick<Pool, 'minSize'>;
  /** Where CRUSH wants the PG. */
  readonly up: readonly Member[];
  /** It was begun to be taken away. */
  readonly isLeaving: boolean;
}

/** Nobody needs this copy: the PG is confirmed and complete without it, and CRUSH does not want it here. */
export function isStray(
  { osds }: Pick<ClusterMap, 'osds'>,
  { self, record, pool, up, isLeaving }: MaybeStray,
): boolean {
  if (record.term === 0 || record.eligible.length > 0 || record.acting.length < pool.minSize) return false;
  const isWhole = record.acting.every(
    ({ osd, store }) => osds.get(osd)?.isUp === true && osds.get(osd)?.store === store,
  );
  return isWhole && !hasMember(record.acting, self) && (isLeaving || !hasMember(up, self));
}
