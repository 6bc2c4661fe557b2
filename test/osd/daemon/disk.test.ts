/** Disks that are not what they are taken for, and OSDs that the cluster has given up. */
import assert from 'node:assert/strict';
import { type CairnError, isCairnError } from '../../../base/errors.js';
import { readSuperblock } from '../../../osd/store/open-store.js';
import type { Superblock } from '../../../osd/store/format/superblock.js';
import { osdLost, osdPurge, osdRegister } from '../../../protocol/commands/osd.js';
import { inCluster, SimOsd } from './osd-cluster.js';

/** What a start that cannot succeed says. */
async function startError(osd: SimOsd): Promise<CairnError> {
  const error: unknown = await osd.start().finished.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(isCairnError(error), `it was refused: ${String(error)}`);
  return error;
}

async function superblockOf({ machine, directory }: SimOsd): Promise<Superblock> {
  let superblock: Superblock | undefined;
  await machine.start('look', async (runtime) => {
    superblock = await readSuperblock(runtime, directory);
  }).finished;
  assert.ok(superblock !== undefined);
  return superblock;
}

describe('osd daemon: disks', function () {
  this.timeout(60_000);

  it('refuses the disk of another OSD and of another cluster, before it opens the log', async () => {
    await inCluster({ seed: 1, osds: 1 }, async ({ osd }) => {
      await osd.stop();
      await osd.mkfs({ osd: 7 });
      const other = await startError(osd);
      assert.equal(other.code, 'CONFLICT');
      assert.match(
        other.message,
        /^\/osd\.0 has the disk of osd\.7, and the key is that of osd\.0; run it with `cairn osd run`/,
      );
      await osd.mkfs({ fsid: 'f'.repeat(32) });
      const foreign = await startError(osd);
      assert.equal(foreign.code, 'CONFLICT');
      assert.match(foreign.message, /a disk of cluster f{32}, not of .*make a new store with `cairn osd mkfs --osd 0`/);
    });
  });

  it('a disk that was made without a cluster belongs to that of its first start', async () => {
    await inCluster({ seed: 2, osds: 1 }, async ({ cluster, admin }) => {
      const osd = await SimOsd.make(cluster, admin, { id: 5, host: 'host-5', mkfs: { fsid: '' } });
      assert.equal((await superblockOf(osd)).fsid, '');
      osd.start();
      await cluster.until('it serves', 10_000, () => osd.isServing());
      assert.equal((await superblockOf(osd)).fsid, osd.credentials.fsid);
    });
  });

  it('says where to get the key when the monitors do not know it, and which credentials are none of an OSD', async () => {
    await inCluster({ seed: 3, osds: 1 }, async ({ cluster, osd }) => {
      await osd.stop();
      const { credentials } = osd;
      osd.credentials = { ...credentials, key: new Uint8Array(32) };
      osd.start();
      await cluster.until('it ended', 30_000, () => osd.ended !== undefined);
      assert.match(osd.ended?.message ?? '', /do not know osd\.0 by this key.*`cairn auth get osd\.0 -o FILE`/);
      osd.credentials = { ...credentials, name: 'client.admin' };
      assert.equal((await startError(osd)).code, 'INVALID_ARGUMENT');
    });
  });

  it('an empty disk in place of a lost one registers as a new store', async () => {
    await inCluster({ seed: 4, osds: 2 }, async ({ cluster, osd }) => {
      const before = osd.in(cluster)?.store ?? 0;
      await osd.stop();
      await osd.mkfs();
      osd.start();
      await cluster.until('it serves', 10_000, () => osd.isServing());
      assert.ok((osd.in(cluster)?.store ?? 0) > before);
      assert.equal(osd.in(cluster)?.boot, 1);
    });
  });

  it('another store of the same id waits while the first is up', async () => {
    await inCluster({ seed: 5, osds: 1 }, async ({ world, cluster, osd }) => {
      const twin = new SimOsd(osd.id, world.machine('twin'), osd.credentials);
      await twin.mkfs();
      twin.start();
      await world.sleep(10_000);
      assert.equal(twin.daemon?.status.state, 'registering');
      assert.ok(osd.isServing(), 'the first is not disturbed');
      await osd.stop();
      await cluster.until('it takes its place', 10_000, () => twin.isServing());
    });
  });

  it('an OSD whose store was given up, or which was purged, stops and says so', async () => {
    await inCluster({ seed: 6, osds: 4 }, async ({ cluster, admin, osds }) => {
      const [first, second] = osds;
      assert.ok(first !== undefined && second !== undefined);
      // Alive, and counted as down: that is when people give an OSD up.
      const both = [first, second];
      for (const osd of both) osd.process?.pause();
      await cluster.until('both are down', 10_000, () => both.every((osd) => !osd.isUp(cluster)));
      await admin.session.change(osdLost, { osds: [first.id], confirmed: true }, admin.within(5_000));
      await admin.session.change(osdPurge, { osds: [second.id], confirmed: true }, admin.within(5_000));
      for (const osd of both) osd.process?.proceed();
      await cluster.until('they ended', 60_000, () => both.every((osd) => osd.ended !== undefined));
      assert.match(first.ended?.message ?? '', /the cluster gave the store .*up.*`cairn osd mkfs --osd 0`/);
      assert.match(second.ended?.message ?? '', /osd\.1/);
    });
  });

  it('a store that was given up while its OSD was stopped is not taken for an empty one', async () => {
    await inCluster({ seed: 7, osds: 2 }, async ({ cluster, admin, osd }) => {
      await osd.stop();
      await admin.session.change(osdLost, { osds: [osd.id], confirmed: true }, admin.within(5_000));
      osd.start();
      await cluster.until('it ended', 30_000, () => osd.ended !== undefined);
      assert.match(osd.ended?.message ?? '', /gave the store in \/osd\.0 up/);
      assert.ok(!osd.isUp(cluster), 'it said goodbye');
      await osd.mkfs();
      osd.start();
      await cluster.until('a new store serves', 10_000, () => osd.isServing());
    });
  });

  it('an image of its disk that registers elsewhere ends the process that runs, and an old one is refused', async () => {
    await inCluster({ seed: 8, osds: 1 }, async ({ cluster, osd }) => {
      const { uuid } = await superblockOf(osd);
      const copy = await cluster.client(osd.credentials, 'osd');
      const address = { host: copy.machine.host, port: 6_800 };
      const args = {
        osd: osd.id,
        uuid: Buffer.from(uuid).toString('hex'),
        boot: 50,
        publicAddress: address,
        clusterAddress: address,
        capacityBytes: 1,
        hostname: 'copy',
        version: '',
        features: 0,
      };
      await copy.session.change(osdRegister, args, copy.within(10_000));
      await cluster.until('it ended', 10_000, () => osd.ended !== undefined);
      assert.match(osd.ended?.message ?? '', /another process registered with a copy of the disk of osd\.0/);
      osd.start();
      await cluster.until('it ended again', 10_000, () => osd.ended !== undefined);
      assert.match(osd.ended?.message ?? '', /is an old image of the disk of osd\.0.*`cairn osd mkfs --osd 0`/);
    });
  });
});
