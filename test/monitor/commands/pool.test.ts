import assert from 'node:assert/strict';
import { osdId, poolId } from '../../../cluster/ids.js';
import { validateMap } from '../../../cluster/validate-map.js';
import { poolCreate, poolRm, poolSet } from '../../../protocol/commands/pool.js';
import { clusterOf, done, json, refused } from './run-commands.js';
import { sampleMap, sampleOsd } from './sample-map.js';

const six = { osds: 6, hosts: 6 };

const refusals = [
  { words: 'pool create a/b', says: /^pool "a\/b" needs a name of up to 128 letters/ },
  { words: 'pool create a --size 17', says: /^pool "a" has size 17; give 1 to 16 copies$/ },
  { words: 'pool create a --size 0', says: /^pool "a" has size 0/ },
  { words: 'pool create a --min-size 4', says: /^pool "a" has min_size 4; give 1 to its size, 3$/ },
  { words: 'pool create a --pg-num 0', says: /^pool "a" has 0 PGs; give it 1 to 65536$/ },
  { words: 'pool create a --pg-num 65537', says: /^pool "a" has 65537 PGs/ },
  {
    words: 'pool create a --pg-num 1024',
    says: /^pool a would make 3096 copies of PGs on 6 OSDs, more than mon_max_pg_per_osd 250 each; choose --pg-num 492/,
  },
  { words: 'pool create a --rule nope', says: /^no rule is called nope; choose one of replicated_rule$/ },
  { words: 'pool create a --size 1', says: /^pool a: with size 1 there is no second copy: .*; add --yes/ },
  { words: 'pool create a --min-size 1', says: /^pool a: with min_size 1 writes are acknowledged .*; add --yes/ },
  { words: 'pool create a --checksum-block 5000', says: /give a power of two from 4 KiB to 1 MiB$/ },
  { words: 'pool create a --checksum-block 4K', says: /^"4K" is no size; write/ },
  { words: 'pool create a --ack-copies 1', says: /^--ack-copies and --max-lag are for async pools; add --async$/ },
  {
    words: 'pool create a --async --ack-copies 3',
    says: /^pool "a" acknowledges with 3 copies; give 1 to 2, or use mode sync$/,
  },
  { words: 'pool create a --async --max-lag 5s/1MiB/2', says: /^"5s\/1MiB\/2" is no lag; write TIME\/SIZE/ },
  {
    words: 'pool create pool1 --size 2',
    says: /^pool pool1 is there already, with size 3; `cairn pool set` changes it/,
  },
  { words: 'pool set nope size 2', says: /^no pool is called nope; choose one of pool1$/ },
  { words: 'pool set pool1 shape 2', says: /^pools have no setting "shape"; choose one of size,/ },
  { words: 'pool set pool1 constructor 2', says: /^pools have no setting "constructor"/ },
  { words: 'pool set pool1 size x', says: /^size cannot be "x"; write a whole number$/ },
  {
    words: 'pool set pool1 pg_num 4',
    says: /^pool pool1 has 8 PGs, .* never merges them; make a new pool with fewer, and copy the data$/,
  },
  {
    words: 'pool set pool1 pg_num 20',
    says: /^with 20 PGs some of pool pool1 would hold twice as much .* double the 8 that there are: 32$/,
  },
  {
    words: 'pool set pool1 pg_num 256',
    says: /^pool pool1 has 8 PGs, each of which splits into 16 at most at a time; set pg_num 128 first$/,
  },
  { words: 'pool set pool1 pg_num 0', says: /^a pool of 8 PGs cannot be split into 0; give a number above that/ },
  {
    words: 'pool create b --size 1 --async --yes',
    says: /^pool "b" has one copy, which is never behind; use mode sync, or a size of 2 or more$/,
  },
  { words: 'pool set pool1 rule nope', says: /^no rule is called nope/ },
  { words: 'pool set pool1 mode eventual', says: /^mode cannot be "eventual"; write sync or async$/ },
  { words: 'pool set pool1 mode async', says: /^pool pool1: in mode async a failover may lose acknowledged writes/ },
  { words: 'pool set pool1 max_lag 5s', says: /^the pool is sync and has no lag; set its mode to async first$/ },
  { words: 'pool set pool1 nodelete maybe', says: /^nodelete cannot be "maybe"; write true or false$/ },
  { words: 'pool set pool1 min_size 1', says: /^pool pool1: with min_size 1/ },
  { words: 'pool rename nope other', says: /^no pool is called nope/ },
  { words: 'pool get nope', says: /^no pool is called nope/ },
  { words: 'pool get pool1 shape', says: /^pools have no setting "shape"/ },
  { words: 'pool stats nope', says: /^no pool is called nope/ },
  {
    words: 'pool rm pool1',
    says: /^pool pool1 would go for ever: all objects in 8 PGs on 6 OSDs; add --yes if you mean it$/,
  },
];

