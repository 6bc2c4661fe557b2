/** What a client promises, one fault at a time. */
import assert from 'node:assert/strict';
import { utf8Bytes, utf8Text } from '../../base/bytes.js';
import { coded } from '../monitor/daemon/sim-cluster.js';
import { onCluster } from './fake-cluster.js';

describe('a client', () => {
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
});
