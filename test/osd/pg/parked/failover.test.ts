/** Writes that a failover of an async pool cuts off: parked where they were, shown to operators, and theirs to give up. */
import assert from 'node:assert/strict';
import { CairnClient } from '../../../../client/client.js';
import { osdOut } from '../../../../protocol/commands/osd.js';
import { poolRm } from '../../../../protocol/commands/pool.js';
import { clusterHealth } from '../../../../protocol/commands/status.js';
import { fsck } from '../../../../osd/store/tools/fsck/fsck.js';
import { cli, type CliRun } from '../../../cli/fake-context.js';
import type { SimOsd } from '../../daemon/osd-cluster.js';
import {
  type AsyncScene,
  bringBack,
  inAsyncCluster,
  isWhole,
  loseTail,
  osdOf,
  pgIds,
  recordOf,
  untilWhole,
  valueOf,
} from '../async-cluster.js';

const names = ['object-0', 'object-1', 'object-2'];

async function run({ runtime, cluster }: AsyncScene, line: string): Promise<CliRun> {
  const options = { credentials: cluster.admin, role: 'client' };
  return await cli(line.split(' '), {}, { runtime, objects: () => CairnClient.connect(runtime, options) });
}

async function good(scene: AsyncScene, line: string): Promise<CliRun> {
  const done = await run(scene, line);
  assert.equal(done.code, 0, done.stderr);
  return done;
}

interface Listed {
  readonly parked: readonly Readonly<Record<string, unknown>>[];
  readonly not_asked: readonly number[];
}

async function listed(scene: AsyncScene, words = ''): Promise<Listed> {
  return JSON.parse((await good(scene, `pg parked ls${words} --json`)).stdout) as Listed;
}

async function raised({ admin }: AsyncScene): Promise<{ summary: string; detail: readonly string[] } | undefined> {
  const { result } = await admin.session.query(clusterHealth, { detail: true }, admin.within(5_000));
  const check = result.checks['PARKED_WRITES'];
  return check && { summary: check.summary.message, detail: (check.detail ?? []).map(({ message }) => message) };
}

async function untilRaised(scene: AsyncScene, isRaised: boolean): Promise<string> {
  for (let i = 0; i < 100; i++) {
    const check = await raised(scene);
    if ((check !== undefined) === isRaised)
      return check === undefined ? '' : `${check.summary}: ${check.detail.join()}`;
    await scene.world.sleep(200);
  }
  return assert.fail(`PARKED_WRITES is ${isRaised ? 'not raised' : 'still raised'}`);
}

async function readText({ pool }: AsyncScene, name: string): Promise<string> {
  return Buffer.from(await pool.read(name, { offset: 0, bytes: 1_000 })).toString();
}

const textOf = (i: number): string => Buffer.from(valueOf(i)).toString();

/** Three objects written everywhere, then again by a primary that nobody heard of any more; it is down. */
async function withLostTail(scene: AsyncScene): Promise<SimOsd> {
  const { pool, world } = scene;
  const [pg = assert.fail()] = pgIds(scene);
  await untilWhole(scene);
  for (const [i, name] of names.entries()) await pool.writeFull(name, valueOf(i));
  await world.sleep(1_000);
  return await loseTail(scene, pg, async () => {
    for (const [i, name] of names.entries()) await pool.writeFull(name, valueOf(100 + i));
    await pool.remove('object-2');
  });
}

/** None of the copies is where it was: what is there is as the PG says, and `fsck` finds nothing. */
async function checkStores({ osds }: AsyncScene): Promise<void> {
  for (const osd of osds) {
    await osd.stop();
    await osd.machine.start('fsck', async (runtime) => {
      const { findings } = await fsck(runtime, osd.directory, { deep: true });
      assert.deepEqual(findings, [], `fsck of osd.${osd.id}`);
    }).finished;
  }
}

