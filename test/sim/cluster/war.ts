/** What worlds of clusters have in common: their clients, what is said of a world that does not come to rest, and its end. */
import type { History } from '../linearizability/history.js';
import { ObjectClient } from './object-client.js';
import type { StorageCluster } from './storage-cluster.js';

/** From the last fault on, until every PG is whole: links come back, monitors elect, data moves, old leases end. */
export const cleanWithinMs = 120_000;
export const answerWithinMs = 90_000;

export async function connectClients(
  cluster: StorageCluster,
  history: History,
  count: number,
): Promise<ObjectClient[]> {
  const clients: ObjectClient[] = [];
  for (let i = 1; i <= count; i++) clients.push(await ObjectClient.connect(cluster, history, `client-${i}`));
  return clients;
}

/** Kills the last client that is alive, if it is not the only one. */
export function loseClient(clients: readonly ObjectClient[]): void {
  const alive = clients.filter(({ process }) => process.isAlive);
  if (alive.length > 1) alive.at(-1)?.process.kill();
}

export function describe(cluster: StorageCluster): string {
  const osds = cluster.osds.map((osd) => osd.describe());
  return [cluster.unclean().join('; '), ...osds, cluster.monitors.describe()].join('\n  ');
}

/** In good order, at once: the map must not move data meanwhile. */
export async function stopAll(cluster: StorageCluster): Promise<void> {
  cluster.stopWatching();
  await Promise.all(cluster.osds.map((osd) => osd.stop()));
  for (const osd of cluster.osds) osd.judge();
}
