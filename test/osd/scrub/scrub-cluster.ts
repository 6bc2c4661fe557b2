/** A simulated cluster of three OSDs with a pool of three copies, and hands that spoil one of them. */
import assert from 'node:assert/strict';
import { CairnClient } from '../../../client/client.js';
import type { PoolClient } from '../../../client/pool-client.js';
import { printPgId, type PgId } from '../../../cluster/ids.js';
import { objectHash, pgOfHash } from '../../../cluster/object-placement.js';
import type { PrimaryTerm } from '../../../osd/pg/primary/primary-term.js';
import { objectId, type ObjectId } from '../../../osd/store/object-id.js';
import { openStore } from '../../../osd/store/open-store.js';
import type { Store } from '../../../osd/store/store.js';
import { poolCreate } from '../../../protocol/commands/pool.js';
import { World } from '../../../runtime/sim/world.js';
import { type Client, MonitorCluster } from '../../monitor/sim/monitor-cluster.js';
import { SimOsd } from '../daemon/osd-cluster.js';

export interface Scene {
  readonly world: World;
  readonly cluster: MonitorCluster;
  readonly admin: Client;
  readonly osds: readonly SimOsd[];
  readonly client: CairnClient;
  readonly pool: PoolClient;
}

const pgNum = 4;

export async function inScene(seed: number, run: (scene: Scene) => Promise<void>): Promise<void> {
  const world = new World({ seed, traceLines: 60 });
  await world.main(async () => {
    const cluster = await MonitorCluster.found(world, { monitors: 1 });
    const admin = await cluster.client();
    const osds: SimOsd[] = [];
    for (let id = 0; id < 3; id++) {
      const mkfs = { capacityBytes: 66 * 2 ** 20 };
      osds.push(await SimOsd.make(cluster, admin, { id, host: `host-${id}`, mkfs }));
    }
    for (const osd of osds) osd.start();
    await cluster.until('all OSDs serve', 20_000, () => osds.every((osd) => osd.isServing()));
    const options = { name: 'data', size: 3, minSize: 2, pgNum, confirmed: true };
    await admin.session.change(poolCreate, options, admin.within(10_000));
    const machine = world.machine('client');
    await machine.start('client', async (runtime) => {
      const client = await CairnClient.connect(runtime, { credentials: cluster.admin, role: 'client' });
      const pool = await client.pool('data');
      await run({ world, cluster, admin, osds, client, pool });
      await client.close();
    }).finished;
  });
}

export function idOf({ pool }: Scene, name: string): ObjectId {
  return objectId(pool.id, { namespace: '', locator: '', name });
}

export function pgOf(scene: Scene, name: string): PgId {
  const { id } = scene.pool;
  return { pool: id, pg: pgOfHash(objectHash(id, { namespace: '', locator: '', name }), pgNum) };
}

export interface Roles {
  readonly pg: PgId;
  readonly primary: SimOsd;
  readonly replicas: readonly SimOsd[];
  readonly term: PrimaryTerm;
}

/** Who has the object, once its PG serves with three members. */
export async function rolesOf(scene: Scene, name: string): Promise<Roles> {
  const { cluster, osds } = scene;
  const pg = pgOf(scene, name);
  const leader = (): SimOsd | undefined =>
    osds.find(({ daemon }) => {
      const term = daemon?.service?.pg(pg)?.primary;
      return term?.isServing === true && term.term.record.acting.length === 3;
    });
  await cluster.until(`pg ${printPgId(pg)} is clean`, 60_000, () => leader() !== undefined);
  const primary = leader();
  const term = primary?.daemon?.service?.pg(pg)?.primary;
  assert.ok(primary !== undefined && term !== undefined);
  return { pg, primary, replicas: osds.filter((osd) => osd !== primary), term };
}

/** Flips a bit in every place of the OSD's log that holds these bytes. */
export async function rot({ machine, directory }: SimOsd, bytes: Uint8Array): Promise<void> {
  const places: { readonly path: string; readonly at: number }[] = [];
  await machine.start('reader', async ({ disk }) => {
    const names = (await disk.list(`${directory}/segments`)).filter((name) => name.endsWith('.seg'));
    for (const name of names.sort()) {
      const path = `${directory}/segments/${name}`;
      const file = await disk.open(path, { mode: 'read' });
      const all = Buffer.alloc(await file.size());
      await file.read(all, 0);
      await file.close();
      for (let at = all.indexOf(bytes); at >= 0; at = all.indexOf(bytes, at + 1)) places.push({ path, at });
    }
  }).finished;
  assert.ok(places.length > 0, 'the bytes are on the disk');
  for (const { path, at } of places) assert.ok(machine.disk().faults.flipBit(path, at, 3));
}

/** Changes the store of an OSD behind everybody's back, while it is stopped. The others are told to wait for it. */
export async function editStore(scene: Scene, osd: SimOsd, edit: (store: Store) => Promise<void>): Promise<void> {
  await osd.stop();
  await osd.machine.start('editor', async (runtime) => {
    const store = await openStore(runtime, osd.directory, { prewrite: false });
    await edit(store);
    await store.close();
  }).finished;
  osd.start();
  await scene.cluster.until(`osd.${osd.id} serves`, 60_000, () => osd.isServing());
}

/** What the store of a running OSD has of an object, read and verified. */
export async function bytesAt(osd: SimOsd, object: ObjectId): Promise<Uint8Array | undefined> {
  const store = storeOf(osd, object);
  const info = await store.stat(object);
  return info === undefined ? undefined : Buffer.concat(await store.read(object, 0, info.size));
}

function storeOf(osd: SimOsd, object: ObjectId) {
  const pg = osd.daemon?.service?.pg({ pool: object.pool, pg: pgOfHash(object.hash, pgNum) });
  const term = pg?.role.term;
  assert.ok(term !== undefined, `osd.${osd.id} has the PG`);
  return term.host.store.objects;
}
