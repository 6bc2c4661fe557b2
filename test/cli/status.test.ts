/** `cairn status`, `health`, `versions`, `features` and `fsid`. */
import assert from 'node:assert/strict';
import { wallMs } from '../../base/instants.js';
import type { MapChange } from '../../cluster/change.js';
import { epoch, osdId, storeNumber } from '../../cluster/ids.js';
import { registerLogCommands } from '../../monitor/commands/log.js';
import { registerStatusCommands } from '../../monitor/commands/status.js';
import { CommandTable } from '../../monitor/commands/types.js';
import { LocalCluster } from '../monitor/commands/local-cluster.js';
import { softOf, threeMonitors } from '../monitor/commands/three-monitors.js';
import { type CliRun, cli } from './fake-context.js';

const table = new CommandTable();
registerStatusCommands(table);
registerLogCommands(table);

const fsid = '0123456789abcdef0123456789abcdef';

function osd(id: number, { isUp = true, version = '0.1.0', features = 0 } = {}): MapChange {
  return {
    kind: 'osd',
    osd: {
      id: osdId(id),
      uuid: String(id).padStart(32, '0'),
      store: storeNumber(id + 1),
      boot: 1,
      publicAddress: { host: '10.0.1.1', port: 7000 + id },
      clusterAddress: { host: '10.0.1.1', port: 8000 + id },
      isUp,
      isIn: true,
      isAutoOut: false,
      reweight: 0x10000,
      capacityBytes: 2 ** 40,
      upFrom: epoch(1),
      downAt: epoch(isUp ? 0 : 1),
      downSince: wallMs(isUp ? 0 : 1),
      hostname: 'h',
      version,
      features,
    },
  };
}

