/** What never goes back between a map and a later one of the same cluster. */
import { checkOsdSuccession } from './check/check-osd.js';
import { checkPgRecordSuccession } from './check/check-pg-record.js';
import { checkPoolSuccession } from './check/check-pool.js';
import { existing, fits } from './check/facts.js';
import { hasFeatures } from './features.js';
import { printPgId, type PgId } from './ids.js';
import type { ClusterMap } from './map.js';

/**
 * Throws `CONFLICT` (or `UNSUPPORTED`, for fewer PGs) unless `after` can be a successor of `before`, any
 * number of epochs later. An OSD that was removed in between and made again counts as the same: its store number grew.
 */
export function checkSuccession(before: ClusterMap, after: ClusterMap): void {
  fits(after.fsid === before.fsid && after.createdAt === before.createdAt, () => 'the maps are of two clusters');
  fits(after.epoch >= before.epoch, () => `epoch ${after.epoch} comes before ${before.epoch}`);
  fits(after.changedAt >= before.changedAt, () => `the time of epoch ${after.epoch} went back`);
  for (const field of ['storeLast', 'poolLast', 'memberLast'] as const) {
    fits(after[field] >= before[field], () => `${field} went back from ${before[field]} to ${after[field]}`);
  }
  const keepsFeatures = hasFeatures(after.requiredFeatures, before.requiredFeatures);
  fits(keepsFeatures, () => 'a required feature is no longer required');
  for (const [id, osd] of before.osds) {
    const later = after.osds.get(id);
    if (later !== undefined) checkOsdSuccession(osd, later);
  }
  for (const [id, pool] of before.pools) {
    const later = after.pools.get(id);
    if (later === undefined) continue;
    checkPoolSuccession(pool, later);
    for (let number = 0; number < pool.pgNum; number += 1) checkRecord(before, after, { pool: id, pg: number });
  }
}

function checkRecord(before: ClusterMap, after: ClusterMap, pg: PgId): void {
  const lost = (): string => `the record of PG ${printPgId(pg)} is gone`;
  checkPgRecordSuccession(pg, existing(before.records.get(pg), lost), existing(after.records.get(pg), lost));
}
