/** `bin/cairn` as a process of its own, with a monitor: what only shows there. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { authAdd } from '../../protocol/commands/auth.js';
import type { Credentials } from '../../protocol/credentials.js';
import { cairnScript, type Ended, here, type Running, until, within } from './children.js';
import { freeAddress, MonitorProcesses } from './monitor-processes.js';

const done: Ended = { code: 0, signal: null };
const failed: Ended = { code: 1, signal: null };

describe('cairn as a process, with a monitor', function () {
  this.timeout(60_000);
  let cluster: MonitorProcesses;
  let conf: string;
  let changes = 0;

  before(async () => {
    cluster = await MonitorProcesses.start('a');
    conf = join(cluster.directory, 'admin.yaml');
    await cluster.writeConf('admin.yaml');
  });

  after(() => cluster.end());

  /** Something for the cluster log. */
  async function change(): Promise<void> {
    changes += 1;
    await cluster.client().change(authAdd, { name: `client.c${changes}`, caps: [] }, within(15_000));
  }

  function follow(): Running {
    return cluster.children.cairn(['log', '-w', '-n', '1', '--conf', conf]);
  }

  it('finds the cluster by an option before the environment, and by CAIRN_CONF before CAIRN_DIR', async () => {
    await cluster.writeConf('cluster.yaml');
    const gone = { CAIRN_CONF: '/gone/by/conf', CAIRN_DIR: '/gone/by/dir' };
    const runs = [
      cluster.children.cairn(['--dir', cluster.directory, 'fsid'], { env: gone }),
      cluster.children.cairn(['fsid'], { env: { CAIRN_CONF: conf, CAIRN_DIR: '/gone' } }),
    ];
    const lost = cluster.children.cairn(['fsid'], { env: gone });
    for (const run of runs) {
      assert.deepEqual(await run.end(), done, run.stderr);
      assert.deepEqual([run.stdout, run.stderr], [`${cluster.admin.fsid}\n`, '']);
    }
    assert.deepEqual(await lost.end(), failed);
    assert.match(lost.stderr, /^cairn: there is no cluster at \/gone\/by\/conf; start one with `cairn dev`[^\n]*\n$/);
  });

  it('follows the log until Ctrl-C, which is no error', async () => {
    const run = follow();
    await change();
    await until('a record is shown', () => run.stdout.includes(`client.c${changes} `), { describe: () => run.stderr });
    run.signal('SIGINT');
    assert.deepEqual(await run.end(), done);
    assert.equal(run.stderr, '');
  });

  it('ends when whoever reads its output has read enough, which is no error', async () => {
    await change();
    const line = '{ "$0" "$1" log -w -n 1 --conf "$2"; echo "ended with $?" >&2; } | head -n 1';
    const run = cluster.children.start('sh', ['-c', line, process.execPath, cairnScript, conf]);
    await until('the first line is through', () => run.stdout !== '', { describe: () => run.stderr });
    await until('the next line finds nobody', async () => {
      await change();
      return !run.isRunning;
    });
    assert.deepEqual(await run.end(), done);
    assert.equal(run.stderr, 'ended with 0\n');
    assert.match(run.stdout, /^20[^\n]*\n$/);
  });

  it('says in one line, within its deadline, why it cannot talk to the cluster', async () => {
    const nobody = await freeAddress();
    const other = `${cluster.admin.fsid.startsWith('0') ? '1' : '0'}${cluster.admin.fsid.slice(1)}`;
    const cases: { readonly name: string; readonly credentials: Partial<Credentials>; readonly says: RegExp }[] = [
      { name: 'nobody', credentials: { monitors: [nobody] }, says: /no monitor answers at 127\.0\.0\.1:\d+; are they/ },
      { name: 'key', credentials: { key: new Uint8Array(32) }, says: /client\.admin could not prove who it is; check/ },
      { name: 'name', credentials: { name: 'client.who' }, says: /client\.who could not prove who it is; check/ },
      { name: 'fsid', credentials: { fsid: other }, says: /mon\.a is of cluster \w+, client\.admin of cluster/ },
    ];
    const all = cases.map(async ({ name, credentials, says }) => {
      await cluster.writeConf(`${name}.yaml`, { ...cluster.credentials, ...credentials });
      const begun = here.clock.now();
      const file = join(cluster.directory, `${name}.yaml`);
      const run = cluster.children.cairn(['pool', 'rm', 'data', '--timeout', '3', '--conf', file]);
      assert.deepEqual(await run.end(), failed, name);
      // 3 s, and the start of a process on a machine with other work.
      assert.ok(here.clock.now() - begun < 10_000, `${name}: it took too long`);
      assert.equal(run.stdout, '');
      assert.match(run.stderr, /^cairn: [^\n]+\n$/);
      assert.match(run.stderr, says);
    });
    await Promise.all(all);
  });

  it('gives up waiting at Ctrl-C, and says so in one line', async () => {
    let hasCome = false;
    // It never says a word.
    const mute = await here.network.listen({ host: '127.0.0.1', port: 0 }, {}, () => (hasCome = true));
    try {
      await cluster.writeConf('mute.yaml', { ...cluster.credentials, monitors: [mute.address] });
      const file = join(cluster.directory, 'mute.yaml');
      const run = cluster.children.cairn(['status', '--timeout', '600', '--conf', file]);
      await until('it waits', () => hasCome);
      run.signal('SIGINT');
      assert.deepEqual(await run.end(), failed);
      assert.deepEqual([run.stdout, run.stderr], ['', 'cairn: interrupted\n']);
    } finally {
      await mute.close();
    }
  });
});
