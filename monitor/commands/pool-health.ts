/** How the PGs of each pool are, for status and health: sums of what `pg ls` shows one by one. */
import type { PoolId } from '../../cluster/ids.js';
import { effectiveConfig } from '../../cluster/config.js';
import type { ClusterMap } from '../../cluster/map.js';
import { isSameMode, recordMode } from '../../cluster/pg/next-record.js';
import type { Pool } from '../../cluster/pool.js';
import { UpTable } from '../../cluster/up-table.js';
import type { PgExample, PoolHealth } from '../health/types.js';
import { pgPicture, type PictureView, silentOsds } from './pg-picture.js';
import { runSliced } from './run-sliced.js';
import type { CommandContext } from './types.js';

type Pools = ReadonlyMap<PoolId, PoolHealth>;

/** A microsecond or two each. */
const pgsPerSlice = 512;
/** Of each state of a pool, for `health detail`, whose lines are bounded as a whole. */
const examplesPerState = 8;

/** What the sums were made of. */
interface Source {
  readonly map: ClusterMap;
  readonly reports: number;
  readonly silent: string;
}

/**
 * Keeps what it found last: status is asked for every few seconds, by people and by monitoring, and 100,000 PGs take some
 * tenths of a second of CPU. Only what a new map moved is placed again (`UpTable`).
 */
export class PoolsHealth {
  #table: UpTable | undefined;
  #last: { readonly source: Source; readonly pools: Pools } | undefined;

  async of(context: CommandContext): Promise<Pools> {
    const { state, soft, wall } = context;
    const { map } = state;
    const source = { map, reports: soft.pgs.version, silent: silentOsds(context) };
    if (this.#last !== undefined && isSame(this.#last.source, source)) return this.#last.pools;
    const table = await runSliced(context, UpTable.steps(this.#table, map));
    const pools = new Map<PoolId, PoolHealth>();
    const view = { map, soft, wall };
    const late = lateTimes(map, wall);
    for (const pool of map.pools.values())
      pools.set(pool.id, await poolHealth(pool, { ...view, late }, table, context));
    this.#table = table;
    this.#last = { source, pools };
    return pools;
  }
}

/** In all that decides how PGs are. */
function isSame({ map: a, ...old }: Source, { map: b, ...now }: Source): boolean {
  return (
    a.osds === b.osds &&
    a.records === b.records &&
    a.pools === b.pools &&
    a.crush === b.crush &&
    a.upmaps === b.upmaps &&
    a.config === b.config &&
    old.reports === now.reports &&
    old.silent === now.silent
  );
}

async function poolHealth(pool: Pool, view: HealthView, table: UpTable, context: CommandContext): Promise<PoolHealth> {
  const states = new Map<string, number>();
  const examples: PgExample[] = [];
  const sums = { ...nothing };
  for (let number = 0; number < pool.pgNum; number += 1) {
    const pg = { pool: pool.id, pg: number };
    const record = view.map.records.get(pg);
    if (record === undefined) continue;
    const picture = pgPicture(view, { pool, pg, record, up: table.up(pg) });
    const { state } = picture;
    const count = (states.get(state) ?? 0) + 1;
    states.set(state, count);
    if (state !== 'active+clean' && count <= examplesPerState) {
      examples.push({ pg, state, acting: record.acting.map(({ osd }) => osd) });
    }
    sums.objects += picture.objects;
    sums.storedBytes += picture.bytes;
    sums.degradedObjects += picture.degradedObjects;
    sums.misplacedObjects += picture.misplacedObjects;
    sums.leftObjects += picture.leftObjects;
    sums.leftBytes += picture.leftBytes;
    sums.scrubErrors += picture.scrub.scrubErrors;
    if (record.term > 0 && !isSameMode(record.mode, recordMode(pool.mode))) sums.otherMode += 1;
    if (isBefore(picture.scrub.scrubbedAt, view.late.scrub)) sums.notScrubbed += 1;
    if (isBefore(picture.scrub.deepScrubbedAt, view.late.deep)) sums.notDeepScrubbed += 1;
    if (number % pgsPerSlice === pgsPerSlice - 1) await context.yieldTurn();
  }
  return { ...notReported, ...sums, states, examples };
}

const nothing = {
  objects: 0,
  storedBytes: 0,
  degradedObjects: 0,
  misplacedObjects: 0,
  leftObjects: 0,
  leftBytes: 0,
  scrubErrors: 0,
  otherMode: 0,
  notScrubbed: 0,
  notDeepScrubbed: 0,
};

/** What OSDs do not report. */
const notReported = { unfoundObjects: 0 };

/** Scrubs from before these times are late. */
interface LateTimes {
  readonly scrub: number;
  readonly deep: number;
}

type HealthView = PictureView & { readonly late: LateTimes };

/** As Ceph's `mon_warn_pg_not_scrubbed_ratio` and `…_deep_scrubbed_ratio`: half of the interval over it, three quarters. */
const lateRatio = 1.5;
const lateDeepRatio = 1.75;

/** With an interval of 0 nothing is late. */
function lateTimes(map: ClusterMap, wall: number): LateTimes {
  const { osd_scrub_interval: interval, osd_deep_scrub_interval: deepInterval } = effectiveConfig(map, 'osd').values;
  return {
    scrub: interval === 0 ? 0 : wall - lateRatio * interval,
    deep: deepInterval === 0 ? 0 : wall - lateDeepRatio * deepInterval,
  };
}

function isBefore(at: number, limit: number): boolean {
  return at > 0 && at < limit;
}