describe('osd/pg/parked: a failover that loses a tail', () => {
  it('returns to a prefix; what was cut is kept, listed, fetched and given up', async () => {
    await inAsyncCluster(11, {}, async (scene) => {
      const { world, cluster } = scene;
      const [pg = assert.fail()] = pgIds(scene);
      const lost = await withLostTail(scene);
      await cluster.until('others lead', 30_000, () => recordOf(scene, pg).acting[0]?.osd !== lost.id);
      for (const [i, name] of names.entries()) assert.equal(await readText(scene, name), textOf(i), 'as it was before');
      await scene.pool.writeFull('object-0', valueOf(200));
      assert.deepEqual((await listed(scene)).parked, [], 'nobody has anything yet that the PG does not have');
      assert.match((await good(scene, 'pg parked ls')).stderr, new RegExp(`osd.${lost.id} did not say`));

      await bringBack(lost);
      await cluster.until('it joined again', 60_000, () => isWhole(scene) && lost.isServing());
      const { parked, not_asked: silent } = await listed(scene);
      assert.deepEqual(silent, []);
      assert.deepEqual(
        parked.map(({ name, exists, whole, writes, osd }) => [name, exists, whole, writes, osd]),
        [
          ['object-0', true, true, 1, lost.id],
          ['object-1', true, true, 1, lost.id],
          ['object-2', false, true, 2, lost.id],
        ],
      );
      assert.equal(await readText(scene, 'object-0'), textOf(200));
      assert.equal(await readText(scene, 'object-1'), textOf(1));
      const health = await untilRaised(scene, true);
      assert.match(
        health,
        new RegExp(`^3 objects with parked writes.*: osd.${lost.id} keeps 3 objects of pg 1.0 \\(3\\)$`),
      );

      const version = String(parked[0]?.['version']);
      const got = await good(scene, `pg parked get 1.0 ${version} /tmp/object-0`);
      assert.equal(Buffer.from(got.files.get('/tmp/object-0') ?? []).toString(), textOf(100));
      assert.match(got.stdout, /^object {6}object-0\nversion {5}.* at osd\.\d\n/);
      const removed = await run(scene, `pg parked get 1.0 ${String(parked[2]?.['version'])} /tmp/object-2`);
      assert.match(removed.stderr, /the cut writes removed object-2/);

      // It outlives the process and a loss of power.
      lost.machine.crash();
      await bringBack(lost);
      await cluster.until('it serves again', 60_000, () => lost.isServing() && isWhole(scene));
      assert.deepEqual((await listed(scene, ' 1.0')).parked, parked);
      assert.deepEqual((await listed(scene, ' 1.1')).parked, []);

      const refused = await run(scene, 'pg parked drop 1.0 --all');
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /3 parked objects of pg 1\.0 at osd\.\d would go for ever.*add --yes/);
      assert.match(
        (await good(scene, `pg parked drop 1.0 ${version} --yes`)).stderr,
        /^dropped 1 parked object of pg 1\.0\n/,
      );
      assert.equal((await listed(scene)).parked.length, 2);
      assert.equal((await run(scene, `pg parked drop 1.0 ${version} --yes`)).code, 1);
      const all = await good(scene, 'pg parked drop 1.0 --all --yes --json');
      assert.deepEqual(JSON.parse(all.stdout), { pgid: '1.0', dropped: 2, not_asked: [] });
      await untilRaised(scene, false);
      await world.sleep(1_000);
      await checkStores(scene);
    });
  });

  it('keeps it where the copy is not wanted any more and goes', async () => {
    await inAsyncCluster(12, {}, async (scene) => {
      const { admin, cluster } = scene;
      const [pg = assert.fail()] = pgIds(scene);
      const lost = await withLostTail(scene);
      await cluster.until('others lead', 30_000, () => recordOf(scene, pg).acting[0]?.osd !== lost.id);
      await admin.session.change(osdOut, { osds: [lost.id] }, admin.within(10_000));
      await untilWhole(scene);
      assert.ok(recordOf(scene, pg).acting.every(({ osd }) => osd !== lost.id));
      await bringBack(lost);
      const copy = () => lost.daemon?.service?.pg(pg)?.copy;
      await cluster.until('its copy is gone', 60_000, () => lost.isServing() && copy()?.isBlank !== false);
      assert.equal((await listed(scene, ` --osd ${lost.id}`)).parked.length, 3);
      // A pool takes it along, and says so.
      await untilRaised(scene, true);
      const rm = admin.session.change(poolRm, { name: 'data', confirmed: false }, admin.within(10_000));
      await assert.rejects(rm, /and 3 objects or more with parked writes/);
      await admin.session.change(poolRm, { name: 'data', confirmed: true }, admin.within(10_000));
      await untilRaised(scene, false);
      await checkStores(scene);
    });
  });

  it('parks nothing while the members stay: one that was down has what it had when it is back', async () => {
    await inAsyncCluster(13, {}, async (scene) => {
      const { pool, cluster } = scene;
      const [pg = assert.fail()] = pgIds(scene);
      await untilWhole(scene);
      const replica = osdOf(scene, recordOf(scene, pg).acting.at(-1)?.osd);
      for (let i = 0; i < 20; i++) {
        await pool.writeFull(`object-${i % 5}`, valueOf(i));
        if (i === 10) replica.machine.crash();
      }
      await cluster.until('it is out of the PG', 30_000, () => recordOf(scene, pg).acting.length === 2);
      for (let i = 20; i < 40; i++) await pool.writeFull(`object-${i % 5}`, valueOf(i));
      await bringBack(replica);
      await cluster.until('it joined again', 60_000, () => isWhole(scene) && replica.isServing());
      assert.deepEqual((await listed(scene)).parked, []);
      for (let i = 0; i < 5; i++) assert.equal(await readText(scene, `object-${i}`), textOf(35 + i));
    });
  });
});
