/** `cairn mon …` from the command line to what the leader is told to do. */
import assert from 'node:assert/strict';
import { CairnError } from '../../base/errors.js';
import type { MembershipControl } from '../../monitor/commands/membership-control.js';
import { registerMonCommands } from '../../monitor/commands/mon.js';
import { CommandTable } from '../../monitor/commands/types.js';
import { keyText } from '../../protocol/credentials.js';
import { decodeJoinToken } from '../../protocol/join-token.js';
import { LocalCluster } from '../monitor/commands/local-cluster.js';
import { softOf, threeMonitors } from '../monitor/commands/three-monitors.js';
import { type CliRun, cli } from './fake-context.js';

describe('cairn mon', () => {
  let cluster: LocalCluster;
  let asked: string[];
  let refusal: CairnError | undefined;
  const run = (...args: string[]): Promise<CliRun> => cli(['mon', ...args], {}, { client: cluster.as() });

  beforeEach(() => {
    asked = [];
    refusal = undefined;
    const answer = async (deed: string): Promise<void> => {
      asked.push(deed);
      if (refusal !== undefined) throw refusal;
    };
    const membership: MembershipControl = {
      remove: (name) => answer(`remove ${name}`),
      transfer: (name) => answer(`transfer ${name}`),
    };
    const table = new CommandTable();
    registerMonCommands(table, membership);
    cluster = new LocalCluster({ table });
    cluster.apply(...threeMonitors());
    cluster.soft = softOf(['a', 'b', 'c']);
  });

  it('stat says in one line who there is', async () => {
    const all = 'a=10.0.0.1:7000,b=10.0.0.2:7000,c=10.0.0.3:7000';
    assert.equal((await run('stat')).stdout, `e2: 3 mons at {${all}}, term 1, leader a, quorum a,b,c\n`);
    assert.deepEqual(JSON.parse((await run('stat', '--json')).stdout), {
      epoch: 2,
      num_mons: 3,
      term: 1,
      leader: 'a',
      quorum: ['a', 'b', 'c'],
      stale: false,
    });
  });

  it('stat without a quorum says so, and names nobody as in quorum', async () => {
    cluster.soft = softOf(['a', 'b', 'c'], { down: ['b', 'c'] });
    cluster.isStale = true;
    const { stdout, stderr, code } = await run('stat');
    assert.equal(code, 0);
    assert.match(stdout, /no leader, no quorum\n$/);
    assert.match(stderr, /^cairn: the monitors have no quorum; .*epoch 2\n$/);
  });

  const hearings = [
    { heard: ['b'], silent: ['c'], says: 'mon.a hears mon.b, but not mon.c' },
    { heard: [], silent: ['b', 'c'], says: 'mon.a does not hear mon.b, mon.c' },
    { heard: ['b', 'c'], silent: [], says: 'mon.a hears mon.b, mon.c' },
    { heard: [], silent: [], says: 'mon.a knows no other' },
  ];
  for (const { says, ...ears } of hearings) {
    it(`stat and dump without a quorum say whom the monitor hears: ${says}`, async () => {
      const hearing = { by: 'a', ...ears };
      cluster.soft = { ...softOf(['a', 'b', 'c'], { down: ['b', 'c'] }), hearing };
      cluster.isStale = true;
      assert.match((await run('stat')).stdout, new RegExp(`, no leader, no quorum: ${says}\n$`));
      assert.match((await run('dump')).stdout, new RegExp(`\nno quorum: ${says}\n$`));
      for (const what of ['stat', 'dump']) {
        assert.deepEqual((JSON.parse((await run(what, '--json')).stdout) as { hearing: unknown }).hearing, hearing);
      }
    });
  }

  it('dump shows each with its role, clock and disk, and who was added but is not here', async () => {
    await run('add', 'd');
    cluster.soft = softOf(['a', 'b', 'c'], { down: ['c'] });
    const { stdout } = await run('dump');
    assert.equal(
      stdout.replaceAll(/ +\n/g, '\n'),
      [
        'epoch 3',
        'fsid 0123456789abcdef0123456789abcdef',
        'term 1',
        'NAME  MEMBER  ADDRESS        ROLE    QUORUM  CLOCK   STORE   DISK FREE  VERSION',
        'a          1  10.0.0.1:7000  leader  yes     0.3 ms  12 MiB     50 GiB  0.1.0',
        'b          2  10.0.0.2:7000  voter   yes     0.3 ms  12 MiB     50 GiB  0.1.0',
        'c          3  10.0.0.3:7000  voter   no           -       -          -  -',
        'not joined yet: d (see `cairn mon add --help`)',
        '',
      ].join('\n'),
    );
    assert.deepEqual((JSON.parse((await run('dump', '--json')).stdout) as { expected: string[] }).expected, ['d']);
  });

  it('add prints the commands to run, with a token that has all that the new monitor needs', async () => {
    const added = await run('add', 'd', '--address', '[fd00::4]:7000');
    assert.equal(added.stderr, 'mon.d may join; run on its machine:\n');
    const [join = '', runIt] = added.stdout.split('\n');
    const [, token = ''] = /^cairn monitor join (\S+) /.exec(join) ?? [];
    const place = '--conf /etc/cairn/mon.d.yaml --directory /var/lib/cairn/mon.d --address [fd00::4]:7000';
    assert.equal(join, `cairn monitor join ${token} ${place}`);
    assert.equal(runIt, 'cairn monitor run --conf /etc/cairn/mon.d.yaml');
    assert.deepEqual(decodeJoinToken(token), {
      fsid: cluster.map.fsid,
      name: 'mon.d',
      key: cluster.keys.get('mon.d'),
      monitors: [1, 2, 3].map((n) => ({ host: `10.0.0.${n}`, port: 7000 })),
    });
    assert.deepEqual(cluster.map.entities.get('mon.d')?.caps, new Map([['mon', 'profile monitor']]));
  });

  it('add again gives the same token, until the monitor has joined', async () => {
    const first = await run('add', 'd');
    const again = await run('add', 'mon.d');
    assert.equal(again.stdout, first.stdout);
    assert.match(again.stderr, /was added before and has not joined yet/);
    assert.equal(cluster.map.epoch, 3);
    const said = JSON.stringify([cluster.auditTrail, cluster.clusterLog]);
    assert.ok(!said.includes(keyText(cluster.keys.get('mon.d') ?? new Uint8Array(0)).slice(0, 12)));
  });

  it('rm says what would happen, and with --yes does it', async () => {
    const warned = await run('rm', 'c');
    assert.equal(warned.code, 1);
    assert.equal(
      warned.stderr,
      'cairn: without mon.c 2 of 2 monitors are in quorum (2 needed): if one more fails, the cluster map can no longer change; ' +
        'add --yes to remove it\n',
    );
    assert.deepEqual(asked, []);
    for (const yes of ['--yes', '--yes-i-really-mean-it']) {
      assert.equal((await run('rm', 'mon.c', yes)).stderr, 'removed mon.c; its disk may be wiped\n');
    }
    assert.deepEqual(asked, ['remove c', 'remove c']);
  });

  it('rm and transfer say how to take back a token that nobody used', async () => {
    await run('add', 'd');
    for (const args of [
      ['rm', 'd', '--yes'],
      ['transfer', 'd'],
    ]) {
      const { code, stderr } = await run(...args);
      assert.equal(code, 1);
      assert.equal(
        stderr,
        'cairn: mon.d was added but never joined; `cairn auth rm mon.d` makes its token worthless\n',
      );
    }
  });

  it('rm of the leader says that another one is elected', async () => {
    assert.match((await run('rm', 'a')).stderr, /and it leads, so another one is elected first; add --yes/);
  });

  it('rm of a learner leaves the quorum as it is, whoever is down', async () => {
    const monitor = { name: 'd', member: 4, address: { host: 'h', port: 1 }, role: 'learner' as const };
    cluster.apply({ kind: 'monitor', monitor });
    cluster.soft = softOf(['a', 'b', 'c', 'd'], { down: ['d'] });
    assert.match((await run('rm', 'd')).stderr, /mon\.d has no vote yet: the quorum stays as it is; add --yes/);
  });

  const quorums = [
    {
      name: 'a live one of three while another is down',
      down: ['b'],
      rm: 'c',
      refused: /without mon\.c only 1 of 2 .* 2 are needed; first start or remove mon\.b\n/,
    },
    { name: 'the one of three that is down', down: ['b'], rm: 'b', refused: undefined },
  ];
  for (const c of quorums) {
    it(`rm ${c.refused === undefined ? 'takes' : 'refuses'} ${c.name}, even with --yes`, async () => {
      cluster.soft = softOf(['a', 'b', 'c'], { down: c.down });
      const { stderr } = await run('rm', c.rm, '--yes');
      assert.match(stderr, c.refused ?? /^removed mon\.b/);
      assert.deepEqual(asked, c.refused === undefined ? [`remove ${c.rm}`] : []);
    });
  }

  it('rm refuses the last monitor', async () => {
    cluster.apply({ kind: 'monitor-removed', name: 'b' }, { kind: 'monitor-removed', name: 'c' });
    cluster.soft = softOf(['a']);
    assert.match((await run('rm', 'a', '--yes')).stderr, /mon\.a is the last monitor and holds the cluster map/);
    assert.deepEqual(asked, []);
  });

  it('transfer lets another one lead, and is content when it does already', async () => {
    assert.equal((await run('transfer', 'b')).stderr, 'mon.b leads\n');
    const already = await run('transfer', 'a');
    assert.deepEqual([already.code, already.stderr], [0, 'mon.a already leads\n']);
    assert.deepEqual(asked, ['transfer b']);
  });

  it('says what Raft refused', async () => {
    refusal = new CairnError('CONFLICT', 'another change of the monitors is under way; try again');
    for (const args of [
      ['transfer', 'b'],
      ['rm', 'c', '--yes'],
    ]) {
      const failed = await run(...args);
      assert.deepEqual([failed.code, failed.stderr], [1, `cairn: ${refusal.message}\n`]);
    }
  });

  const refusals = [
    {
      name: 'adding a monitor that is one',
      args: ['add', 'a'],
      says: /mon\.a is a monitor already, at 10\.0\.0\.1:7000/,
    },
    { name: 'an address that is taken', args: ['add', 'd', '--address', '10.0.0.2:7000'], says: /mon\.b listens at/ },
    {
      name: 'an address without a port',
      args: ['add', 'd', '--address', '10.0.0.2'],
      says: /is no address; write an address such as/,
    },
    { name: 'a name with a slash', args: ['add', '../x'], says: /mon\.add: name: write up to 32 letters/ },
    {
      name: 'removing one that there is not',
      args: ['rm', 'd', '--yes'],
      says: /there is no monitor mon\.d; the monitors are a, b, c/,
    },
    { name: 'transferring to one that there is not', args: ['transfer', 'x'], says: /there is no monitor mon\.x/ },
  ];
  for (const c of refusals) {
    it(`refuses ${c.name}`, async () => {
      const refused = await run(...c.args);
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, c.says);
      assert.match(refused.stderr, /^cairn: [^\n]*\n$/);
      assert.deepEqual([asked, cluster.map.epoch], [[], 2]);
    });
  }

  it('transfer refuses who is not in quorum, and who has no vote', async () => {
    cluster.soft = softOf(['a', 'b', 'c'], { down: ['c'] });
    assert.match((await run('transfer', 'c')).stderr, /mon\.c is not in quorum/);
    cluster.apply({
      kind: 'monitor',
      monitor: { name: 'd', member: 4, address: { host: 'h', port: 1 }, role: 'learner' },
    });
    assert.match((await run('transfer', 'd')).stderr, /mon\.d has no vote yet/);
  });
});
