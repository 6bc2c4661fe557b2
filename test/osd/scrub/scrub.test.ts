/** Scrubs of a whole simulated cluster: what is wrong is found and healed, what is right is left alone. */
import assert from 'node:assert/strict';
import { configSet } from '../../../protocol/commands/config.js';
import type { FinishedScrub } from '../../../protocol/pg-scrub.js';
import { payloadOf } from '../../../osd/store/transaction.js';
import { bytesAt, editStore, idOf, inScene, pgOf, rolesOf, rot, scrub, type Scene } from './scrub-cluster.js';

/** No two places of it are alike. */
const data = Buffer.from(Array.from({ length: 12_500 }, (_, i) => `${i}`.padStart(8, '.')).join(''));
const mark = data.subarray(70_000, 70_100);

function findingsOf({ findings }: FinishedScrub): string[] {
  return findings.map(({ osd, kind, isHealed }) => `osd.${osd} ${kind}${isHealed ? ' healed' : ''}`).sort();
}

describe('osd/scrub: a scrub', () => {
  it('finds nothing wrong where nothing is', async () => {
    await inScene(1, async (scene) => {
      for (let i = 0; i < 100; i++) {
        await scene.pool.writeFull(`object-${i}`, data.subarray(0, i * 100));
        await scene.pool.omapSet(`object-${i}`, `key-${i}`, { head: mark });
      }
      let objects = 0;
      for (const name of namesOfEachPg(scene)) {
        for (const kind of ['scrub', 'deep-scrub', 'repair'] as const) {
          const done = await scrub(scene, name, kind);
          assert.deepEqual(findingsOf(done), []);
          if (kind === 'scrub') objects += done.objects;
        }
      }
      assert.equal(objects, 100);
    });
  });

  it('heals a rotten copy of a replica when it is deep', async () => {
    await inScene(2, async (scene) => {
      await scene.pool.writeFull('a', data);
      const { replicas } = await rolesOf(scene, 'a');
      const [bad] = replicas;
      assert.ok(bad !== undefined);
      await rot(bad, mark);
      assert.deepEqual(findingsOf(await scrub(scene, 'a', 'scrub')), []);
      assert.deepEqual(findingsOf(await scrub(scene, 'a', 'deep-scrub')), [`osd.${bad.id} rotten healed`]);
      assert.deepEqual(await bytesAt(bad, idOf(scene, 'a')), data);
      assert.deepEqual(findingsOf(await scrub(scene, 'a', 'deep-scrub')), []);
    });
  });

  it("heals two rotten copies, one of them the primary's", async () => {
    await inScene(3, async (scene) => {
      await scene.pool.writeFull('a', data);
      const { replicas, primary } = await rolesOf(scene, 'a');
      const [bad] = replicas;
      assert.ok(bad !== undefined);
      for (const osd of [bad, primary]) await rot(osd, mark);
      const findings = [`osd.${bad.id} rotten healed`, `osd.${primary.id} rotten healed`].sort();
      assert.deepEqual(findingsOf(await scrub(scene, 'a', 'deep-scrub')), findings);
      for (const osd of scene.osds) assert.deepEqual(await bytesAt(osd, idOf(scene, 'a')), data);
    });
  });

  it('heals what takes several transactions, omap and all', async () => {
    await inScene(7, async (scene) => {
      const parts = Array.from({ length: 12 }, (_, i) => Buffer.from(`${i} `.repeat(40_000).slice(0, 60_000)));
      for (const [i, part] of parts.entries()) {
        await scene.pool.append('a', part);
        await scene.pool.omapSet('a', `key-${i}`, { head: mark, bodies: [[1, part]] });
      }
      const { replicas, primary } = await rolesOf(scene, 'a');
      const [bad] = replicas;
      assert.ok(bad !== undefined);
      // Its body, too, is rotten there.
      for (const osd of [bad, primary]) await rot(osd, (parts[7] ?? assert.fail()).subarray(9_000, 9_100));
      const findings = [`osd.${bad.id} rotten healed`, `osd.${primary.id} rotten healed`].sort();
      assert.deepEqual(findingsOf(await scrub(scene, 'a', 'deep-scrub')), findings);
      for (const osd of scene.osds) assert.deepEqual(await bytesAt(osd, idOf(scene, 'a')), Buffer.concat(parts));
      for (const [i, part] of parts.entries()) {
        assert.deepEqual(await scene.pool.omapBody('a', `key-${i}`, 1), part);
      }
      assert.deepEqual(findingsOf(await scrub(scene, 'a', 'deep-scrub')), []);
    });
  });

  it('is remembered through restarts of all', async () => {
    await inScene(8, async (scene) => {
      await scene.pool.writeFull('a', data);
      const done = await scrub(scene, 'a', 'deep-scrub');
      await scene.world.sleep(1_000);
      for (const osd of scene.osds) await osd.stop();
      for (const osd of scene.osds) osd.start();
      const { term } = await rolesOf(scene, 'a');
      const { stamps } = term.scrubbing.status;
      assert.equal(stamps?.deep, done.endedAt);
    });
  });

  it('comes by itself, within the interval, of every PG', async () => {
    await inScene(9, async (scene) => {
      const { admin, osds } = scene;
      for (let i = 0; i < 20; i++) await scene.pool.writeFull(`object-${i}`, data.subarray(0, 100));
      const set = { section: 'osd', option: 'osd_deep_scrub_interval', value: '20' };
      await admin.session.change(configSet, set, admin.within(10_000));
      const [bad] = osds;
      assert.ok(bad !== undefined);
      await rot(bad, data.subarray(0, 100));
      await scene.world.sleep(45_000);
      for (let i = 0; i < 20; i++) {
        assert.deepEqual(await bytesAt(bad, idOf(scene, `object-${i}`)), data.subarray(0, 100));
      }
    });
  });

  it('tells of an object that is lost, and goes on telling', async () => {
    await inScene(4, async (scene) => {
      await scene.pool.writeFull('a', data);
      await rolesOf(scene, 'a');
      for (const osd of scene.osds) await rot(osd, mark);
      const done = await scrub(scene, 'a', 'repair');
      assert.equal(done.lost, 1);
      assert.deepEqual(findingsOf(done), ['osd.0 rotten', 'osd.1 rotten', 'osd.2 rotten']);
      await assert.rejects(scene.pool.read('a', { offset: 0, bytes: 10 }), { code: 'CORRUPT' });
      // Until it is given up.
      await scene.pool.remove('a');
      await scene.pool.writeFull('a', mark);
      assert.deepEqual(await scene.pool.read('a', { offset: 0, bytes: 1_000 }), mark);
      assert.deepEqual(findingsOf(await scrub(scene, 'a', 'deep-scrub')), []);
    });
  });

  it('keeps an older version from being read where the newest is lost, through restarts and new members too', async () => {
    await inScene(10, async (scene) => {
      const { cluster, pool, osds, world } = scene;
      await pool.writeFull('a', mark);
      const { primary: stale } = await rolesOf(scene, 'a');
      const before = (await pool.stat('a'))?.version ?? assert.fail();
      await pool.writeFull('a', data);
      const others = osds.filter((osd) => osd !== stale);
      const object = idOf(scene, 'a');
      await editStore(scene, stale, async (store) => {
        const mutations = [
          { kind: 'truncate', object, size: 0 },
          { kind: 'write', object, offset: 0, data: payloadOf(mark) },
          { kind: 'set-version', object, version: before },
        ] as const;
        await store.apply({ pg: pgOf(scene, 'a'), blockShift: 12, mutations });
      });
      const leads = (): boolean => stale.daemon?.service?.pg(pgOf(scene, 'a'))?.primary?.isServing === true;
      await cluster.until('it leads again', 60_000, leads);
      for (const osd of others) await rot(osd, mark);
      const done = await scrub(scene, 'a', 'repair');
      assert.equal(done.lost, 1);
      const isLost = async (isNoted = true): Promise<void> => {
        await assert.rejects(pool.read('a', { offset: 0, bytes: data.length }), { code: 'CORRUPT' });
        const listed: unknown[] = [];
        for await (const { name, isMissing } of pool.list()) if (name === 'a') listed.push(isMissing);
        assert.deepEqual(
          listed,
          [isNoted ? true : undefined],
          'it is told of, once, and as missing where that is noted',
        );
      };
      await isLost();
      await stale.stop();
      await world.sleep(10_000);
      // Who leads now has bytes that it cannot read, and no scrub said so yet.
      await isLost(false);
      stale.start();
      await cluster.until('it leads again', 60_000, leads);
      await isLost();
      await editStore(scene, stale, async (store) => {
        await store.apply({ pg: pgOf(scene, 'a'), blockShift: 12, mutations: [{ kind: 'remove', object }] });
      });
      await cluster.until('it leads again', 60_000, leads);
      assert.equal(await bytesAt(stale, object), undefined, 'nothing of it is in the index there');
      await isLost();
      // A copy that is made anew gets all other objects, and knows that it lacks this one.
      await pool.writeFull('b', data);
      const [replaced] = others;
      assert.ok(replaced !== undefined);
      await replaced.stop();
      await replaced.mkfs({ fsid: cluster.admin.fsid, capacityBytes: 66 * 2 ** 20 });
      replaced.start();
      await rolesOf(scene, 'b');
      await rolesOf(scene, 'a');
      await isLost();
      assert.deepEqual(await pool.read('b', { offset: 0, bytes: data.length }), data);
      await pool.remove('a');
      await pool.writeFull('a', mark);
      for await (const one of pool.list()) assert.equal(one.isMissing, undefined, one.name);
      assert.deepEqual(await pool.read('a', { offset: 0, bytes: 1_000 }), mark);
      await scrub(scene, 'a', 'repair');
      assert.deepEqual(findingsOf(await scrub(scene, 'a', 'repair')), []);
    });
  });

  it('finds what is missing, extra, stale or other at one member, and mends it when asked to', async () => {
    await inScene(5, async (scene) => {
      const names = namesOfOnePg(scene, 5);
      const [missing, extra, stale, other, fine] = names;
      assert.ok(missing !== undefined && extra !== undefined && stale !== undefined && other !== undefined);
      for (const name of names) if (name !== extra) await scene.pool.writeFull(name, data);
      const pg = pgOf(scene, missing);
      const { replicas } = await rolesOf(scene, missing);
      const [bad] = replicas;
      assert.ok(bad !== undefined && fine !== undefined);
      await editStore(scene, bad, async (store) => {
        const info = await store.objects.stat(idOf(scene, other));
        const version = info?.version ?? assert.fail();
        await store.apply({
          pg,
          blockShift: 12,
          mutations: [
            { kind: 'remove', object: idOf(scene, missing) },
            { kind: 'write', object: idOf(scene, extra), offset: 0, data: payloadOf(mark) },
            { kind: 'set-version', object: idOf(scene, extra), version: { term: 1, seq: 1 } },
            { kind: 'write', object: idOf(scene, stale), offset: 5, data: payloadOf(mark) },
            { kind: 'set-version', object: idOf(scene, stale), version: { term: 1, seq: 0 } },
            { kind: 'write', object: idOf(scene, other), offset: 5, data: payloadOf(mark) },
            { kind: 'set-version', object: idOf(scene, other), version },
          ],
        });
      });
      const kinds = ['differing', 'extra', 'missing', 'stale'];
      const expected = kinds.map((kind) => `osd.${bad.id} ${kind}`);
      assert.deepEqual(findingsOf(await scrub(scene, missing, 'scrub')), expected.slice(1));
      assert.deepEqual(findingsOf(await scrub(scene, missing, 'deep-scrub')), expected);
      const healed = expected.map((one) => `${one} healed`);
      assert.deepEqual(findingsOf(await scrub(scene, missing, 'repair')), healed);
      assert.deepEqual(findingsOf(await scrub(scene, missing, 'repair')), []);
      assert.equal(await bytesAt(bad, idOf(scene, extra)), undefined);
      for (const name of names) if (name !== extra) assert.deepEqual(await bytesAt(bad, idOf(scene, name)), data);
    });
  });
});

/** So many names in one PG. */
function namesOfOnePg(scene: Scene, count: number): string[] {
  const names: string[] = [];
  for (let i = 0; names.length < count; i++) if (pgOf(scene, `n${i}`).pg === pgOf(scene, 'n0').pg) names.push(`n${i}`);
  return names;
}

function namesOfEachPg(scene: Scene): string[] {
  const byPg = new Map<number, string>();
  for (let i = 0; i < 100; i++) byPg.set(pgOf(scene, `object-${i}`).pg, `object-${i}`);
  return [...byPg.values()];
}
