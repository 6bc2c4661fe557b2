/**
 * One world: a whole cluster and its clients under every fault there is; then peace. Clients saw one order of operations on
 * each object, PGs are whole where CRUSH wants them, replicas are the same, nobody died but of a fault.
 */
import assert from 'node:assert/strict';
import { World } from '../../../runtime/sim/world.js';
import { type CheckCounts, checkHistory, NotLinearizable } from '../linearizability/check-history.js';
import { History } from '../linearizability/history.js';
import { showOperation } from '../linearizability/show-violation.js';
import { compareReplicas } from './compare-replicas.js';
import { chooseFaults, injectFaults, mend } from './faults/inject.js';
import { objectNames } from './object-client.js';
import { drawShape } from './shape.js';
import { splitPool } from './splits.js';
import { StorageCluster } from './storage-cluster.js';
import { answerWithinMs, cleanWithinMs, connectClients, describe, loseClient, stopAll } from './war.js';

export interface SimulateOptions {
  /** Virtual, with faults. Default: seconds, by the seed. */
  readonly hours?: number | undefined;
  /** Default: all. None: an empty list. */
  readonly faults?: readonly string[] | undefined;
  /** The pool gets more PGs meanwhile. Default false. */
  readonly splits?: boolean | undefined;
  /** For whoever replays a seed: what goes wrong when, in words. */
  readonly onNews?: (line: string) => void;
}

export interface Outcome {
  readonly operations: number;
  readonly answered: number;
  readonly withoutEffect: number;
  readonly unknown: number;
  readonly faults: number;
  /** How often the number of PGs doubled. */
  readonly splits: number;
  readonly epochs: number;
  /** The highest of any PG. */
  readonly terms: number;
  readonly replicas: number;
  /** Copies of PGs that nobody counts on any more. Counted, not forbidden, as long as nothing removes them. */
  readonly strays: number;
  readonly searchSteps: number;
  readonly virtualMs: number;
  readonly traceHash: string;
}

/** Whoever holds what is not his any more gets rid of it in the background. */
const settleMs = 1_000;

export async function simulate(seed: number, options: SimulateOptions = {}): Promise<Outcome> {
  const world = new World({ seed, traceLines: 40, replay: replayOf(seed, options) });
  const history = new History(() => world.now);
  const run = await world.main(() => live(world, history, options));
  const { steps } = checked(history);
  return { ...run, operations: history.operations.length, searchSteps: steps, traceHash: world.traceHash };
}

/** Of those that failed without effect, the last are shown with a violation: they are who it may come from. */
const withdrawnShown = 20;

function checked(history: History): CheckCounts {
  try {
    return checkHistory(history.byObject());
  } catch (error) {
    if (!(error instanceof NotLinearizable)) throw error;
    const lines = history.withdrawn
      .filter(({ operation }) => operation.call.changes.length > 0 && error.message.startsWith(`${operation.object} `))
      .slice(-withdrawnShown)
      .map(({ operation, why }) => `    ${showOperation(operation)} ${why}`);
    throw new NotLinearizable([error.message, '  failed, and were said to have no effect', ...lines].join('\n'));
  }
}

type Lived = Omit<Outcome, 'operations' | 'searchSteps' | 'traceHash'>;

async function live(world: World, history: History, options: SimulateOptions): Promise<Lived> {
  const shape = drawShape(world.stream('shape'), options.hours);
  const cluster = await StorageCluster.found(world, shape);
  const clients = await connectClients(cluster, history, shape.clients);
  const end = world.now + shape.warMs;
  const isOver = (): boolean => world.now >= end;
  for (const client of clients) client.work(isOver);
  const faults = chooseFaults(options.faults);
  const news = (what: string): void => options.onNews?.(`${world.now.toFixed(1)} ms: ${what}`);
  const onFault = (name: string): void => news(`fault ${name}`);
  news(JSON.stringify(shape));
  const maySplit = options.splits === true;
  const fought = injectFaults({
    cluster,
    clients,
    faults,
    loseClient: () => loseClient(clients),
    maySplit,
    end,
    onFault,
  });
  const split = maySplit ? splitPool(cluster, isOver) : Promise.resolve(0);
  split.catch((error: unknown) => cluster.fail(error));
  // Whatever fails meanwhile ends the run at once.
  await cluster.until('the war is over', shape.warMs + 1_000, isOver, () => '');
  const injected = await fought;
  const splits = await split;
  cluster.throwIfFailed();

  news('peace');
  mend(cluster);
  await cluster.takeAllIn();
  await cluster.until(
    'clients are answered',
    answerWithinMs,
    () => clients.every(({ isIdle }) => isIdle),
    () => describe(cluster),
  );
  await cluster.until(
    'PGs are clean',
    cleanWithinMs,
    () => cluster.unclean().length === 0,
    () => describe(cluster),
  );
  const survivor = clients.find(({ process }) => process.isAlive);
  await survivor?.readEverything(objectNames(shape.objects), answerWithinMs);
  for (const { process, status } of clients) {
    if (process.isAlive) assert.equal(status.bytesInFlight + status.changesInFlight, 0, 'nothing is under way');
  }
  await world.sleep(settleMs);
  cluster.throwIfFailed();
  const { epoch } = cluster.map;
  const records = cluster.pgs().map(({ record }) => record);
  await stopAll(cluster);
  const actings = records.map((record) => record?.acting.map(({ osd }) => osd) ?? []);
  const { replicas, strays } = await compareReplicas(cluster, actings);
  const sum = (name: 'answered' | 'withoutEffect' | 'unknown'): number =>
    clients.reduce((total, { tally }) => total + tally[name], 0);
  return {
    answered: sum('answered'),
    withoutEffect: sum('withoutEffect'),
    unknown: sum('unknown'),
    faults: injected,
    splits,
    epochs: epoch,
    terms: Math.max(...records.map((record) => record?.term ?? 0)),
    replicas,
    strays,
    virtualMs: Math.round(world.now),
  };
}

export function replayOf(seed: number, { hours, faults, splits }: SimulateOptions): string {
  const more = [
    ...(hours === undefined ? [] : [`--hours ${hours}`]),
    ...(faults === undefined ? [] : [`--faults ${faults.join(',')}`]),
    ...(splits === true ? ['--splits yes'] : []),
  ];
  return ['npm run sim --', `--seed ${seed}`, ...more].join(' ');
}
