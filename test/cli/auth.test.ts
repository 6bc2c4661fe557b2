/** `cairn auth …` from the command line to the keys that the monitors keep. */
import assert from 'node:assert/strict';
import { keyText } from '../../protocol/credentials.js';
import { decodeClusterConf } from '../../cli/cluster-conf.js';
import { registerAuthCommands } from '../../monitor/commands/auth.js';
import { CommandTable } from '../../monitor/commands/types.js';
import { LocalCluster } from '../monitor/commands/local-cluster.js';
import { type CliRun, cli } from './fake-context.js';

const table = new CommandTable();
registerAuthCommands(table);

const backupCaps = ['mon', 'allow r', 'osd', 'allow rw pool=data'];

describe('cairn auth', () => {
  let cluster: LocalCluster;
  const run = (...args: string[]): Promise<CliRun> => cli(['auth', ...args], {}, { client: cluster.as() });
  const keyOf = (name: string): string => keyText(cluster.keys.get(name) ?? new Uint8Array(0));

  beforeEach(() => {
    cluster = new LocalCluster({ table, keys: new Map([['client.admin', new Uint8Array(32).fill(0xee)]]) });
    cluster.apply({
      kind: 'monitor',
      monitor: { name: 'a', member: 1, address: { host: '10.0.0.1', port: 7000 }, role: 'voter' },
    });
  });

  it('add makes a key and prints it, as `ceph auth ls` does', async () => {
    const added = await run('add', 'client.backup', ...backupCaps);
    assert.equal(added.stderr, '');
    assert.equal(
      added.stdout,
      `client.backup\n\tkey: ${keyOf('client.backup')}\n\tcaps: [mon] allow r\n\tcaps: [osd] allow rw pool=data\n`,
    );
    assert.equal(cluster.keys.get('client.backup')?.byteLength, 32);
    assert.deepEqual([...(cluster.map.entities.get('client.backup')?.caps ?? [])].flat(), backupCaps);
  });

  it('add with -o writes a configuration that only the user may read, and prints nothing of it', async () => {
    const added = await run('add', 'client.backup', ...backupCaps, '-o', 'backup.yaml');
    assert.deepEqual([added.code, added.stdout], [0, '']);
    assert.equal(added.stderr, 'wrote backup.yaml, for you alone to read; use it with --conf backup.yaml\n');
    assert.ok(added.privateFiles.has('backup.yaml'));
    const conf = decodeClusterConf(added.files.get('backup.yaml') ?? new Uint8Array(0), 'backup.yaml');
    assert.deepEqual(conf, {
      fsid: cluster.map.fsid,
      name: 'client.backup',
      key: cluster.keys.get('client.backup'),
      monitors: [{ host: '10.0.0.1', port: 7000 }],
    });
  });

  it('add again with the same capabilities gives the same key, with others it is refused', async () => {
    await run('add', 'client.backup', ...backupCaps);
    const before = keyOf('client.backup');
    const again = await run('add', 'client.backup', ...backupCaps);
    assert.equal(again.stderr, 'client.backup exists already, with these capabilities\n');
    assert.ok(again.stdout.includes(before));
    const other = await run('add', 'client.backup', 'mon', 'allow r');
    assert.equal(other.code, 1);
    assert.match(other.stderr, /^cairn: client\.backup exists with other capabilities; .*cairn auth caps.*\n$/);
    assert.equal(keyOf('client.backup'), before);
  });

  it('get finds the key again, as text, JSON and file', async () => {
    await run('add', 'client.backup', ...backupCaps);
    const key = keyOf('client.backup');
    assert.ok((await run('get', 'client.backup')).stdout.includes(`key: ${key}\n`));
    assert.deepEqual(JSON.parse((await run('get', 'client.backup', '--json')).stdout), {
      name: 'client.backup',
      key,
      caps: { mon: 'allow r', osd: 'allow rw pool=data' },
    });
    assert.ok((await run('get', 'client.backup', '-o', 'f')).privateFiles.has('f'));
  });

  it('ls shows names and capabilities, and no key', async () => {
    await run('add', 'client.backup', ...backupCaps);
    await run('add', 'client.idle');
    const { stdout } = await run('ls');
    assert.equal(
      stdout.replaceAll(/ +\n/g, '\n'),
      [
        'NAME           SERVICE  CAPABILITY',
        'client.admin   mon      allow *',
        '               osd      allow *',
        'client.backup  mon      allow r',
        '               osd      allow rw pool=data',
        'client.idle    -        -',
        '',
      ].join('\n'),
    );
    const json = (await run('ls', '--json')).stdout;
    for (const name of cluster.keys.keys()) assert.ok(!(stdout + json).includes(keyOf(name)));
    assert.deepEqual(JSON.parse(json).entities[1], {
      name: 'client.backup',
      caps: { mon: 'allow r', osd: 'allow rw pool=data' },
    });
  });

  it('ls reads page by page what one answer does not hold', async () => {
    for (const long of ['allow r', `allow r, ${'allow r,'.repeat(60)} allow r`]) {
      const caps = new Map([['osd', long]]);
      const entities = Array.from({ length: 2500 }, (_, i) => ({ name: `client.c${i}`, caps }));
      cluster.apply(...entities.map((entity) => ({ kind: 'entity' as const, entity })));
      const listed = JSON.parse((await run('ls', '--json')).stdout) as { entities: { name: string }[] };
      assert.equal(new Set(listed.entities.map(({ name }) => name)).size, 2501);
    }
  });

  it('caps replaces all of them and keeps the key', async () => {
    await run('add', 'client.backup', ...backupCaps);
    const key = keyOf('client.backup');
    const changed = await run('caps', 'client.backup', 'mon', 'allow r');
    assert.equal(changed.stderr, 'changed the capabilities of client.backup\n');
    assert.equal(changed.stdout, 'client.backup\n\tcaps: [mon] allow r\n');
    assert.equal(keyOf('client.backup'), key);
    const { epoch } = cluster.map;
    const again = await run('caps', 'client.backup', 'mon', 'allow r');
    assert.equal(again.stderr, 'these already are the capabilities of client.backup\n');
    assert.equal(cluster.map.epoch, epoch);
  });

  it('rotate gives another key and says what must be updated', async () => {
    await run('add', 'gateway.1', 'mon', 'profile gateway');
    const before = keyOf('gateway.1');
    const rotated = await run('rotate', 'gateway.1');
    assert.notEqual(keyOf('gateway.1'), before);
    assert.ok(rotated.stdout.includes(keyOf('gateway.1')) && !rotated.stdout.includes(before));
    assert.match(rotated.stderr, /^the old key of gateway\.1 is no longer valid: .*restart it\n$/);
  });

  it('rotate prints the file that it cannot write: the key in it may be our own', async () => {
    const failed = await run('rotate', 'client.admin', '-o', 'full/disk');
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /\ncairn: full\/disk: the disk is full; the file is printed instead: keep it\n$/);
    const conf = decodeClusterConf(new TextEncoder().encode(failed.stdout), 'stdout');
    assert.deepEqual(conf.key, cluster.keys.get('client.admin'));
  });

  it('caps wants to be told what is left', async () => {
    assert.match((await run('caps', 'client.admin')).stderr, /missing required argument 'caps'/);
  });

  it('rm removes what a later version of the monitors has named', async () => {
    cluster.apply({ kind: 'entity', entity: { name: 'mirror.x', caps: new Map([['mon', 'allow r']]) } });
    assert.equal((await run('rm', 'mirror.x')).stderr, 'removed mirror.x; its key is no longer valid\n');
  });

  it('rm takes the key back; what is gone already is no error', async () => {
    await run('add', 'client.backup', ...backupCaps);
    assert.equal((await run('rm', 'client.backup')).stderr, 'removed client.backup; its key is no longer valid\n');
    assert.ok(!cluster.keys.has('client.backup') && !cluster.map.entities.has('client.backup'));
    const again = await run('rm', 'client.backup');
    assert.deepEqual([again.code, again.stderr], [0, 'there is no client.backup already\n']);
  });

  describe('refuses', () => {
    const refusals = [
      { name: 'a name without a type', args: ['add', 'backup'], says: /does not start with a type; write TYPE\.ID/ },
      { name: 'an id with a slash', args: ['add', 'client.a/b'], says: /cannot follow client\./ },
      { name: 'a name that is too long', args: ['add', `client.${'x'.repeat(58)}`], says: /auth\.add: name: Too big/ },
      { name: 'an OSD that is no number', args: ['add', 'osd.x'], says: /is no OSD id/ },
      { name: 'the key of a monitor', args: ['add', 'mon.b'], says: /cairn mon add b/ },
      { name: 'half a pair', args: ['add', 'client.x', 'mon'], says: /"mon" stands without its capability/ },
      { name: 'a service twice', args: ['add', 'client.x', 'mon', 'allow r', 'mon', 'allow w'], says: /named twice/ },
      {
        name: 'a capability that says nothing',
        args: ['add', 'client.x', 'mon', 'r'],
        says: /caps "r" are not understood/,
      },
      { name: 'a capability of two lines', args: ['add', 'client.x', 'mon', 'allow\nr'], says: /are no line of/ },
      {
        name: 'a service that there is not',
        args: ['add', 'client.x', 'mgr', 'allow r'],
        says: /there are no caps for mgr/,
      },
      {
        name: 'a name that nobody has',
        args: ['get', 'client.admn'],
        says: /nobody is called client\.admn; did you mean client\.admin\?/,
      },
      { name: 'rotating a name that nobody has', args: ['rotate', 'osd.9'], says: /nobody is called osd\.9; see/ },
      {
        name: 'removing the last administrator',
        args: ['rm', 'client.admin'],
        says: /last client that may administer/,
      },
      {
        name: 'demoting the last administrator',
        args: ['caps', 'client.admin', 'mon', 'allow r'],
        says: /last client that may administer/,
      },
    ];
    for (const c of refusals) {
      it(c.name, async () => {
        const refused = await run(...c.args);
        assert.deepEqual([refused.code, refused.stdout], [1, '']);
        assert.match(refused.stderr, c.says);
        assert.match(refused.stderr, /^cairn: [^\n]*\n$/);
        assert.equal(cluster.map.epoch, 2);
      });
    }

    it('removing the key of a monitor that is a member', async () => {
      cluster.apply({ kind: 'entity', entity: { name: 'mon.a', caps: new Map([['mon', 'profile monitor']]) } });
      assert.match((await run('rm', 'mon.a')).stderr, /is a monitor of this cluster; .*cairn mon rm a/);
    });

    it('who may not execute', async () => {
      await run('add', 'client.reader', 'mon', 'allow rw');
      const refused = await cli(['auth', 'ls'], {}, { client: cluster.as('client.reader') });
      assert.equal(
        refused.stderr,
        "cairn: this needs the capability mon 'allow rwx', which client.reader lacks; see `cairn auth get client.reader`\n",
      );
    });
  });

  it('a second administrator lets the first go', async () => {
    await run('add', 'client.second', 'mon', 'allow *');
    assert.equal((await run('rm', 'client.admin')).code, 0);
  });

  it('leaves no key in the log, the audit trail or the map', async () => {
    await run('add', 'client.backup', ...backupCaps);
    const first = keyOf('client.backup');
    await run('rotate', 'client.backup');
    await run('add', 'client.backup', 'mon', 'allow r');
    const { auditTrail, clusterLog, map } = cluster;
    const said = JSON.stringify([auditTrail, clusterLog, [...map.entities.values()], [...map.config]]);
    assert.equal(auditTrail.length, 3);
    assert.equal(clusterLog.length, 2);
    for (const key of [first, keyOf('client.backup')]) assert.ok(!said.includes(key.slice(0, 12)));
  });
});
