/** `cairn config …` from the command line to the map. */
import assert from 'node:assert/strict';
import { registerConfigCommands } from '../../monitor/commands/config.js';
import { CommandTable } from '../../monitor/commands/types.js';
import { LocalCluster } from '../monitor/commands/local-cluster.js';
import { type CliRun, cli } from './fake-context.js';

const table = new CommandTable();
registerConfigCommands(table);

const unpadded = (text: string): string => text.replaceAll(/ +\n/g, '\n');

describe('cairn config', () => {
  let cluster: LocalCluster;
  const run = (...args: string[]): Promise<CliRun> => cli(['config', ...args], {}, { client: cluster.as() });

  beforeEach(() => (cluster = new LocalCluster({ table })));

  it('set puts a value into the map, and says when it is there already', async () => {
    assert.equal((await run('set', 'osd', 'osd_heartbeat_grace', '8s')).stderr, 'osd/osd_heartbeat_grace is now 8s\n');
    assert.equal(cluster.map.config.get('osd/osd_heartbeat_grace'), '8s');
    const { epoch } = cluster.map;
    const again = await run('set', 'osd', 'osd_heartbeat_grace', '8s');
    assert.deepEqual([again.code, again.stderr], [0, 'osd/osd_heartbeat_grace is already 8s\n']);
    assert.equal(cluster.map.epoch, epoch);
    assert.deepEqual(
      cluster.clusterLog.map(({ source, message }) => [source, message]),
      [['client.admin', 'set osd/osd_heartbeat_grace to "8s"']],
    );
  });

  it('set takes an option without mon_osd_, and says its name in full', async () => {
    assert.equal(
      (await run('set', 'mon', 'down_out_interval', '20m')).stderr,
      'mon/mon_osd_down_out_interval is now 20m\n',
    );
  });

  it('set says who keeps a value of its own', async () => {
    await run('set', 'osd.3', 'log_level', 'trace');
    await run('set', 'osd', 'log_level', 'debug');
    assert.equal(
      (await run('set', 'global', 'log_level', 'warn')).stderr,
      'global/log_level is now warn\nosd keeps its own, debug\nosd.3 keeps its own, trace\n',
    );
    const json = JSON.parse((await run('set', 'osd', 'log_level', 'info', '--json')).stdout) as unknown;
    assert.deepEqual(json, {
      section: 'osd',
      option: 'log_level',
      overriddenBy: [{ section: 'osd.3', value: 'trace' }],
      isChanged: true,
    });
  });

  it('rm takes a value back, and is content when there is none', async () => {
    await run('set', 'global', 'log_level', 'debug');
    assert.equal((await run('rm', 'global', 'log_level')).stderr, 'global/log_level is no longer set\n');
    assert.equal(cluster.map.config.size, 0);
    const again = await run('rm', 'global', 'log_level');
    assert.deepEqual([again.code, again.stderr], [0, 'global/log_level is not set\n']);
  });

  it('get shows where a value comes from: the daemon, its kind, all, the default', async () => {
    const level = async (who: string): Promise<string> => {
      const { stdout, stderr } = await run('get', who, 'log_level');
      return `${stdout.trim()} ${stderr.trim()}`;
    };
    assert.equal(await level('osd.3'), 'info the default');
    await run('set', 'global', 'log_level', 'warn');
    assert.equal(await level('osd.3'), 'warn set for global');
    await run('set', 'osd', 'log_level', 'error');
    assert.equal(await level('osd.3'), 'error set for osd');
    await run('set', 'osd.3', 'log_level', 'debug');
    assert.equal(await level('osd.3'), 'debug set for osd.3');
    assert.equal(await level('osd.4'), 'error set for osd');
    assert.equal(await level('mon'), 'warn set for global');
  });

  it('get without an option shows all that the daemon reads', async () => {
    await run('set', 'osd', 'osd_heartbeat_interval', '500ms');
    const { stdout } = await run('get', 'osd.1');
    assert.match(unpadded(stdout), /^OPTION +VALUE +FROM +DEFAULT\n/);
    assert.match(stdout, /^osd_heartbeat_interval +500ms +osd +500ms *$/m);
    assert.match(stdout, /^osd_heartbeat_grace +3500ms +default +3500ms *$/m);
    assert.doesNotMatch(stdout, /mon_clock_drift_allowed/);
    const json = JSON.parse((await run('get', 'mon', 'down_out_interval', '--json')).stdout) as unknown;
    const option = { option: 'mon_osd_down_out_interval', value: '10m', source: 'default', defaultValue: '10m' };
    assert.deepEqual(json, { who: 'mon', options: [option], stale: false });
  });

  it('dump lists what is set, ls every option', async () => {
    await run('set', 'global', 'log_level', 'warn');
    await run('set', 'osd.3', 'log_level', 'debug');
    assert.equal(
      unpadded((await run('dump')).stdout),
      'WHO     OPTION     VALUE\nglobal  log_level  warn\nosd.3   log_level  debug\n',
    );
    const { stdout } = await run('ls');
    assert.match(stdout, /^global +log_level +warn +info *$/m);
    assert.match(stdout, /^osd\.3 +log_level +debug +info *$/m);
    assert.match(stdout, /^- +osd_heartbeat_grace +3500ms +3500ms *$/m);
    const { options } = JSON.parse((await run('ls', '--json')).stdout) as { options: unknown[] };
    assert.equal(options.length, stdout.trim().split('\n').length - 1);
  });

  it('dump reads page by page what one answer does not hold', async () => {
    for (let osd = 0; osd < 1200; osd++) {
      cluster.apply({ kind: 'config', key: `osd.${osd}/log_level`, value: 'warn' });
    }
    const { entries } = JSON.parse((await run('dump', '--json')).stdout) as { entries: { section: string }[] };
    assert.equal(new Set(entries.map(({ section }) => section)).size, 1200);
  });

  it('help needs no cluster', async () => {
    const { stdout } = await cli(['config', 'help', 'down_out_interval']);
    assert.match(stdout, /^mon_osd_down_out_interval\n {2}How long an OSD is down/);
    assert.match(stdout, /\n {2}default: 10m\n {2}values: {2}a time from .* to 30d, .*\n {2}read by: mon\n$/);
    const facts = JSON.parse((await cli(['config', 'help', 'log_level', '--json'])).stdout) as { values: string };
    assert.equal(facts.values, 'trace, debug, info, warn, error');
  });

  const refusals = [
    {
      name: 'an unknown option, with the one that was meant',
      args: ['set', 'osd', 'osd_hartbeat_grace', '8'],
      says: /there is no option osd_hartbeat_grace; did you mean osd_heartbeat_grace\?/,
    },
    {
      name: 'an unknown option of which nothing is near',
      args: ['get', 'osd', 'colour'],
      says: /there is no option colour; see `cairn config ls`/,
    },
    { name: 'an unknown option in help', args: ['help', 'log_lvl'], says: /did you mean log_level\?/ },
    {
      name: 'a section that is none',
      args: ['set', 'osds', 'log_level', 'info'],
      says: /osds is no section; use global/,
    },
    { name: 'asking for a section that is none', args: ['get', 'osds'], says: /osds is no section; use global/ },
    {
      name: 'an option that the section does not read',
      args: ['set', 'gateway', 'osd_heartbeat_grace', '8s'],
      says: /is read by mon and osd only/,
    },
    {
      name: 'a value out of range',
      args: ['set', 'osd', 'osd_heartbeat_grace', '1ms'],
      says: /cannot be "1ms"; give a time from/,
    },
    {
      name: 'values that contradict each other',
      args: ['set', 'osd', 'osd_heartbeat_interval', '10s'],
      says: /at least twice/,
    },
  ];
  for (const c of refusals) {
    it(`refuses ${c.name}`, async () => {
      const refused = await run(...c.args);
      assert.deepEqual([refused.code, refused.stdout, cluster.map.epoch], [1, '', 1]);
      assert.match(refused.stderr, c.says);
      assert.match(refused.stderr, /^cairn: [^\n]*\n$/);
    });
  }
});
