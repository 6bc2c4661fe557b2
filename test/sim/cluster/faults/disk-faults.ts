/** Disks that are slow, stall, fail, fill up, rot; that come back empty, with an old image, or in each other's place. */
import type { BatchHeader } from '../../../../osd/store/format/batch-header.js';
import { batchesOf, flipHeaderBit } from '../../../osd/store/log/rotten-batch.js';
import { copyTree, workAt } from '../machine-work.js';
import { isSpare, mayLose, pickOsd, type Fault, type FaultTable } from './fault.js';
import { diskBytes, replaceDisk } from '../storage-cluster.js';

const slow: Fault = async (scene) => {
  const { random } = scene;
  const osd = pickOsd(scene);
  const { faults } = osd.machine.disk(osd.mount);
  faults.slowdown = random.pick([10, 100, 1_000]);
  await scene.pass(random.between(100, 8_000));
  faults.slowdown = 1;
};

const stall: Fault = async (scene) => {
  const osd = pickOsd(scene);
  osd.machine.disk(osd.mount).faults.stall(scene.random.between(10, 8_000));
  await Promise.resolve();
};

/**
 * A failed sync or write is final: the daemon stops. Then the disk is replaced, or it is started again on the same one, which
 * may lack what was written last as soon as the page cache forgets it.
 */
const fail =
  (what: 'failNextSyncs' | 'failNextWrites'): Fault =>
  async (scene) => {
    const { cluster, random, lostDisks, suspectDisks } = scene;
    const osd = pickOsd(scene);
    if (!mayLose(scene, osd) || !osd.isWanted) return;
    const { faults } = osd.machine.disk(osd.mount);
    osd.hasBadDisk = true;
    const isReplaced = random.chance(0.6);
    (isReplaced ? lostDisks : suspectDisks).add(osd);
    faults[what] = 1 + random.below(2);
    await scene.pass(random.between(0, 3_000));
    faults[what] = 0;
    // The operator keeps what may be all that there is, and starts it again.
    if (isReplaced && isSpare(scene, osd)) await replaceDisk(cluster, osd);
  };

const full: Fault = async (scene) => {
  const { random } = scene;
  const osd = pickOsd(scene);
  const disk = osd.machine.disk(osd.mount);
  osd.hasBadDisk = true;
  disk.faults.setCapacity(disk.usedBytes);
  await scene.pass(random.between(500, 8_000));
  disk.faults.setCapacity(diskBytes);
};

/** An empty disk returns under the old id. */
const wipe: Fault = async (scene) => {
  const { cluster, random, lostDisks } = scene;
  const osd = pickOsd(scene);
  if (!mayLose(scene, osd) || !osd.machine.isUp || osd.machine.isSuspended || !osd.isWanted) return;
  lostDisks.add(osd);
  await scene.pass(random.between(0, 500));
  if (isSpare(scene, osd)) await replaceDisk(cluster, osd);
};

/** A backup of the disk is restored, with whatever it held when it was made. */
const image: Fault = async (scene) => {
  const { world, random, lostDisks } = scene;
  const osd = pickOsd(scene);
  if (!osd.machine.isUp || osd.machine.isSuspended || !osd.isWanted) return;
  const { directory } = osd;
  const backup = `${osd.mount}/image`;
  osd.isWanted = false;
  osd.process?.kill();
  await workAt(world, osd.machine, 'backup', (runtime) => copyTree(runtime, directory, backup));
  osd.isWanted = true;
  await scene.pass(random.between(2_000, 10_000));
  if (!mayLose(scene, osd) || !osd.machine.isUp || osd.machine.isSuspended || !osd.isWanted) return;
  lostDisks.add(osd);
  osd.isWanted = false;
  osd.hasBadDisk = true;
  osd.wasRestored = true;
  osd.process?.kill();
  await workAt(world, osd.machine, 'restore', (runtime) => copyTree(runtime, backup, directory));
  osd.isWanted = true;
};

/**
 * A sector among what was written last is gone, and the process with it, so that its log is read again. In the very last batch
 * that is what a torn end looks like; before it, the OSD knows that it lost something, and says so. Nobody else does anything,
 * unless what is gone told of its last start: then the cluster takes it for an old image.
 */
const rotTail: Fault = async (scene) => {
  const { world, random, lostDisks } = scene;
  const osd = pickOsd(scene);
  const { machine, directory, mount } = osd;
  if (!mayLose(scene, osd) || !machine.isUp || machine.isSuspended || !osd.isWanted) return;
  lostDisks.add(osd);
  osd.isWanted = false;
  osd.hasBadDisk = true;
  osd.wasRestored = true;
  osd.process?.kill();
  let batches: readonly BatchHeader[] = [];
  await workAt(world, machine, 'rot', async (runtime) => {
    batches = await batchesOf(runtime, directory);
  });
  const batch = batches.at(-1 - random.below(rottenMax));
  if (batch !== undefined) flipHeaderBit(machine.disk(mount), directory.slice(mount.length), batch);
  osd.isWanted = true;
};
/** From the end. What is behind a checkpoint is rot that reads and scrubs meet. */
const rottenMax = 12;

/** Two disks of a machine stand in each other's slots for a while; each daemon finds the other's. */
const swap: Fault = async (scene) => {
  const { cluster, random } = scene;
  const osd = pickOsd(scene);
  const other = cluster.osds.find((one) => one !== osd && one.machine === osd.machine && !one.isRetired);
  if (other === undefined || !osd.isWanted || !other.isWanted) return;
  for (const one of [osd, other]) {
    one.process?.kill();
    one.hasBadDisk = true;
  }
  [osd.mount, other.mount] = [other.mount, osd.mount];
  await scene.pass(random.between(500, 5_000));
  for (const one of [osd, other]) one.process?.kill();
  [osd.mount, other.mount] = [other.mount, osd.mount];
};

export const diskFaults: FaultTable = [
  ['disk-slow', 2, slow],
  ['disk-stall', 2, stall],
  ['disk-sync', 2, fail('failNextSyncs')],
  ['disk-write', 1, fail('failNextWrites')],
  ['disk-full', 1, full],
  ['wipe', 1, wipe],
  ['image', 1, image],
  ['swap', 1, swap],
  ['log-tail', 1, rotTail],
];
