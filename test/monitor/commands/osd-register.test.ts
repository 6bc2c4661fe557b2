import assert from 'node:assert/strict';
import { osdId } from '../../../cluster/ids.js';
import { validateMap } from '../../../cluster/validate-map.js';
import { osdGoodbye, osdRegister } from '../../../protocol/commands/osd.js';
import { clusterOf, done, json } from './run-commands.js';
import { GiB, sampleMap } from './sample-map.js';

function registration(id: number, boot: number, uuid = (100 + id).toString(16).padStart(32, '0')) {
  return {
    osd: osdId(id),
    uuid,
    boot,
    publicAddress: { host: '10.0.0.9', port: 7000 + id },
    clusterAddress: { host: '10.1.0.9', port: 7000 + id },
    capacityBytes: 512 * GiB,
    hostname: `machine${id}.example.org`,
    version: '0.1.0',
    features: 0,
  };
}

function clusterWithKeys(ids: readonly number[]) {
  const cluster = clusterOf(sampleMap({ osds: 0 }));
  for (const id of ids) {
    const caps = new Map([['mon', 'profile osd']]);
    cluster.apply({ kind: 'entity', entity: { name: `osd.${id}`, caps } });
  }
  return cluster;
}

describe('osd.register', () => {
  it('gives a new OSD a store number and a place in CRUSH by its machine and capacity', async () => {
    const cluster = clusterWithKeys([3]);
    const result = await cluster.as('osd.3').change(osdRegister, { ...registration(3, 1), deviceClass: 'ssd' }, {});
    assert.deepEqual(result, { id: 3, store: 1, epoch: cluster.map.epoch });
    const tree = (await json(cluster, 'osd tree')) as { nodes: Record<string, unknown>[] };
    assert.deepEqual(
      tree.nodes.map(({ name }) => name),
      ['default', 'machine3', 'osd.3'],
    );
    assert.equal(tree.nodes[2]?.['crush_weight'], 0.5);
    assert.equal(tree.nodes[2]?.['device_class'], 'ssd');
    assert.equal(cluster.clusterLog.at(-1)?.message, 'osd.3 up, boot 1');
    validateMap(cluster.map);
  });

  it('takes the location that the OSD gives, and leaves a place that it has alone', async () => {
    const cluster = clusterWithKeys([1]);
    const location = ['rack=r7', 'host=x', 'root=default'];
    await cluster.as('osd.1').change(osdRegister, { ...registration(1, 1), location }, {});
    assert.match(await done(cluster, 'osd find 1'), /crush location: host=x rack=r7 root=default/);
    await cluster.as('osd.1').change(osdRegister, { ...registration(1, 2), location: ['host=y'] }, {});
    assert.match(await done(cluster, 'osd find 1'), /crush location: host=x rack=r7 root=default/);
  });

  it('puts an OSD into the host of its machine, wherever that was moved', async () => {
    const cluster = clusterWithKeys([1, 2]);
    await cluster.as('osd.1').change(osdRegister, { ...registration(1, 1), hostname: 'm' }, {});
    await done(cluster, 'crush add-bucket other root');
    await done(cluster, 'crush move m root=other');
    await cluster.as('osd.2').change(osdRegister, { ...registration(2, 1), hostname: 'm' }, {});
    assert.match(await done(cluster, 'osd find 2'), /crush location: host=m root=other/);
  });

  it('puts an OSD into a host of its own where its machine is called as a rack or the root', async () => {
    const cluster = clusterWithKeys([1, 2]);
    await cluster.as('osd.1').change(osdRegister, { ...registration(1, 1), hostname: 'default' }, {});
    assert.match(await done(cluster, 'osd find 1'), /crush location: host=default-host root=default/);
    await cluster.as('osd.2').change(osdRegister, { ...registration(2, 1), hostname: 'default' }, {});
    assert.match(await done(cluster, 'osd find 2'), /crush location: host=default-host root=default/);
  });

  it('takes an IP address as the name of a machine as a whole', async () => {
    const cluster = clusterWithKeys([1]);
    await cluster.as('osd.1').change(osdRegister, { ...registration(1, 1), hostname: '10.0.0.7' }, {});
    assert.match(await done(cluster, 'osd find 1'), /crush location: host=10\.0\.0\.7 root=default/);
  });

  it('accepts a host name of any length and kind', async () => {
    for (const hostname of ['', '.', '-', 'x'.repeat(255), 'host name', 'höst', 'osd']) {
      const cluster = clusterWithKeys([1]);
      await cluster.as('osd.1').change(osdRegister, { ...registration(1, 1), hostname }, {});
      assert.match(await done(cluster, 'osd find 1'), /crush location: host=[-_.0-9A-Za-z]{1,255} root=default/);
      validateMap(cluster.map);
    }
  });

  it('leaves an OSD of another machine where it stands, and warns that CRUSH does not know', async () => {
    const cluster = clusterWithKeys([1]);
    const asked = (boot: number, hostname: string) =>
      cluster.as('osd.1').change(osdRegister, { ...registration(1, boot), hostname }, {});
    const warnings = () => cluster.clusterLog.filter(({ severity }) => severity === 'warn');
    await asked(1, 'm1.example.org');
    await asked(2, 'm1');
    assert.deepEqual(warnings(), []);
    await asked(3, 'm2.example.org');
    assert.match(await done(cluster, 'osd find 1'), /crush location: host=m1 root=default/);
    assert.equal(
      warnings()[0]?.message,
      'osd.1 runs on m2.example.org now, not on m1, and CRUSH has it in host m1: ' +
        '`cairn crush move osd.1 host=m2` if it stays there',
    );
    await asked(4, 'm2.example.org');
    assert.equal(warnings().length, 1);
    await asked(5, 'm1');
    assert.equal(warnings().length, 1);
  });

  it('gives PGs their first members as soon as there are enough OSDs', async () => {
    const cluster = clusterWithKeys([0, 1, 2]);
    assert.match(await done(cluster, 'pool create data'), /finds 0 of 3 OSDs for some PGs: it serves nobody until/);
    const states = async () => ((await json(cluster, 'pg stat')) as { states: unknown }).states;
    await cluster.as('osd.0').change(osdRegister, registration(0, 1), {});
    assert.deepEqual(await states(), { creating: 32 });
    await cluster.as('osd.1').change(osdRegister, registration(1, 1), {});
    assert.deepEqual(await states(), { 'active+undersized+degraded': 32 });
    validateMap(cluster.map);
  });

  it('refuses who speaks for another OSD, and a boot counter that is not new', async () => {
    const cluster = clusterWithKeys([1, 2]);
    const other = cluster.as('osd.2').change(osdRegister, registration(1, 1), {});
    await assert.rejects(other, { code: 'PERMISSION_DENIED', message: /osd\.2 cannot speak for osd\.1/ });
    const admin = cluster.as().change(osdRegister, registration(1, 1), {});
    await assert.rejects(admin, { code: 'PERMISSION_DENIED' });
    await cluster.as('osd.1').change(osdRegister, registration(1, 1), {});
    const again = cluster.as('osd.1').change(osdRegister, registration(1, 1), {});
    await assert.rejects(again, { code: 'CONFLICT', message: /an image of the disk was restored/ });
  });

  for (const wrong of [
    { uuid: 'ABC' },
    { boot: 0 },
    { publicAddress: { host: '', port: 1 } },
    { clusterAddress: { host: 'a', port: 65_536 } },
    { hostname: 'x'.repeat(256) },
    { location: Array.from({ length: 33 }, () => 'host=a') },
    { unknown: 1 },
  ]) {
    it(`refuses arguments such as ${JSON.stringify(wrong).slice(0, 40)}`, () => {
      assert.throws(() => osdRegister.parse({ ...registration(1, 1), ...wrong }), { code: 'INVALID_ARGUMENT' });
    });
  }
});

