/** A simulated cluster of three monitors, some OSDs on hosts of their own, a pool of eight PGs and a client: for tests step by step. */
import { CairnClient } from '../../../client/client.js';
import type { PoolClient } from '../../../client/pool-client.js';
import { poolCreate } from '../../../protocol/commands/pool.js';
import { World } from '../../../runtime/sim/world.js';
import { type Client, MonitorCluster } from '../../monitor/sim/monitor-cluster.js';
import { SimOsd } from '../daemon/osd-cluster.js';

export interface Scene {
  readonly world: World;
  readonly cluster: MonitorCluster;
  readonly osds: readonly SimOsd[];
  readonly pool: PoolClient;
  readonly admin: Client;
}

export async function inCluster(seed: number, osdCount: number, run: (scene: Scene) => Promise<void>): Promise<void> {
  const world = new World({ seed, traceLines: 60 });
  await world.main(async () => {
    const cluster = await MonitorCluster.found(world, { monitors: 3 });
    const admin = await cluster.client();
    const osds: SimOsd[] = [];
    for (let id = 0; id < osdCount; id++) osds.push(await SimOsd.make(cluster, admin, { id, host: `host-${id}` }));
    for (const osd of osds) osd.start();
    await cluster.until('all OSDs serve', 20_000, () => osds.every(({ daemon }) => daemon?.status.state === 'serving'));
    await admin.session.change(
      poolCreate,
      { name: 'data', size: 3, minSize: 2, pgNum: 8, confirmed: true },
      admin.within(10_000),
    );
    const machine = world.machine('client');
    await machine.start('client', async (runtime) => {
      const client = await CairnClient.connect(runtime, { credentials: cluster.admin, role: 'client' });
      await run({ world, cluster, osds, admin, pool: await client.pool('data') });
      await client.close();
    }).finished;
  });
}

/** By the records: each PG is confirmed, with three members. */
export function isClean(cluster: MonitorCluster): boolean {
  const cursor = cluster.newestMap.records.cursor();
  while (cursor.next()) {
    const { acting, eligible } = cursor.record();
    if (acting.length !== 3 || eligible.length > 0) return false;
  }
  return true;
}
