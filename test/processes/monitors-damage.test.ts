/** Disks that rot, fill up or are claimed twice, and the ways out that the errors name. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monDump } from '../../protocol/commands/mon.js';
import { ChangeStream } from './change-stream.js';
import { Children, until, within } from './children.js';
import { freeAddress, MonitorProcesses } from './monitor-processes.js';

/** What `cairn` promises about every failure: one line that says what is wrong and what to do. */
function errorLine(stderr: string): string {
  // The daemon's log goes the same way, and takes its time.
  return stderr.split('\n').find((line) => line.startsWith('cairn: ')) ?? `no such line in ${stderr}`;
}

describe('monitor processes and their disks', function () {
  this.timeout(60_000);
  let cluster: MonitorProcesses;

  before(async () => {
    cluster = await MonitorProcesses.start('a', 'b', 'c');
  });

  after(() => cluster.end());

  it('refuses a second process on one directory, and the first goes on', async () => {
    const second = cluster.children.cairn(['monitor', 'run', '--conf', cluster.confOf('b')]);
    assert.deepEqual(await second.end(), { code: 1, signal: null });
    assert.match(errorLine(second.stderr), /^cairn: .*it is open already; stop the other daemon/);
    await cluster.untilVoters(3);
  });

  it('keeps a name that runs from another disk that claims it', async () => {
    const copy = join(cluster.directory, 'copy.yaml');
    const { port } = await freeAddress();
    const text = (await cluster.confText('b'))
      .replace(/^directory: .*$/m, `directory: ${join(cluster.directory, 'copy')}`)
      .replace(/^address: .*$/m, `address: 127.0.0.1:${port}`);
    await writeFile(copy, text);
    const memberOfB = async (): Promise<number | undefined> =>
      (await cluster.untilVoters(3)).monitors.find(({ name }) => name === 'b')?.member;
    const before = await memberOfB();
    const claimant = cluster.children.cairn(['monitor', 'run', '--conf', copy]);
    await until('it says why it waits', () => /mon\.b is running already/.test(claimant.stderr), {
      describe: () => claimant.stderr,
    });
    assert.equal(await memberOfB(), before);
    claimant.signal('SIGTERM');
    assert.deepEqual(await claimant.end(), { code: 0, signal: null });
  });

  it('refuses a store in which bytes have flipped, and the way out that it names works', async () => {
    const client = cluster.client();
    const before = (await client.query(monDump, {}, within(15_000))).result;
    const former = before.monitors.find(({ name }) => name === 'b')?.member;
    cluster.process('b').signal('SIGTERM');
    await cluster.process('b').end();
    const store = join(cluster.dataOf('b'), 'store');
    const log = await newestLog(join(store, 'raft'));
    const bytes = await readFile(log);
    for (let at = Math.floor(bytes.length / 2); at < bytes.length; at += 50) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    await writeFile(log, bytes);

    const refused = cluster.run('b');
    assert.deepEqual(await refused.end(), { code: 1, signal: null });
    const said = errorLine(refused.stderr);
    assert.match(said, /^cairn: the Raft store in .* is damaged: .*remove that directory and start this monitor again/);
    const [, directory = ''] = /remove that directory/.test(said)
      ? (/the Raft store in (\S+) is/.exec(said) ?? [])
      : [];
    assert.equal(directory, store);
    await rm(directory, { recursive: true });
    cluster.run('b');
    await until('it votes again under another id', async () => {
      const { monitors } = await cluster.untilVoters(3);
      return monitors.some(({ name, member }) => name === 'b' && member !== former);
    });
    assert.equal((await cluster.dump(client)).fsid, before.fsid);
  });

  if (process.getuid?.() === 0 && canMount()) {
    it('stops clearly when its disk is full, and goes on with what it had when there is room', async () => {
      const mount = join(cluster.directory, 'small');
      await mkdir(mount);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', mount]);
      try {
        await cluster.add('d', join(mount, 'd'));
        await cluster.untilVoters(4);
        const stream = new ChangeStream(cluster.client(), 'full');
        await stream.progress();
        await writeFile(join(mount, 'ballast'), new Uint8Array(4 * 1024 * 1024)).catch(() => undefined);
        const ended = await cluster.process('d').end();
        assert.notEqual(ended.code, 0);
        assert.match(cluster.process('d').stderr, /NO_SPACE|full|space/);
        await stream.progress();
        await rm(join(mount, 'ballast'));
        cluster.run('d');
        await cluster.untilVoters(4);
        await stream.stop();
        assert.deepEqual([stream.errors, stream.twice, await stream.lost()], [[], [], []]);
        await cluster.kill('d');
      } finally {
        execFileSync('umount', ['-l', mount]);
      }
    });
  }
});

async function newestLog(directory: string): Promise<string> {
  const logs = (await readdir(directory)).filter((name) => name.endsWith('.log')).sort();
  const newest = logs.at(-1);
  if (newest === undefined) throw new Error(`no log in ${directory}`);
  return join(directory, newest);
}

