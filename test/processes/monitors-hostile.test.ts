/** Whatever arrives at a monitor: clear errors, nothing applied, nothing crashes. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { isCairnError } from '../../base/errors.js';
import { authAdd, authGet } from '../../protocol/commands/auth.js';
import { logLast } from '../../protocol/commands/log.js';
import { monAdd } from '../../protocol/commands/mon.js';
import type { Credentials } from '../../protocol/credentials.js';
import {
  beaconMethod,
  commandMethod,
  failureMethod,
  forwardMethod,
  joinMethod,
  logPushMethod,
  mapPushMethod,
  raftMethod,
  subscribeMethod,
  vitalsMethod,
} from '../../protocol/monitor-methods.js';
import { Dialer } from '../../wire/dialer.js';
import { HandlerTable } from '../../wire/handlers.js';
import type { Method } from '../../wire/method.js';
import { here, until, within } from './children.js';
import { MonitorProcesses } from './monitor-processes.js';

/** What no field of any header may be. */
const nasty: readonly unknown[] = [
  null,
  -1,
  0.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 60,
  '',
  '\0',
  'x'.repeat(100_000),
  '__proto__',
  [],
  [[[[[[[[]]]]]]]],
  {},
  { constructor: { prototype: 1 } },
  new Uint8Array(70_000),
  true,
];

const request = { session: '0'.repeat(32), number: 1, floor: 1, begun: 0 };
const query = { command: 'log.last', args: { count: 1, after: 0, level: 'info' } };
const beacon = { osd: 0, boot: 0, epoch: 0, usedBytes: 0, totalBytes: 0, loopDelayMs: 0, slowOps: 0 };
const failure = { reporter: 0, target: 1, targetUpFrom: 0, kind: 'silent', silentMs: 1, peerCount: 1 };
const vitals = { name: 'x', clock: 0, diskFreeBytes: 1, diskTotalBytes: 1, loopDelayMs: 0, version: '1' };
const join = { name: 'x', address: { host: '127.0.0.1', port: 0 }, disk: 'f' };

/** Strangers do not keep to the types. */
function untyped({ name, id }: { readonly name: string; readonly id: number }): Method<unknown, unknown> {
  return { name, id };
}

/** Each takes no harm from a header that is well-formed in some other way. */
const calls: readonly {
  readonly method: Method<unknown, unknown>;
  readonly header: Readonly<Record<string, unknown>>;
}[] = [
  { method: untyped(commandMethod), header: { ...query, request, mayBeStale: false, trace: 't' } },
  { method: untyped(forwardMethod), header: { ...query, request, entity: 'client.admin', from: 'here' } },
  { method: untyped(subscribeMethod), header: { what: 'map', have: 0 } },
  { method: untyped(joinMethod), header: join },
  { method: untyped(beaconMethod), header: beacon },
  { method: untyped(failureMethod), header: failure },
  { method: untyped(vitalsMethod), header: vitals },
];

/** The header itself replaced, each field left out, each field replaced. */
function* disfigured(header: Readonly<Record<string, unknown>>): Generator {
  yield* nasty;
  for (const field of Object.keys(header)) {
    yield Object.fromEntries(Object.entries(header).filter(([name]) => name !== field));
    for (const value of nasty) yield { ...header, [field]: value };
  }
}

