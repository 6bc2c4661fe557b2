/** Scrubs of a whole simulated cluster: what is wrong is found and healed, what is right is left alone. */
import assert from 'node:assert/strict';
import type { FinishedScrub, ScrubKind } from '../../../protocol/pg-scrub.js';
import { payloadOf } from '../../../osd/store/transaction.js';
import { bytesAt, editStore, idOf, inScene, pgOf, rolesOf, rot, type Scene } from './scrub-cluster.js';

/** No two places of it are alike. */
const data = Buffer.from(Array.from({ length: 12_500 }, (_, i) => `${i}`.padStart(8, '.')).join(''));
const mark = data.subarray(70_000, 70_100);

/** Asks for one as an operator does, and waits for it. */
async function scrub(scene: Scene, name: string, kind: ScrubKind): Promise<FinishedScrub> {
  const { client, cluster } = scene;
  const { pg, term } = await rolesOf(scene, name);
  const { number } = await client.scrubPg(pg, kind);
  await cluster.until(`a ${kind} is done`, 120_000, () => (term.scrubbing.status.last?.number ?? 0) >= number);
  const { last } = await client.scrubPg(pg, undefined);
  assert.ok(last !== undefined);
  assert.equal(last.failure, undefined);
  return last;
}

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
