/**
 * One world with an async pool: as `../simulate.ts`, but that no disk is lost, since what a disk acknowledged alone goes with it;
 * the mode of the pool changes meanwhile. Where every member that must have an acknowledged write stayed in the PG, histories
 * have an order as in sync pools. Elsewhere what is gone is parked, every write of it, and lies within `max_lag`.
 */
import assert from 'node:assert/strict';
import type { PoolMode } from '../../../../cluster/pool.js';
import { poolSet } from '../../../../protocol/commands/pool.js';
import type { Prng } from '../../../../runtime/sim/prng.js';
import { World } from '../../../../runtime/sim/world.js';
import { History } from '../../linearizability/history.js';
import { compareReplicas } from '../compare-replicas.js';
import { tried } from '../tried.js';
import { chooseFaults, injectFaults, mend } from '../faults/inject.js';
import { objectNames } from '../object-client.js';
import { drawShape } from '../shape.js';
import { StorageCluster } from '../storage-cluster.js';
import { answerWithinMs, cleanWithinMs, connectClients, describe, loseClient, stopAll } from '../war.js';
import { checkAsync } from './check-async.js';
import { loseTailFaults } from './lose-tail.js';
import { readRemains } from './parked-stores.js';
import { RecordWatch } from './record-watch.js';

export interface AsyncSimulateOptions {
  readonly hours?: number | undefined;
  /** Default: all of `asyncFaults`. None: an empty list. */
  readonly faults?: readonly string[] | undefined;
  readonly onNews?: (line: string) => void;
}

/** All that leave disks as they are. */
export const asyncFaults = [
  'process',
  'network',
  'disk-slow',
  'disk-stall',
  'out',
  'reweight',
  'down',
  'blind',
  'add',
  'mon-transfer',
  'lose-tail',
] as const;

export interface AsyncOutcome {
  readonly operations: number;
  readonly answered: number;
  readonly unknown: number;
  readonly faults: number;
  readonly switches: number;
  /** PGs of those there are that may have lost a tail. */
  readonly lossyPgs: number;
  readonly lost: number;
  readonly parkedEntries: number;
  readonly searchSteps: number;
  readonly virtualMs: number;
  readonly traceHash: string;
}

const settleMs = 5_000;

function drawMode(random: Prng, size: number, maxLagMs: number): PoolMode {
  if (random.chance(0.3)) return { kind: 'sync' };
  const ackCopies = random.chance(0.6) ? 1 : 1 + random.below(size);
  return { kind: 'async', ackCopies, maxLagMs, maxLagBytes: random.pick([100_000, 2 ** 26]) };
}

export async function simulateAsync(seed: number, options: AsyncSimulateOptions = {}): Promise<AsyncOutcome> {
  const replay = ['npm run sim:async --', `--seed ${seed}`];
  if (options.faults !== undefined) replay.push(`--faults ${options.faults.join(',')}`);
  // Where a log does not reach back to where two part, more is parked than was lost (PG-PROTOCOL.md section 5), and here that is counted.
  const world = new World({ seed, traceLines: 40, replay: replay.join(' '), never: ['pg-log-short'] });
  const outcome = await world.main(() => live(world, options));
  return { ...outcome, traceHash: world.traceHash };
}