describe('a monitor process among strangers', function () {
  this.timeout(60_000);
  let cluster: MonitorProcesses;
  const dialers = new Set<Dialer>();
  const sockets = new Set<Socket>();

  before(async () => {
    cluster = await MonitorProcesses.start('a');
  });

  after(async () => {
    for (const socket of sockets) socket.destroy();
    await Promise.all([...dialers].map((dialer) => dialer.close()));
    await cluster.end();
  });

  function dial(credentials: Credentials, role: string, handlers = new HandlerTable()): Dialer {
    const { name, fsid, key } = credentials;
    const address = cluster.addressOf('a');
    const dialer = new Dialer(here, { address, identity: { name, role, fsid } }, { key, handlers });
    dialers.add(dialer);
    return dialer;
  }

  async function issue(name: string, cap: string): Promise<Credentials> {
    const { fsid, key } = await cluster.client().change(authAdd, { name, caps: [['mon', cap]] }, within(15_000));
    return { name, fsid, key, monitors: [cluster.addressOf('a')] };
  }

  async function issueMonitor(name: string): Promise<Credentials> {
    const { fsid, key } = await cluster.client().change(monAdd, { name }, within(15_000));
    return { name: `mon.${name}`, fsid, key, monitors: [cluster.addressOf('a')] };
  }

  /** Answers as one that leads and is well, and says at which epoch. */
  async function epoch(): Promise<number> {
    assert.ok(cluster.process('a').isRunning, cluster.process('a').stderr.slice(-4_000));
    const { hasQuorum, epoch: found } = await cluster.dump(cluster.client());
    assert.equal(hasQuorum, true);
    return found;
  }

  function open(): Socket {
    const { host, port } = cluster.addressOf('a');
    const socket = connect({ host, port });
    sockets.add(socket);
    // A reset is one of the answers that garbage may get.
    socket.on('error', () => undefined);
    return socket;
  }

  it('takes garbage, floods and idle connections, and lets others in all the same', async () => {
    const before = await epoch();
    const memoryBefore = memoryOf(cluster.process('a').pid);
    const garbage = [
      here.random.bytes(4_096),
      new Uint8Array(16 * 1024 * 1024),
      new Uint8Array(16 * 1024 * 1024).fill(0xff),
      Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
      Buffer.from([0x16, 3, 1, 0xff, 0xff, 1, 0, 0xff]),
    ];
    const closed = garbage.map(async (bytes) => {
      const socket = open();
      socket.write(bytes);
      socket.end();
      await until('the monitor hangs up', () => socket.destroyed || socket.readableEnded);
    });
    // More than handshakes may be open at once; none of them ever says anything.
    const idle = Array.from({ length: 300 }, open);
    await until('all of them have been accepted or refused', () => idle.every(({ connecting }) => !connecting));
    assert.equal(await epoch(), before);
    await Promise.all(closed);
    for (const socket of idle) socket.destroy();
    const grown = memoryOf(cluster.process('a').pid) - memoryBefore;
    assert.ok(grown < 150e6, `${grown} bytes more than before`);
  });

  it('says who is not let in, and why', async () => {
    const before = await epoch();
    const cases = [
      { what: { key: here.random.bytes(32) }, code: 'AUTHENTICATION_FAILED', message: /check its name and key/ },
      { what: { name: 'client.nobody' }, code: 'AUTHENTICATION_FAILED', message: /check its name and key/ },
      { what: { fsid: 'f'.repeat(32) }, code: 'CONFLICT', message: /cluster/ },
    ] as const;
    for (const { what, code, message } of cases) {
      const client = cluster.client({ ...cluster.credentials, ...what });
      await assert.rejects(client.change(authAdd, { name: 'client.x', caps: [] }, within(5_000)), (error: unknown) => {
        assert.ok(isCairnError(error, code), String(error));
        assert.match(error.message, message);
        return true;
      });
    }
    assert.equal(await epoch(), before);
  });

  it('lets a key do what its capabilities say, and nothing else', async () => {
    const reader = cluster.client(await issue('client.reader', 'allow r'));
    const before = await epoch();
    const isDenied = (error: unknown): boolean => isCairnError(error, 'PERMISSION_DENIED');
    await assert.rejects(reader.change(authAdd, { name: 'client.y', caps: [] }, within(5_000)), isDenied);
    await assert.rejects(reader.query(authGet, { name: 'client.admin' }, within(5_000)), isDenied);
    const { result } = await reader.query(logLast, { count: 1, after: 0, level: 'info' }, within(5_000));
    assert.equal(result.records.length, 1);
    assert.equal(await epoch(), before);
  });

  it('keeps what monitors say to one another from clients with every capability', async () => {
    const before = await epoch();
    // The role is what a client claims; the name is what it proves.
    for (const role of ['client', 'monitor']) {
      const client = dial(cluster.credentials, role);
      const entity = { entity: 'client.admin', from: 'here' };
      const good: readonly [Method<unknown, unknown>, unknown][] = [
        [untyped(forwardMethod), { command: 'auth.add', args: { name: 'client.z', caps: [] }, request, ...entity }],
        [untyped(joinMethod), { ...join, address: { host: '127.0.0.1', port: 1 }, disk: 'a'.repeat(32) }],
        [
          untyped(joinMethod),
          { ...join, name: 'admin', address: { host: '127.0.0.1', port: 1 }, disk: 'a'.repeat(32) },
        ],
        [untyped(vitalsMethod), { ...vitals, name: 'a' }],
        [untyped(beaconMethod), beacon],
        [untyped(failureMethod), failure],
      ];
      for (const [method, header] of good) {
        await assert.rejects(client.call(method, header, within(5_000)), (error: unknown) => {
          assert.ok(isCairnError(error, 'PERMISSION_DENIED'), `${method.name}: ${String(error)}`);
          return true;
        });
      }
      await client.tell(raftMethod, {}, { ...within(5_000), payload: new Uint8Array(64) });
    }
    assert.equal(await epoch(), before);
  });

  it('refuses malformed headers of every method, whoever sends them', async () => {
    const monitor = await issueMonitor('x');
    const before = await epoch();
    for (const [credentials, role] of [
      [cluster.credentials, 'client'],
      [monitor, 'monitor'],
    ] as const) {
      const peer = dial(credentials, role);
      for (const { method, header } of calls) {
        const codes = new Set<string>();
        for (const bad of disfigured(header)) {
          await peer.call(method, bad, within(5_000)).then(
            () => codes.add('taken'),
            (error: unknown) => codes.add(isCairnError(error) ? error.code : String(error)),
          );
        }
        const expected = new Set([
          'taken',
          'INVALID_ARGUMENT',
          'NOT_FOUND',
          'PERMISSION_DENIED',
          'CONFLICT',
          'PROTOCOL_ERROR',
        ]);
        assert.deepEqual(
          [...codes].filter((code) => !expected.has(code)),
          [],
          `${method.name} as ${credentials.name}`,
        );
      }
      for (let size = 0; size < 200; size++) {
        await peer.tell(raftMethod, {}, { ...within(5_000), payload: here.random.bytes(size) });
      }
    }
    assert.equal(await epoch(), before);
  });

  it('survives followers that answer its pushes with nonsense', async () => {
    for (const [index, answer] of [undefined, ...nasty, { have: 'zz' }, { have: '9' }, { have: 2 ** 53 }].entries()) {
      const handlers = new HandlerTable();
      let pushes = 0;
      const reply = (): never => {
        pushes += 1;
        return { header: answer } as never;
      };
      handlers.on(mapPushMethod, reply).on(logPushMethod, reply);
      const follower = dial(cluster.credentials, 'client', handlers);
      await follower.call(subscribeMethod, { what: 'map', have: 0 }, within(5_000));
      await follower.call(subscribeMethod, { what: 'log', have: 0 }, within(5_000));
      await until('both were pushed', () => pushes >= 2);
      await cluster.client().change(authAdd, { name: `client.follower-${index}`, caps: [] }, within(5_000));
      await follower.close();
    }
    await epoch();
  });
});

/** In bytes. */
function memoryOf(pid: number): number {
  const [, kibibytes = '0'] = /VmRSS:\s+([0-9]+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) * 1024;
}
