/** What the monitors know of PGs, in a simulated world: while data is written, an OSD is lost, and the leader too. */
import assert from 'node:assert/strict';
import { osdOut } from '../../../protocol/commands/osd.js';
import { clusterHealth } from '../../../protocol/commands/status.js';
import { isClean, pgNum, watched } from './watched-cluster.js';

describe('reports of PGs', () => {
  it('make PGs clean, and count what was written', async () => {
    await watched(11, 3, async ({ pool, until, status }) => {
      await until('all PGs are clean', 20_000, isClean);
      for (let i = 0; i < 30; i++) await pool.writeFull(`object-${i}`, new Uint8Array(1_000));
      await until('objects are counted', 10_000, ({ pgmap }) => pgmap.num_objects === 30);
      const { pgmap, health } = await status();
      assert.deepEqual([pgmap.data_bytes, pgmap.total_copies, pgmap.degraded_objects], [30_000, 90, 0]);
      assert.deepEqual(
        Object.keys(health.checks).filter((code) => /^(?:PG|OBJECT)_/.test(code)),
        [],
      );
    });
  });

  it('say what is missing while an OSD is gone, and that it comes back', async () => {
    await watched(12, 3, async ({ pool, osds, until, admin }) => {
      for (let i = 0; i < 30; i++) await pool.writeFull(`object-${i}`, new Uint8Array(1_000));
      await until(
        'objects are counted',
        20_000,
        ({ pgmap }) => pgmap.num_objects === 30 && pgmap.states['active+clean'] === pgNum,
      );
      osds[0]?.process?.kill();
      const degraded = `active+undersized+degraded`;
      await until('all PGs are degraded', 20_000, ({ pgmap }) => pgmap.states[degraded] === pgNum);
      const { checks } = (await admin.session.query(clusterHealth, { detail: false }, admin.within(5_000))).result;
      assert.match(
        checks['PG_DEGRADED']?.summary.message ?? '',
        /: 30\/90 objects degraded \(33.3 %\), 8 pgs degraded/,
      );
      for (let i = 30; i < 40; i++) await pool.writeFull(`object-${i}`, new Uint8Array(1_000));
      osds[0]?.start();
      await until('all PGs are clean again', 60_000, isClean);
      await until('all is counted', 20_000, ({ pgmap }) => pgmap.num_objects === 40 && pgmap.degraded_objects === 0);
    });
  });

  it('say what moves when an OSD is marked out, until it is all there', async () => {
    await watched(13, 4, async ({ pool, osds, until, admin }) => {
      for (let i = 0; i < 60; i++) await pool.writeFull(`object-${i}`, new Uint8Array(20_000));
      await until('all PGs are clean', 30_000, (one) => isClean(one) && one.pgmap.num_objects === 60);
      await admin.session.change(osdOut, { osds: [osds[0]?.id ?? assert.fail()] }, admin.within(10_000));
      let isSeen = false;
      let pace = 0;
      const states = await until('all PGs are clean again', 120_000, (one) => {
        const { misplaced_objects: misplaced, recovery_bytes_left: left, degraded_objects: degraded } = one.pgmap;
        assert.equal(degraded, 0, 'copies never drop below what they were while data moves');
        assert.equal(misplaced === 0, left === 0);
        isSeen ||= misplaced > 0;
        const [recovering] = one.pgmap.recovering_pools;
        if (left > 0) assert.equal(recovering?.recovery_bytes_left, left);
        pace = Math.max(pace, recovering?.recovering_bytes_per_sec ?? 0);
        return isClean(one);
      });
      await until('the pool has had a pace of its own', 5_000, ({ pgmap }) => {
        return pace > 0 || pgmap.recovering_pools.some((one) => one.recovering_bytes_per_sec > 0);
      });
      assert.ok(isSeen, `nothing was misplaced on the way: ${[...states].join(', ')}`);
    });
  });

  it('are told in detail by the primary itself', async () => {
    await watched(15, 3, async ({ pool, run, osds, until }) => {
      for (let i = 0; i < 20; i++) await pool.writeFull(`object-${i}`, new Uint8Array(1_000));
      await until('all PGs are clean', 20_000, isClean);
      const json = JSON.parse((await run('pg query 1.0 --json')).stdout) as {
        members: { osd: number; role: string; lease: string | null; durable: number }[];
        log: { committed: number };
      } & Record<string, unknown>;
      assert.deepEqual(
        [json['pgid'], json['state'], json['confirmed'], json['joining']],
        ['1.0', 'active+clean', true, null],
      );
      assert.deepEqual(
        json.members.map(({ role }) => role),
        ['primary', 'replica', 'replica'],
      );
      assert.deepEqual(
        json.members.map(({ lease }) => lease),
        [null, 'held', 'held'],
      );
      assert.ok(json.members.every(({ durable }) => durable === json.log.committed));
      const text = (await run('pg query 1.0')).stdout;
      assert.match(text, /^pg {9}1\.0, as osd\.\d sees it at map e\d+\nstate {6}active\+clean\n/);
      assert.match(text, /\nOSD +ROLE +STORE +LOG UP TO +BEHIND +LEASE *\nosd\.\d +primary /);
      assert.match((await run('pg query 1.9')).stderr, /has no pg 1\.9; its last one is 1\.7\n$/);

      for (const osd of osds) await osd.stop();
      await until('nobody is up', 20_000, ({ pgmap }) => pgmap.states['down'] === pgNum);
      const { code, stderr } = await run('pg query 1.0');
      assert.equal(code, 1);
      assert.match(
        stderr,
        /^cairn: pg 1\.0 cannot be asked: osd\.\d, which leads its PG, is down; see `cairn pg map 1\.0`\n$/,
      );
    });
  });

  it('are made again to the next leader within seconds', async () => {
    await watched(14, 3, async ({ pool, cluster, until }) => {
      for (let i = 0; i < 10; i++) await pool.writeFull(`object-${i}`, new Uint8Array(100));
      await until('all PGs are clean', 20_000, (one) => isClean(one) && one.pgmap.num_objects === 10);
      cluster.leader?.process?.kill();
      await until('the next leader knows', 15_000, (one) => isClean(one) && one.pgmap.num_objects === 10);
    });
  });
});
