/** OSDs whose disks are lost, and such as rot. */
import assert from 'node:assert/strict';
import { open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isCairnError } from '../../../base/errors.js';
import { latin1Bytes } from '../../../base/bytes.js';
import { osdId } from '../../../cluster/ids.js';
import { batchesOf } from '../../osd/store/log/rotten-batch.js';
import { here, within } from '../children.js';
import { busiestLeader, ledBy } from './led-by.js';
import { patienceMs, type RealCluster } from './real-cluster.js';
import { type FaultCase, pauseMsMax } from './under-load.js';
import type { VerifiedLoad } from './verified-load.js';

export const diskCases: readonly FaultCase[] = [
  {
    title: 'the disk of an OSD that does not run is gone: an empty one takes its place, as a store that nobody knows',
    short: 'lose the disk of osd.0',
    run: async (cluster, load) => {
      await cluster.kill('osd.0');
      await removeDisk(cluster, 'osd.0');
      await cluster.untilDown('osd.0');
      await load.readAll();
      await replaceDisk(cluster, 'osd.0');
    },
    pauseMsMax,
  },
  {
    title:
      'the disk of an OSD that runs is removed: it says nothing wrong until it ends, and an empty one takes its place',
    short: 'remove the disk of osd.4',
    run: async (cluster, load) => {
      await removeDisk(cluster, 'osd.4');
      await load.readAll();
      // What it has open is there still: it ends when it needs another file, or as here with the machine.
      await cluster.kill('osd.4');
      await cluster.untilDown('osd.4');
      await removeDisk(cluster, 'osd.4');
      await replaceDisk(cluster, 'osd.4');
    },
    pauseMsMax,
  },
  {
    title: 'bits of objects flip on the disk of an OSD that does not run: they are read right, or not at all',
    short: 'rot on a disk',
    run: rot,
    pauseMsMax,
  },
  {
    title: 'a sector of what an OSD wrote last is gone: it gives up its claims by itself, and is brought up to date',
    short: 'rot in a log',
    run: rotInLog,
    pauseMsMax,
  },
];

async function removeDisk(cluster: RealCluster, name: string): Promise<void> {
  // An OSD that runs goes on making files meanwhile.
  await rm(cluster.diskOf(name), { recursive: true, force: true, maxRetries: 20, retryDelay: 20 });
}

function storeOf({ map }: RealCluster, name: string): number | undefined {
  return map.osds.get(osdId(Number(name.slice('osd.'.length))))?.store;
}

async function replaceDisk(cluster: RealCluster, name: string): Promise<void> {
  const before = storeOf(cluster, name);
  await cluster.mkfs(name);
  cluster.run(name);
  await cluster.untilUp(name);
  assert.notEqual(storeOf(cluster, name), before, 'it is another store');
  await cluster.untilClean();
}

const rottenBytes = 16 * 1024;

async function rot(cluster: RealCluster, load: VerifiedLoad): Promise<void> {
  const [pool] = cluster.pools;
  assert.ok(pool !== undefined, 'there is a client');
  const name = busiestLeader(cluster);
  const objects = ledBy(cluster, name).map(({ object }) => object);
  for (const object of objects) await pool.writeFull(object, textOf(object));
  // In good order: what a checkpoint covers is not read again by whoever opens the store.
  await cluster.stop(name);
  await load.readAll();
  const flipped = await flipIn(join(cluster.diskOf(name), 'segments'), objects.map(textOf));
  assert.ok(flipped >= objects.length, `${flipped} places were found`);
  cluster.run(name);
  await cluster.untilUp(name);
  await cluster.untilClean();
  await load.readAll();
  const read = async (object: string): Promise<'right' | 'refused'> => {
    try {
      const bytes = await pool.read(object, { offset: 0, bytes: rottenBytes }, within(patienceMs));
      assert.equal(Buffer.compare(bytes, textOf(object)), 0, `${object} is read as it was written`);
      return 'right';
    } catch (error) {
      if (!isCairnError(error, 'CORRUPT')) throw error;
      return 'refused';
    }
  };
  for (const object of objects) await read(object);
  // Whatever was wrong with them is over once they are written anew.
  for (const object of objects) {
    await pool.writeFull(object, textOf(object));
    assert.equal(await read(object), 'right');
  }
}

async function rotInLog(cluster: RealCluster, load: VerifiedLoad): Promise<void> {
  const name = busiestLeader(cluster);
  const before = storeOf(cluster, name);
  // Not in good order: it would write down what its log says.
  await cluster.kill(name);
  const place = (await batchesOf(here, cluster.diskOf(name))).at(-5)?.place;
  assert.ok(place !== undefined, 'it wrote something');
  const segment = `${place.segment.toString(16).padStart(8, '0')}.seg`;
  await flipAt(join(cluster.diskOf(name), 'segments', segment), place.offset + 20);
  cluster.run(name);
  await cluster.untilUp(name);
  assert.notEqual(storeOf(cluster, name), before, 'it is another member');
  await load.readAll();
  await cluster.untilClean();
}

/** What stands in it stands in no other object. */
function textOf(object: string): Uint8Array {
  const line = `${object} is here\n`;
  return latin1Bytes(line.repeat(Math.ceil(rottenBytes / line.length)).slice(0, rottenBytes));
}

/** One bit in the middle of each place of the segments where one of the texts stands; how many there were. */
async function flipIn(directory: string, texts: readonly Uint8Array[]): Promise<number> {
  let count = 0;
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const bytes = await readFile(path);
    const file = await open(path, 'r+');
    try {
      for (const text of texts) {
        const beginning = text.subarray(0, 1_000);
        for (let at = bytes.indexOf(beginning); at >= 0; at = bytes.indexOf(beginning, at + text.byteLength)) {
          const position = at + 500;
          await file.write(new Uint8Array([(bytes[position] ?? 0) ^ 4]), 0, 1, position);
          count += 1;
        }
      }
    } finally {
      await file.close();
    }
  }
  return count;
}

/** One bit. */
async function flipAt(path: string, position: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const byte = new Uint8Array(1);
    await file.read(byte, 0, 1, position);
    await file.write(new Uint8Array([(byte[0] ?? 0) ^ 4]), 0, 1, position);
  } finally {
    await file.close();
  }
}
