/** What monitors make of requests that are malformed, not allowed, or nonsense. None may stop one, or change anything. */
import assert from 'node:assert/strict';
import type { Credentials } from '../../../protocol/credentials.js';
import { authAdd, authRm } from '../../../protocol/commands/auth.js';
import {
  beaconMethod,
  commandMethod,
  failureMethod,
  forwardMethod,
  joinMethod,
  mapPushMethod,
  raftMethod,
  subscribeMethod,
  vitalsMethod,
} from '../../../protocol/monitor-methods.js';
import { pgReportsMax, pgReportsMethod, type PgReportRow } from '../../../protocol/pg-reports.js';
import type { MonitorSession } from '../../../protocol/monitor-session.js';
import { Dialer } from '../../../wire/dialer.js';
import { HandlerTable } from '../../../wire/handlers.js';
import { defineMethod } from '../../../wire/method.js';
import { coded, onMonitors, port, type SimCluster } from './sim-cluster.js';

async function keyOf(client: MonitorSession, name: string, mon: string): Promise<Pick<Credentials, 'name' | 'key'>> {
  const { key } = await client.change(authAdd, { name, caps: [['mon', mon]] }, {});
  return { name, key };
}

/** One connection to `host`, as whoever has that key. */
async function dial(
  cluster: SimCluster,
  host: string,
  { name, key }: Pick<Credentials, 'name' | 'key'>,
  options: { readonly role?: string; readonly handlers?: HandlerTable; readonly fsid?: string } = {},
): Promise<Dialer> {
  const identity = { name, role: options.role ?? 'client', fsid: options.fsid ?? cluster.admin.fsid };
  const runtime = await cluster.runtime('stranger');
  return new Dialer(runtime, { address: { host, port }, identity }, { key, handlers: options.handlers });
}

type AnyMethod = { readonly name: string };

/** Whatever the types say. */
function call(dialer: Dialer, { name }: AnyMethod, header: unknown): Promise<unknown> {
  return dialer.call(defineMethod<unknown, unknown>(name), header);
}

const request = { session: '0'.repeat(32), number: 1, floor: 1, begun: 0 };
const pgRow: PgReportRow = [1, 0, 1, 'active+clean', 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, -1, 0, 0, 0];
const beacon = { osd: 1, boot: 1, epoch: 1, usedBytes: 0, totalBytes: 0, loopDelayMs: 0, slowOps: 0 };
const report = { reporter: 1, target: 2, targetUpFrom: 1, kind: 'silent', silentMs: 9_000, peerCount: 3 };
const join = { name: 'd', address: { host: 'd', port }, disk: '0'.repeat(32) };
const vitals = { name: 'a', clock: 1, loopDelayMs: 0, version: '1' };
const set = { section: 'global', option: 'osd_heartbeat_grace', value: '9s' };

