import assert from 'node:assert/strict';
import { wallMs } from '../../../base/instants.js';
import { clusterFlags } from '../../../cluster/map.js';
import { epoch, osdId } from '../../../cluster/ids.js';
import { validateMap } from '../../../cluster/validate-map.js';
import type { OsdVitals } from '../../../monitor/soft-state.js';
import { clusterOf, done, json, refused, run } from './run-commands.js';
import { GiB, sampleMap, sampleOsd } from './sample-map.js';

const pool = { pools: [{}] };

function vitals(usedGiB: number): OsdVitals {
  return { usedBytes: usedGiB * GiB, totalBytes: 100 * GiB, loopDelayMs: 1, slowOps: 0, heardAt: wallMs(0) };
}

const refusals = [
  { words: 'osd out 77', says: /^there is no osd\.77; `cairn osd ls` lists those there are$/ },
  { words: 'osd out osd.x', says: /^"osd\.x" is no OSD; write osd\.3 or 3$/ },
  { words: 'osd out 16777216', says: /is no OSD/ },
  { words: 'osd out all 1', says: /^"all" stands alone; leave the other OSDs out$/ },
  { words: 'osd in', says: /^missing required argument/ },
  { words: 'osd find 9', says: /^there is no osd\.9/ },
  { words: 'osd reweight 1 1.5', says: /^"1\.5" is no weight; write a number from 0 to 1$/ },
  { words: 'osd reweight 1 -1', says: /^"-1" is no weight; write a number from 0 to 1$/ },
  { words: 'osd set nope', says: /^<flag> cannot be "nope"; choose one of noup,/ },
  { words: 'osd set pause', says: /^pause stops all I\/O of clients on 1 pool; add --yes if you mean it$/ },
  { words: 'osd lost 1', says: /^osd\.1 is up; stop it before it is lost$/ },
  { words: 'osd rm 1 2', says: /^osd\.1 and osd\.2 are up; stop them before they are removed$/ },
  { words: 'osd purge 1 --yes', says: /^osd\.1 is up; stop it before it is purged$/ },
  { words: 'osd purge all --yes', says: /^"all" is no OSD/ },
  { words: 'osd upmap 1.3 1', says: /^osd 1 has no partner; write pairs, FROM TO$/ },
  { words: 'osd upmap 1.3 1 1', says: /two different OSDs$/ },
  { words: 'osd upmap 1.3 1 99', says: /^there is no osd\.99; `cairn osd ls` lists those there are$/ },
  { words: 'osd upmap 1.8 1 2', says: /^pool pool1 has no pg 1\.8; its last one is 1\.7$/ },
  { words: 'osd upmap 2.0 1 2', says: /^there is no pool 2; `cairn pool ls` lists them$/ },
  { words: 'osd upmap 1.zz 1 2', says: /is no PG; write POOL\.PG with the PG in hex/ },
  { words: 'osd tree sideways', says: /^"sideways" is no state; choose among up, down, in, out, draining, drained$/ },
];

