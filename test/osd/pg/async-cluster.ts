/** A simulated cluster with an async pool: four OSDs on hosts of their own, three copies, one of which acknowledges. */
import assert from 'node:assert/strict';
import { utf8Bytes } from '../../../base/bytes.js';
import { CairnClient } from '../../../client/client.js';
import type { PoolClient } from '../../../client/pool-client.js';
import { type OsdId, type PgId } from '../../../cluster/ids.js';
import type { PgRecord } from '../../../cluster/pg-record.js';
import type { PoolMode } from '../../../cluster/pool.js';
import type { PrimaryTerm } from '../../../osd/pg/primary/primary-term.js';
import { poolCreate } from '../../../protocol/commands/pool.js';
import type { Runtime } from '../../../runtime/runtime.js';
import { World } from '../../../runtime/sim/world.js';
import { type Client, MonitorCluster } from '../../monitor/sim/monitor-cluster.js';
import { SimOsd } from '../daemon/osd-cluster.js';

export const asyncMode: PoolMode = { kind: 'async', ackCopies: 1, maxLagMs: 5_000, maxLagBytes: 64 * 2 ** 20 };

export interface AsyncScene {
  readonly world: World;
  readonly cluster: MonitorCluster;
  readonly admin: Client;
  readonly osds: readonly SimOsd[];
  readonly client: CairnClient;
  /** Of the client's machine. */
  readonly runtime: Runtime;
  readonly pool: PoolClient;
}

export interface AsyncOptions {
  readonly mode?: PoolMode;
  readonly osds?: number;
  readonly size?: number;
  readonly minSize?: number;
  readonly pgNum?: number;
}

export async function inAsyncCluster(
  seed: number,
  { mode = asyncMode, osds: count = 4, size = 3, minSize = 1, pgNum = 1 }: AsyncOptions,
  run: (scene: AsyncScene) => Promise<void>,
): Promise<void> {
  // Where a log does not reach back to where two part, more is parked than was lost (PG-PROTOCOL.md section 5), and tests count it.
  const world = new World({ seed, traceLines: 60, never: ['pg-log-short'] });
  await world.main(async () => {
    const cluster = await MonitorCluster.found(world, { monitors: 1 });
    const admin = await cluster.client();
    const osds: SimOsd[] = [];
    for (let id = 0; id < count; id++) {
      osds.push(await SimOsd.make(cluster, admin, { id, host: `host-${id}`, mkfs: { capacityBytes: 34 * 2 ** 20 } }));
    }
    for (const osd of osds) osd.start();
    await cluster.until('all OSDs serve', 20_000, () => osds.every((osd) => osd.isServing()));
    const pool = { name: 'data', size, minSize, pgNum, mode, confirmed: true };
    await admin.session.change(poolCreate, pool, admin.within(10_000));
    const machine = world.machine('client');
    await machine.start('client', async (runtime) => {
      const client = await CairnClient.connect(runtime, { credentials: cluster.admin, role: 'client' });
      await run({ world, cluster, osds, admin, client, runtime, pool: await client.pool('data') });
      await client.close();
    }).finished;
  });
}

export function pgIds({ cluster, pool }: AsyncScene): PgId[] {
  const { pgNum } = cluster.newestMap.pools.get(pool.id) ?? assert.fail();
  return Array.from({ length: pgNum }, (_, pg) => ({ pool: pool.id, pg }));
}

export function recordOf({ cluster }: AsyncScene, pg: PgId): PgRecord {
  return cluster.newestMap.records.get(pg) ?? assert.fail();
}

export function osdOf({ osds }: AsyncScene, id: OsdId | undefined): SimOsd {
  return osds.find((osd) => osd.id === id) ?? assert.fail(`there is no osd.${id}`);
}

/** Who leads a PG, as it is known at its OSD. */
export function primaryOf(scene: AsyncScene, pg: PgId): PrimaryTerm {
  const { acting } = recordOf(scene, pg);
  const { primary } = osdOf(scene, acting[0]?.osd).daemon?.service?.pg(pg) ?? assert.fail();
  return primary ?? assert.fail(`nobody leads ${pg.pg}`);
}

/** Each PG is confirmed, and has so many members. */
export function isWhole(scene: AsyncScene, copies = 3): boolean {
  return pgIds(scene).every((pg) => {
    const { acting, eligible } = recordOf(scene, pg);
    return acting.length === copies && eligible.length === 0;
  });
}

export async function untilWhole(scene: AsyncScene, copies = 3): Promise<void> {
  await scene.cluster.until('all PGs are whole', 120_000, () => isWhole(scene, copies));
}

/**
 * The primary of a PG is cut off from the other OSDs, acknowledges `writes` alone while its leases last, and loses power: so
 * whoever leads next has none of them. Returns it, down.
 */
export async function loseTail(scene: AsyncScene, pg: PgId, writes: () => Promise<void>): Promise<SimOsd> {
  const { world, osds } = scene;
  const primary = osdOf(scene, recordOf(scene, pg).acting[0]?.osd);
  for (const osd of osds) if (osd !== primary) world.network.cutBoth(primary.machine.name, osd.machine.name);
  const began = world.now;
  await writes();
  assert.ok(world.now - began < leaseMs, 'they were acknowledged under leases of before');
  primary.machine.crash();
  world.network.heal();
  return primary;
}

/** PG-PROTOCOL.md: L, less what a holder leaves unused of it, and the age of a lease when it is renewed. */
const leaseMs = 500;

export async function bringBack(osd: SimOsd): Promise<void> {
  osd.machine.restart();
  osd.start();
}

export function valueOf(i: number): Uint8Array {
  return utf8Bytes(`value ${i} `.repeat(20));
}
