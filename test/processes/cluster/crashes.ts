/** Daemons that are killed with `kill -9` and started again. */
import assert from 'node:assert/strict';
import { isCairnError } from '../../../base/errors.js';
import { osdId } from '../../../cluster/ids.js';
import { objectHash, pgOfHash } from '../../../cluster/object-placement.js';
import { objectNameOf } from '../../../client/operation.js';
import { within } from '../children.js';
import { busiestLeader } from './led-by.js';
import type { RealCluster } from './real-cluster.js';
import { type FaultCase, pauseMsMax } from './under-load.js';
import type { VerifiedLoad } from './verified-load.js';

const osds = ['osd.0', 'osd.1', 'osd.2', 'osd.3', 'osd.4'];
const monitors = ['mon.a', 'mon.b', 'mon.c'];
/** Of a read that nobody may answer. */
const waitMs = 500;

/** The others serve without it, and it comes back. */
async function missAndReturn(cluster: RealCluster, load: VerifiedLoad, name: string): Promise<void> {
  await cluster.untilDown(name);
  await load.readAll();
  cluster.run(name);
  await cluster.untilUp(name);
  await cluster.untilClean();
}

export const crashCases: readonly FaultCase[] = [
  { title: 'without faults nobody waits', short: 'no fault', run: async () => undefined, pauseMsMax },
  ...osds.map((name) => ({
    title: `${name} is killed and comes back: its PGs serve without it, and with it again`,
    short: `kill ${name}`,
    run: async (cluster: RealCluster, load: VerifiedLoad): Promise<void> => {
      await cluster.kill(name);
      await missAndReturn(cluster, load, name);
    },
    pauseMsMax,
  })),
  {
    title: 'an OSD that leads is stopped in good order and comes back: clients hardly notice',
    short: 'stop an OSD',
    run: async (cluster, load) => {
      const name = busiestLeader(cluster);
      await cluster.stop(name);
      await missAndReturn(cluster, load, name);
    },
    pauseMsMax,
  },
  ...monitors.map((name) => ({
    title: `${name} is killed and comes back: nobody waits for it`,
    short: `kill ${name}`,
    run: async (cluster: RealCluster, load: VerifiedLoad): Promise<void> => {
      await cluster.kill(name);
      await cluster.untilQuorum(2);
      await load.readAll();
      cluster.run(name);
      await cluster.untilQuorum(3);
    },
    pauseMsMax,
  })),
  {
    title: 'two OSDs are killed at once: PGs that lost two members wait for one, the others serve',
    short: 'kill two OSDs',
    run: killTwo,
    pauseMsMax: undefined,
  },
];

async function killTwo(cluster: RealCluster, load: VerifiedLoad): Promise<void> {
  const record = cluster.map.records.get({ pool: cluster.pool.id, pg: 0 });
  const killed = (record?.acting ?? []).slice(0, 2).map(({ osd }) => `osd.${osd}`);
  assert.equal(killed.length, 2);
  await cluster.kill(...killed);
  await cluster.untilDown(...killed);
  const [pool] = cluster.pools;
  assert.ok(pool !== undefined, 'there is a client');
  const waiting = load.objects.filter((object) => membersUp(cluster, object) < cluster.pool.minSize);
  const serving = load.objects.filter((object) => !waiting.includes(object));
  assert.ok(waiting.length > 0 && serving.length > 0, 'some PGs have both of them, and some do not');
  await load.readAll(serving);
  for (const object of waiting.slice(0, 3)) {
    const isLate = (error: unknown): boolean => isCairnError(error, 'DEADLINE_EXCEEDED');
    await assert.rejects(pool.stat(object, within(waitMs)), isLate, `${object} has one member left`);
  }
  for (const name of killed) cluster.run(name);
  await cluster.untilUp(...killed);
  await cluster.untilClean();
}

/** Of the PG of an object. */
function membersUp({ map, pool }: RealCluster, object: string): number {
  const pg = pgOfHash(objectHash(pool.id, objectNameOf(object)), pool.pgNum);
  const record = map.records.get({ pool: pool.id, pg });
  const members = [...(record?.acting ?? []), ...(record?.eligible ?? [])];
  return members.filter(({ osd }) => map.osds.get(osdId(osd))?.isUp === true).length;
}
