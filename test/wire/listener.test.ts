import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { CairnError, isCairnError } from '../../base/errors.js';
import type { Connection, TlsOptions } from '../../runtime/network.js';
import { encodeHandshakeMessage, handshakeTypes } from '../../wire/handshake-message.js';
import { encodeHello } from '../../wire/hello.js';
import { helloOf } from '../../wire/identity.js';
import { defaultReceiveLimits } from '../../wire/limits.js';
import { isLoopback } from '../../wire/loopback.js';
import { HandlerTable } from '../../wire/handlers.js';
import { defineMethod } from '../../wire/method.js';
import type { WireListener } from '../../wire/listener.js';
import { ManualClock } from './manual-clock.js';
import { PipeNetwork } from './pipe-network.js';
import {
  connectPair,
  dial,
  listen,
  nodeRuntime,
  rejection,
  testKey,
  turn,
  until,
  type TestRuntime,
} from './support.js';

const echo = defineMethod<{ text: string }, { text: string }>('test.echo');

const table = (): HandlerTable =>
  new HandlerTable().on(echo, (request) => ({ header: request.header, payload: request.payload }));

/** Sends `pieces` to the listener as they are, and waits until it has closed the connection. */
async function attack(runtime: TestRuntime, listener: WireListener, pieces: readonly Uint8Array[]): Promise<void> {
  const connection = await runtime.network.connect(listener.address);
  await new Promise<void>((resolve) => {
    connection.start({ onData: () => {}, onEnd: () => connection.end(), onClose: () => resolve() });
    for (const piece of pieces) connection.send([piece]).catch(() => {});
    connection.end();
  });
}

function goodHello(runtime: TestRuntime): Buffer {
  const hello = helloOf(
    runtime.random,
    { name: 'client.test', role: 'client', fsid: 'f-1' },
    { authenticates: true, checksums: true, limits: defaultReceiveLimits },
  );
  return Buffer.from(encodeHandshakeMessage(handshakeTypes.hello, encodeHello(hello)));
}

