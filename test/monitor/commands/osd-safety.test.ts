/** What is said before OSDs are stopped, drained and destroyed. */
import assert from 'node:assert/strict';
import { wallMs } from '../../../base/instants.js';
import { osdId, pgTerm, poolId } from '../../../cluster/ids.js';
import { osdDrainStatus } from '../../../protocol/commands/osd-safety.js';
import type { LocalCluster } from './local-cluster.js';
import { clusterOf, done, json, run } from './run-commands.js';
import { sampleMap } from './sample-map.js';

/** Four OSDs on four hosts, 8 PGs of size 3 and min_size 2: PG n acts on n, n+1 and n+2 modulo 4. */
function sample(pool: Parameters<typeof sampleMap>[0] = {}): LocalCluster {
  return clusterOf(sampleMap({ osds: 4, pools: [{}], ...pool }));
}

async function no(cluster: LocalCluster, words: string): Promise<{ readonly table: string; readonly line: string }> {
  const { code, stdout, stderr } = await run(cluster, words);
  assert.equal(code, 1, words);
  assert.match(stderr, /^cairn: [^\n]+\n$/);
  return { table: stdout, line: stderr.slice('cairn: '.length, -1) };
}

describe('osd ok-to-stop', () => {
  it('is a yes while min_size copies are left everywhere', async () => {
    const cluster = sample();
    assert.equal(await done(cluster, 'osd ok-to-stop 0'), 'osd.0 can stop: 6 PGs on it and all serve on\n');
    assert.deepEqual(await json(cluster, 'osd ok-to-stop osd.0'), {
      ok: true,
      osds: [0],
      num_pgs: 6,
      num_not_ok_pgs: 0,
      reasons: [],
      reasons_omitted: 0,
    });
  });

  it('is a no with the reason of each PG', async () => {
    const cluster = sample();
    const { table, line } = await no(cluster, 'osd ok-to-stop 0 1');
    assert.match(table, /^PG {3}REASON *\n1\.0 {2}would have 1 of the 2 copies that it needs to serve *\n1\.3 /);
    assert.match(line, /^osd\.0, osd\.1 should not stop now, for 4 PGs; stop fewer at once/);
  });

  it('is a no where a PG serves nobody already, and says nothing of PGs that it has nothing to do with', async () => {
    const cluster = sample();
    await done(cluster, 'osd down 0 1');
    const { table } = await no(cluster, 'osd ok-to-stop 2');
    assert.match(table, /\n1\.0 {2}is undersized\+degraded(\+remapped)?\+peered: it serves nobody now/);
    assert.match((await run(cluster, 'osd ok-to-stop 9')).stderr, /^cairn: there is no osd\.9; `cairn osd ls`/);
  });

  it('is a no where what an async pool acknowledged may be on them only', async () => {
    const cluster = sample({ pools: [{ pgNum: 1, minSize: 1 }] });
    const record = cluster.map.records.get({ pool: poolId(1), pg: 0 }) ?? assert.fail();
    const mode = { kind: 'async', ackCopies: 1 } as const;
    const records = [{ ...record, mode, term: pgTerm(record.term + 1) }];
    cluster.apply({ kind: 'records', pool: poolId(1), pgs: Uint32Array.of(0), records });
    const { table } = await no(cluster, 'osd ok-to-stop 0');
    assert.match(table, /is async: what was acknowledged last may be on 1 OSD of these only/);
  });
});

