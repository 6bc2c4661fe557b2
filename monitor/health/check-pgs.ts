/** Checks of data: from the counters per pool, so that they cost nothing per PG or object. */
import { printPgId } from '../../cluster/ids.js';
import type { HealthCode } from './codes.js';
import { hasWord, isAvailable, type PgStateWord, statesOf } from './pg-states.js';
import { counted, percent, raise, type Raised } from './raise.js';
import type { HealthCheck, HealthInput, PgExample, PoolHealth } from './types.js';

/** What all pools together have. */
interface Sums {
  readonly states: ReadonlyMap<string, number>;
  readonly examples: readonly PgExample[];
  /** Copies that should exist. */
  readonly copies: number;
  readonly pools: readonly {
    readonly name: string;
    readonly stats: PoolHealth | undefined;
    readonly unknown: number;
  }[];
}

type Counter =
  'degradedObjects' | 'misplacedObjects' | 'unfoundObjects' | 'scrubErrors' | 'notScrubbed' | 'notDeepScrubbed';

export function checkPgs(input: HealthInput): HealthCheck[] {
  const sums = sumsOf(input);
  return [
    ...checkAvailability(sums),
    ...checkWords(sums, 'PG_LOST', ['lost'], 'pgs lost'),
    ...checkWords(sums, 'PG_DAMAGED', ['inconsistent', 'failed_repair'], 'possible data damage'),
    ...checkDegraded(sums),
    ...checkMisplaced(sums),
    ...checkWords(sums, 'PG_BACKFILL_FULL', ['backfill_toofull'], 'no room to recover into'),
    ...checkCounter(sums, 'OBJECT_UNFOUND', 'unfoundObjects', 'object', 'unfound'),
    ...checkCounter(sums, 'OSD_SCRUB_ERRORS', 'scrubErrors', 'scrub error', 'to be mended'),
    ...checkCounter(sums, 'PG_NOT_SCRUBBED', 'notScrubbed', 'pg', 'not scrubbed in time'),
    ...checkCounter(sums, 'PG_NOT_DEEP_SCRUBBED', 'notDeepScrubbed', 'pg', 'not deep-scrubbed in time'),
  ];
}

function sumsOf({ map, pools: allStats }: HealthInput): Sums {
  const states = new Map<string, number>();
  const examples: PgExample[] = [];
  let copies = 0;
  const pools = [...map.pools.values()].sort((a, b) => a.id - b.id);
  const named = pools.map((pool) => {
    const stats = allStats.get(pool.id);
    const own = statesOf(pool, stats);
    for (const [state, count] of own) states.set(state, (states.get(state) ?? 0) + count);
    examples.push(...(stats?.examples ?? []));
    copies += (stats?.objects ?? 0) * pool.size;
    return { name: pool.name, stats, unknown: own.get('unknown') ?? 0 };
  });
  return { states, examples, copies, pools: named };
}

function countWhere({ states }: Sums, matches: (state: string) => boolean): number {
  let sum = 0;
  for (const [state, count] of states) if (matches(state)) sum += count;
  return sum;
}

/** `3 pgs down, 2 pgs peering` of the words that occur. */
function wordCounts(sums: Sums, words: readonly PgStateWord[]): string[] {
  return words.flatMap((word) => {
    const count = countWhere(sums, (state) => hasWord(state, word));
    return count === 0 ? [] : [`${counted(count, 'pg')} ${word}`];
  });
}

function exampleLines({ examples }: Sums, matches: (state: string) => boolean): string[] {
  return examples
    .filter(({ state }) => matches(state))
    .map(({ pg, state, acting }) => `pg ${printPgId(pg)} is ${state}, acting [${acting.join(',')}]`);
}

/** Examples are of some PGs only: whoever reads them learns of how many there is no line. */
function listed(sums: Sums, matches: (state: string) => boolean): Pick<Raised, 'detail' | 'unlisted'> {
  const detail = exampleLines(sums, matches);
  return { detail, unlisted: countWhere(sums, matches) - detail.length };
}

function checkAvailability(sums: Sums): HealthCheck[] {
  const isMissing = (state: string): boolean => !isAvailable(state);
  const count = countWhere(sums, isMissing);
  if (count === 0) return [];
  const words = wordCounts(sums, ['down', 'lost', 'peered', 'peering', 'activating', 'creating', 'stale', 'unknown']);
  const unknown = sums.pools.filter((pool) => pool.unknown > 0);
  const examples = exampleLines(sums, isMissing);
  return [
    raise('PG_AVAILABILITY', {
      count,
      summary: `Reduced data availability: ${[`${counted(count, 'pg')} inactive`, ...words].join(', ')}`,
      detail: [
        ...examples,
        ...unknown.map((pool) => `pool '${pool.name}': no OSD has reported ${counted(pool.unknown, 'pg')} yet`),
      ],
      unlisted: count - examples.length - unknown.reduce((sum, pool) => sum + pool.unknown, 0),
    }),
  ];
}

function checkWords(sums: Sums, code: HealthCode, words: readonly PgStateWord[], heading: string): HealthCheck[] {
  const matches = (state: string): boolean => words.some((word) => hasWord(state, word));
  const count = countWhere(sums, matches);
  if (count === 0) return [];
  const summary = `${heading}: ${wordCounts(sums, words).join(', ')}`;
  return [raise(code, { count, summary, ...listed(sums, matches) })];
}

function total({ pools }: Sums, counter: Counter): number {
  return pools.reduce((sum, { stats }) => sum + (stats?.[counter] ?? 0), 0);
}

function checkDegraded(sums: Sums): HealthCheck[] {
  const objects = total(sums, 'degradedObjects');
  const matches = (state: string): boolean => hasWord(state, 'degraded') || hasWord(state, 'undersized');
  const pgs = countWhere(sums, matches);
  if (objects === 0 && pgs === 0) return [];
  const words = wordCounts(sums, ['degraded', 'undersized']);
  const parts = objects === 0 ? words : [shareOf(objects, sums.copies, 'degraded'), ...words];
  return [
    raise('PG_DEGRADED', {
      // In PGs, as recovery makes the number of objects rise and fall while nothing gets worse.
      count: Math.max(1, pgs),
      summary: `Degraded data redundancy: ${parts.join(', ')}`,
      ...listed(sums, matches),
    }),
  ];
}

function checkMisplaced(sums: Sums): HealthCheck[] {
  const objects = total(sums, 'misplacedObjects');
  if (objects === 0) return [];
  const matches = (state: string): boolean => hasWord(state, 'remapped');
  const summary = shareOf(objects, sums.copies, 'misplaced');
  return [raise('OBJECT_MISPLACED', { count: objects, summary, ...listed(sums, matches) })];
}

function shareOf(objects: number, copies: number, what: string): string {
  const ofAll = copies === 0 ? '' : ` (${percent(objects / copies)})`;
  return `${objects}/${copies} objects ${what}${ofAll}`;
}

function checkCounter(sums: Sums, code: HealthCode, counter: Counter, noun: string, what: string): HealthCheck[] {
  const count = total(sums, counter);
  if (count === 0) return [];
  const detail = sums.pools.flatMap(({ name, stats }) => {
    const own = stats?.[counter] ?? 0;
    return own === 0 ? [] : [`pool '${name}': ${counted(own, noun)} ${what}`];
  });
  return [raise(code, { count, summary: `${counted(count, noun)} ${what}`, detail })];
}
