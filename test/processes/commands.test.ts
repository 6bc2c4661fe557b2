/** Every command of the program against three monitor processes: where it does what it is for, and where it is refused. */
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createProgram } from '../../cli/program.js';
import { type Leaf, leafOf, leavesOf, shellWords } from '../cli/command-leaves.js';
import { type CliOutcome, cliHere, contextOf } from './cli-here.js';
import { type CommandLine, clusterLines, lastLines } from './command-lines.js';
import { here, until } from './children.js';
import { dataLines } from './data-lines.js';
import { MonitorProcesses, freeAddress } from './monitor-processes.js';
import { StandInOsds } from './stand-in-osds.js';
import { makeStoreOfOnePg } from './store-of-one-pg.js';

const osds = [
  { id: 0, host: 'h1', deviceClass: 'ssd' },
  { id: 1, host: 'h2', deviceClass: 'hdd' },
  { id: 2, host: 'h3' },
  { id: 3, host: 'h1' },
  { id: 4, host: 'h4' },
  { id: 5, host: 'h5' },
  { id: 6, host: 'h6' },
];

/** They work on files and on this program alone. */
const local = new Set([
  'completion',
  'config help',
  'crush compile',
  'crush decompile',
  'crush diff',
  'crush test',
  'dev',
  'monitor init',
  'monitor join',
  'monitor run',
  'osd dump-store',
  'osd export-pg',
  'osd fsck',
  'osd import-pg',
  'osd mkfs',
  'osd run',
]);

/** In the order of their words. */
const needOsds = [
  'object bench',
  'object get',
  'object ls',
  'object put',
  'object rm',
  'object stat',
  'pg accept-loss',
  'pg deep-scrub',
  'pg parked drop',
  'pg parked get',
  'pg parked ls',
  'pg query',
  'pg repair',
  'pg scrub',
  'pg scrub-report',
];

/** Those that a capability of `allow r` is enough for, besides the local ones. */
const readers = `
  audit, config dump, config get, config ls, crush class ls, crush class ls-osd, crush dump, crush get,
  crush rule dump, crush rule ls, crush show, crush tree, df, features, fsid, health detail, health summary, log,
  map dump, map get, mon dump, mon stat, object locate, osd df, osd dump, osd find, osd ls, osd stat, osd tree,
  pg dump, pg ls, pg map, pg stat, pool get, pool ls, pool stats, status, versions
`
  .trim()
  .split(/,\s+/);

/** As well, but what was true once is no answer to them. */
const readersOfNow = ['osd ok-to-stop', 'osd safe-to-destroy'];

const lines = [...clusterLines, ...dataLines, ...lastLines];

