/** What people need when things are bad works without a quorum. */
import assert from 'node:assert/strict';
import { CairnError } from '../../base/errors.js';
import { registerConfigCommands } from '../../monitor/commands/config.js';
import { registerLogCommands } from '../../monitor/commands/log.js';
import { registerMapCommands } from '../../monitor/commands/map.js';
import { registerMonCommands } from '../../monitor/commands/mon.js';
import { registerStatusCommands } from '../../monitor/commands/status.js';
import { CommandTable } from '../../monitor/commands/types.js';
import type { MonitorClient } from '../../protocol/monitor-client.js';
import { LocalCluster } from '../monitor/commands/local-cluster.js';
import { softOf, threeMonitors } from '../monitor/commands/three-monitors.js';
import { cli } from './fake-context.js';

const table = new CommandTable();
registerConfigCommands(table);
registerLogCommands(table);
registerMapCommands(table);
registerMonCommands(table, { remove: async () => undefined, transfer: async () => undefined });
registerStatusCommands(table);

/** Waits in vain, as a client does that wants to know for sure. */
async function late(): Promise<never> {
  throw new CairnError('DEADLINE_EXCEEDED', 'no quorum in time');
}

describe('without a quorum', () => {
  let client: MonitorClient;

  beforeEach(() => {
    const cluster = new LocalCluster({ table });
    cluster.apply(...threeMonitors());
    cluster.soft = softOf(['a', 'b', 'c'], { down: ['b', 'c'] });
    cluster.isStale = true;
    const local = cluster.as();
    client = {
      ...local,
      change: late,
      control: late,
      query: (command, args, options) => (options.mayBeStale === true ? local.query(command, args, options) : late()),
      followLog: async function* () {},
    };
  });

  const commands = [
    ['status'],
    ['status', '-w'],
    ['status', '--json'],
    ['health'],
    ['health', 'detail', '--json'],
    ['log'],
    ['log', '-w'],
    ['audit'],
    ['mon', 'stat'],
    ['mon', 'dump'],
    ['config', 'get', 'osd'],
    ['config', 'ls'],
    ['config', 'dump', '--json'],
    ['versions'],
    ['features'],
    ['fsid'],
    ['map', 'get', '-o', 'm'],
    ['map', 'dump'],
  ];
  for (const args of commands) {
    it(`${args.join(' ')} answers, and says that it may be old`, async () => {
      const { code, stderr } = await cli(args, {}, { client });
      assert.equal(code, 0, stderr);
      assert.match(stderr, /^cairn: the monitors have no quorum; this is what was true at map epoch 2\n/);
    });
  }

  it('a change fails in one line', async () => {
    const { code, stdout, stderr } = await cli(['config', 'set', 'global', 'log_level', 'debug'], {}, { client });
    assert.deepEqual(
      [code, stdout, stderr],
      [1, '', 'cairn: no quorum in time; see `cairn mon stat`, or wait longer with --timeout\n'],
    );
  });

  it('a change that may have been made says so, and a query that was not answered does not', async () => {
    const lost = new CairnError('DEADLINE_EXCEEDED', 'no answer in time', { applied: 'maybe' });
    const unsure: MonitorClient = { ...client, change: () => Promise.reject(lost), query: () => Promise.reject(lost) };
    const changed = await cli(['config', 'rm', 'global', 'log_level'], {}, { client: unsure });
    assert.equal(
      changed.stderr,
      'cairn: no answer in time; see `cairn mon stat`, or wait longer with --timeout; it may have been done all the same: look before you repeat it\n',
    );
    const asked = await cli(['fsid'], {}, { client: unsure });
    assert.deepEqual(
      [asked.code, asked.stderr],
      [1, 'cairn: no answer in time; see `cairn mon stat`, or wait longer with --timeout\n'],
    );
  });
});
