/** `cairn dev` as whoever tries Cairn for the first time uses it: start, stop, start again, and everything between. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monDump } from '../../protocol/commands/mon.js';
import { authAdd } from '../../protocol/commands/auth.js';
import { readClusterConf } from '../../cli/cluster-conf.js';
import { MonitorSession } from '../../protocol/monitor-session.js';
import { Children, here, processesOf, type Running, until, within } from './children.js';
import { entityNames } from './change-stream.js';

describe('cairn dev', function () {
  this.timeout(60_000);
  const children = new Children();
  let base: string;
  let directory: string;

  before(async () => {
    base = await mkdtemp(join(tmpdir(), 'cairn-dev-'));
    directory = join(base, 'cluster');
  });

  after(async () => {
    await children.endAll();
    // Daemons of a dev that was killed are in groups of their own, and nobody's children.
    for (const pid of processesOf(base)) process.kill(pid, 'SIGKILL');
    await until('nothing runs any more', () => processesOf(base).length === 0);
    await rm(base, { recursive: true, force: true });
  });

  /** In a group of its own, as in a terminal. */
  function start(...args: readonly string[]): Running {
    return children.cairn(['dev', '--dir', directory, '--osds', '0', ...args], { hasOwnGroup: true });
  }

  async function ready(dev: Running): Promise<readonly string[]> {
    const describe = (): string => dev.stdout + dev.stderr;
    const line = await until('dev is ready', () => /^ready (.+)$/m.exec(dev.stdout)?.[1] ?? ended(dev), {
      withinMs: 30_000,
      describe,
    });
    return (JSON.parse(line) as { readonly monitors: readonly string[] }).monitors;
  }

  function ended(dev: Running): undefined {
    if (!dev.isRunning) throw new Error(`dev ended: ${dev.stderr}`);
  }

  async function pidOf(name: string): Promise<number> {
    return Number(await readFile(join(directory, 'run', `${name}.pid`), 'utf8'));
  }

  async function withClient<T>(body: (client: MonitorSession) => Promise<T>): Promise<T> {
    const credentials = await readClusterConf({ readFile: (path) => readFile(path) }, join(directory, 'cluster.yaml'));
    const client = new MonitorSession(here, { credentials, role: 'client' });
    try {
      return await body(client);
    } finally {
      await client.close();
    }
  }

  async function makeEntity(name: string): Promise<void> {
    await withClient((client) => client.change(authAdd, { name, caps: [] }, within(15_000)));
  }

  async function allInQuorum(): Promise<void> {
    await withClient((client) =>
      until('all are in quorum', async () => {
        const { monitors } = (await client.query(monDump, {}, within(15_000))).result;
        return monitors.length === 3 && monitors.every(({ isInQuorum }) => isInQuorum);
      }),
    );
  }

  it('starts three monitors, says when they are ready, and stops them cleanly at SIGTERM', async () => {
    const dev = start();
    assert.equal((await ready(dev)).length, 3);
    assert.equal(dev.stdout.split('\n').length, 2, 'the ready line is all that stands on stdout');
    await makeEntity('client.kept');
    assert.deepEqual((await readdir(join(directory, 'run'))).sort(), [
      'dev.pid',
      'mon.a.pid',
      'mon.b.pid',
      'mon.c.pid',
    ]);
    assert.equal(await pidOf('dev'), dev.pid);
    // Keys are in there.
    for (const name of ['mon.b', 'mon.b/store', 'conf/mon.b.yaml', 'cluster.yaml']) {
      assert.equal((await stat(join(directory, name))).mode & 0o077, 0, `${name} is its user's alone`);
    }
    const everybody = (await readFile(join(directory, 'cluster.yaml'), 'utf8')).match(/127\.0\.0\.1:/g);
    assert.equal(everybody?.length, 3, 'the command line finds every monitor');

    const second = start();
    assert.deepEqual(await second.end(), { code: 1, signal: null });
    assert.match(second.stderr, /^cairn: a cluster runs in .* already \(process [0-9]+\); stop that one[^\n]*\n$/);

    dev.signal('SIGTERM');
    assert.deepEqual(await dev.end(), { code: 0, signal: null });
    assert.deepEqual(await readdir(join(directory, 'run')), []);
    assert.deepEqual(processesOf(directory), []);
  });

  it('goes on with its data, reports a daemon that dies, and stops at Ctrl-C', async () => {
    const dev = start();
    await ready(dev);
    assert.ok((await withClient(entityNames)).has('client.kept'));
    process.kill(await pidOf('mon.b'), 'SIGKILL');
    await until('it is reported', () => /^cairn: mon\.b ended \(SIGKILL\); see .*mon\.b\.log$/m.test(dev.stderr));
    dev.signalGroup('SIGINT');
    assert.deepEqual(await dev.end(), { code: 0, signal: null });
    assert.deepEqual(processesOf(directory), []);
  });

  it('takes over from a dev that was killed, whose pid file may name anybody, and respawns what dies', async () => {
    const killed = start();
    await ready(killed);
    killed.signal('SIGKILL');
    await killed.end();
    // The id in the file has meanwhile been given to somebody else: here, to this test.
    await writeFile(join(directory, 'run', 'dev.pid'), `${process.pid}\n`);

    const dev = start('--respawn');
    await ready(dev);
    const before = await pidOf('mon.c');
    process.kill(before, 'SIGKILL');
    await until('another process has taken its place', async () => {
      const pid = await pidOf('mon.c').catch(() => before);
      return pid !== before;
    });
    assert.match(dev.stderr, /mon\.c ended \(SIGKILL\); starting it again/);
    await allInQuorum();
    dev.signal('SIGINT');
    assert.deepEqual(await dev.end(), { code: 0, signal: null });
    assert.deepEqual(processesOf(directory), []);
  });

  it('stops in good order when asked while it starts', async () => {
    directory = join(base, 'interrupted');
    const dev = start();
    await until('the first monitor is there', () => processesOf(`${directory}/conf/mon.a.yaml`).length > 0);
    dev.signalGroup('SIGINT');
    assert.deepEqual(await dev.end(), { code: 0, signal: null });
    assert.deepEqual(processesOf(directory), []);
    assert.equal(dev.stdout, '');

    const again = start('--mons', '1');
    await ready(again);
    again.signal('SIGTERM');
    assert.deepEqual(await again.end(), { code: 0, signal: null });
  });

  it('says in one line what is wrong with its directory and its files', async () => {
    const file = join(base, 'file');
    await writeFile(file, '');
    const cases: {
      readonly args: readonly string[];
      readonly message: RegExp;
      readonly prepare?: () => Promise<void>;
    }[] = [
      { args: ['--dir', '/dev/null/cairn'], message: /\/dev\/null\/cairn/ },
      { args: ['--dir', file], message: /file/ },
      {
        args: ['--dir', join(base, 'garbage')],
        message: /garbage\/cluster\.yaml/,
        prepare: async () => {
          await mkdir(join(base, 'garbage'), { recursive: true });
          await writeFile(join(base, 'garbage', 'cluster.yaml'), '\0{{{');
        },
      },
      {
        args: ['--dir', join(base, 'interrupted')],
        message: /mon\.a ended; see .*mon\.a\.log/,
        prepare: () => writeFile(join(base, 'interrupted', 'conf', 'mon.a.yaml'), 'name: [\n'),
      },
    ];
    for (const { args, message, prepare } of cases) {
      await prepare?.();
      const dev = children.cairn(['dev', '--osds', '0', ...args]);
      assert.deepEqual(await dev.end(), { code: 1, signal: null }, args.join(' '));
      const lines = dev.stderr.trimEnd().split('\n');
      assert.match(lines.at(-1) ?? '', /^cairn: /);
      assert.match(lines.at(-1) ?? '', message);
      assert.equal(dev.stdout, '');
    }
  });
});
