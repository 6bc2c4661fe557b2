/** A disk that lost batches of its log: its OSD joins again by itself, and what only it had is a person's to give up. */
import assert from 'node:assert/strict';
import type { BatchHeader } from '../../../osd/store/format/batch-header.js';
import { isCairnError } from '../../../base/errors.js';
import { batchesOf, flipHeaderBit } from '../store/log/rotten-batch.js';
import type { SimOsd } from './osd-cluster.js';
import { isClean, pgNum, watched } from './watched-cluster.js';

/** All of it is replayed. */
const withoutCheckpoints = { store: { prewrite: false, layerBytesMax: 1e9, layerMsMax: 1e9 } };

/** Kills the OSD, and takes from its log the batch that is so far from the end. */
async function rot(osd: SimOsd, fromEnd: number): Promise<void> {
  osd.process?.kill();
  const { machine, directory } = osd;
  let batches: BatchHeader[] = [];
  await machine.start('look', async (runtime) => {
    batches = await batchesOf(runtime, directory);
  }).finished;
  const batch = batches.at(-fromEnd);
  assert.ok(batch !== undefined, 'there are as many batches');
  assert.ok(flipHeaderBit(machine.disk(), directory, batch));
}

const data = (i: number): Uint8Array => new Uint8Array(9_000).fill(i);

describe('a log with a hole', () => {
  it('makes an OSD give up its claims and join again by its log, without a word from anybody', async () => {
    await watched(31, 3, async ({ pool, osds, osd, cluster, until, run, world }) => {
      await osd.stop();
      osd.start(withoutCheckpoints);
      await until('all PGs are clean', 60_000, isClean);
      for (let i = 0; i < 60; i++) await pool.writeFull(`object-${i}`, data(i));
      const before = osd.in(cluster);
      await rot(osd, 20);
      osd.start();
      await until('all PGs are clean with it', 60_000, (status) => isClean(status) && osd.isServing());
      const after = osd.in(cluster);
      assert.ok((after?.store ?? 0) > (before?.store ?? 0), 'as another member');
      assert.ok((after?.boot ?? 0) > (before?.boot ?? 0));
      const { recovered } = osds[1]?.daemon?.service?.status ?? { recovered: undefined };
      assert.ok(recovered !== undefined && recovered.copiedObjects < 60, 'only what it lacked was copied');
      assert.match((await run('log --count 200')).stdout, /the disk of osd\.0 lost a part of its log/);
      // It is as good as before: one of the others may go.
      osds[1]?.process?.kill();
      for (let i = 0; i < 60; i++) {
        assert.deepEqual(await pool.read(`object-${i}`, { offset: 0, bytes: 9_000 }), Buffer.from(data(i)));
      }
      // And it stays so through a restart.
      osd.process?.kill();
      osd.start();
      osds[1]?.start();
      await until('all PGs are clean again', 60_000, isClean);
      assert.equal(osd.in(cluster)?.store, after?.store);
      await world.sleep(1_000);
    });
  });

  it('of the last copy lets nobody be served before somebody accepts what is missing', async () => {
    await watched(
      32,
      1,
      async ({ pool, osd, until, run }) => {
        await osd.stop();
        osd.start(withoutCheckpoints);
        await until('all PGs are clean', 60_000, isClean);
        for (let i = 0; i < 60; i++) await pool.writeFull(`object-${i}`, data(i));
        await rot(osd, 30);
        osd.start();
        await until(
          'the PGs are lost',
          30_000,
          ({ pgmap }) => (pgmap.states['lost'] ?? 0) === pgNum && osd.isServing(),
        );
        assert.match((await run('health detail')).stdout, /PG_LOST/);
        assert.equal((await run('pg force 1.0 1')).code, 1);
        let missing = 0;
        for (let i = 0; i < pgNum; i++) {
          const asked = await run(`pg accept-loss 1.${i}`);
          assert.equal(asked.code, 1, 'it only shows');
          assert.match(
            asked.stdout,
            /^osd\.0: (log up to \d+'\d+, \d+ objects, |nothing of it; ).* {2}<- the one to go on with\n$/,
          );
          assert.match(asked.stderr, /add --yes if you mean it\n$/);
          const { copies } = JSON.parse((await run(`pg accept-loss 1.${i} --json`)).stdout) as {
            copies: { loss: { entries: number; exact: boolean } }[];
          };
          missing += copies[0]?.loss.entries ?? 0;
          const done = await run(`pg accept-loss 1.${i} --yes`);
          assert.equal(done.code, 0, done.stderr);
        }
        assert.ok(missing > 0, 'what is known to be missing is named');
        await until('all PGs are served', 30_000, isClean);
        let found = 0;
        for (let i = 0; i < 60; i++) {
          try {
            assert.deepEqual(await pool.read(`object-${i}`, { offset: 0, bytes: 9_000 }), Buffer.from(data(i)));
            found += 1;
          } catch (error) {
            if (!isCairnError(error, 'NOT_FOUND')) throw error;
          }
        }
        // The entry that was in the hole, and those behind it in its PG.
        assert.ok(found < 60 && found >= 60 - 1 - missing, `${found} of 60, ${missing} known to be missing`);
        await pool.writeFull('more', data(1));
      },
      { size: 1, minSize: 1 },
    );
  });
});
