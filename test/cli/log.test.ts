/** `cairn log` and `cairn audit`. */
import assert from 'node:assert/strict';
import { CairnError } from '../../base/errors.js';
import { wallMs } from '../../base/instants.js';
import { registerAuthCommands } from '../../monitor/commands/auth.js';
import { registerLogCommands } from '../../monitor/commands/log.js';
import { CommandTable } from '../../monitor/commands/types.js';
import type { ClusterLogRecord, ClusterLogSeverity } from '../../protocol/cluster-log.js';
import type { MonitorClient } from '../../protocol/monitor-client.js';
import { LocalCluster } from '../monitor/commands/local-cluster.js';
import { type CliRun, cli } from './fake-context.js';

const table = new CommandTable();
registerLogCommands(table);
registerAuthCommands(table);

const time = '2023-11-14T22:13:20.000Z';

describe('the trails', () => {
  let cluster: LocalCluster;
  const run = (...args: string[]): Promise<CliRun> => cli(args, {}, { client: cluster.as() });
  const happen = (severity: ClusterLogSeverity, message: string): void => {
    cluster.clusterLog.push({
      number: cluster.clusterLog.length + 1,
      at: cluster.wall,
      source: 'mon.a',
      severity,
      message,
    });
    cluster.apply();
  };

  beforeEach(() => (cluster = new LocalCluster({ table })));

  it('log shows the newest records, newest last, with the letters of Ceph', async () => {
    happen('info', 'one');
    happen('debug', 'two');
    happen('warn', 'three');
    happen('error', 'four');
    assert.equal((await run('log', '-n', '2')).stdout, `${time} mon.a [WRN] three\n${time} mon.a [ERR] four\n`);
    assert.equal((await run('log')).stdout.split('\n').length, 4);
    assert.equal((await run('log', '--level', 'error')).stdout, `${time} mon.a [ERR] four\n`);
    assert.match((await run('log', '--level', 'debug')).stdout, /\[DBG\] two/);
    assert.equal((await run('log')).stderr, '');
  });

  it('log as JSON has both times', async () => {
    happen('info', 'one');
    assert.deepEqual(JSON.parse((await run('log', '--json')).stdout), {
      records: [{ number: 1, at: time, wallMs: cluster.wall, source: 'mon.a', severity: 'info', message: 'one' }],
      stale: false,
    });
  });

  it('log colours severities on a terminal only, and lets no message do so', async () => {
    happen('warn', 'evil \u001b[31m\nline');
    const plain = (await run('log')).stdout;
    assert.equal(plain, `${time} mon.a [WRN] evil ?[31m?line\n`);
    const coloured = (await cli(['log'], {}, { client: cluster.as(), isTerminal: true })).stdout;
    assert.equal(coloured, `${time} mon.a \u001b[33m[WRN]\u001b[0m evil ?[31m?line\n`);
  });

  it('log asks for records that fit one answer', async () => {
    for (let i = 0; i < 3000; i++) happen('info', `${i} ${'x'.repeat(500)}`);
    const { records } = JSON.parse((await run('log', '-n', '3000', '--json')).stdout) as {
      records: ClusterLogRecord[];
    };
    assert.ok(records.length > 300 && records.length < 600);
    assert.equal(records.at(-1)?.number, 3000);
    assert.equal(records[0]?.number, 3001 - records.length);
  });

  describe('log -w', () => {
    /** Follows `batches` and answers `log.last` with `known` records. */
    function clientWith(known: number, batches: readonly (readonly number[])[]): MonitorClient {
      const record = (number: number): ClusterLogRecord => {
        return { number, at: wallMs(0), source: 'mon.a', severity: 'info', message: `record ${number}` };
      };
      return {
        ...cluster.as(),
        followLog: async function* () {
          for (let number = 1; number <= known; number++) cluster.clusterLog.push(record(number));
          for (const numbers of batches) yield numbers.map(record);
        },
      };
    }
    const shown = (stdout: string): number[] =>
      [...stdout.matchAll(/record (\d+)/g)].map(([, number]) => Number(number));

    it('goes on with what comes until Ctrl-C, which ends it well', async () => {
      const interruption = new AbortController();
      const client: MonitorClient = {
        ...clientWith(1, []),
        followLog: async function* ({ signal }) {
          happen('debug', 'record 1');
          happen('info', 'record 2');
          yield cluster.clusterLog.slice();
          if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
        },
      };
      const { signal } = interruption;
      const onPrint = (text: string): void => (text.includes('record 2') ? interruption.abort() : undefined);
      const result = await cli(['log', '-w'], {}, { client, interrupted: signal, onPrint });
      assert.deepEqual([result.code, result.stdout, result.stderr], [0, `${time} mon.a [INF] record 2\n`, '']);
    });

    it('ends well when Ctrl-C makes the client give up', async () => {
      const interruption = new AbortController();
      const client: MonitorClient = {
        ...cluster.as(),
        // oxlint-disable-next-line require-yield -- it ends before there is anything
        followLog: async function* () {
          interruption.abort();
          throw new CairnError('CANCELLED', 'following the log: cancelled by the caller');
        },
      };
      const result = await cli(['log', '-w'], {}, { client, interrupted: interruption.signal });
      assert.deepEqual([result.code, result.stderr], [0, '']);
    });

    it('says what ended it when it was not Ctrl-C', async () => {
      const client: MonitorClient = {
        ...cluster.as(),
        // oxlint-disable-next-line require-yield -- it ends before there is anything
        followLog: async function* () {
          throw new CairnError('UNREACHABLE', 'no monitor answers');
        },
      };
      assert.equal((await cli(['log', '-w'], {}, { client })).stderr, 'cairn: no monitor answers\n');
    });

    it('asks for what came between the first look and the first push', async () => {
      const result = await cli(['log', '-w'], {}, { client: clientWith(5, [[4, 5], [6]]) });
      assert.deepEqual(shown(result.stdout), [1, 2, 3, 4, 5, 6]);
    });

    it('shows nothing twice when a push repeats itself', async () => {
      const result = await cli(['log', '-w'], {}, { client: clientWith(2, [[1, 2], [1, 2, 3], [3]]) });
      assert.deepEqual(shown(result.stdout), [1, 2, 3]);
    });

    it('says how many records the monitors forgot', async () => {
      const result = await cli(['log', '-w', '--json'], {}, { client: clientWith(0, [[9]]) });
      assert.deepEqual(shown(result.stdout), [9]);
      assert.match(result.stderr, /^cairn: 8 records came too fast to follow/);
    });
  });

  it('audit shows who asked for what, from where, and how it ended', async () => {
    await run('auth', 'add', 'client.x', 'mon', 'allow r');
    await run('auth', 'rm', 'client.admin');
    assert.equal(
      (await run('audit')).stdout.replaceAll(/ +\n/g, '\n'),
      'TIME                      WHO           FROM             OUTCOME   COMMAND\n' +
        `${time}  client.admin  127.0.0.1:40000  epoch 2   auth.add {"name":"client.x","caps":[["mon","allow r"]]}\n` +
        `${time}  client.admin  127.0.0.1:40000  CONFLICT  auth.rm {"name":"client.admin"}\n`,
    );
    assert.equal((await run('audit', '--who', 'client.x')).stdout.split('\n').length, 2);
    const { records } = JSON.parse((await run('audit', '-n', '1', '--json')).stdout) as { records: unknown[] };
    assert.deepEqual(records, [
      {
        number: 2,
        at: time,
        wallMs: cluster.wall,
        who: 'client.admin',
        from: '127.0.0.1:40000',
        command: 'auth.rm',
        args: { name: 'client.admin' },
        outcome: { kind: 'refused', code: 'CONFLICT' },
      },
    ]);
  });

  for (const count of ['0', '10001', 'x', '1.5']) {
    it(`refuses to show ${count} records`, async () => {
      const refused = await run('log', '-n', count);
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /^cairn: --count cannot be "[^"]+"; write a whole number[^\n]*\n$/);
    });
  }
});
