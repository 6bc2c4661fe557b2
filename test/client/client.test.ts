/** What a client promises, one fault at a time. */
import assert from 'node:assert/strict';
import { utf8Bytes, utf8Text } from '../../base/bytes.js';
import { coded } from '../monitor/daemon/sim-cluster.js';
import { poolId } from '../../cluster/ids.js';
import { objectHash, pgOfHash } from '../../cluster/object-placement.js';
import { onCluster, pgNum } from './fake-cluster.js';

describe('a client', function () {
  this.timeout(60_000);

  it('reads what it wrote, in every PG', () =>
    onCluster(async (cluster) => {
      const client = await cluster.client();
      const pool = await client.pool('data');
      const names = Array.from({ length: 40 }, (_, index) => `object ${index}`);
      await Promise.all(names.map((name) => pool.writeFull(name, utf8Bytes(`of ${name}`))));
      for (const name of names) {
        assert.equal(utf8Text(await pool.read(name, { offset: 0, bytes: 100 })), `of ${name}`);
      }
      assert.ok(cluster.pgs.every(({ objects }) => objects.size > 0));
      await client.close();
    }));

  it('says that a pool or an object is not there', () =>
    onCluster(async (cluster) => {
      const client = await cluster.client();
      await assert.rejects(client.pool('nothing'), coded('NOT_FOUND', /cairn pool ls/, 'no'));
      const pool = await client.pool(1);
      await assert.rejects(pool.read('nothing', { offset: 0, bytes: 1 }), coded('NOT_FOUND', /./, 'no'));
      assert.equal(await pool.stat('nothing'), undefined);
      await client.close();
    }));

  it('leaves a primary that hangs as soon as a newer map has another', () =>
    onCluster(async (cluster) => {
      const client = await cluster.client();
      const pool = await client.pool('data');
      await pool.append('a', utf8Bytes('1'));
      const pg = cluster.pgs.findIndex(({ objects }) => objects.size > 0);
      const leader = cluster.leaderOf(pg);
      cluster.osd(leader).process?.pause();
      const begun = cluster.world.now;
      const appended = pool.append('a', utf8Bytes('2'));
      await cluster.world.sleep(100);
      cluster.lead(pg, (leader + 1) % 3);
      await appended;
      assert.ok(cluster.world.now - begun < 150);
      assert.equal(client.status.reroutes, 1);
      cluster.osd(leader).process?.proceed();
      await cluster.world.sleep(100);
      assert.equal(utf8Text(await pool.read('a', { offset: 0, bytes: 9 })), '12', 'the copy there died with its term');
      await client.close();
    }));

  it('finds an OSD that restarts at once, without a newer map', () =>
    onCluster(async (cluster) => {
      const client = await cluster.client();
      const pool = await client.pool('data');
      await pool.append('a', utf8Bytes('1'));
      const id = cluster.leaderOf(cluster.pgs.findIndex(({ objects }) => objects.size > 0));
      cluster.osd(id).kill();
      const appended = pool.append('a', utf8Bytes('2'));
      await cluster.world.sleep(300);
      await cluster.osd(id).start();
      await appended;
      await client.close();
    }));

  it('says within the deadline what it waited for, and whether the operation may have been made', () =>
    onCluster(async (cluster) => {
      const client = await cluster.client();
      const pool = await client.pool('data');
      await pool.stat('a');
      for (let id = 0; id < 3; id++) cluster.unready.add(id);
      const begun = cluster.world.now;
      await assert.rejects(
        pool.append('a', utf8Bytes('1'), cluster.within(500)),
        coded(
          'DEADLINE_EXCEEDED',
          /^object "a" in pool data: osd\.\d, which leads pg 1\.\d, did not .*pg map 1\./,
          'no',
        ),
      );
      assert.ok(cluster.world.now - begun < 510);
      cluster.unready.clear();
      cluster.faults.cutAfter = 1;
      await assert.rejects(
        pool.append('a', utf8Bytes('2'), cluster.within(500)),
        coded('DEADLINE_EXCEEDED', /last: /, 'maybe'),
      );
      await assert.rejects(pool.stat('a', cluster.within(500)), coded('DEADLINE_EXCEEDED', /./, 'no'));
      cluster.change({ kind: 'flag', flag: 'pause', isSet: true });
      await cluster.world.sleep(10);
      await assert.rejects(pool.stat('a', cluster.within(500)), coded('DEADLINE_EXCEEDED', /unset pause/, 'no'));
      await client.close();
    }));

  it('is not held up by a PG that does not serve, however many changes the others take', () =>
    onCluster(async (cluster) => {
      const client = await cluster.client();
      const pool = await client.pool('data');
      await pool.create('stuck');
      const pg = cluster.pgs.findIndex(({ objects }) => objects.size > 0);
      cluster.unreadyPgs.add(pg);
      const stuck = pool.append('stuck', utf8Bytes('1'));
      for (let round = 0; round < 30; round++) {
        const names = Array.from({ length: 400 }, (_, index) => `${index}`).filter((name) => !isIn(name, pg));
        await Promise.all(names.map((name) => pool.append(name, utf8Bytes('x'))));
      }
      for (const { answersPeak } of cluster.pgs) assert.ok(answersPeak < 600, String(answersPeak));
      cluster.unreadyPgs.clear();
      await stuck;
      await client.close();
    }));

  it('has 512 changes and its bytes under way, lets others wait, and refuses more', () =>
    onCluster(
      async (cluster) => {
        const client = await cluster.client({ waitingMax: 100, bytesInFlightMax: 1_000_000 });
        const pool = await client.pool('data');
        await pool.create('a');
        const appends = Array.from({ length: 612 }, () => pool.append('a', utf8Bytes('x')));
        await Promise.resolve();
        assert.equal(client.status.changesInFlight, 512);
        assert.ok(client.status.bytesInFlight <= 1_000_000);
        const outcomes = await Promise.allSettled(appends);
        const refused = outcomes.filter(({ status }) => status === 'rejected').length;
        assert.ok(refused > 0);
        for (const one of outcomes) if (one.status === 'rejected') coded('OVERLOADED', /./, 'no')(one.reason);
        assert.equal((await pool.stat('a'))?.size, 612 - refused);
        assert.deepEqual([client.status.changesInFlight, client.status.bytesInFlight], [0, 0]);
        await client.close();
      },
      { faults: { slowBefore: 1 } },
    ));

  it('is closed at any moment, and tells all who wait', () =>
    onCluster(async (cluster) => {
      for (let ms = 0; ms < 4; ms += 0.4) {
        const client = await cluster.client();
        const pool = await client.pool('data');
        cluster.unreadyPgs.add(0);
        const all = Array.from({ length: 20 }, (_, index) => pool.append(`${index}`, utf8Bytes('x')));
        const settled = Promise.allSettled(all);
        await cluster.world.sleep(ms);
        await Promise.all([client.close(), client.close()]);
        for (const one of await settled) if (one.status === 'rejected') coded('CLOSED')(one.reason);
        await assert.rejects(pool.stat('a'), coded('CLOSED'));
      }
    }));

  it('closes connections that it does not use', () =>
    onCluster(async (cluster) => {
      const client = await cluster.client();
      const pool = await client.pool('data');
      await Promise.all(Array.from({ length: 20 }, (_, index) => pool.stat(`${index}`)));
      assert.equal(client.status.links, 3);
      cluster.setUp(0, false);
      await cluster.world.sleep(100);
      assert.equal(client.status.links, 2, 'that to an OSD that is down goes at once');
      await cluster.world.sleep(120_000);
      assert.equal(client.status.links, 0);
      await client.close();
    }));

  it('refuses what no OSD would take', () =>
    onCluster(async (cluster) => {
      const client = await cluster.client();
      const pool = await client.pool('data');
      const cases = [
        pool.stat(''),
        pool.stat('\ud800'),
        pool.read('a', { offset: 0, bytes: 9_000_000 }),
        pool.operate('a', {}),
        pool.operate('a', { changes: [{ kind: 'append', bytes: 3 }], payload: utf8Bytes('four') }),
        pool.operate('a', { reads: Array.from({ length: 257 }, () => ({ kind: 'stat' }) as const) }),
      ];
      for (const one of cases) await assert.rejects(one, coded('INVALID_ARGUMENT', /./, 'no'));
      assert.equal(client.status.attempts, 0);
      await client.close();
    }));

  it('does all that an object can', () =>
    onCluster(async (cluster) => {
      const client = await cluster.client();
      const pool = await client.pool('data');
      await pool.write('a', 2, utf8Bytes('cdef'));
      await pool.zero('a', { offset: 3, bytes: 1 });
      await pool.truncate('a', 5);
      assert.deepEqual(
        (await pool.readMany('a', [{ offset: 0, bytes: 3 }, { offset: 4, bytes: 9 }])).map(utf8Text),
        ['\0\0c', 'e'],
      ); // prettier-ignore
      await pool.setAttributes('a', [['one', utf8Bytes('1')], ['two', utf8Bytes('2')]]); // prettier-ignore
      await pool.removeAttribute('a', 'one');
      assert.deepEqual([...(await pool.attributes('a')).keys()], ['two']);
      await pool.omapSet('a', 'k', { head: utf8Bytes('h'), bodies: [[0, utf8Bytes('body')], [2, utf8Bytes('x')]] }); // prettier-ignore
      await pool.omapMove('a', 'k', 'l');
      assert.deepEqual((await pool.omapGet('a', 'l')).slots, [0, 2]);
      assert.equal(utf8Text((await pool.omapBody('a', 'l', 0)) ?? utf8Bytes('')), 'body');
      assert.equal(await pool.omapBody('a', 'l', 1), undefined);
      const { entries, isMore } = await pool.omapList('a', { count: 10 });
      assert.deepEqual([entries.map(([key]) => key), isMore], [['l'], false]);
      await pool.omapRemove('a', 'l');
      await pool.omapRemoveRange('a', 'a', undefined);
      assert.equal((await pool.omapGet('a', 'l')).head, undefined);
      assert.equal(utf8Text(await pool.call('a', { class: 'echo', method: 'say', input: utf8Bytes('hi') })), 'hi');
      const guards = [{ kind: 'size', size: 4 }] as const;
      await assert.rejects(pool.remove('a', { guards }), coded('CONFLICT', /./, 'no'));
      await pool.remove('a');
      assert.equal(await pool.stat('a'), undefined);
      await client.close();
    }));
});

function isIn(name: string, pg: number): boolean {
  return pgOfHash(objectHash(poolId(1), { name, namespace: '', locator: '' }), pgNum) === pg;
}
