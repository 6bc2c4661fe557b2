/** Disks that fill up: what is refused, what is not, and that room comes back. */
import assert from 'node:assert/strict';
import { isCairnError } from '../../../base/errors.js';
import { objectNameOf } from '../../../client/operation.js';
import { objectHash, pgOfHash } from '../../../cluster/object-placement.js';
import { here, until, within } from '../children.js';
import { patienceMs, type RealCluster } from './real-cluster.js';
import type { FaultCase } from './under-load.js';
import type { VerifiedLoad } from './verified-load.js';

/** Far more than fits. */
const objectsMax = 1_000;
const objectBytes = 1024 * 1024;
/** Writes at once. */
const lanes = 4;

export const fullCases: readonly FaultCase[] = [
  {
    title: 'disks fill up: writes are refused, reads and removals are not, and then there is room again',
    short: 'fill three disks',
    run: fill,
    pauseMsMax: undefined,
    mayTell: /: NO_SPACE \(applied: no\): /,
  },
];

async function fill(cluster: RealCluster, load: VerifiedLoad): Promise<void> {
  const [pool] = cluster.pools;
  assert.ok(pool !== undefined, 'there is a client');
  const written: string[] = [];
  const names = namesInOnePg(cluster);
  const payload = new Uint8Array(objectBytes);
  let isFull = false;
  const lane = async (): Promise<void> => {
    for (const object of names) {
      if (isFull) return;
      try {
        await pool.writeFull(object, payload, within(patienceMs));
        written.push(object);
      } catch (error) {
        if (!isCairnError(error, 'NO_SPACE')) throw error;
        assert.equal(error.applied, 'no');
        isFull = true;
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  assert.ok(isFull && written.length > 0, `${written.length} objects were written until the disks were full`);
  await load.readAll();
  for (const object of written) await pool.remove(object, within(patienceMs));
  const begun = here.clock.now();
  await until(
    'there is room again',
    async () => {
      try {
        await pool.writeFull('again', payload, within(patienceMs));
        return true;
      } catch (error) {
        if (isCairnError(error, 'NO_SPACE')) return false;
        throw error;
      }
    },
    { withinMs: patienceMs, describe: () => `for ${here.clock.now() - begun} ms` },
  );
  await pool.remove('again');
}

/** All in the PG of the first: its members fill up together, and the others have room. */
function* namesInOnePg({ pool }: RealCluster): Generator<string, void, void> {
  const pgOf = (name: string): number => pgOfHash(objectHash(pool.id, objectNameOf(name)), pool.pgNum);
  const pg = pgOf('fill-0');
  for (let i = 0; i < objectsMax * pool.pgNum; i++) if (pgOf(`fill-${i}`) === pg) yield `fill-${i}`;
}