describe('osd.goodbye', () => {
  it('marks the OSD down that says it, in its present boot', async () => {
    const cluster = clusterOf(sampleMap({ pools: [{}] }));
    assert.deepEqual(await cluster.as('osd.1').change(osdGoodbye, { osd: osdId(1), boot: 1 }, {}), { isDown: true });
    assert.equal(cluster.map.osds.get(osdId(1))?.isUp, false);
    const before = cluster.map;
    assert.deepEqual(await cluster.as('osd.1').change(osdGoodbye, { osd: osdId(1), boot: 1 }, {}), { isDown: true });
    assert.equal(cluster.map, before);
  });

  it('shows the counter of a start that never will be, once, so that nobody waits for this one', async () => {
    const cluster = clusterOf(sampleMap({ pools: [{}] }));
    const say = (boot: number, next?: number) => {
      return cluster
        .as('osd.1')
        .change(osdGoodbye, { osd: osdId(1), boot, ...(next === undefined ? {} : { next }) }, {});
    };
    assert.deepEqual(await say(1), { isDown: true });
    assert.deepEqual(await say(1, 2), { isDown: true }, 'also of one that is down already');
    assert.equal(cluster.map.osds.get(osdId(1))?.boot, 2);
    const before = cluster.map;
    assert.deepEqual(await say(1, 9), { isDown: true });
    assert.equal(cluster.map, before, 'it was said');
    await assert.rejects(say(5, 4), { code: 'INVALID_ARGUMENT' });
    const again = { ...registration(1, 2), uuid: cluster.map.osds.get(osdId(1))?.uuid ?? '' };
    await assert.rejects(
      cluster.as('osd.1').change(osdRegister, again, {}),
      { code: 'CONFLICT' },
      'an image from before',
    );
    await cluster.as('osd.1').change(osdRegister, { ...again, boot: 3 }, {});
    assert.equal(cluster.map.osds.get(osdId(1))?.isUp, true);
  });

  it('of an earlier boot, or of another OSD, changes nothing', async () => {
    const cluster = clusterOf(sampleMap());
    assert.deepEqual(await cluster.as('osd.1').change(osdGoodbye, { osd: osdId(1), boot: 9 }, {}), { isDown: false });
    const other = cluster.as('osd.2').change(osdGoodbye, { osd: osdId(1), boot: 1 }, {});
    await assert.rejects(other, { code: 'PERMISSION_DENIED' });
    assert.equal(cluster.map.osds.get(osdId(1))?.isUp, true);
  });
});
