/** A shard in a whole simulated cluster: calls that bring payload and read it back, through the death of its primary. */
import assert from 'node:assert/strict';
import { concatBytes, utf8Bytes, utf8Text } from '../../../../base/bytes.js';
import { objectHash, pgOfHash } from '../../../../cluster/object-placement.js';
import type { PoolClient } from '../../../../client/pool-client.js';
import { contentPrefix, decodeContent, encodeStoredHeaders } from '../../../../protocol/bucket/content.js';
import { refusalOf } from '../../../../protocol/bucket/refusal.js';
import { readPage } from '../../../../protocol/bucket/page.js';
import { decodeHeader, encodeHeader } from '../../../../wire/header-codec.js';
import { inCluster, isClean } from '../../pg/pg-cluster.js';
import { md5, plain, requestId } from './requests.js';
import { bucketId } from './shard-object.js';

const name = 'shard.0';
const prefix = contentPrefix(encodeStoredHeaders({ headers: new Map(), metadata: new Map() }));

async function call(
  pool: PoolClient,
  method: string,
  input: Record<string, unknown>,
  {
    payload = new Uint8Array(0),
    isReadOnly = false,
  }: { readonly payload?: Uint8Array; readonly isReadOnly?: boolean } = {},
): Promise<{ readonly output: Record<string, unknown>; readonly data: Uint8Array }> {
  const header = encodeHeader({ bucket: bucketId, generation: 1, ...input });
  const { output, data } = await pool.operate(name, {
    call: { class: 'bucket', method, input: header, bytes: payload.byteLength },
    payload,
    isReadOnly,
  });
  return { output: decodeHeader(output ?? assert.fail(), 0, output?.byteLength ?? 0) as Record<string, unknown>, data };
}

async function put(pool: PoolClient, key: string, text: string, extra: Record<string, unknown> = {}): Promise<void> {
  const body = utf8Bytes(text);
  const content = concatBytes([prefix, body]);
  const value = { ...plain, size: body.byteLength, etag: md5(body), partCount: 0, isInline: true, isShared: false };
  const bytes = { contentBytes: content.byteLength, tagsBytes: 0, aclBytes: 0 };
  await call(
    pool,
    'put',
    { key, requestId: requestId(), intents: [], ...value, ...bytes, ...extra },
    { payload: content },
  );
}

async function get(pool: PoolClient, key: string): Promise<string> {
  const { data } = await call(pool, 'get', { key, wants: ['content'] }, { isReadOnly: true });
  const content = decodeContent(data);
  return content.data.kind === 'inline' ? utf8Text(content.data.payload) : assert.fail();
}

describe('osd/classes/bucket: in a cluster', () => {
  it('keeps what was put, lists it, and lets one of many win, while its primary dies', async () => {
    await inCluster(11, 3, async ({ pool, osds, cluster }) => {
      const rules = { versioning: 'enabled', isLockEnabled: false, owner: 'alice' };
      const rectangle = { hashFrom: 0, hashTo: 0xffffffff, keyFrom: '' };
      const shard = { shard: 0, rectangle, tableVersion: 1, rules, state: 'open', nextSequence: 1 };
      await call(pool, 'create', shard);
      const text = (i: number): string => `value ${i} `.repeat(200 * i);
      for (let i = 0; i < 20; i += 1) await put(pool, `key-${i}`, text(i));
      const race = Array.from({ length: 16 }, async (_, i) => {
        try {
          await put(pool, 'one of many', `${i}`, { condition: { ifNoneMatch: '*' } });
          return i;
        } catch (error) {
          assert.equal(refusalOf(error), 'precondition');
          return undefined;
        }
      });
      const { records, pools } = cluster.newestMap;
      const found = [...pools.values()].find(({ id }) => id === pool.id) ?? assert.fail();
      const hash = objectHash(found.id, { namespace: '', locator: '', name });
      const primary = records.get({ pool: found.id, pg: pgOfHash(hash, found.pgNum) })?.acting[0]?.osd;
      const osd = osds.find(({ id }) => id === primary) ?? assert.fail();
      osd.process?.kill();
      const winners = (await Promise.all(race)).filter((winner) => winner !== undefined);
      assert.equal(winners.length, 1);
      assert.equal(await get(pool, 'one of many'), `${winners[0]}`);
      osd.start();
      for (let i = 0; i < 20; i += 1) assert.equal(await get(pool, `key-${i}`), text(i));
      const listing = { prefix: 'key-1', delimiter: '', count: 100 };
      const { data } = await call(pool, 'list', listing, { isReadOnly: true });
      assert.equal(readPage(data).length, 11);
      await cluster.until('all PGs are whole again', 60_000, () => isClean(cluster));
    });
  });
});