describe('osd safe-to-destroy', () => {
  it('is a no as long as a PG counts the OSD among its members', async () => {
    const cluster = sample();
    const { table, line } = await no(cluster, 'osd safe-to-destroy 0');
    assert.match(table, /\n1\.0 {2}has a copy on osd\.0, and is active/);
    assert.match(line, /^osd\.0 should not be destroyed, for 6 PGs; run `cairn osd drain osd\.0` first$/);
    assert.match(
      (await no(cluster, 'osd safe-to-destroy 0 1 2')).table,
      /\n1\.0 {2}has all its copies on osd\.0, osd\.1 and osd\.2/,
    );
  });

  it('is a no for one that keeps parked writes, and who destroys it is told', async () => {
    const cluster = clusterOf(sampleMap({ osds: 5, hosts: 5, pools: [{ pgNum: 1 }] }));
    const pgs = [
      [1, 0, 2],
      [1, 7, 1],
    ] as const;
    const parked = { objects: 3, acknowledged: 1, bytes: 30, pgs };
    const idle = { usedBytes: 0, totalBytes: 1, loopDelayMs: 0, slowOps: 0, heardAt: wallMs(0) };
    cluster.soft = { ...cluster.soft, osds: new Map([[osdId(3), { ...idle, parked }]]) };
    const { table } = await no(cluster, 'osd safe-to-destroy 3 4');
    assert.match(
      table,
      /\n1\.0 {2}has 2 objects parked on osd\.3; see `cairn pg parked ls --osd 3`.*\n1\.7 {2}has 1 object /,
    );
    await done(cluster, 'osd down 3 4');
    assert.match((await no(cluster, 'osd rm 3')).line, /no PG loses a member, 3 objects with parked writes go along/);
    assert.match(await done(cluster, 'osd rm 4'), /no PG loses a member\n/);
    assert.match((await no(cluster, 'pool rm pool1')).line, /, and 3 objects or more with parked writes/);
  });

  it('is a yes for one that nobody needs', async () => {
    const cluster = clusterOf(sampleMap({ osds: 5, hosts: 5, pools: [{ pgNum: 1 }] }));
    assert.match(await done(cluster, 'osd safe-to-destroy 3 4'), /^osd\.3, osd\.4 can be destroyed: no PG has a copy/);
  });

  it('is a no for every disk while a PG is lost: it may have a copy', async () => {
    const cluster = clusterOf(sampleMap({ osds: 5, hosts: 5, pools: [{ pgNum: 1 }] }));
    await done(cluster, 'osd down 0 1 2');
    await done(cluster, 'osd lost 0 1 2 --yes');
    assert.match((await no(cluster, 'osd safe-to-destroy 4')).table, /\n1\.0 {2}is lost: whatever a disk still has/);
  });
});

describe('osd drain', () => {
  it('marks out, is remembered, and is seen in tree and df until undrain takes it back', async () => {
    const cluster = sample();
    await done(cluster, 'osd reweight 0 0.5');
    const said = await done(cluster, 'osd drain 0');
    assert.match(said, /^marked out osd\.0\n(.*\n)*6 PGs move; see `cairn osd df`\n$/);
    assert.match(await done(cluster, 'osd tree'), / osd\.0 +up +0 +draining\n/);
    assert.match(await done(cluster, 'osd tree draining'), / osd\.0 /);
    assert.match(await done(cluster, 'osd df'), / 6 +up +draining\n/);
    const { nodes } = (await json(cluster, 'osd tree')) as { nodes: { id: number; drain?: string | null }[] };
    assert.deepEqual(
      nodes.filter(({ id }) => id >= 0).map(({ drain }) => drain),
      ['draining', null, null, null],
    );
    const { osds, leftObjects, etaSeconds } = (await cluster.as().query(osdDrainStatus, { osds: [osdId(0)] }, {}))
      .result;
    assert.deepEqual(
      [osds, leftObjects, etaSeconds],
      [[{ id: 0, state: 'draining', pgs: 6, stuckPgs: 0 }], 0, undefined],
    );
    assert.match(
      await done(cluster, 'osd undrain 0'),
      /^marked in osd\.0\nosd\.0 has its reweight of 0\.50000 again\n$/,
    );
    assert.doesNotMatch(await done(cluster, 'osd tree'), /drain/);
  });

  it('says that PGs find no other place', async () => {
    const cluster = clusterOf(sampleMap({ osds: 3, hosts: 3, pools: [{}] }));
    assert.match(
      await done(cluster, 'osd drain 0'),
      /\n8 of 8 PGs find no other place, and stay until there is one: add OSDs, or hosts\n$/,
    );
  });

  it('is done at once with OSDs that no PG is on', async () => {
    const cluster = clusterOf(sampleMap({ osds: 5, hosts: 5, pools: [{ pgNum: 1 }] }));
    const { code, stdout, stderr } = await run(cluster, 'osd drain 4 --wait');
    assert.equal(code, 0, stderr);
    assert.equal(stdout, 'osd.4 is drained: `cairn osd safe-to-destroy 4` says so, too\n');
    assert.match(await done(cluster, 'osd tree'), / osd\.4 +up +0 +drained *\n/);
  });
});
