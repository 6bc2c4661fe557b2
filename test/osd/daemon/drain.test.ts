/** Taking a disk away, as an operator does it: drained, checked, stopped, destroyed. In a simulated world. */
import assert from 'node:assert/strict';
import { isClean, watched } from './watched-cluster.js';

describe('draining an OSD', () => {
  it('ends when its disk can be destroyed, and nothing was lost', async () => {
    await watched(21, 4, async ({ pool, run, until, osds }) => {
      const data = (i: number): Uint8Array => new Uint8Array(20_000).fill(i);
      for (let i = 0; i < 60; i++) await pool.writeFull(`object-${i}`, data(i));
      await until('all PGs are clean', 30_000, isClean);
      const before = await run('osd safe-to-destroy 0');
      assert.equal(before.code, 1);
      assert.match(before.stdout, /has a copy on osd\.0, and is active\+clean/);

      const { code, stdout, stderr } = await run('osd drain 0 --wait');
      assert.equal(code, 0, stderr);
      assert.match(stderr, /^marked out osd\.0\n(.*\n)*osd\.0: \d PGs; \d+ objects, \d+ KiB to copy/);
      assert.match(stdout, /^osd\.0 is drained: /);
      assert.match((await run('osd tree drained')).stdout, / osd\.0 +up +0 +drained/);
      assert.equal((await run('osd ok-to-stop 0')).code, 0);
      assert.equal((await run('osd safe-to-destroy 0')).code, 0);
      await osds[0]?.stop();
      assert.equal((await run('osd purge 0 --yes')).code, 0);
      await until('all PGs are clean still', 30_000, isClean);
      for (let i = 0; i < 60; i++) {
        assert.deepEqual(await pool.read(`object-${i}`, { offset: 0, bytes: 20_000 }), Buffer.from(data(i)));
      }
    });
  });

  it('is taken back, with the data', async () => {
    await watched(22, 4, async ({ pool, run, until }) => {
      for (let i = 0; i < 40; i++) await pool.writeFull(`object-${i}`, new Uint8Array(20_000));
      await until('all PGs are clean', 30_000, isClean);
      assert.equal((await run('osd drain 0 --wait')).code, 0);
      assert.match((await run('osd undrain 0')).stdout, /^marked in osd\.0\n/);
      await until('all PGs are clean with it', 60_000, isClean);
      const { num_not_ok_pgs: held } = JSON.parse((await run('osd safe-to-destroy 0 --json')).stdout) as {
        num_not_ok_pgs: number;
      };
      assert.ok(held > 0, 'it has copies again');
    });
  });
});