describe('strangers', function () {
  this.timeout(60_000);

  it('get a clear error for what is malformed, from leaders and followers', () =>
    onMonitors(['a', 'b', 'c'], async (cluster) => {
      const version = cluster.leader?.state.map.epoch;
      const cases: readonly [AnyMethod, unknown, string][] = [
        [commandMethod, undefined, 'INVALID_ARGUMENT'],
        [commandMethod, 7, 'INVALID_ARGUMENT'],
        [commandMethod, { command: 'x'.repeat(101), args: {} }, 'INVALID_ARGUMENT'],
        [commandMethod, { command: 'no.such', args: {} }, 'NOT_FOUND'],
        [commandMethod, { command: 'config.set', args: {}, request }, 'INVALID_ARGUMENT'],
        [commandMethod, { command: 'config.set', args: { ...set, more: 1 }, request }, 'INVALID_ARGUMENT'],
        [commandMethod, { command: 'config.set', args: set }, 'INVALID_ARGUMENT'],
        [commandMethod, { command: 'config.set', args: set, request: { ...request, floor: 2 } }, 'INVALID_ARGUMENT'],
        [
          commandMethod,
          { command: 'config.set', args: set, request: { ...request, session: 'x' } },
          'INVALID_ARGUMENT',
        ],
        [commandMethod, { command: 'config.set', args: set, request: { ...request, begun: -1 } }, 'INVALID_ARGUMENT'],
        [subscribeMethod, { what: 'all', have: 0 }, 'INVALID_ARGUMENT'],
        [subscribeMethod, { what: 'map', have: 1.5 }, 'INVALID_ARGUMENT'],
        [beaconMethod, { ...beacon, osd: -1 }, 'INVALID_ARGUMENT'],
        [pgReportsMethod, { osd: 1, pgs: [[1, 0, 1, 'active', 1]] }, 'INVALID_ARGUMENT'],
        [pgReportsMethod, { osd: 1, pgs: [pgRow.with(3, 'ACTIVE!')] }, 'INVALID_ARGUMENT'],
        [pgReportsMethod, { osd: 1, pgs: Array.from({ length: pgReportsMax + 1 }, () => pgRow) }, 'INVALID_ARGUMENT'],
        [failureMethod, { ...report, kind: 'dead' }, 'INVALID_ARGUMENT'],
        [joinMethod, { ...join, name: '../x' }, 'INVALID_ARGUMENT'],
        [vitalsMethod, { ...vitals, clock: Number.NaN }, 'INVALID_ARGUMENT'],
        [vitalsMethod, { ...vitals, storeBytes: -1 }, 'INVALID_ARGUMENT'],
      ];
      for (const host of [cluster.leaderName, cluster.followers[0] ?? '']) {
        const dialer = await dial(cluster, host, cluster.admin);
        for (const [method, header, code] of cases) await assert.rejects(call(dialer, method, header), coded(code));
        await dialer.close();
      }
      assert.equal(cluster.leader?.state.map.epoch, version);
    }));

  it('may not speak for others', () =>
    onMonitors(['a', 'b'], async (cluster) => {
      const client = await cluster.client();
      const osd = await keyOf(client, 'osd.1', 'profile osd');
      const reader = await keyOf(client, 'client.reader', 'allow r');
      const version = cluster.leader?.state.map.epoch;
      const denied: readonly [Pick<Credentials, 'name' | 'key'>, AnyMethod, unknown][] = [
        [osd, beaconMethod, { ...beacon, osd: 2 }],
        [osd, failureMethod, { ...report, reporter: 2 }],
        [osd, pgReportsMethod, { osd: 2, pgs: [pgRow] }],
        [osd, joinMethod, join],
        [osd, vitalsMethod, vitals],
        [osd, forwardMethod, { command: 'config.set', args: set, request, entity: 'client.admin', from: 'x' }],
        [osd, commandMethod, { command: 'config.set', args: set, request }],
        [reader, commandMethod, { command: 'config.set', args: set, request }],
        [reader, beaconMethod, beacon],
        [reader, pgReportsMethod, { osd: 1, pgs: [pgRow] }],
        [cluster.admin, forwardMethod, { command: 'config.set', args: set, request, entity: 'mon.a', from: 'x' }],
        [cluster.site('b').credentials, joinMethod, { ...join, name: 'a' }],
        [cluster.site('b').credentials, vitalsMethod, vitals],
      ];
      for (const [who, method, header] of denied) {
        const dialer = await dial(cluster, cluster.leaderName, who, { role: 'monitor' });
        await assert.rejects(call(dialer, method, header), coded('PERMISSION_DENIED'));
        await dialer.close();
      }
      const dialer = await dial(cluster, 'a', osd);
      await dialer.call(beaconMethod, beacon);
      // Of a PG that there is none of: nothing comes of it.
      await dialer.call(pgReportsMethod, { osd: 1, pgs: [pgRow] });
      await dialer.tell(raftMethod, {}, { payload: new Uint8Array(100) });
      await dialer.call(beaconMethod, beacon);
      await client.change(authRm, { name: 'osd.1' }, {});
      await assert.rejects(dialer.call(beaconMethod, beacon), coded('PERMISSION_DENIED'));
      await dialer.close();
      await client.close();
      assert.ok((cluster.leader?.state.map.epoch ?? 0) <= (version ?? 0) + 1);
    }));

  it('of another cluster, or with a wrong key, do not get in', () =>
    onMonitors(['a'], async (cluster) => {
      const wrong = await dial(cluster, 'a', { ...cluster.admin, key: new Uint8Array(32).fill(1) });
      await assert.rejects(wrong.connected(), coded('AUTHENTICATION_FAILED'));
      const nobody = await dial(cluster, 'a', { ...cluster.admin, name: 'client.nobody' });
      await assert.rejects(nobody.connected(), coded('AUTHENTICATION_FAILED'));
      const elsewhere = await dial(cluster, 'a', cluster.admin, { fsid: 'f'.repeat(32) });
      await assert.rejects(elsewhere.connected(), coded('CONFLICT'));
      for (const dialer of [wrong, nobody, elsewhere]) await dialer.close();
    }));

  for (const [name, answer] of [
    ['nothing', undefined],
    ['a fraction', { have: 1.5 }],
    ['no number', { have: 'all' }],
    ['less than nothing', { have: -1 }],
    ['what it had before', { have: 0 }],
  ] as const) {
    it(`that answer a push of the map with ${name} are dropped, and nobody else`, () =>
      onMonitors(['a'], async (cluster) => {
        let pushes = 0;
        const handlers = new HandlerTable().on(mapPushMethod, () => {
          pushes += 1;
          return { header: answer as never };
        });
        const dialer = await dial(cluster, 'a', cluster.admin, { handlers });
        await dialer.call(subscribeMethod, { what: 'map', have: 0 });
        await cluster.until('a push', () => pushes > 0);
        const client = await cluster.client();
        for (const value of ['5s', '6s']) {
          const args = { ...set, value };
          const header = { command: 'config.set', args, request: { ...request, number: value === '5s' ? 1 : 2 } };
          await dialer.call(commandMethod, header);
        }
        await cluster.world.sleep(100);
        assert.equal(pushes, 1, 'what is dropped is not pushed to');
        await dialer.call(subscribeMethod, { what: 'map', have: 0 });
        await cluster.until('a push again', () => pushes === 2);
        const errors = cluster.site('a').process?.logs.filter(({ level }) => level === 'error') ?? [];
        assert.deepEqual(errors, [], 'a follower is no bug of the monitor');
        await dialer.close();
        await client.close();
      }));
  }
});
