import assert from 'node:assert/strict';
import { osdId, pgTerm, poolId, storeNumber } from '../../../cluster/ids.js';
import type { Member } from '../../../cluster/pg-record.js';
import { validateMap } from '../../../cluster/validate-map.js';
import { pgAdmit, pgBump, pgConfirm, pgForce, pgLeave, pgLs, pgPageSize } from '../../../protocol/commands/pg.js';
import { clusterOf, done, json, refused } from './run-commands.js';
import { sampleMap } from './sample-map.js';

const pg = { pool: poolId(1), pg: 0 };

/** As `sampleMap` numbers stores. */
function member(id: number): Member {
  return { osd: osdId(id), store: storeNumber(id + 1) };
}

/** PG 1.0 is on OSDs 0, 1 and 2, in term 1. */
function sample() {
  return clusterOf(sampleMap({ osds: 4, pools: [{}] }));
}

const asked = { pg, term: pgTerm(1), from: member(0) };

describe('cairn pg', () => {
  it('map shows where a PG should be and where it is', async () => {
    const cluster = sample();
    assert.match(await done(cluster, 'pg map 1.0'), /^osdmap e6 pg 1\.0 -> up \[\d,\d,\d\] acting \[0,1,2\]\n$/);
    const { acting_primary: primary } = (await json(cluster, 'pg map 1.0')) as Record<string, unknown>;
    assert.equal(primary, 0);
    assert.match(await refused(cluster, 'pg map 1.8'), /^pool pool1 has no pg 1\.8; its last one is 1\.7$/);
    assert.match(await refused(cluster, 'pg map x'), /^"x" is no PG/);
  });

  it('ls filters by pool, OSD and state', async () => {
    const cluster = clusterOf(sampleMap({ osds: 4, pools: [{}, { pgNum: 4 }] }));
    const ids = async (words: string) => {
      const { pg_stats: pgs } = (await json(cluster, words)) as { pg_stats: { pgid: string }[] };
      return pgs.map(({ pgid }) => pgid);
    };
    assert.equal((await ids('pg ls')).length, 12);
    assert.deepEqual(await ids('pg ls --pool pool2'), ['2.0', '2.1', '2.2', '2.3']);
    await done(cluster, 'osd down 3');
    assert.deepEqual(await ids('pg ls --pool pool2 --state peering'), ['2.1', '2.2', '2.3']);
    await done(cluster, 'osd out 3');
    assert.equal((await ids('pg ls --osd 3')).length, 0);
    assert.match(
      await refused(cluster, 'pg ls --state odd'),
      /^no PG is ever odd; states are made of creating, active,/,
    );
    assert.match(await refused(cluster, 'pg ls --osd 99'), /^there is no osd\.99; `cairn osd ls` lists/);
    assert.match(await refused(cluster, 'pg ls --pool nope'), /^no pool is called nope/);
    assert.match(await done(cluster, 'pg ls --pool pool2'), /^PG {3}STATE .*\n2\.0  active\+remapped +1 /);
  });

  it('ls comes in pages that the wire can carry, and the command line puts them together', async () => {
    const cluster = clusterOf(sampleMap({ osds: 4, pools: [{ pgNum: pgPageSize }, { pgNum: 3 }] }));
    const first = (await cluster.as().query(pgLs, {}, {})).result;
    assert.equal(first.pgs.length, pgPageSize);
    assert.deepEqual(first.next, { pool: 2, pg: 0 });
    assert.ok(cluster.yields > 0);
    const lines = (await done(cluster, 'pg ls')).split('\n');
    assert.equal(lines.length, 1 + pgPageSize + 3 + 1);
    assert.match(lines.at(-2) ?? '', /^2\.2 /);
  });

  it('stat counts the PGs by state', async () => {
    const cluster = sample();
    assert.equal(await done(cluster, 'pg stat'), '8 pgs: 7 active+remapped, 1 active\n');
    await done(cluster, 'osd down 0 1');
    assert.equal(
      await done(cluster, 'pg stat'),
      '8 pgs: 3 undersized+degraded+remapped+peered, 2 peering, 2 remapped+peering, 1 undersized+degraded+peered\n',
    );
  });

  it('force wants a PG that is lost, an OSD that is up, and --yes; and can be said again', async () => {
    const cluster = sample();
    assert.match(
      await refused(cluster, 'pg force 1.0 3'),
      /^pg 1\.0 may still have all its data on osd\.0\/1; bring osd\.0 back, or give it up with `cairn osd lost 0`$/,
    );
    await done(cluster, 'osd down 0 1 2');
    await done(cluster, 'osd lost 0 1 2 --yes');
    assert.match(await refused(cluster, 'pg force 1.0 0 --yes'), /^osd\.0 is not up with a store; name one that is$/);
    assert.match(
      await refused(cluster, 'pg force 1.0 3'),
      /^pg 1\.0 of pool pool1 loses all that only osd\.0, osd\.1 and osd\.2 had, and goes on with .*; add --yes/,
    );
    assert.match(await done(cluster, 'pg force 1.0 3 --yes'), /^pg 1\.0 of pool pool1 loses all that only/);
    assert.deepEqual(cluster.map.records.get(pg)?.acting, [member(3)]);
    assert.equal(await done(cluster, 'pg force 1.0 3 --yes'), 'pg 1.0 goes on with osd.3 already\n');
    validateMap(cluster.map);
    const osd = cluster.as('osd.3').change(pgForce, { pg, osd: osdId(3), confirmed: true }, {});
    await assert.rejects(osd, { code: 'PERMISSION_DENIED' });
  });
});