describe('cairn pool', () => {
  for (const { words, says } of refusals) {
    it(`refuses in one line: ${words}`, async () => {
      assert.match(await refused(clusterOf(sampleMap({ ...six, pools: [{}] })), words), says);
    });
  }

  it('create takes what is not given from the central settings', async () => {
    const cluster = clusterOf(sampleMap(six));
    cluster.apply(
      { kind: 'config', key: 'global/osd_pool_default_size', value: '4' },
      { kind: 'config', key: 'mon/osd_pool_default_pg_num', value: '16' },
    );
    assert.match(await done(cluster, 'pool create data'), /^pool data created: 16 PGs, 4 copies\nsay what it is for/);
    const pool = cluster.map.pools.get(poolId(1));
    assert.deepEqual([pool?.size, pool?.minSize, pool?.pgNum, pool?.mode.kind], [4, 2, 16, 'sync']);
    assert.equal(pool?.createdAt, cluster.map.epoch);
  });

  it('create gives each PG its first members, in term 1 and confirmed', async () => {
    const cluster = clusterOf(sampleMap(six));
    await done(cluster, 'pool create data --size 2 --application s3');
    const { pg_stats: pgs } = (await json(cluster, 'pg ls')) as { pg_stats: Record<string, unknown>[] };
    assert.equal(pgs.length, 32);
    for (const { up, acting, term, eligible } of pgs) assert.deepEqual([acting, term, eligible], [up, 1, []]);
    validateMap(cluster.map);
  });

  it('create says what is there already, and numbers are never used again', async () => {
    const cluster = clusterOf(sampleMap(six));
    await done(cluster, 'pool create data --pg-num 8');
    const before = cluster.map;
    assert.equal(await done(cluster, 'pool create data'), 'pool data is there already\n');
    assert.equal(cluster.map, before);
    await done(cluster, 'pool rm data --yes');
    assert.equal(await done(cluster, 'pool rm data'), 'there is no pool data\n');
    await done(cluster, 'pool create data --pg-num 8');
    assert.deepEqual([...cluster.map.pools.keys()], [2]);
  });

  it('create advises on numbers of PGs, and on rules that find too few OSDs', async () => {
    const cluster = clusterOf(sampleMap({ osds: 2, hosts: 2 }));
    const said = await done(cluster, 'pool create data --pg-num 12 --application s3');
    assert.match(said, /\n12 PGs are no power of two: /);
    assert.match(said, /\nrule replicated_rule finds 2 of 3 OSDs for some PGs: it serves with fewer copies until/);
  });

  it('create takes async modes', async () => {
    const cluster = clusterOf(sampleMap(six));
    await done(cluster, 'pool create logs --async --max-lag 250ms/1MiB --ack-copies 2 --application s3');
    assert.deepEqual(cluster.map.pools.get(poolId(1))?.mode, {
      kind: 'async',
      ackCopies: 2,
      maxLagMs: 250,
      maxLagBytes: 1024 * 1024,
    });
    assert.deepEqual(cluster.map.records.get({ pool: poolId(1), pg: 0 })?.mode, { kind: 'async', ackCopies: 2 });
  });

  it('create makes 65,536 PGs, and lets others run meanwhile', async () => {
    const cluster = clusterOf(sampleMap(six));
    cluster.apply({ kind: 'config', key: 'mon/mon_max_pg_per_osd', value: '10000' });
    assert.match(await refused(cluster, 'pool create data --size 1 --pg-num 65536 --yes'), /choose --pg-num 60000/);
    cluster.apply({ kind: 'osd', osd: sampleOsd(6) });
    cluster.yields = 0;
    await done(cluster, 'pool create data --size 1 --pg-num 65536 --yes');
    assert.equal(cluster.map.records.count, 65_536);
    assert.ok(cluster.yields >= 65_536 / 256, String(cluster.yields));
  });

  it('set changes one thing, says what follows, and says what is so already', async () => {
    const cluster = clusterOf(sampleMap({ ...six, pools: [{}] }));
    assert.match(
      await done(cluster, 'pool set pool1 size 4'),
      /^pool pool1 has size 4: 8 of 8 PG mappings change, 8 copies move\n$/,
    );
    const before = cluster.map;
    assert.equal(await done(cluster, 'pool set pool1 size 4'), 'pool pool1 is so already\n');
    assert.equal(await done(cluster, 'pool set pool1 pg_num 8'), 'pool pool1 is so already\n');
    assert.equal(cluster.map, before);
    assert.match(await done(cluster, 'pool set pool1 size 7'), /finds 6 of 7 OSDs/);
    assert.equal(await done(cluster, 'pool set pool1 max_bytes 10GiB'), 'pool pool1 has quota_bytes 10GiB\n');
    assert.equal(await done(cluster, 'pool set pool1 quota_objects 5'), 'pool pool1 has quota_objects 5\n');
    assert.equal(await done(cluster, 'pool set pool1 application s3'), 'pool pool1 has application s3\n');
    await done(cluster, 'crush rule create-replicated flat default osd');
    assert.match(
      await done(cluster, 'pool set pool1 crush_rule flat'),
      /^pool pool1 has rule flat: \d of 8 PG mappings/,
    );
    validateMap(cluster.map);
  });

  it('set splits PGs in one epoch: where they are, one term up', async () => {
    const cluster = clusterOf(sampleMap({ ...six, pools: [{}] }));
    const { epoch } = cluster.map;
    assert.equal(
      await done(cluster, 'pool set pool1 pg_num 16'),
      'pool pool1 has pg_num 16\n16 PGs begin a new term with it\n' +
        'new PGs begin where the PGs are that they come from, and move by themselves to where CRUSH wants them\n',
    );
    assert.equal(cluster.map.epoch, epoch + 1);
    assert.equal(cluster.map.pools.get(poolId(1))?.pgNum, 16);
    const recordOf = (pg: number) => cluster.map.records.get({ pool: poolId(1), pg });
    assert.deepEqual(recordOf(13), recordOf(5));
    assert.equal(recordOf(5)?.term, 2);
    validateMap(cluster.map);
    assert.equal(await done(cluster, 'pool set pool1 pg_num 16'), 'pool pool1 is so already\n');
  });

  it('set lets a number of PGs that is uneven stay so, or become a power of two', async () => {
    const cluster = clusterOf(sampleMap({ ...six, pools: [{ pgNum: 12 }] }));
    assert.match(await refused(cluster, 'pool set pool1 pg_num 20'), /double the 12 that there are: 32 or 24$/);
    assert.match(await done(cluster, 'pool set pool1 pg_num 24'), /\n24 PGs are no power of two: /);
    assert.doesNotMatch(await done(cluster, 'pool set pool1 pg_num 32'), /no power of two/);
  });

  it('set gives no more PGs than OSDs take', async () => {
    const cluster = clusterOf(sampleMap({ ...six, pools: [{ pgNum: 256 }] }));
    assert.match(
      await refused(cluster, 'pool set pool1 pg_num 512'),
      /would make 1536 copies of PGs on 6 OSDs, more than mon_max_pg_per_osd 250 each; add OSDs, or raise the option$/,
    );
    assert.match(await refused(cluster, 'pool set pool1 pg_num 1024'), /add OSDs, or raise the option$/);
    cluster.apply({ kind: 'config', key: 'mon/mon_max_pg_per_osd', value: '300' });
    assert.match(await refused(cluster, 'pool set pool1 pg_num 1024'), /choose pg_num 512, or raise the option$/);
    await done(cluster, 'pool set pool1 pg_num 512');
  });

  it('set splits no PG whose store is gone until the others have gone on without it', async () => {
    const cluster = clusterOf(sampleMap({ osds: 3, hosts: 3, pools: [{}] }));
    const lost = cluster.map.osds.get(osdId(1));
    assert.ok(lost !== undefined);
    cluster.apply({ kind: 'osd', osd: { ...lost, uuid: undefined, isUp: false } });
    assert.match(
      await refused(cluster, 'pool set pool1 pg_num 16'),
      /^pg 1\.0 cannot be split: osd\.1\/2 acts in it, and is gone; try again .*: see `cairn pg query 1\.0`$/,
    );
  });

  it('set takes min_size along when the size falls below it', async () => {
    const cluster = clusterOf(sampleMap({ ...six, pools: [{ minSize: 3 }] }));
    assert.match(await done(cluster, 'pool set pool1 size 2'), /^pool pool1 has size 2, min_size 2: /);
  });

  it('set begins new terms in the new mode where somebody is up, and leaves other PGs to wait', async () => {
    const cluster = clusterOf(sampleMap({ osds: 4, hosts: 4, pools: [{ size: 2, minSize: 1 }] }));
    await done(cluster, 'osd down 0 1');
    const said = await done(cluster, 'pool set pool1 mode async --yes');
    assert.match(
      said,
      /^pool pool1 has mode async \(ack_copies 1, max_lag 5s\/64MiB\)\n6 PGs begin a new term with it\n/,
    );
    assert.match(said, /PGs that wait for their OSDs change their mode when they serve again/);
    const modes = Array.from({ length: 8 }, (_, pg) => cluster.map.records.get({ pool: poolId(1), pg })?.mode.kind);
    assert.deepEqual(modes, ['sync', 'async', 'async', 'async', 'sync', 'async', 'async', 'async']);
    const terms = Array.from({ length: 8 }, (_, pg) => cluster.map.records.get({ pool: poolId(1), pg })?.term);
    assert.equal(
      await done(cluster, 'pool set pool1 max_lag 1s'),
      'pool pool1 has mode async (ack_copies 1, max_lag 1s/64MiB)\n',
    );
    assert.deepEqual(
      Array.from({ length: 8 }, (_, pg) => cluster.map.records.get({ pool: poolId(1), pg })?.term),
      terms,
    );
    assert.match(
      await done(cluster, 'pool set pool1 mode sync'),
      /mode sync\neach PG changes once all its members have what was acknowledged; POOL_MODE_PENDING/,
    );
    assert.deepEqual(
      Array.from({ length: 8 }, (_, pg) => cluster.map.records.get({ pool: poolId(1), pg })?.term),
      terms,
    );
    validateMap(cluster.map);
  });

  it('set lets PGs begin that min_size kept from it', async () => {
    const cluster = clusterOf(sampleMap({ osds: 1, hosts: 1 }));
    await done(cluster, 'pool create data --pg-num 4 --application s3');
    assert.deepEqual(((await json(cluster, 'pg stat')) as { states: unknown }).states, { creating: 4 });
    assert.match(await done(cluster, 'pool set data min_size 1 --yes'), /4 PGs begin a new term/);
    assert.deepEqual(((await json(cluster, 'pg stat')) as { states: unknown }).states, {
      'active+undersized+degraded': 4,
    });
  });

  it('flags protect a pool from removal and from another size', async () => {
    const cluster = clusterOf(sampleMap({ ...six, pools: [{}] }));
    assert.equal(await done(cluster, 'pool set pool1 nodelete true'), 'pool pool1 has nodelete true\n');
    assert.match(
      await refused(cluster, 'pool rm pool1 --yes'),
      /protected by nodelete; `cairn pool set pool1 nodelete false`/,
    );
    await done(cluster, 'pool set pool1 nosizechange on');
    assert.match(await refused(cluster, 'pool set pool1 size 2'), /^pool pool1 keeps its size, as nosizechange is set/);
    await done(cluster, 'pool set pool1 nosizechange off');
    await done(cluster, 'pool set pool1 nodelete 0');
    assert.match(await done(cluster, 'pool rm pool1 --yes'), /^pool pool1 removed: all objects in 8 PGs on 6 OSDs\n$/);
    assert.equal(cluster.map.records.count, 0);
  });

  it('rename keeps the data, can be said again, and names caps that do not follow', async () => {
    const cluster = clusterOf(sampleMap({ ...six, pools: [{}, {}] }));
    const caps = new Map([['osd', 'allow rw pool=pool1']]);
    cluster.apply({ kind: 'entity', entity: { name: 'client.x', caps } });
    const said = await done(cluster, 'pool rename pool1 data');
    assert.match(said, /^pool pool1 renamed to data\ncaps that name pool=pool1 do not follow: client\.x; /);
    assert.equal(cluster.map.records.count, 16);
    assert.equal(await done(cluster, 'pool rename pool1 data'), 'pool data is called so already\n');
    assert.match(await refused(cluster, 'pool rename data pool2'), /^a pool is called pool2 already/);
  });

  it('ls, get and stats show pools for people and programs', async () => {
    const cluster = clusterOf(sampleMap({ ...six, pools: [{ name: 'data', application: 's3' }] }));
    assert.equal(await done(cluster, 'pool ls'), 'data\n');
    assert.deepEqual(await json(cluster, 'pool ls'), ['data']);
    assert.match(
      await done(cluster, 'pool ls detail'),
      /\n 1  data     3    2    8  replicated_rule  sync  64KiB  -      s3 /,
    );
    assert.equal(await done(cluster, 'pool get data min_size'), 'min_size: 2\n');
    assert.deepEqual(await json(cluster, 'pool get data size'), { pool_id: 1, pool_name: 'data', size: 3 });
    await done(cluster, 'osd down 0');
    const [stats] = (await json(cluster, 'pool stats data')) as Record<string, unknown>[];
    assert.deepEqual(stats?.['states'], { 'active+remapped': 4, 'remapped+peering': 4 });
    assert.equal(stats?.['missing_copies'], 4);
  });

  it('lets gateways make pools, and nothing else', async () => {
    const cluster = clusterOf(sampleMap({ ...six, pools: [{}] }));
    const caps = new Map([['mon', 'profile gateway']]);
    cluster.apply({ kind: 'entity', entity: { name: 'gateway.1', caps } });
    const gateway = cluster.as('gateway.1');
    assert.equal((await gateway.change(poolCreate, { name: 'meta', confirmed: false }, {})).id, 2);
    const denied = { code: 'PERMISSION_DENIED' };
    await assert.rejects(gateway.change(poolRm, { name: 'pool1', confirmed: true }, {}), denied);
    await assert.rejects(gateway.change(poolSet, { name: 'pool1', size: 1, confirmed: true }, {}), denied);
  });
});
