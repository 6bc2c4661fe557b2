/** How PGs are, one by one and counted, for `pg ls`, `pg stat` and `pool stats`. */
import { type PgId, printPgId } from '../../cluster/ids.js';
import type { UpOf } from '../../cluster/pg/context.js';
import type { PgRecord } from '../../cluster/pg-record.js';
import type { Pool } from '../../cluster/pool.js';
import type { PgInfo, PgReported } from '../../protocol/commands/pg.js';
import type { Left } from '../status/recovery-json.js';
import { pgPicture, type PgPicture, type PictureView } from './pg-picture.js';

export function pgInfo(view: PictureView, pool: Pool, pg: PgId, record: PgRecord, upOf: UpOf): PgInfo {
  const up = upOf(pg.pool, pg.pg);
  const picture = pgPicture(view, { pool, pg, record, up });
  const { state, objects, bytes, degradedObjects, misplacedObjects, leftObjects, leftBytes, scrub, report } = picture;
  return {
    pg: printPgId(pg),
    term: record.term,
    state,
    up,
    acting: record.acting.map(({ osd }) => osd),
    eligible: record.eligible.map(({ osd }) => osd),
    ackCopies: record.mode.kind === 'sync' ? 0 : record.mode.ackCopies,
    objects,
    bytes,
    degradedObjects,
    misplacedObjects,
    leftObjects,
    leftBytes,
    scrubErrors: scrub.scrubErrors,
    scrubbedAt: scrub.scrubbedAt,
    deepScrubbedAt: scrub.deepScrubbedAt,
    reported: report === undefined ? undefined : reported(report),
  };
}

function reported({ last, committed, logEntries, joiner }: NonNullable<PgPicture['report']>): PgReported {
  return { last, committed, logEntries, joiner };
}

export class PgCounts {
  readonly #states = new Map<string, number>();
  missingCopies = 0;
  misplacedCopies = 0;
  objects = 0;
  storedBytes = 0;
  leftObjects = 0;
  leftBytes = 0;

  add({ state, condition, objects, bytes, leftObjects, leftBytes }: PgPicture): void {
    this.leftObjects += leftObjects;
    this.leftBytes += leftBytes;
    this.#states.set(state, (this.#states.get(state) ?? 0) + 1);
    this.missingCopies += condition.missingCopies;
    this.misplacedCopies += condition.misplacedCopies;
    this.objects += objects;
    this.storedBytes += bytes;
  }

  /** What others counted. */
  addAll(other: PgCounts): void {
    for (const [state, count] of other.#states) this.#states.set(state, (this.#states.get(state) ?? 0) + count);
    this.missingCopies += other.missingCopies;
    this.misplacedCopies += other.misplacedCopies;
    this.objects += other.objects;
    this.storedBytes += other.storedBytes;
    this.leftObjects += other.leftObjects;
    this.leftBytes += other.leftBytes;
  }

  get left(): Left {
    return { objects: this.leftObjects, bytes: this.leftBytes };
  }

  /** The most frequent first. */
  get states(): { readonly state: string; readonly pgs: number }[] {
    return [...this.#states]
      .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
      .map(([state, pgs]) => ({ state, pgs }));
  }
}