describe('what OSDs ask of records', () => {
  it('admit, leave and bump make new terms, and confirm keeps the term', async () => {
    const cluster = sample();
    const primary = cluster.as('osd.0');
    const admitted = await primary.change(pgAdmit, { ...asked, joiner: member(3) }, {});
    assert.deepEqual(admitted.record, {
      term: 2,
      acting: [0, 1, 2, 3].map(member),
      eligible: [],
      mode: { kind: 'sync' },
    });
    const two = { ...asked, term: pgTerm(2) };
    const left = await primary.change(pgLeave, { ...two, acting: [member(0), member(3)], isDrained: false }, {});
    assert.deepEqual(left.record.acting, [0, 3].map(member));
    const bumped = await primary.change(pgBump, { ...asked, term: pgTerm(3) }, {});
    assert.equal(bumped.record.term, 4);
    await done(cluster, 'osd down 3');
    assert.deepEqual(cluster.map.records.get(pg)?.eligible, [member(3)]);
    const unconfirmed = primary.change(pgConfirm, { ...asked, term: pgTerm(5) }, {});
    await assert.rejects(unconfirmed, { code: 'CONFLICT', message: /1 of min_size 2/ });
    await done(cluster, 'pool set pool1 min_size 1 --yes');
    const confirmed = await primary.change(pgConfirm, { ...asked, term: pgTerm(5) }, {});
    assert.deepEqual([confirmed.record.term, confirmed.record.eligible], [5, []]);
    const before = cluster.map;
    assert.deepEqual(await primary.change(pgConfirm, { ...asked, term: pgTerm(5) }, {}), confirmed);
    assert.equal(cluster.map, before);
    validateMap(cluster.map);
  });

  it('is refused from another entity, another term and for another PG', async () => {
    const cluster = sample();
    const { map } = cluster;
    const stranger = cluster.as('osd.1').change(pgBump, asked, {});
    await assert.rejects(stranger, { code: 'PERMISSION_DENIED', message: /osd\.1 cannot speak for osd\.0/ });
    await assert.rejects(cluster.as().change(pgBump, asked, {}), { code: 'PERMISSION_DENIED' });
    const follower = cluster.as('osd.1').change(pgBump, { ...asked, from: member(1) }, {});
    await assert.rejects(follower, { code: 'INVALID_ARGUMENT', message: /not its primary/ });
    const late = cluster.as('osd.0').change(pgBump, { ...asked, term: pgTerm(0) }, {});
    await assert.rejects(late, { code: 'CONFLICT', message: /is in term 1, not 0/ });
    const absent = cluster.as('osd.0').change(pgBump, { ...asked, pg: { pool: poolId(1), pg: 8 } }, {});
    await assert.rejects(absent, { code: 'NOT_FOUND' });
    assert.equal(cluster.map, map);
  });
});