describe('wire: the listener', () => {
  it('stays healthy whatever anybody sends before a handshake (200 connections)', async () => {
    const runtime = nodeRuntime();
    const pair = await connectPair(runtime, table());
    const real = goodHello(runtime);
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((garbage) => Buffer.from(garbage)),
      fc.nat(real.byteLength).map((at) => real.subarray(0, at)),
      fc.tuple(fc.nat(real.byteLength - 1), fc.integer({ min: 0, max: 255 })).map(([at, value]) => {
        const changed = Buffer.from(real);
        changed[at] = value;
        return changed;
      }),
      fc.uint8Array({ maxLength: 300 }).map((garbage) => Buffer.concat([real, garbage])),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { minLength: 1, maxLength: 3 }), async (pieces) => {
        await attack(runtime, pair.listener, pieces);
      }),
      { numRuns: 200 },
    );
    assert.equal((await pair.dialer.call(echo, { text: 'healthy' })).header.text, 'healthy');
    await until(() => pair.listener.metrics.handshakesInProgress === 0);
    assert.equal(pair.listener.metrics.connectionsOpen, 1);
    assert.ok(runtime.log.records.length < 30, 'the log is not flooded');
    assert.ok(runtime.log.records.every((record) => record.level !== 'error'));
    await pair.close();
  });

  it('close waits for connections that were refused and linger', async () => {
    const clock = new ManualClock();
    const network = new PipeNetwork();
    const listener = await listen(nodeRuntime({ clock, network }), table());
    const connection = await network.connect(listener.address);
    connection.start({ onData: () => {}, onEnd: () => {}, onClose: () => {} });
    await connection.send([encodeHandshakeMessage(handshakeTypes.proof, new Uint8Array(32))]);
    await until(() => listener.metrics.handshakesFailed === 1);
    let isClosed = false;
    const closed = listener.close().then(() => {
      isClosed = true;
    });
    for (let turns = 0; turns < 20; turns++) await turn();
    assert.equal(isClosed, false);
    await clock.advance(500);
    await closed;
    assert.equal(clock.timers, 0);
  }).timeout(1500);

  it('stays healthy whatever a peer sends after its handshake (150 connections)', async () => {
    const network = new PipeNetwork();
    const runtime = nodeRuntime({ network });
    const listener = await listen(runtime, table(), { listener: { checksums: false } });
    const steady = dial(runtime, listener, { dialer: { checksums: false } });
    await steady.connected();
    const prefixed = fc
      .tuple(fc.integer({ min: 0, max: 10 }), fc.uint8Array({ minLength: 22, maxLength: 200 }))
      .map(([type, rest]) => Buffer.concat([Buffer.alloc(8), Buffer.from([0xca, type]), rest]));
    const small = prefixed.map((bytes) => {
      bytes.fill(0, 10, 12);
      bytes.fill(0, 17, 20);
      bytes.fill(0, 21, 24);
      return bytes;
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(prefixed, small), { minLength: 1, maxLength: 5 }), async (pieces) => {
        const victim = dial(runtime, listener, { dialer: { checksums: false } });
        await victim.connected();
        const acceptor = network.ends.at(-1);
        for (const piece of pieces) acceptor?.deliver(piece);
        await turn();
        await victim.close();
      }),
      { numRuns: 150 },
    );
    assert.equal((await steady.call(echo, { text: 'healthy' })).header.text, 'healthy');
    await until(() => listener.metrics.connectionsOpen === 1);
    assert.ok(runtime.log.records.every((record) => record.level !== 'error'));
    await steady.close();
    await listener.close();
  });

  it('a handshake that takes too long is dropped', async () => {
    const clock = new ManualClock();
    const network = new PipeNetwork();
    const runtime = nodeRuntime({ clock, network });
    const listener = await listen(runtime, table());
    const connection = await network.connect(listener.address);
    let closed = false;
    connection.start({ onData: () => {}, onEnd: () => {}, onClose: () => (closed = true) });
    await clock.advance(4900);
    assert.equal(closed, false);
    await clock.advance(200);
    await until(() => closed);
    assert.equal(listener.metrics.handshakesFailed, 1);
    await listener.close();
    assert.equal(clock.timers, 0);
  });

  it('handshakes in progress are bounded, and so are connections', async () => {
    const network = new PipeNetwork();
    const runtime = nodeRuntime({ network });
    const listener = await listen(runtime, table(), { listener: { handshakesMax: 3, connectionsMax: 4 } });
    const idle: Connection[] = [];
    for (let i = 0; i < 10; i++) {
      const connection = await network.connect(listener.address);
      connection.start({ onData: () => {}, onEnd: () => {}, onClose: () => {} });
      idle.push(connection);
    }
    assert.equal(listener.metrics.handshakesInProgress, 3);
    assert.equal(listener.metrics.connectionsRefused, 7);
    for (const connection of idle) connection.destroy();
    await until(() => listener.metrics.handshakesInProgress === 0);
    const dialers = Array.from({ length: 4 }, () => dial(runtime, listener));
    await Promise.all(dialers.map((dialer) => dialer.connected()));
    const fifth = dial(runtime, listener);
    await until(() => listener.metrics.connectionsRefused > 7);
    assert.equal(fifth.peer, undefined);
    await Promise.all([...dialers, fifth].map((dialer) => dialer.close()));
    await listener.close();
  });

  it('idle connections do not keep others out: the oldest makes room once it has had its time', async () => {
    const clock = new ManualClock();
    const network = new PipeNetwork();
    const runtime = nodeRuntime({ clock, network });
    const listener = await listen(runtime, table(), { listener: { handshakesMax: 3 } });
    let closed = 0;
    for (let i = 0; i < 3; i++) {
      const connection = await network.connect(listener.address);
      connection.start({ onData: () => {}, onEnd: () => {}, onClose: () => closed++ });
    }
    const early = await network.connect(listener.address);
    early.start({ onData: () => {}, onEnd: () => {}, onClose: () => {} });
    await until(() => listener.metrics.connectionsRefused === 1);
    clock.leap(600);
    const dialer = dial(runtime, listener);
    await dialer.connected();
    assert.equal(closed, 1);
    assert.equal(listener.metrics.handshakesInProgress, 2);
    await dialer.close();
    await listener.close();
  });

  it('refuses a wrong key, and the dialer learns so', async () => {
    const runtime = nodeRuntime();
    const listener = await listen(runtime, table());
    const dialer = dial(runtime, listener, { dialled: { key: new Uint8Array(32) } });
    assert.ok(isCairnError(await rejection(dialer.connected()), 'AUTHENTICATION_FAILED'));
    await dialer.close();
    await listener.close();
  });

  it('a keyring that fails refuses that connection only', async () => {
    const runtime = nodeRuntime();
    let healthy = false;
    const keys = {
      keyFor: () => {
        if (healthy) return Promise.resolve(testKey);
        throw new CairnError('IO_ERROR', 'the keyring cannot be read');
      },
    };
    const listener = await listen(runtime, table(), { served: { keys } });
    const dialer = dial(runtime, listener);
    await until(() => listener.metrics.handshakesFailed > 0);
    healthy = true;
    await dialer.connected();
    await dialer.close();
    await listener.close();
  });

  it('warns once when it listens beyond the loopback without TLS', async () => {
    const runtime = nodeRuntime({ network: new PipeNetwork() });
    const listener = await listen(runtime, table(), { listener: { address: { host: '0.0.0.0', port: 0 } } });
    const dialer = dial(runtime, listener, { dialer: { address: { host: '10.0.0.1', port: listener.address.port } } });
    await dialer.connected();
    const warnings = runtime.log.sentences().filter((sentence) => sentence.includes('without TLS'));
    assert.equal(warnings.length, 2);
    await dialer.close();
    await listener.close();
  });

  for (const [host, expected] of [
    ['127.0.0.1', true],
    ['127.8.9.1', true],
    ['::1', true],
    ['localhost', true],
    ['::ffff:127.0.0.1', true],
    ['0.0.0.0', false],
    ['::', false],
    ['10.0.0.1', false],
    ['127.0.0.1.example.org', false],
  ] as const) {
    it(`${host} is ${expected ? '' : 'not '}loopback`, () => assert.equal(isLoopback(host), expected));
  }
});