describe('every command, with three monitors', function () {
  this.timeout(60_000);
  const program = createProgram(contextOf());
  const leaves = leavesOf(program);
  const succeeded = new Set<string>();
  const refused = new Set<string>();
  const printedJson = new Set<string>();
  let cluster: MonitorProcesses;
  let standIns: StandInOsds | undefined;
  let upmap = '';

  before(async () => {
    cluster = await MonitorProcesses.start('a', 'b', 'c');
    await mkdir(join(cluster.directory, 'files'));
    await makeStoreOfOnePg(join(cluster.directory, 'files', 'pg-store'));
    const admin = cluster.client();
    standIns = new StandInOsds(cluster.credentials);
    await standIns.start(admin, osds);
    await cluster.writeConf('admin.yaml');
    await until('the leader knows how all are', async () => {
      const { monitors } = await cluster.dump(admin);
      const { nodes } = JSON.parse((await run(['osd', 'df', '--json'])).stdout) as { nodes: { kb_used: number }[] };
      return monitors.every(({ version }) => version !== undefined) && nodes.every(({ kb_used: used }) => used > 0);
    });
  });

  after(async () => {
    await standIns?.end();
    await cluster.end();
  });

  const file = (name: string): string => join(cluster.directory, 'files', name);

  function wordsOf(line: string): string[] {
    return shellWords(line.replaceAll('$dir', join(cluster.directory, 'files')).replace('$upmap', upmap));
  }

  async function run(words: readonly string[], conf = join(cluster.directory, 'admin.yaml')): Promise<CliOutcome> {
    return cliHere(words.includes('--conf') ? words : [...words, '--conf', conf]);
  }

  async function good(words: readonly string[], leaf: Leaf): Promise<CliOutcome> {
    const outcome = await run(words);
    assert.equal(outcome.code, 0, outcome.stderr);
    assert.doesNotMatch(outcome.stderr, /^cairn: /m, 'nothing is wrong');
    succeeded.add(leaf.path);
    if (words.includes('--json')) {
      JSON.parse(outcome.stdout);
      printedJson.add(leaf.path);
    }
    return outcome;
  }

  async function runLine({ line, prints, notes, refused: says, json }: CommandLine): Promise<void> {
    const words = wordsOf(line === '-s' ? 'status' : line);
    const leaf = leafOf(program, words);
    if (says !== undefined) {
      assertRefused(await run(words), says);
      refused.add(leaf.path);
      return;
    }
    const { stdout, stderr } = await good(words, leaf);
    if (prints !== undefined) assert.match(stdout, prints);
    if (notes !== undefined) assert.match(stderr, notes);
    if (json === undefined) return;
    const value = JSON.parse((await good([...words, '--json'], leaf)).stdout) as unknown;
    if (json.length === 0) assert.ok(Array.isArray(value));
    else for (const name of json) assert.ok(Object.hasOwn(value as object, name), `${name} is in the JSON`);
  }

  for (const line of lines) {
    it(`cairn ${line.line}${line.refused === undefined ? '' : ' (refused)'}`, async () => {
      if (line.line.includes('$upmap')) upmap = await upmapOfPg();
      await runLine(line);
    });
  }

  /** A PG on three of the four hosts whose OSDs are up: one of it to the fourth. */
  async function upmapOfPg(): Promise<string> {
    const { up } = JSON.parse((await run(['pg', 'map', '1.0', '--json'])).stdout) as { readonly up: number[] };
    const hosts = new Set(osds.filter(({ id }) => up.includes(id)).map(({ host }) => host));
    const free = osds.find(({ id, host }) => id < 5 && !hosts.has(host));
    return `1.0 ${up[0]} ${free?.id}`;
  }

  it('cairn mon add, monitor join, monitor run and mon rm take a monitor in and let it go', async () => {
    const { host, port } = await freeAddress();
    const added = await run(['mon', 'add', 'd', '--address', `${host}:${port}`]);
    const token = /^cairn monitor join (\S+) /.exec(added.stdout)?.[1] ?? added.stderr;
    const place = ['--directory', file('d'), '--conf', file('d.yaml'), '--address', `${host}:${port}`];
    const joined = await good(['monitor', 'join', token, ...place], leafOf(program, ['monitor', 'join']));
    assert.match(joined.stdout, /^wrote .*d\.yaml\nstart it: {2}cairn monitor run --conf .*d\.yaml\n$/);
    assertRefused(await run(['monitor', 'join', token, ...place, '--json']), /d\.yaml/);
    const other = ['--directory', file('d'), '--conf', file('d2.yaml'), '--address', `${host}:${port}`];
    await good(['monitor', 'join', token, ...other, '--json'], leafOf(program, ['monitor', 'join']));

    const running = cluster.children.cairn(['monitor', 'run', '--conf', file('d.yaml')]);
    await cluster.untilVoters(4);
    succeeded.add('monitor run');
    const removed = await good(['mon', 'rm', 'd', '--yes'], leafOf(program, ['mon', 'rm']));
    assert.equal(removed.stderr, 'removed mon.d; its disk may be wiped\n');
    await cluster.untilVoters(3);
    running.signal('SIGTERM');
    await running.end();
  });

  it('cairn osd new, mkfs and run add a disk', async () => {
    const { host, port } = await freeAddress();
    const conf = file('osd.20.yaml');
    const made = ['osd', 'new', '--osd', '20', '--address', `${host}:${port}`, '--directory', file('osd.20')];
    await good([...made, '--location', 'host=h20', '-o', conf, '--json'], leafOf(program, ['osd', 'new']));
    const small = ['--size', '64MiB', '--segment-size', '1MiB'];
    await good(['osd', 'mkfs', '--conf', conf, ...small], leafOf(program, ['osd', 'mkfs']));
    const running = cluster.children.cairn(['osd', 'run', '--conf', conf]);
    const isUp = async (): Promise<boolean> => {
      const { nodes } = JSON.parse((await run(['osd', 'tree', '--json'])).stdout) as {
        nodes: { name: string; status?: string }[];
      };
      return nodes.some(({ name, status }) => name === 'osd.20' && status === 'up');
    };
    await until('it is up', isUp);
    succeeded.add('osd run');
    running.signal('SIGTERM');
    assert.deepEqual(await running.end(), { code: 0, signal: null });
    assert.ok(!(await isUp()), 'its goodbye was heard');
  });

  /** The first line that succeeds with each command that talks to the cluster. */
  function linePerLeaf(): ReadonlyMap<string, readonly string[]> {
    const found = new Map<string, readonly string[]>([['mon rm', ['mon', 'rm', 'c', '--yes']]]);
    for (const { line, refused: says } of lines) {
      const words = wordsOf(line === '-s' ? 'status' : line);
      const { path } = leafOf(program, words);
      if (says === undefined && !local.has(path) && !found.has(path)) found.set(path, words);
    }
    found.set('crush tree', ['crush', 'tree']);
    // It never overwrites a file, and refuses before it asks the cluster.
    found.set('osd new', wordsOf('osd new --address 127.0.0.1:9 -o $dir/never.yaml'));
    return found;
  }

  it('a key without capabilities is refused everything, in words that name it', async () => {
    for (const [path, words] of linePerLeaf()) {
      const outcome = await run(words, file('none.yaml'));
      assert.equal(outcome.code, 1, path);
      assertRefused(
        outcome,
        /^this needs the capability mon 'allow \w+', which client\.none lacks; see `cairn auth get client\.none`$/,
      );
    }
  });

  it('a key that may read is enough for all that only looks, and for nothing else', async () => {
    const may: string[] = [];
    for (const [path, words] of linePerLeaf()) {
      const outcome = await run(words, file('ro.yaml'));
      // What it asks for may be gone by now: it was let in all the same.
      if (outcome.code === 0 || !/needs the capability/.test(outcome.stderr)) may.push(path);
    }
    assert.deepEqual(may.sort(), [...readers, ...readersOfNow].sort());
  });

  it('without a quorum what only looks answers and says that it may be old, and all else fails in time', async () => {
    const leader = await cluster.leader();
    const other = ['a', 'b', 'c'].find((name) => name !== leader) ?? '';
    await cluster.kill(leader, other);
    const all = [...linePerLeaf()];
    const looks = all.filter(([path]) => readers.includes(path));
    await Promise.all(
      looks.map(async ([path, words]) => {
        const { code, stderr } = await run([...words, '--timeout', '30']);
        assert.equal(code, 0, `${path}: ${stderr}`);
        assert.match(stderr, /^cairn: the monitors have no quorum; this is what was true at map epoch \d+$/m, path);
      }),
    );
    // One of each group, as they wait out their time: `auth`, `config`, `crush`, `health`, `mon`, `osd`, `pg`, `pool`.
    const others = all.filter(([path]) => !readers.includes(path) && !readersOfNow.includes(path));
    const onePerGroup = new Map(others.map((one) => [one[0].split(' ')[0], one] as const));
    assert.equal(onePerGroup.size, 8);
    await Promise.all(
      [...onePerGroup.values()].map(async ([path, words]) => {
        const begun = here.clock.now();
        const outcome = await run([...words, '--timeout', '6']);
        assert.ok(here.clock.now() - begun < 20_000, `${path} ended in time`);
        assertRefused(
          outcome,
          /: (the monitors have no leader: mon\.\w does not hear mon\.\w, mon\.\w|the deadline passed); see `cairn mon stat`/,
        );
      }),
    );
  });

  it('every command stands in the tables, where it succeeds and where it is refused, and with --json', () => {
    const known = leaves.map(({ path }) => path);
    const lacking = (seen: ReadonlySet<string>, among = known): string[] => among.filter((path) => !seen.has(path));
    // `cairn dev` has a test of its own, monitors-dev.test.ts, and what needs OSDs that serve elsewhere: test/cli, test/osd.
    assert.deepEqual(lacking(succeeded).sort(), ['dev', ...needOsds]);
    assert.deepEqual(lacking(refused), []);
    const withJson = leaves.filter(
      ({ path, command }) => !needOsds.includes(path) && command.options.some(({ long }) => long === '--json'),
    );
    assert.deepEqual(
      lacking(
        printedJson,
        withJson.map(({ path }) => path),
      ),
      [],
    );
  });
});

/** One line, which says what is wrong; nothing on stdout. */
function assertRefused({ code, stdout, stderr }: CliOutcome, says: RegExp): void {
  assert.deepEqual([code, stdout], [1, ''], stderr);
  assert.match(stderr, /^cairn: [^\n]+\n$/);
  assert.match(stderr.slice('cairn: '.length, -1), says);
}