describe('how the cluster is', () => {
  let cluster: LocalCluster;
  const run = (...args: string[]): Promise<CliRun> => cli(args, {}, { client: cluster.as() });

  beforeEach(() => {
    cluster = new LocalCluster({ table });
    cluster.apply(...threeMonitors());
    cluster.soft = { ...softOf(['a', 'b', 'c']), quorumSince: wallMs(cluster.wall - 3 * 3_600_000) };
  });

  it('status fits one page, as `ceph -s`', async () => {
    cluster.apply(osd(0), osd(1, { isUp: false }), { kind: 'flag', flag: 'noout', isSet: true });
    const beacon = { usedBytes: 2 ** 30, totalBytes: 2 ** 40, loopDelayMs: 1, slowOps: 0, heardAt: cluster.wall };
    cluster.soft = { ...cluster.soft, osds: new Map([[osdId(0), beacon]]) };
    const { stdout, stderr } = await run('status');
    assert.equal(stderr, '');
    const [head = '', ...sections] = stdout.split('\n\n');
    assert.match(head, new RegExp(`^ {2}cluster:\n {4}id: {6}${fsid}\n {4}health: {2}HEALTH_(WARN|ERR)\n {13}\\S`));
    assert.match(head, /\n {13}1 osd down/);
    assert.equal(
      sections[0],
      '  services:\n    mon:     3 daemons, quorum a,b,c (age 3h), leader a\n    osd:     2 osds: 1 up, 2 in\n             flags noout',
    );
    assert.match(
      sections[1] ?? '',
      /^ {2}data:\n {4}pools: {3}0 pools, 0 pgs\n {4}objects: 0 objects, 0 B\n {4}usage: {3}1.0 GiB used, 1.0 TiB \/ 1.0 TiB avail$/,
    );
  });

  it('status as JSON has the fields of DESIGN.md section 9', async () => {
    const json = JSON.parse((await run('status', '--json')).stdout) as {
      health: { status: string };
      osdmap: object;
      monmap: { quorum: string[] };
      pgmap: Record<string, unknown>;
    } & Record<string, unknown>;
    assert.match(json.health.status, /^HEALTH_/);
    assert.deepEqual(json.monmap.quorum, ['a', 'b', 'c']);
    assert.deepEqual(json.osdmap, {
      epoch: 2,
      num_osds: 0,
      num_up_osds: 0,
      num_in_osds: 0,
      num_remapped_pgs: 0,
      flags: [],
    });
    assert.deepEqual(
      [json.pgmap['num_pgs'], json.pgmap['states'], json.pgmap['degraded_objects'], json.pgmap['misplaced_objects']],
      [0, {}, 0, 0],
    );
    assert.deepEqual([json['fsid'], json['quorum_age'], json['stale']], [fsid, 10_800, false]);
  });

  it('status without a quorum is shown all the same, and says so twice', async () => {
    cluster.soft = softOf(['a', 'b', 'c'], { down: ['b', 'c'] });
    cluster.isStale = true;
    const { stdout, stderr, code } = await run('status');
    assert.equal(code, 0);
    assert.match(stderr, /^cairn: the monitors have no quorum; this is what was true at map epoch 2\n$/);
    assert.match(stdout, /health: {2}HEALTH_ERR\n/);
    assert.match(stdout, /mon: {5}3 daemons, no quorum\n/);
    assert.equal((JSON.parse((await run('status', '--json')).stdout) as { stale: boolean }).stale, true);
  });

  it('status names the monitors that are out of quorum', async () => {
    cluster.soft = softOf(['a', 'b', 'c'], { down: ['b'] });
    assert.match((await run('status')).stdout, /mon: {5}3 daemons, quorum a,c, leader a, out of quorum: b\n/);
  });

  it('-s is status, -w is status -w, which goes on with the log until Ctrl-C', async () => {
    assert.equal((await run('-s')).stdout, (await run('status')).stdout);
    const interruption = new AbortController();
    const { signal } = interruption;
    const client = cluster.as();
    const following: typeof client = {
      ...client,
      followLog: async function* () {
        yield [{ number: 1, at: cluster.wall, source: 'mon.a', severity: 'error', message: 'osd.1 is down' }];
        interruption.abort();
      },
    };
    const watched = await cli(['-w'], {}, { client: following, interrupted: signal });
    assert.equal(watched.code, 0);
    assert.match(watched.stdout, /^ {2}cluster:\n[\s\S]*\n2023-11-14T22:13:20\.000Z mon\.a \[ERR\] osd\.1 is down\n$/);
  });

  it('colours the status on a terminal only', async () => {
    const onTerminal = await cli(['health'], {}, { client: cluster.as(), isTerminal: true });
    assert.ok(onTerminal.stdout.startsWith('\u001b[3'));
    assert.match((await run('health')).stdout, /^HEALTH_/);
  });

  it('health is one line; detail says what is concerned and what to do', async () => {
    cluster.apply(osd(0), osd(1, { isUp: false }));
    const { stdout } = await run('health');
    assert.match(stdout, /^HEALTH_(WARN|ERR) [^\n]*1 osd down[^\n]*\n$/);
    const detail = (await run('health', 'detail')).stdout;
    assert.ok(detail.startsWith(stdout));
    assert.match(detail, /\n\[WRN\] OSD_DOWN: 1 osd down\n {4}osd\.1 [^\n]*\n {4}-> [^\n]+\n/);
    const json = JSON.parse((await run('health', 'detail', '--json')).stdout) as {
      checks: Record<string, { detail: { message: string }[] }>;
    };
    assert.match(json.checks['OSD_DOWN']?.detail[0]?.message ?? '', /^osd\.1 /);
    assert.equal(
      'detail' in ((JSON.parse((await run('health', '--json')).stdout) as typeof json).checks['OSD_DOWN'] ?? {}),
      false,
    );
  });

  it('health mute lets a check not count, for a time, and unmute lets it count again', async () => {
    cluster.apply(osd(0), osd(1, { isUp: false }));
    const before = (await run('health')).stdout;
    assert.equal(
      (await run('health', 'mute', 'OSD_DOWN', '4h')).stderr,
      'muted OSD_DOWN until 2023-11-15T02:13:20.000Z\n',
    );
    const muted = (await run('health')).stdout;
    assert.match(muted, /\(muted: OSD_DOWN\)\n$/);
    assert.doesNotMatch(muted, /1 osd down/);
    assert.match(
      (await run('health', 'detail')).stdout,
      /\(MUTED\) \[WRN\] OSD_DOWN: [\s\S]*\nmuted: OSD_DOWN until 2023-11-15T02:13:20\.000Z\n$/,
    );
    cluster.wall = wallMs(cluster.wall + 4 * 3_600_000);
    assert.equal((await run('health')).stdout, before);
    cluster.wall = wallMs(cluster.wall - 4 * 3_600_000);
    assert.equal((await run('health', 'unmute', 'OSD_DOWN')).stderr, 'OSD_DOWN counts again\n');
    assert.equal((await run('health')).stdout, before);
    assert.equal((await run('health', 'unmute', 'OSD_DOWN')).stderr, 'OSD_DOWN was not muted\n');
    const slip = await run('health', 'unmute', 'OSD_DWON');
    assert.deepEqual([slip.code, slip.stdout], [1, '']);
    assert.match(slip.stderr, /^cairn: OSD_DWON is no health check; `cairn health detail` shows those raised\n$/);
  });

  it('health says which commands it has, to whoever misspells one', async () => {
    for (const [word = '', says = ''] of [
      ['detial', 'did you mean detail?'],
      ['now', 'choose one of summary, detail, mute, unmute'],
    ]) {
      const { code, stdout, stderr } = await run('health', word);
      assert.deepEqual([code, stdout, stderr], [1, '', `cairn: health has no command "${word}"; ${says}\n`]);
    }
  });

  it('a sticky mute may come before its check, and lasts without a time', async () => {
    assert.equal((await run('health', 'mute', 'OSD_DOWN', '--sticky')).stderr, 'muted OSD_DOWN, sticky\n');
    cluster.apply(osd(0), osd(1, { isUp: false }));
    cluster.wall = wallMs(cluster.wall + 1e12);
    assert.match((await run('health')).stdout, /\(muted: OSD_DOWN\)\n$/);
  });

  const refusals = [
    { name: 'a code that is none', args: ['OSD_DWN'], says: /OSD_DWN is no health check/ },
    { name: 'a code that is not raised', args: ['OSD_DOWN'], says: /OSD_DOWN is not raised now; add --sticky/ },
    { name: 'a time without a unit', args: ['OSD_DOWN', '4'], says: /"4" is no duration/ },
    { name: 'no time at all', args: ['OSD_DOWN', '0s'], says: /health\.mute: ttlMs/ },
  ];
  for (const c of refusals) {
    it(`health mute refuses ${c.name}`, async () => {
      const refused = await run('health', 'mute', ...c.args);
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, c.says);
      assert.match(refused.stderr, /^cairn: [^\n]*\n$/);
      assert.equal(cluster.mutes.size, 0);
    });
  }

  it('versions counts daemons by what they run', async () => {
    cluster.apply(osd(0), osd(1), osd(2, { version: '0.2.0' }));
    cluster.soft = softOf(['a', 'b', 'c'], { down: ['c'] });
    assert.equal(
      (await run('versions')).stdout,
      'DAEMON  VERSION  COUNT\nmon     0.1.0        2\nmon     unknown      1\nosd     0.1.0        2\nosd     0.2.0        1\n',
    );
    assert.deepEqual(JSON.parse((await run('versions', '--json')).stdout), {
      mon: { '0.1.0': 2, unknown: 1 },
      osd: { '0.1.0': 2, '0.2.0': 1 },
      overall: { '0.1.0': 4, unknown: 1, '0.2.0': 1 },
      stale: false,
    });
  });

  it('features shows what is required and who has it', async () => {
    cluster.apply(osd(0, { features: 3 }), osd(1, { features: 3 }), osd(2, { features: 7 }));
    cluster.apply({ kind: 'required-features', features: 2 });
    assert.equal(
      (await run('features')).stdout.replaceAll(/ +\n/g, '\n'),
      'required 0x2\nDAEMON  FEATURES  COUNT  LACKS\nosd     0x3           2  -\nosd     0x7           1  -\n',
    );
    const { required } = JSON.parse((await run('features', '--json')).stdout) as { required: string };
    assert.equal(required, '0x2');
  });

  it('fsid prints which cluster this is', async () => {
    assert.equal((await run('fsid')).stdout, `${fsid}\n`);
    assert.deepEqual(JSON.parse((await run('fsid', '--json')).stdout), { fsid, stale: false });
  });
});
