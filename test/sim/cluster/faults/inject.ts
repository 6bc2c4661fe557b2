/** Faults one after the other, often overlapping; and the end of all of them. */
import type { ObjectClient } from '../object-client.js';
import { diskBytes, type StorageCluster } from '../storage-cluster.js';
import { diskFaults } from './disk-faults.js';
import { noteRecovery, type Fault, type FaultTable, type Scene } from './fault.js';
import { goodLink, networkFaults } from './network-faults.js';
import { operatorFaults } from './operator-faults.js';
import { memberFaults } from './member-faults.js';
import { pgFaults } from './pg-faults.js';
import { primaryFaults } from './primary-faults.js';
import { processFaults } from './process-faults.js';

/** Clients are busiest when something happens. */
const rushRate = 0.7;
const rushMs = 300;

const groups: Readonly<Record<string, FaultTable>> = {
  process: processFaults,
  network: networkFaults,
  disk: diskFaults,
  operator: operatorFaults,
  pg: [...pgFaults, ...primaryFaults, ...memberFaults],
};

/** Names of faults, and of groups of them. `undefined` for all. */
export function chooseFaults(names: readonly string[] | undefined): FaultTable {
  const all = Object.values(groups).flat();
  if (names === undefined) return all;
  return names.flatMap((name) => {
    const chosen = groups[name] ?? all.filter(([one]) => one === name);
    if (chosen.length > 0) return chosen;
    const known = [...Object.keys(groups), ...new Set(all.map(([one]) => one))].join(', ');
    throw new Error(`there is no fault ${name}; name some of ${known}`);
  });
}

export interface InjectOptions {
  readonly cluster: StorageCluster;
  readonly clients: readonly ObjectClient[];
  readonly faults: FaultTable;
  readonly loseClient: () => void;
  /** Faults may give the pool more PGs. Default false. */
  readonly maySplit?: boolean;
  /** World time at which peace comes. */
  readonly end: number;
  readonly onFault: (name: string) => void;
}

/** Resolves when all that was begun is over, soon after `end`; some of it may have to be mended. Returns how many there were. */
export async function injectFaults(options: InjectOptions): Promise<number> {
  const { cluster, clients, faults, loseClient, maySplit = false, end } = options;
  const { world, shape } = cluster;
  const random = world.stream('faults');
  const pass = (ms: number): Promise<void> => world.sleep(Math.max(0, Math.min(ms, end - world.now)));
  const scene: Scene = {
    cluster,
    world,
    random,
    pass,
    machines: () => [
      ...cluster.hosts,
      ...cluster.monitors.sites.map(({ machine }) => machine),
      ...clients.map(({ machine }) => machine),
    ],
    clientMachines: () => clients.map(({ machine }) => machine),
    clients,
    maySplit,
    loseClient,
    isOver: () => world.now >= end,
    aims: new Set(),
    lostDisks: new Set(),
    suspectDisks: new Set(),
  };
  const begun: Promise<void>[] = [];
  while (faults.length > 0) {
    await pass(random.between(1, 2 * shape.faultIntervalMs));
    if (world.now >= end) break;
    noteRecovery(scene);
    const [name, fault] = pickWeighted(random.float(), faults);
    world.note(`fault.${name}`, 'world');
    options.onFault(name);
    if (random.chance(rushRate)) cluster.rush(rushMs);
    begun.push(fault(scene));
  }
  await Promise.all(begun);
  return begun.length;
}

function pickWeighted(at: number, faults: FaultTable): readonly [string, Fault] {
  let left = at * faults.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight, fault] of faults) {
    left -= weight;
    if (left < 0) return [name, fault];
  }
  throw new Error('a weight was picked');
}

/** Whatever is broken is mended; who died is started again. */
export function mend(cluster: StorageCluster): void {
  const { network } = cluster.world;
  network.heal();
  network.setLink({}, goodLink);
  const machines = [...cluster.world.machines];
  for (const machine of machines) {
    if (machine.isSuspended) machine.resume();
    if (!machine.isUp) machine.restart();
    for (const process of machine.processes) process.proceed();
  }
  for (const osd of cluster.osds) {
    const { faults } = osd.machine.disk(osd.mount);
    faults.slowdown = 1;
    faults.failNextSyncs = 0;
    faults.failNextWrites = 0;
    faults.setCapacity(diskBytes);
    osd.isWanted = true;
  }
}