describe('cairn osd', () => {
  for (const { words, says } of refusals) {
    it(`refuses in one line: ${words}`, async () => {
      assert.match(await refused(clusterOf(sampleMap(pool)), words), says);
    });
  }

  it('tree has the layout of Ceph, with strays and OSDs that only CRUSH knows', async () => {
    const cluster = clusterOf(sampleMap({ hosts: 2 }));
    cluster.apply({ kind: 'osd', osd: sampleOsd(7) }, { kind: 'osd-removed', id: osdId(3) });
    await done(cluster, 'osd out 1');
    assert.equal(
      (await done(cluster, 'osd tree')).replaceAll(/ +\n/g, '\n'),
      `ID  CLASS  WEIGHT   TYPE NAME      STATUS  REWEIGHT  DRAIN
-1         4.00000  root default
-2         2.00000      host h0
 0    hdd  1.00000          osd.0      up   1.00000
 2    hdd  1.00000          osd.2      up   1.00000
-5         2.00000      host h1
 1    hdd  1.00000          osd.1      up         0  drained
 3    hdd  1.00000          osd.3     DNE         0
 7               0  osd.7              up   1.00000
`,
    );
  });

  it('tree shows OSDs of a state with all that they stand in, and nothing else', async () => {
    const cluster = clusterOf(sampleMap({ hosts: 2 }));
    await done(cluster, 'osd down 1');
    const names = async (words: string) => {
      const { nodes } = (await json(cluster, words)) as { nodes: { name: string }[] };
      return nodes.map(({ name }) => name);
    };
    assert.deepEqual(await names('osd tree down'), ['default', 'h1', 'osd.1']);
    assert.deepEqual(await names('osd tree up in'), ['default', 'h0', 'osd.0', 'osd.2', 'h1', 'osd.3']);
    assert.deepEqual(await names('osd tree out'), []);
  });

  it('tree gives JSON with the names of Ceph', async () => {
    const { nodes, stray } = (await json(clusterOf(sampleMap({ hosts: 2 })), 'osd tree')) as Record<string, unknown[]>;
    assert.deepEqual(nodes?.[1], { id: -2, name: 'h0', type: 'host', type_id: 1, children: [0, 2] });
    assert.deepEqual(nodes?.[2], {
      id: 0,
      name: 'osd.0',
      type: 'osd',
      type_id: 0,
      device_class: 'hdd',
      crush_weight: 1,
      depth: 2,
      exists: 1,
      status: 'up',
      reweight: 1,
      drain: null,
    });
    assert.deepEqual(stray, []);
  });

  it('df sums up buckets, shows what is unknown as -, and compares each OSD with the average', async () => {
    const cluster = clusterOf(sampleMap({ hosts: 2, ...pool }));
    const osds = new Map([
      [osdId(0), vitals(10)],
      [osdId(1), vitals(30)],
    ]);
    cluster.soft = { ...cluster.soft, osds };
    const lines = (await done(cluster, 'osd df tree')).split('\n').map((line) => line.trim().split(/ {2,}/));
    assert.deepEqual(lines[1], [
      '-1',
      '4.00000',
      '-',
      '200 GiB',
      '40 GiB',
      '160 GiB',
      '20.00',
      '1.00',
      '-',
      'root default',
    ]);
    assert.deepEqual(lines[3]?.slice(3, 10), ['1.00000', '100 GiB', '10 GiB', '90 GiB', '10.00', '0.50', '6']);
    assert.deepEqual(lines[4]?.slice(3, 10), ['1.00000', '-', '-', '-', '-', '-', '6']);
    assert.equal(lines.at(-2)?.join(' '), 'MIN/MAX VAR: 0.50/1.50 STDDEV: 10.00');
    const plain = await done(cluster, 'osd df');
    assert.doesNotMatch(plain, /host|root/);
    const { nodes, summary } = (await json(cluster, 'osd df')) as {
      nodes: Record<string, unknown>[];
      summary: Record<string, unknown>;
    };
    assert.deepEqual(
      nodes.map(({ id, kb_used: used }) => [id, used]),
      [
        [0, 10 * 1024 * 1024],
        [2, null],
        [1, 30 * 1024 * 1024],
        [3, null],
      ],
    );
    assert.equal(summary['average_utilization'], 20);
  });

  it('df counts the PGs of each OSD, and lets others run meanwhile', async () => {
    const cluster = clusterOf(sampleMap({ pools: [{ pgNum: 8192, size: 2 }] }));
    const { nodes } = (await json(cluster, 'osd df')) as { nodes: { pgs: number }[] };
    assert.deepEqual(
      nodes.map(({ pgs }) => pgs),
      [4096, 4096, 4096, 4096],
    );
    assert.equal(cluster.yields, 2);
  });

  it('ls, stat, find and dump say what the map says', async () => {
    const cluster = clusterOf(sampleMap({ hosts: 2, ...pool }));
    await done(cluster, 'osd down 1');
    await done(cluster, 'osd set noout');
    assert.equal(await done(cluster, 'osd ls'), '0\n1\n2\n3\n');
    assert.equal(await done(cluster, 'osd stat'), '4 osds: 3 up, 4 in; epoch: e8; flags noout\n');
    assert.match(
      await done(cluster, 'osd find 1'),
      /osd: osd\.1, down\n.*\nhost: h1\n.*10\.0\.0\.1:6801\n.*\ncrush location: host=h1 root=default\n/,
    );
    const found = (await json(cluster, 'osd find osd.1')) as Record<string, unknown>;
    assert.deepEqual(found['crush_location'], { host: 'h1', root: 'default' });
    assert.match(await done(cluster, 'osd dump'), /^epoch 8\nfsid 0123.*\nflags noout\nosd\.0 up .*\nosd\.1 down in /s);
    const dump = (await json(cluster, 'osd dump')) as { osds: Record<string, unknown>[]; epoch: number };
    assert.equal(dump.epoch, 8);
    assert.deepEqual([dump.osds[1]?.['up'], dump.osds[1]?.['down_at'], dump.osds[1]?.['in']], [0, 7, 1]);
  });

  it('notes on stderr that an answer may be old, and says so in JSON', async () => {
    const cluster = clusterOf(sampleMap());
    cluster.isStale = true;
    const answer = await run(cluster, 'osd stat --json');
    assert.equal(answer.code, 0);
    assert.match(answer.stderr, /no quorum; this is what was true at map epoch 5/);
    assert.equal((JSON.parse(answer.stdout) as { stale: boolean }).stale, true);
  });

  it('out and in keep the reweight, and say what was so already', async () => {
    const cluster = clusterOf(sampleMap());
    await done(cluster, 'osd reweight 1 0.5');
    assert.equal(await done(cluster, 'osd out osd.1 2'), 'marked out osd.1 and osd.2\n');
    assert.equal(await done(cluster, 'osd out 1 3'), 'marked out osd.3\nosd.1 is already out\n');
    assert.match(await done(cluster, 'osd out any'), /no OSD is in any more/);
    assert.equal(
      await done(cluster, 'osd in all'),
      'marked in osd.0, osd.1, osd.2 and osd.3\nosd.1 has its reweight of 0.50000 again\n',
    );
    const before = cluster.map;
    assert.equal(await done(cluster, 'osd in *'), 'osd.0, osd.1, osd.2 and osd.3 are already in\n');
    assert.equal(cluster.map, before);
    assert.equal(cluster.map.osds.get(osdId(1))?.reweight, 0x8000);
  });

  it('out makes an OSD stay out that was so by itself', async () => {
    const cluster = clusterOf(sampleMap());
    cluster.apply({ kind: 'osd', osd: { ...sampleOsd(1), isIn: false, isAutoOut: true } });
    assert.equal(await done(cluster, 'osd out 1'), 'osd.1 is out for good now\n');
    assert.equal(cluster.map.osds.get(osdId(1))?.isAutoOut, false);
  });

  it('out says that nothing moves while norebalance is set', async () => {
    const cluster = clusterOf(sampleMap());
    await done(cluster, 'osd set norebalance');
    assert.match(await done(cluster, 'osd out 1'), /norebalance is set: no data moves/);
  });

  it('down takes an OSD out of its PGs, and says that it may come back by itself', async () => {
    const cluster = clusterOf(sampleMap(pool));
    const said = await done(cluster, 'osd down 1');
    assert.match(said, /^marked down osd\.1\none that is alive says so and comes up again by itself/);
    assert.match(said, /\n6 PGs get other members\n$/);
    const osd = cluster.map.osds.get(osdId(1));
    assert.deepEqual([osd?.isUp, osd?.downAt, osd?.downSince], [false, cluster.map.epoch, cluster.wall]);
    const cursor = cluster.map.records.cursor();
    while (cursor.next()) {
      const { acting } = cursor.record();
      assert.ok(acting.every((member) => member.osd !== 1));
    }
    assert.equal(await done(cluster, 'osd down 1'), 'osd.1 is already down\n');
    await done(cluster, 'osd set noup');
    assert.match(await done(cluster, 'osd down 2'), /noup is set: they stay down/);
  });

  it('lost says how many PGs lose a member and how many have no other, and wants --yes', async () => {
    const cluster = clusterOf(sampleMap({ pools: [{ size: 2 }] }));
    await done(cluster, 'osd down 0 1');
    const losses = '6 PGs lose a member, 2 of them have no other, so their data is gone';
    assert.equal(
      await refused(cluster, 'osd lost 0 1'),
      `all data on osd.0 and osd.1 would be given up for ever: ${losses}; add --yes if you mean it`,
    );
    assert.equal(await done(cluster, 'osd lost 0 1 --yes'), `osd.0 and osd.1 are lost: ${losses}\n`);
    assert.equal(cluster.map.osds.get(osdId(0))?.uuid, undefined);
    assert.equal(await done(cluster, 'osd lost 0 1 --yes'), 'osd.0 and osd.1 are lost already\n');
    validateMap(cluster.map);
  });

  it('lost says that the other members of async PGs may lack the last writes', async () => {
    const cluster = clusterOf(sampleMap({ pools: [{ size: 3 }] }));
    await done(cluster, 'pool set pool1 mode async --yes');
    await done(cluster, 'osd down 0');
    assert.match(
      await refused(cluster, 'osd lost 0'),
      /: 6 PGs lose a member, 6 of them are async, so others may lack the last writes; add --yes/,
    );
  });

  it('lost tells PGs that wait for others from those that go on', async () => {
    const cluster = clusterOf(sampleMap({ pools: [{ size: 2, minSize: 1 }] }));
    await done(cluster, 'osd down 0');
    await done(cluster, 'osd down 1');
    assert.match(await refused(cluster, 'osd lost 0'), /4 PGs lose a member, 2 of them wait for others that are down/);
  });

  it('rm takes an OSD away that no PG needs, and its exceptions, and wants --yes for others', async () => {
    const cluster = clusterOf(sampleMap({ ...pool, osds: 5 }));
    cluster.apply({
      kind: 'upmap',
      pg: { pool: [...cluster.map.pools.keys()][0]!, pg: 3 },
      items: [{ from: osdId(0), to: osdId(1) }],
    });
    await done(cluster, 'osd down 1');
    assert.match(await refused(cluster, 'osd rm 1'), /^osd\.1 would be removed: \d PGs lose a member; add --yes/);
    assert.match(await done(cluster, 'osd rm osd.1 --yes-i-really-mean-it'), /^removed osd\.1: /);
    assert.equal(cluster.map.osds.has(osdId(1)), false);
    assert.equal(cluster.map.upmaps.size, 0);
    const cursor = cluster.map.records.cursor();
    while (cursor.next()) assert.ok(cursor.record().eligible.every((member) => member.osd !== 1));
    assert.ok(cluster.map.crush.devices.has(1));
    assert.equal(await done(cluster, 'osd rm 1'), 'osd.1 is not in the map\n');
    validateMap(cluster.map);
  });

  it('purge takes the place and the key along, and can be said again', async () => {
    const cluster = clusterOf(sampleMap(pool));
    cluster.keys.set('osd.1', new Uint8Array(32));
    await done(cluster, 'osd down 1');
    assert.match(
      await refused(cluster, 'osd purge 1'),
      /^osd\.1 would be removed, with place and key: 6 PGs lose a member; \d of 8 PG mappings change.*; add --yes/,
    );
    await done(cluster, 'osd purge 1 --yes');
    assert.equal(cluster.keys.has('osd.1'), false);
    assert.equal(cluster.map.entities.has('osd.1'), false);
    assert.equal(cluster.map.crush.devices.has(1), false);
    assert.equal(await done(cluster, 'osd purge 1 --yes'), 'osd.1 is not in the map\n');
    validateMap(cluster.map);
  });

  for (const flag of clusterFlags) {
    it(`set says what ${flag} does, unset ends it, and both can be said again`, async () => {
      const cluster = clusterOf(sampleMap());
      assert.match(await done(cluster, `osd set ${flag} --yes`), new RegExp(`^${flag} is set: .{20,}\n$`));
      assert.ok(cluster.map.flags.has(flag));
      assert.equal(await done(cluster, `osd set ${flag}`), `${flag} is already set\n`);
      assert.equal(await done(cluster, `osd unset ${flag}`), `${flag} is unset\n`);
      assert.equal(await done(cluster, `osd unset ${flag}`), `${flag} is not set\n`);
    });
  }

  it('reweight takes 0 for out and more for in, as Ceph does', async () => {
    const cluster = clusterOf(sampleMap());
    assert.equal(await done(cluster, 'osd reweight 1 0.5'), 'osd.1 has a reweight of 0.50000, 1.00000 before\n');
    assert.equal(await done(cluster, 'osd reweight 1 0.5'), 'osd.1 has a reweight of 0.50000 already\n');
    assert.match(await done(cluster, 'osd reweight 1 0'), /^marked out osd\.1/);
    assert.equal(await done(cluster, 'osd reweight 1 0'), 'osd.1 is already out\n');
    assert.equal(await done(cluster, 'osd reweight 1 0.5'), 'osd.1 has a reweight of 0.50000, out before\n');
    assert.equal(cluster.map.osds.get(osdId(1))?.isIn, true);
  });

  it('upmap and rm-upmap make and end exceptions, by their Ceph names too', async () => {
    const cluster = clusterOf(sampleMap({ ...pool, osds: 5, hosts: 5 }));
    const { up } = (await json(cluster, 'pg map 1.3')) as { up: number[] };
    const [from] = up;
    const to = [0, 1, 2, 3, 4].find((id) => !up.includes(id));
    assert.equal(
      await done(cluster, `osd upmap 1.3 ${from} ${to}`),
      `pg 1.3 is placed with osd.${from} -> osd.${to}\n`,
    );
    assert.equal(
      await done(cluster, `osd pg-upmap-items 1.3 osd.${from} osd.${to}`),
      `pg 1.3 has that exception already: osd.${from} -> osd.${to}\n`,
    );
    assert.equal(((await json(cluster, 'pg map 1.3')) as { up: number[] }).up[0], to);
    assert.match(await done(cluster, 'osd dump'), /pg_upmap_items 1\.3 \[\d,\d\]/);
    assert.equal(await done(cluster, 'osd rm-upmap 1.3'), 'pg 1.3 is placed as CRUSH chooses\n');
    assert.equal(await done(cluster, 'osd rm-pg-upmap-items 1.3'), 'pg 1.3 has no exception\n');
  });

  it('tells the log who changed what, and nothing of what was so already', async () => {
    const cluster = clusterOf(sampleMap(pool));
    await done(cluster, 'osd out 1');
    await done(cluster, 'osd out 1');
    assert.deepEqual(
      cluster.clusterLog.map(({ source, message }) => [source, message]),
      [['client.admin', 'marked out osd.1']],
    );
  });

  it('is refused to OSDs, which may speak for themselves only', async () => {
    const cluster = clusterOf(sampleMap());
    const { osdOut } = await import('../../../protocol/commands/osd.js');
    await assert.rejects(cluster.as('osd.1').change(osdOut, { osds: [osdId(1)] }, {}), { code: 'PERMISSION_DENIED' });
    assert.equal(cluster.map.epoch, epoch(5));
  });
});
