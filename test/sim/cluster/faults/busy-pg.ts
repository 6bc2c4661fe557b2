/** The PG that an aimed fault is aimed at, and what is done to its members. */
import type { PgId } from '../../../../cluster/ids.js';
import { objectHash, pgOfHash } from '../../../../cluster/object-placement.js';
import { osdDown } from '../../../../protocol/commands/osd.js';
import type { Direction } from '../../../../runtime/sim/fabric.js';
import type { ClusterOsd } from '../cluster-osd.js';
import { objectNames } from '../object-client.js';
import { tried } from '../tried.js';
import type { Fault, Scene } from './fault.js';

export interface BusyPg {
  readonly id: PgId;
  readonly primary: ClusterOsd;
  readonly others: readonly ClusterOsd[];
}

/** For the monitors to answer an operator. */
export const patienceMs = 2_000;

/** Of the first objects, as a rule: half of all operations are theirs. `undefined` when not all of its members are well. */
export function pickBusyPg({ cluster, random }: Scene): BusyPg | undefined {
  const { pool, shape, map } = cluster;
  const name = random.pick(objectNames(random.chance(0.7) ? Math.min(2, shape.objects) : shape.objects));
  const pg = pgOfHash(objectHash(pool.id, { namespace: '', locator: '', name }), pool.pgNum);
  const id = { pool: pool.id, pg };
  const acting = map.records.get(id)?.acting ?? [];
  const [primary, ...others] = acting.flatMap(({ osd }) => cluster.osds.filter((one) => one.id === osd));
  const areWell = [primary, ...others].every((osd) => osd?.isServing() === true && osd.isWanted);
  return primary === undefined || !areWell ? undefined : { id, primary, others };
}

export async function markDown({ cluster }: Scene, osds: readonly ClusterOsd[]): Promise<void> {
  const { admin } = cluster;
  await tried(admin.session.change(osdDown, { osds: osds.map(({ id }) => id) }, admin.within(patienceMs)));
}

type Named = readonly { readonly name: string }[];

export function oneWay(from: Named, to: Named): Direction[] {
  return from.flatMap((a) => to.flatMap((b) => (a.name === b.name ? [] : [{ from: a.name, to: b.name }])));
}

export function bothWays(a: Named, b: Named): Direction[] {
  return [...oneWay(a, b), ...oneWay(b, a)];
}

/** Killed and kept off; its machine goes on. */
export function turnOff(osds: readonly ClusterOsd[]): void {
  for (const osd of osds) {
    osd.isWanted = false;
    osd.process?.kill();
  }
}

export function turnOn(osds: readonly ClusterOsd[]): void {
  for (const osd of osds) {
    osd.isWanted = true;
    osd.boot();
  }
}

/** One at a time, and then a while for clients to go on: each needs a PG that serves. */
export const aimed =
  (fault: Fault): Fault =>
  async (scene) => {
    const { aims } = scene;
    if (aims.size > 0) return;
    aims.add(fault);
    await fault(scene);
    await scene.pass(scene.random.between(300, 1_200));
    aims.delete(fault);
  };