describe('wire: mutual TLS', () => {
  const pem = (name: string): string =>
    readFileSync(fileURLToPath(new URL(`../../../test/fixtures/tls/${name}.pem`, import.meta.url)), 'utf8');
  const tlsOf = (name: string): TlsOptions => ({
    cert: pem(`${name}-cert`),
    key: pem(`${name}-key`),
    ca: pem('ca-cert'),
    serverName: 'localhost',
  });
  const serverName = 'server';

  it('frames go without checksums, names come from certificates, and keys still count', async () => {
    const runtime = nodeRuntime();
    const keys = { keyFor: (name: string) => (name === 'client' ? testKey : undefined) };
    const pair = await connectPair(runtime, table(), {
      listener: { tls: tlsOf('server'), identity: { name: serverName, role: 'osd' } },
      served: { keys },
      dialer: { tls: tlsOf('client'), identity: { name: 'client', role: 'client' }, expectedName: serverName },
    });
    const payload = Buffer.alloc(3_000_000, 8);
    const reply = await pair.dialer.call(echo, { text: 'secret' }, { payload });
    assert.ok(payload.equals(reply.payload));
    assert.equal(pair.listener.peers[0]?.name, 'client');
    assert.equal(pair.dialer.peer?.authenticated, true);
    await pair.close();
  });

  it('a name that is not the certificate’s is refused', async () => {
    const runtime = nodeRuntime();
    const listener = await listen(runtime, table(), {
      listener: { tls: tlsOf('server'), identity: { name: serverName, role: 'osd' } },
    });
    const dialer = dial(runtime, listener, { dialer: { tls: tlsOf('client') } });
    const error = await rejection(dialer.connected());
    assert.ok(isCairnError(error, 'AUTHENTICATION_FAILED'));
    assert.match(error.message, /certificate of client/);
    await dialer.close();
    await listener.close();
  });

  it('a certificate of another authority is refused before any handshake of ours', async () => {
    const runtime = nodeRuntime();
    const listener = await listen(runtime, table(), { listener: { tls: tlsOf('server') } });
    const dialer = dial(runtime, listener, { dialer: { tls: tlsOf('stranger') } });
    assert.ok(isCairnError(await rejection(dialer.connected()), 'AUTHENTICATION_FAILED'));
    assert.equal(listener.metrics.connectionsAccepted, 0);
    await dialer.close();
    await listener.close();
  });
});