/** Root in a container may be allowed no mounts. */
function canMount(): boolean {
  try {
    execFileSync('unshare', ['--mount', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('making and joining a cluster by hand', function () {
  this.timeout(60_000);
  const children = new Children();
  let directory: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cairn-byhand-'));
  });

  after(async () => {
    await children.endAll();
    await rm(directory, { recursive: true, force: true });
  });

  async function cairn(...args: readonly string[]) {
    const running = children.cairn(args);
    const { code } = await running.end();
    return { code, stdout: running.stdout, stderr: running.stderr };
  }

  async function refusal(...args: readonly string[]): Promise<string> {
    const { code, stderr, stdout } = await cairn(...args);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /^cairn: [^\n]+\n$/);
    return stderr;
  }

  it('goes from init over run, add and join to two monitors, and refuses to do any of it by halves', async () => {
    const path = (name: string): string => join(directory, name);
    const address = async (): Promise<string> => `127.0.0.1:${(await freeAddress()).port}`;
    const first = ['--name', 'a', '--address', await address(), '--directory', path('a')];
    const files = ['--conf', path('a.yaml'), '--admin-conf', path('admin.yaml')];
    // A file that cannot be written leaves no cluster without its keys behind.
    await refusal('monitor', 'init', ...first, '--conf', path('no/a.yaml'), '--admin-conf', path('admin.yaml'));
    const made = await cairn('monitor', 'init', ...first, ...files, '--json');
    assert.deepEqual([made.code, made.stderr], [0, '']);
    const { fsid } = JSON.parse(made.stdout) as { readonly fsid: string };
    assert.match(await refusal('monitor', 'init', ...first, ...files), /holds a monitor already|exists/);
    // The keys of the cluster that is there are not overwritten by those of another.
    const other = ['--name', 'a', '--address', await address(), '--directory', path('other')];
    assert.match(await refusal('monitor', 'init', ...other, ...files), /exists/);

    const a = children.cairn(['monitor', 'run', '--conf', path('a.yaml')]);
    const admin = ['--conf', path('admin.yaml')];
    const shown = await cairn('fsid', ...admin);
    assert.equal(shown.stdout.trim(), fsid);
    const added = await cairn('mon', 'add', 'b', ...admin, '--json');
    assert.equal(added.code, 0, added.stderr);
    const { token } = JSON.parse(added.stdout) as { readonly token: string };
    const place = ['--address', await address(), '--directory', path('b'), '--conf', path('b.yaml')];
    for (const damaged of [token.slice(0, -9), `${token}=`]) {
      const said = await refusal('monitor', 'join', damaged, ...place);
      assert.match(said, /join token is damaged/);
      assert.equal(said.includes(token.slice(20, 40)), false, 'no error quotes the key');
    }
    const joined = await cairn('monitor', 'join', token, ...place);
    assert.equal(joined.code, 0, joined.stderr);
    const b = children.cairn(['monitor', 'run', '--conf', path('b.yaml')]);
    await until('both are in quorum', async () => {
      const { stdout } = await cairn('status', '--json', ...admin);
      const { monmap } = JSON.parse(stdout) as { readonly monmap: { readonly quorum: readonly string[] } };
      return monmap.quorum.length === 2;
    });
    for (const monitor of [a, b]) monitor.signal('SIGTERM');
    assert.deepEqual(await Promise.all([a.end(), b.end()]), [
      { code: 0, signal: null },
      { code: 0, signal: null },
    ]);
  });

  it('says in one line what is wrong with a file, a port or a directory', async () => {
    const path = (name: string): string => join(directory, name);
    await writeFile(path('garbage.yaml'), new Uint8Array([0xff, 0xfe, 0, 1]));
    assert.match(errorLine(await refusal('monitor', 'run', '--conf', path('garbage.yaml'))), /garbage\.yaml/);
    await writeFile(path('unknown.yaml'), 'nmae: a\n');
    assert.match(await refusal('monitor', 'run', '--conf', path('unknown.yaml')), /nmae.*name/);
    assert.match(await refusal('monitor', 'run', '--conf', path('nothing.yaml')), /nothing\.yaml/);
    const { port } = await freeAddress();
    const script = `require('net').createServer().listen(${port}, '127.0.0.1', () => console.log('listens'))`;
    const taken = children.start(process.execPath, ['-e', script]);
    await until('somebody listens', () => taken.stdout.includes('listens'));
    const options = [
      '--name',
      'z',
      '--directory',
      path('z'),
      '--conf',
      path('z.yaml'),
      '--admin-conf',
      path('zz.yaml'),
    ];
    assert.equal((await cairn('monitor', 'init', '--address', `127.0.0.1:${port}`, ...options)).code, 0);
    const { code, stderr } = await cairn('monitor', 'run', '--conf', path('z.yaml'));
    assert.equal(code, 1);
    assert.match(errorLine(stderr), new RegExp(`^cairn: .*${port}.*(in use|listens)`));
  });
});
