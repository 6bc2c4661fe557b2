import assert from 'node:assert/strict';
import { osdId } from '../../../cluster/ids.js';
import { validateMap } from '../../../cluster/validate-map.js';
import { encodeCrushBinary } from '../../../crush/binary-codec.js';
import { moveDevice } from '../../../crush/edit/devices.js';
import { printCrushText } from '../../../crush/text-printer.js';
import type { ClusterMap } from '../../../cluster/map.js';
import { crushSet } from '../../../protocol/commands/crush.js';
import { UpMapper } from '../../../cluster/up-mapper.js';
import { clusterOf, done, json, refused, run } from './run-commands.js';
import { sampleMap } from './sample-map.js';

const sample = { osds: 6, hosts: 3, pools: [{ pgNum: 64 }] };

const refusals = [
  { words: 'crush add-bucket r1 shelf', says: /^the map has no type shelf; choose one of host, chassis,/ },
  { words: 'crush add-bucket r1 rack root', says: /^root is no location; write TYPE=NAME/ },
  { words: 'crush add-bucket h0 rack', says: /^a device or bucket is called h0 already; choose another name$/ },
  { words: 'crush move nope root=default', says: /^no bucket is called nope; `cairn crush tree` lists them$/ },
  {
    words: 'crush move default host=h0',
    says: /^h0 stands below default, which cannot move there; choose another place$/,
  },
  {
    words: 'crush add 9 1 host=h0',
    says: /^there is no osd\.9: one that was removed from the map gets its place when/,
  },
  { words: 'crush create-or-move 9 1 host=h0', says: /^there is no osd\.9: / },
  {
    words: 'crush add 0 1 host=h1',
    says: /^osd\.0 stands in host=h0 already; `cairn crush move osd\.0 host=h1` moves it$/,
  },
  {
    words: 'crush add osd.0 7.5 host=h0',
    says: /^osd\.0 stands in host=h0 already and weighs 1\.000; `cairn crush reweight osd\.0 7\.500` changes that$/,
  },
  { words: 'crush add h0 1 host=h0', says: /^"h0" is no OSD; write osd\.3 or 3$/ },
  { words: 'crush add 0 101 host=h0', says: /is no weight; write a number from 0 to 100$/ },
  { words: 'crush add 0 1 host', says: /^host is no location; write TYPE=NAME/ },
  { words: 'crush rename nope other', says: /^no bucket is called nope/ },
  { words: 'crush rename h0 h1', says: /^a device or bucket is called h1 already/ },
  { words: 'crush rm h0', says: /^bucket h0 holds 2 items; move or remove them first$/ },
  { words: 'crush rm default', says: /^bucket default holds 3 items/ },
  { words: 'crush reweight h0 3', says: /^h0 is a bucket and weighs what stands in it; reweight its OSDs$/ },
  { words: 'crush reweight 9 3', says: /^no device is called osd\.9/ },
  { words: 'crush reweight 1 101', says: /is no weight; write a number from 0 to 100$/ },
  { words: 'crush set-device-class ssd 1', says: /^osd\.1 is of class hdd; remove that class from it first$/ },
  { words: 'crush rule create-replicated x nope host', says: /^no bucket is called nope/ },
  { words: 'crush rule create-replicated x default shelf', says: /^the map has no type shelf/ },
  { words: 'crush rule create-replicated x default host nvme', says: /^default has no tree of class nvme/ },
  { words: 'crush rule rm replicated_rule', says: /^rule replicated_rule places the pools pool1; `cairn pool set/ },
  { words: 'crush rule rename nope other', says: /^no rule is called nope/ },
  { words: 'crush rule dump nope', says: /^no rule is called nope; choose one of replicated_rule \(0\)$/ },
  { words: 'crush class ls-osd nvme', says: /^no device class is called nvme; there are hdd$/ },
  { words: 'crush set gone', says: /^there is no file gone; check the path$/ },
];

describe('cairn crush, of the cluster', () => {
  for (const { words, says } of refusals) {
    it(`refuses in one line: ${words}`, async () => {
      assert.match(await refused(clusterOf(sampleMap(sample)), words), says);
    });
  }

  it('adds, moves, renames and removes buckets, and each can be said again', async () => {
    const cluster = clusterOf(sampleMap(sample));
    const twice = async (words: string, first: RegExp, second: string) => {
      assert.match(await done(cluster, words), first);
      const before = cluster.map;
      assert.equal(await done(cluster, words), second);
      assert.equal(cluster.map, before);
      validateMap(cluster.map);
    };
    await twice(
      'crush add-bucket r1 rack root=default',
      /^added rack r1 in root=default: 0 of 64 PG mappings change\n$/,
      'bucket r1 of type rack is there already\n',
    );
    await twice('crush move h1 rack=r1', /^moved h1 to rack=r1: \d+ of 64/, 'h1 stands in rack=r1 already\n');
    await twice('crush move osd.0 host=h9 rack=r1', /^moved osd\.0 to/, 'osd.0 stands in host=h9 rack=r1 already\n');
    assert.match(await done(cluster, 'osd find 0'), /crush location: host=h9 rack=r1 root=default/);
    assert.equal(cluster.map.crush.devices.get(0)?.deviceClass, 'hdd');
    await twice('crush rename r1 r2', /^renamed r1 to r2: 0 of 64 /, 'bucket r2 is called so already\n');
    assert.match(
      await done(cluster, 'crush add-bucket r3 rack root=defalt'),
      /^added rack r3 in root=defalt, with a new root defalt: /,
    );
    await done(cluster, 'crush add-bucket spare host');
    await twice('crush rm spare', /^removed bucket spare: 0 of 64/, 'CRUSH has nothing called spare\n');
  });

  it('counts the PGs that a change moves, and the copies', async () => {
    const cluster = clusterOf(sampleMap(sample));
    const before = rawSets(cluster.map);
    const said = await done(cluster, 'crush reweight osd.0 4');
    const after = rawSets(cluster.map);
    const changed = before.filter((osds, pg) => osds.join() !== after[pg]?.join()).length;
    const copies = after.reduce((sum, osds, pg) => sum + osds.filter((osd) => !before[pg]?.includes(osd)).length, 0);
    assert.ok(changed > 0 && copies > 0);
    assert.equal(
      said,
      `osd.0 weighs 4.000, 1.000 before: ${changed} of 64 PG mappings change, ${copies} copies move\n`,
    );
    assert.equal(await done(cluster, 'osd crush-reweight 0 4'), 'osd.0 weighs 4.000 already\n');
  });

  it('wants --yes to take a device of an OSD out, and says what it moves', async () => {
    const cluster = clusterOf(sampleMap(sample));
    assert.match(
      await refused(cluster, 'crush rm osd.0'),
      /^osd\.0 would hold no data any more: \d+ of 64 PG mappings change, \d+ copies move; add --yes/,
    );
    assert.match(await done(cluster, 'crush rm osd.0 --yes'), /^removed osd\.0 from CRUSH, until it starts again: /);
    assert.equal(await done(cluster, 'crush rm osd.0'), 'CRUSH has nothing called osd.0\n');
    assert.ok(cluster.map.osds.has(osdId(0)));
    assert.match(await refused(cluster, 'crush reweight osd.0 1'), /^no device is called osd\.0/);
  });

  it('puts an OSD back that was taken out, where it is said, and that can be said again', async () => {
    const cluster = clusterOf(sampleMap(sample));
    await done(cluster, 'crush rm osd.0 --yes');
    const words = 'crush add osd.0 2 host=new rack=r7 root=default';
    assert.match(
      await done(cluster, words),
      /^added osd\.0 of weight 2\.000 in host=new rack=r7 root=default: \d+ of 64.*\nosd\.0 has no device class now; `cairn/,
    );
    const before = cluster.map;
    assert.match(
      await done(cluster, words),
      /^osd\.0 stands in host=new rack=r7 root=default already, and weighs 2\.000$/m,
    );
    assert.equal(cluster.map, before);
    validateMap(cluster.map);
    assert.match(await done(cluster, 'osd find 0'), /crush location: host=new rack=r7 root=default/);
    assert.deepEqual(await json(cluster, 'crush add 0 2 host=new --json'), {
      changed: [],
      messages: ['osd.0 stands in host=new already, and weighs 2.000'],
    });
  });

  it('creates a place where there is none, and moves an OSD with its weight from another', async () => {
    const cluster = clusterOf(sampleMap(sample));
    const again = 'crush create-or-move 0 9 host=h1 root=default';
    assert.match(await done(cluster, again), /^moved osd\.0 to host=h1 root=default: /);
    assert.equal(await done(cluster, again), 'osd.0 stands in host=h1 root=default already\n');
    assert.match(await done(cluster, 'crush add 0 1 host=h1'), /and weighs 1\.000$/m, 'its weight came along');
    assert.equal(cluster.map.crush.devices.get(0)?.deviceClass, 'hdd');
    await done(cluster, 'crush rm osd.0 --yes');
    assert.match(await done(cluster, again), /^added osd\.0 of weight 9\.000 in host=h1 root=default: /);
    validateMap(cluster.map);
  });

  it('places a device that a map names and has stand nowhere, with its class', async () => {
    const map = sampleMap(sample);
    const buckets = new Map(
      [...map.crush.buckets].map(([id, bucket]) => [
        id,
        bucket.shadow === undefined ? { ...bucket, items: bucket.items.filter((item) => item.id !== 0) } : bucket,
      ]),
    );
    const cluster = clusterOf({
      ...map,
      crush: moveDevice({ ...map.crush, buckets }, 'osd.1', new Map([['host', 'h0']])),
    });
    assert.match(await done(cluster, 'crush add 0 3 host=h0'), /^added osd\.0 of weight 3\.000 in host=h0: /);
    assert.equal(cluster.map.crush.devices.get(0)?.deviceClass, 'hdd');
    assert.match(await done(cluster, 'crush add 0 3 host=h0'), /and weighs 3\.000$/m);
  });

  it('warns of PGs that get fewer OSDs than they have', async () => {
    const cluster = clusterOf(sampleMap({ osds: 3, hosts: 3, pools: [{ pgNum: 16 }] }));
    assert.match(
      await refused(cluster, 'crush rm osd.0'),
      /: 16 of 16 PG mappings change, 0 copies move, 16 PGs get fewer OSDs than now; add --yes/,
    );
  });

  it('gives and takes device classes, and makes rules for them', async () => {
    const cluster = clusterOf(sampleMap(sample));
    await done(cluster, 'crush rm-device-class 0 osd.1 2');
    assert.equal(await done(cluster, 'crush rm-device-class 0'), 'osd.0 has no class already\n');
    assert.match(
      await done(cluster, 'crush set-device-class ssd 0 1 2'),
      /^each of osd\.0, osd\.1, osd\.2 is of class/,
    );
    assert.equal(await done(cluster, 'crush set-device-class ssd 2'), 'osd.2 is of class ssd already\n');
    assert.deepEqual(await json(cluster, 'crush class ls'), ['hdd', 'ssd']);
    assert.equal(await done(cluster, 'crush class ls-osd ssd'), 'osd.0\nosd.1\nosd.2\n');
    const create = 'crush rule create-replicated fast default host ssd';
    assert.match(await done(cluster, create), /^made rule fast: ssd devices of default in different hosts: 0 of 64/);
    assert.equal(await done(cluster, create), 'rule fast is there already\n');
    assert.match(
      await refused(cluster, 'crush rule create-replicated fast default rack ssd'),
      /^a rule is called fast/,
    );
    assert.equal(await done(cluster, 'crush rule ls'), 'replicated_rule\nfast\n');
    assert.match(await done(cluster, 'crush rule dump fast'), /step take default class ssd\n/);
    const rule = (await json(cluster, 'crush rule dump fast')) as { steps: unknown[] };
    assert.deepEqual(rule.steps[1], { op: 'chooseleaf_firstn', num: 0, type: 'host' });
    assert.match(await done(cluster, 'crush rule rename fast quick'), /^renamed rule fast to quick/);
    assert.equal(await done(cluster, 'crush rule rename fast quick'), 'rule quick is called so already\n');
    assert.match(await done(cluster, 'crush rule rm quick'), /^removed rule quick/);
    assert.equal(await done(cluster, 'crush rule rm quick'), 'CRUSH has no rule called quick\n');
    validateMap(cluster.map);
  });

  it('get gives the text, or the binary into a file; show and dump read it', async () => {
    const cluster = clusterOf(sampleMap(sample));
    assert.equal(await done(cluster, 'crush get'), printCrushText(cluster.map.crush));
    const { files } = await run(cluster, 'crush get -o out');
    assert.deepEqual(files.get('out'), encodeCrushBinary(cluster.map.crush));
    assert.match(await done(cluster, 'crush show'), /root default *\n.*host h0/);
    assert.doesNotMatch(await done(cluster, 'crush show'), /~hdd/);
    assert.match(await done(cluster, 'crush show --shadow'), /root default~hdd/);
    const dump = (await json(cluster, 'crush dump')) as Record<string, Record<string, unknown>[]>;
    assert.equal(dump['devices']?.length, 6);
    assert.equal(dump['buckets']?.[0]?.['name'], 'default');
  });

  it('set takes text and binary, wants --yes for what moves, and does nothing twice', async () => {
    const cluster = clusterOf(sampleMap(sample));
    const text = printCrushText(cluster.map.crush);
    assert.equal(await done(cluster, 'crush set map', { map: text }), 'the cluster has this CRUSH map already\n');
    const heavier = text.replace('item osd.0 weight 1.000', 'item osd.0 weight 3.000');
    assert.match(
      await refused(cluster, 'crush set map', { map: heavier }),
      /^with this CRUSH map \d+ of 64 PG mappings change, \d+ copies move; add --yes if you mean it$/,
    );
    assert.match(await done(cluster, 'crush set map --yes', { map: heavier }), /^the CRUSH map is set: \d+ of 64/);
    const binary = encodeCrushBinary(cluster.map.crush);
    assert.equal(await done(cluster, 'crush set map', { map: binary }), 'the cluster has this CRUSH map already\n');
    const unmoved = text
      .replace('item osd.0 weight 1.000', 'item osd.0 weight 3.000')
      .replace('type 2 chassis', 'type 2 frame');
    assert.match(await done(cluster, 'crush set map', { map: unmoved }), /: 0 of 64 PG mappings change\n$/);
    validateMap(cluster.map);
  });

  it('set names OSDs that came after the map was read', async () => {
    const cluster = clusterOf(sampleMap(sample));
    const older = printCrushText(sampleMap({ osds: 5, hosts: 3 }).crush);
    assert.match(
      await refused(cluster, 'crush set map', { map: older }),
      /; osd\.5 has a place in the present map only; add --yes/,
    );
  });

  it('set refuses a map without a rule that a pool uses, and one that cannot be placed with', async () => {
    const cluster = clusterOf(sampleMap(sample));
    const text = printCrushText(cluster.map.crush);
    const otherRule = text.replace('\tid 0\n\ttype replicated', '\tid 5\n\ttype replicated');
    assert.match(
      await refused(cluster, 'crush set map --yes', { map: otherRule }),
      /^pool pool1 uses rule 0, which this CRUSH map lacks; add it to the map$/,
    );
    assert.match(await refused(cluster, 'crush set map --yes', { map: 'device x' }), /^map: line 1, column 8: /);
    const damaged = cluster.as().change(crushSet, { map: Uint8Array.of(1, 2, 3), confirmed: true }, {});
    await assert.rejects(damaged, { code: 'PARSE_ERROR' });
  });

  it('keeps the map itself out of the audit trail', async () => {
    const cluster = clusterOf(sampleMap(sample));
    await done(cluster, 'crush set map', { map: printCrushText(cluster.map.crush) });
    assert.match(cluster.auditTrail.at(-1)?.args ?? '', /^\{"mapBytes":\d+,"confirmed":false\}$/);
  });

  it('names no more than eight devices of many that change their class, in the log too', async () => {
    const cluster = clusterOf(sampleMap({ osds: 12 }));
    await done(cluster, `crush rm-device-class ${[...cluster.map.osds.keys()].join(' ')}`);
    assert.match(
      cluster.clusterLog.at(-1)?.message ?? '',
      /^crush: each of osd\.0, .*, osd\.7 and 4 more has no class/,
    );
  });

  it('tree without a file shows the cluster and leaves its shadow trees out', async () => {
    const cluster = clusterOf(sampleMap(sample));
    const tree = await done(cluster, 'crush tree');
    assert.match(tree, /root default/);
    assert.equal(await done(cluster, 'crush tree --no-shadow'), tree);
    assert.match(await done(cluster, 'crush tree --shadow'), /root default~hdd/);
  });
});

function rawSets(map: ClusterMap): number[][] {
  const mapper = new UpMapper(map);
  return [...map.pools.values()].flatMap((pool) =>
    Array.from({ length: pool.pgNum }, (_, pg): number[] => mapper.raw(pool, pg)),
  );
}
