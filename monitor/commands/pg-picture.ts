/** How a PG is: what its primary reported, where that is of now; else what its record tells. Every command shows the same. */
import type { WallMs } from '../../base/instants.js';
import type { OsdId, PgId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import { type PgCondition, pgCondition } from '../../cluster/pg/condition.js';
import { pgContext } from '../../cluster/pg/context.js';
import type { PgRecord } from '../../cluster/pg-record.js';
import type { Pool } from '../../cluster/pool.js';
import type { PgReport } from '../../protocol/pg-reports.js';
import { hasWord } from '../health/pg-states.js';
import { recordState } from '../health/record-state.js';
import type { SoftState } from '../soft-state.js';

export interface PgPicture {
  /** `active+clean`. */
  readonly state: string;
  readonly condition: PgCondition;
  /** As last reported, in whatever term. */
  readonly objects: number;
  readonly bytes: number;
  /** Copies of objects. */
  readonly degradedObjects: number;
  readonly misplacedObjects: number;
  readonly leftObjects: number;
  readonly leftBytes: number;
  /** As last reported, in whatever term; times are 0 when they are not known. */
  readonly scrub: Pick<PgReport, 'scrubErrors' | 'scrubbedAt' | 'deepScrubbedAt'>;
  /** Of the record's term; `undefined` when the primary has not spoken since that began. */
  readonly report: PgReport | undefined;
}

/** What all pictures of one answer are taken with. */
export interface PictureView {
  readonly map: ClusterMap;
  readonly soft: Pick<SoftState, 'pgs' | 'osds'>;
  readonly wall: WallMs;
}

/**
 * A primary that says nothing for so long hangs, or is cut off from the monitors, and was not marked down. OSDs speak
 * every second; a change of the leader takes some.
 */
const silentMs = 30_000;

export function pgPicture(
  { map, soft, wall }: PictureView,
  {
    pool,
    pg,
    record,
    up,
  }: { readonly pool: Pool; readonly pg: PgId; readonly record: PgRecord; readonly up: readonly OsdId[] },
): PgPicture {
  const condition = pgCondition(record, up, pool, pgContext(map, pool, pg.pg));
  const last = soft.pgs.get(pg);
  const { objects, bytes } = last ?? { objects: 0, bytes: 0 };
  const scrub = last ?? { scrubErrors: 0, scrubbedAt: 0, deepScrubbedAt: 0 };
  const primary = record.acting[0]?.osd;
  const heardAt = primary === undefined ? undefined : soft.osds.get(primary)?.heardAt;
  const report = last?.term === record.term && heardAt !== undefined ? last : undefined;
  if (report === undefined || !isOfNow(report, condition)) {
    const state = recordState(condition);
    return { state, condition, objects, bytes, ...estimate(condition, objects, bytes), scrub, report };
  }
  const isSilent = heardAt !== undefined && wall - heardAt > silentMs;
  const { degradedObjects, misplacedObjects, leftObjects, leftBytes } = report;
  return {
    state: isSilent ? `stale+${report.state}` : report.state,
    condition,
    objects,
    bytes,
    degradedObjects,
    misplacedObjects,
    leftObjects,
    leftBytes,
    scrub,
    report,
  };
}

/** Who just lost its OSDs, or has a map in which CRUSH still wants what there is, is not asked. */
function isOfNow({ state }: PgReport, { state: kind, missingCopies, misplacedCopies, ...rest }: PgCondition): boolean {
  if (kind === 'down' || kind === 'lost' || kind === 'unborn') return false;
  const isAtRest =
    missingCopies === 0 && misplacedCopies === 0 && rest.joining.length === 0 && !rest.isPrimaryMisplaced;
  return isAtRest || !hasWord(state, 'clean');
}

/** All objects of a copy that is missing or has to move: how much of it is there already only the primary knows. */
function estimate(
  { missingCopies, joining }: PgCondition,
  objects: number,
  bytes: number,
): Pick<PgPicture, 'degradedObjects' | 'misplacedObjects' | 'leftObjects' | 'leftBytes'> {
  return {
    degradedObjects: missingCopies * objects,
    misplacedObjects: Math.max(0, joining.length - missingCopies) * objects,
    leftObjects: joining.length * objects,
    leftBytes: joining.length * bytes,
  };
}

/** OSDs that were not heard of for so long that what they reported is not of now; as a key of what was made with it. */
export function silentOsds({ soft, wall }: Pick<PictureView, 'soft' | 'wall'>): string {
  const silent: OsdId[] = [];
  for (const [osd, { heardAt }] of soft.osds) if (wall - heardAt > silentMs) silent.push(osd);
  return silent.join();
}