async function live(world: World, options: AsyncSimulateOptions): Promise<Omit<AsyncOutcome, 'traceHash'>> {
  const { hours, onNews } = options;
  const names: readonly string[] = options.faults ?? asyncFaults;
  const news = (what: string): void => onNews?.(`${world.now.toFixed(1)} ms: ${what}`);
  const history = new History(() => world.now);
  const drawn = drawShape(world.stream('shape'), hours);
  const random = world.stream('modes');
  // In no mode of a world more: what a term lost shows that it was kept.
  const maxLagMs = random.pick([150, 2_000]);
  const mode: PoolMode = { kind: 'async', ackCopies: 1, maxLagMs, maxLagBytes: 2 ** 26 };
  const shape = {
    ...drawn,
    mode,
    // One is enough to serve: so that who is left alone goes on.
    minSize: random.chance(0.7) ? 1 : drawn.minSize,
    // Much is written to each PG while the leases last of a primary that nobody hears of any more.
    pgNum: random.pick([1, 2]),
    objects: random.pick([3, 8]),
    pauseMs: random.pick([30, 60]),
    faultIntervalMs: random.pick([1_500, 3_000]),
    warMs: hours === undefined ? random.pick([4_000, 6_000, 8_000]) : drawn.warMs,
    osds: drawn.hosts,
    clients: 2,
    monitors: 3,
  };
  news(JSON.stringify(shape));
  const cluster = await StorageCluster.found(world, shape);
  const watch = new RecordWatch(cluster);
  const clients = await connectClients(cluster, history, shape.clients);
  const end = world.now + shape.warMs;
  const isOver = (): boolean => world.now >= end;
  for (const client of clients) client.work(isOver);
  const onFault = (name: string): void => news(`fault ${name}`);
  const others = names.filter((name) => name !== 'lose-tail');
  const faults = [...chooseFaults(others), ...(names.includes('lose-tail') ? loseTailFaults : [])];
  const fought = injectFaults({ cluster, clients, faults, loseClient: () => loseClient(clients), end, onFault });
  const anyMode = (): PoolMode => drawMode(random, shape.size, maxLagMs);
  const switching = switchModes(cluster, random, { isOver, news, drawMode: anyMode });
  await cluster.until('the war is over', shape.warMs + 1_000, isOver, () => '');
  const [injected, switches] = await Promise.all([fought, switching]);
  cluster.throwIfFailed();

  news('peace');
  mend(cluster);
  await cluster.takeAllIn();
  const described = (): string => describe(cluster);
  const isIdle = (): boolean => clients.every((client) => client.isIdle);
  await cluster.until('clients are answered', answerWithinMs, isIdle, described);
  const isClean = (): boolean => cluster.unclean().length === 0 && hasOneMode(cluster);
  await cluster.until('PGs are clean, in the mode of the pool', cleanWithinMs, isClean, described);
  const survivor = clients.find(({ process }) => process.isAlive);
  await survivor?.readEverything(objectNames(shape.objects), answerWithinMs);
  await world.sleep(settleMs);
  cluster.throwIfFailed();
  watch.stop();
  const { pool } = cluster;
  const actings = cluster.pgs().map(({ record }) => record?.acting.map(({ osd }) => osd) ?? []);
  await stopAll(cluster);
  await compareReplicas(cluster, actings);
  const remains = await readRemains(
    cluster,
    actings.map(([primary]) => primary),
  );
  const { lossy } = watch;
  const { lost, searchSteps } = checkAsync(history.byObject(), { pool, lossy, remains, maxLagMs });
  const sum = (name: 'answered' | 'unknown'): number => clients.reduce((total, { tally }) => total + tally[name], 0);
  let parkedEntries = 0;
  for (const { parked } of remains.values()) parkedEntries += parked.size;
  return {
    operations: history.operations.length,
    answered: sum('answered'),
    unknown: sum('unknown'),
    faults: injected,
    switches,
    lossyPgs: lossy.size,
    lost,
    parkedEntries,
    searchSteps,
    virtualMs: Math.round(world.now),
  };
}

/** About every third of the war: to any mode there is, to and fro. */
async function switchModes(
  cluster: StorageCluster,
  random: Prng,
  options: { isOver: () => boolean; news: (what: string) => void; drawMode: () => PoolMode },
): Promise<number> {
  const { world, admin, shape, pool } = cluster;
  let switches = 0;
  for (;;) {
    await world.sleep(random.between(0.1, 0.6) * shape.warMs);
    if (options.isOver()) return switches;
    const mode = options.drawMode();
    options.news(`mode ${JSON.stringify(mode)}`);
    await tried(admin.session.change(poolSet, { name: pool.name, mode, confirmed: true }, admin.within(5_000)));
    switches += 1;
  }
}

function hasOneMode(cluster: StorageCluster): boolean {
  const { mode } = cluster.pool;
  const isSame = cluster.pgs().every(({ record }) => {
    if (record === undefined) return false;
    if (mode.kind === 'sync') return record.mode.kind === 'sync';
    return record.mode.kind === 'async' && record.mode.ackCopies === mode.ackCopies;
  });
  assert.ok(cluster.pgs().length > 0);
  return isSame;
}
