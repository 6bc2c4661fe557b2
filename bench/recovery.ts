/**
 * Data that moves, and what clients see of it: four OSDs of `cairn dev`, size 3. One OSD is drained and taken in again, with nothing
 * else to do, and once more beside reads and beside writes.
 *
 *     npm run bench:recovery -- [--json] [--mib 256] [--in-flight 16] [--dir DIR]
 *
 * Rates are of what arrived at other OSDs; a slowdown is against the same load just before, and its latency is of the whole move.
 */
import { invariant } from '../base/invariant.js';
import { osdId } from '../cluster/ids.js';
import type { CairnClient } from '../client/client.js';
import type { PoolClient } from '../client/pool-client.js';
import { osdDf, osdIn } from '../protocol/commands/osd.js';
import { osdDrain, osdDrainStatus } from '../protocol/commands/osd-safety.js';
import { clusterStatus } from '../protocol/commands/status.js';
import type { Clock } from '../runtime/clock.js';
import { argument, type BenchCluster, benchCluster } from './osds/bench-cluster.js';
import { type LoadResult, objectLoad } from './osds/object-load.js';

interface Row {
  readonly beside: 'nothing' | 'read' | 'write';
  /** `out`: the OSD is drained; `in`: it takes its share again. */
  readonly direction: 'out' | 'in';
  readonly seconds: number;
  readonly mebibytes: number;
  readonly mebibytesPerSecond: number;
  /** The load alone, and beside the move. */
  readonly alone: LoadResult | undefined;
  readonly during: LoadResult | undefined;
}

const MiB = 2 ** 20;
const osdCount = 4;
const moved = osdId(3);
const largeBytes = MiB;
const smallBytes = 4096;
const smallObjects = 4096;
const loadMs = 5_000;
const moveMsMax = 600_000;
/** Between two looks at how far it is. */
const lookMs = 100;

const mebibytes = Number(argument('--mib') ?? 256);
const inFlight = Number(argument('--in-flight') ?? 16);
await benchCluster(osdCount, measure);

async function measure({ runtime, client, pool }: BenchCluster): Promise<Row[]> {
  const fill = { kind: 'write', inFlight: 16, ms: moveMsMax } as const;
  await objectLoad(pool, { ...fill, bytes: largeBytes, objects: mebibytes, countMax: mebibytes });
  await objectLoad(pool, { ...fill, bytes: smallBytes, objects: smallObjects, countMax: smallObjects });
  const rows: Row[] = [];
  for (const beside of ['nothing', 'read', 'write'] as const) {
    // Code that is measured has run before.
    if (beside !== 'nothing') await load(pool, beside, 2 * loadMs);
    for (const direction of ['out', 'in'] as const) {
      const row = await move({ runtime, client, pool }, beside, direction);
      rows.push(row);
      if (!process.argv.includes('--json')) print(row);
    }
  }
  return rows;
}

async function move(
  { runtime: { clock }, client, pool }: Pick<BenchCluster, 'runtime' | 'client' | 'pool'>,
  beside: Row['beside'],
  direction: Row['direction'],
): Promise<Row> {
  const before = await usedBytes(client);
  const alone = beside === 'nothing' ? undefined : await load(pool, beside, loadMs);
  const began = performance.now();
  const isOver = { value: false };
  const loading = beside === 'nothing' ? undefined : load(pool, beside, moveMsMax, () => isOver.value);
  if (direction === 'out') {
    await client.monitors.change(osdDrain, { osds: [moved] }, {});
    await untilDrained(clock, client);
  } else {
    await client.monitors.change(osdIn, { osds: [moved] }, {});
    await untilClean(clock, client);
  }
  const seconds = (performance.now() - began) / 1_000;
  isOver.value = true;
  const during = await loading;
  await untilClean(clock, client);
  const mebibytesMoved = (direction === 'out' ? before : await usedBytes(client)) / MiB;
  const mebibytesPerSecond = mebibytesMoved / seconds;
  return { beside, direction, seconds, mebibytes: mebibytesMoved, mebibytesPerSecond, alone, during };
}

function load(pool: PoolClient, kind: 'read' | 'write', ms: number, isOver?: () => boolean): Promise<LoadResult> {
  return objectLoad(pool, { kind, bytes: smallBytes, inFlight, ms, objects: smallObjects, isOver });
}

async function untilDrained(clock: Clock, client: CairnClient): Promise<void> {
  await until(clock, async () => {
    const { result } = await client.monitors.query(osdDrainStatus, { osds: [moved] }, {});
    return result.osds.every(({ state }) => state === 'drained');
  });
}

/** Every PG is where CRUSH wants it, with all its copies. */
async function untilClean(clock: Clock, client: CairnClient): Promise<void> {
  let clean = 0;
  await until(clock, async () => {
    const { result } = await client.monitors.query(clusterStatus, {}, {});
    const { states, num_pgs: pgs } = result.pgmap;
    // What primaries report comes a second later than the map: two looks apart tell the truth.
    clean = states['active+clean'] === pgs ? clean + 1 : 0;
    return clean === 12;
  });
}

async function until(clock: Clock, isDone: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + moveMsMax;
  while (!(await isDone())) {
    invariant(performance.now() < deadline, 'data moves in time');
    await clock.sleep(lookMs);
  }
}

/** Of the OSD that is taken out and in. */
async function usedBytes(client: CairnClient): Promise<number> {
  const { result } = await client.monitors.query(osdDf, {}, {});
  return result.usage.find(({ id }) => id === moved)?.usedBytes ?? 0;
}

function print({ beside, direction, seconds, mebibytes: size, mebibytesPerSecond, alone, during }: Row): void {
  const name = `${direction}, beside ${beside}`.padEnd(20);
  const rate = `${size.toFixed(0).padStart(5)} MiB in ${seconds.toFixed(1).padStart(5)} s ${mebibytesPerSecond.toFixed(1).padStart(6)} MiB/s`;
  const loads =
    alone === undefined || during === undefined
      ? ''
      : `  ${alone.perSecond.toFixed(0)}/s alone, ${during.perSecond.toFixed(0)}/s beside it (${percent(during.perSecond / alone.perSecond - 1)}); ` +
        `p99 ${alone.p99Ms.toFixed(1)} and ${during.p99Ms.toFixed(1)} ms, max ${during.maxMs.toFixed(0)} ms`;
  process.stdout.write(`${name}${rate}${loads}\n`);
}

function percent(share: number): string {
  return `${share > 0 ? '+' : ''}${(100 * share).toFixed(0)} %`;
}
