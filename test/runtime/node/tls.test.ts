import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect as netConnect } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as tlsConnect } from 'node:tls';
import { concatBytes, utf8Bytes } from '../../../base/bytes.js';
import { monotonicMs } from '../../../base/instants.js';
import type { Connection, ListenOptions, TlsOptions } from '../../../runtime/network.js';
import { isCertificateAlert } from '../../../runtime/node/tls.js';
import { claim, patternBytes, until, withCode, type Harness } from '../contract/harness.js';
import { openNodeHarness } from './harness.js';
import { openTlsHarness, tlsOptions } from './tls-fixtures.js';

describe('TLS', () => {
  claimOfMachine('each end knows the verified certificate of the other', async (harness) => {
    const { address, accepted } = await listen(harness);
    const client = await harness.runtime.network.connect(address, { tls: tlsOptions('client') });
    await until(harness.runtime, 'it was accepted', () => accepted.length === 1);
    assert.deepEqual(accepted[0]?.tlsPeer, {
      commonName: 'client',
      subjectAltNames: ['DNS:client.test'],
      fingerprint: fingerprintOf('client'),
    });
    assert.equal(client.tlsPeer?.commonName, 'server');
    assert.equal(client.tlsPeer?.fingerprint, fingerprintOf('server'));
    assert.deepEqual(client.tlsPeer?.subjectAltNames.slice(0, 2), ['DNS:localhost', 'IP Address:127.0.0.1']);
  });

  for (const name of ['stranger', 'expired']) {
    claimOfMachine(`a client whose certificate is ${name} is told so by connect`, async (harness) => {
      const { address, accepted } = await listen(harness);
      const tls = tlsOptions(name);
      await assert.rejects(
        harness.runtime.network.connect(address, { tls }),
        withCode('AUTHENTICATION_FAILED', 'did not accept the TLS certificate of this end'),
      );
      assert.equal(accepted.length, 0);
      await assertStillServes(harness, address, accepted);
    });
  }

  claimOfMachine('a server of another authority is refused by the client', async (harness) => {
    const { address, accepted } = await listen(harness, { tls: tlsOptions('stranger', 'ca') });
    await assert.rejects(
      harness.runtime.network.connect(address, { tls: tlsOptions('client') }),
      withCode('AUTHENTICATION_FAILED', String(address.port)),
    );
    await harness.runtime.clock.sleep(20);
    assert.equal(accepted.length, 0);
  });

  claimOfMachine('a client that trusts another authority refuses the server', async (harness) => {
    const { address } = await listen(harness);
    await assert.rejects(
      harness.runtime.network.connect(address, { tls: tlsOptions('client', 'other-ca') }),
      withCode('AUTHENTICATION_FAILED', 'comes from our CA'),
    );
  });

  claimOfMachine('the server must have the name that is expected', async (harness) => {
    const { network } = harness.runtime;
    const { address } = await listen(harness);
    const tls = tlsOptions('client');
    for (const serverName of ['example.test', '127.0.0.2']) {
      await assert.rejects(
        network.connect(address, { tls: { ...tls, serverName } }),
        withCode('AUTHENTICATION_FAILED', serverName),
      );
    }
    for (const serverName of ['localhost', '127.0.0.1']) {
      (await network.connect(address, { tls: { ...tls, serverName } })).destroy();
    }
  });

  claimOfMachine('a client without a certificate is refused with an alert that we understand', async (harness) => {
    const { address, accepted } = await listen(harness);
    const { ca } = tlsOptions('client');
    const error = await new Promise<unknown>((resolve) => {
      tlsConnect({ ...address, ca })
        .on('error', resolve)
        .on('close', resolve)
        .resume();
    });
    assert.ok(isCertificateAlert(error), String(error));
    assert.equal(accepted.length, 0);
  });

  const attacks: readonly { readonly name: string; readonly bytes: Uint8Array }[] = [
    { name: 'plain text', bytes: utf8Bytes('GET / HTTP/1.1\r\n\r\n') },
    { name: 'garbage', bytes: patternBytes(5000) },
    { name: 'the start of a handshake record', bytes: Uint8Array.of(22, 3, 1) },
    { name: 'a handshake record of garbage', bytes: Uint8Array.of(22, 3, 1, 0, 5, 1, 0, 0, 1, 0) },
    { name: 'nothing', bytes: new Uint8Array(0) },
  ];
  for (const { name, bytes } of attacks) {
    for (const then of ['waits', 'ends', 'resets'] as const) {
      claimOfMachine(
        `a client that sends ${name} and ${then} is dropped, and the listener lives on`,
        async (harness) => {
          const { runtime } = harness;
          const { address, accepted } = await listen(harness, { tlsHandshakeMs: 100 });
          const client = await runtime.network.connect(address);
          let over = false;
          client.start({
            onData: () => undefined,
            onEnd: () => (over = true),
            onClose: () => (over = true),
          });
          await client.send([bytes]);
          if (then === 'ends') client.end();
          if (then === 'resets') client.destroy();
          await until(runtime, 'it was dropped', () => over);
          assert.equal(accepted.length, 0);
          await assertStillServes(harness, address, accepted);
        },
      );
    }
  }

  claimOfMachine('a client that ends with the last word of its handshake has ended', async (harness) => {
    const ends: string[] = [];
    const { network } = harness.runtime;
    const listener = await network.listen(
      { host: harness.host, port: 0 },
      { tls: tlsOptions('server') },
      (accepted) => {
        accepted.start({
          onData: () => undefined,
          onEnd: () => {
            ends.push('end');
            accepted.end();
          },
          onClose: () => ends.push('close'),
        });
      },
    );
    const transport = netConnect(listener.address.port, harness.host);
    await once(transport, 'connect');
    transport.on('error', () => undefined);
    // What follows the server's answer is held back and leaves as one packet.
    const held: Uint8Array[] = [];
    let isHolding = false;
    const between = new Duplex({
      read: () => undefined,
      write(chunk: Uint8Array, _encoding, done) {
        if (isHolding) held.push(chunk);
        else transport.write(chunk);
        done();
      },
    });
    transport.on('data', (chunk) => {
      isHolding = true;
      between.push(chunk);
    });
    const client = tlsConnect({ ...tlsOptions('client'), socket: between, servername: 'localhost' });
    client.on('error', () => undefined);
    await once(client, 'secureConnect');
    client.end();
    await harness.runtime.clock.sleep(20);
    transport.end(concatBytes(held));
    await until(harness.runtime, 'the server heard of the end', () => ends[0] === 'end');
    transport.destroy();
    await until(harness.runtime, 'it closed', () => ends.length === 2);
  });

  claimOfMachine('two connections from one port of a peer, to two addresses, are kept apart', async (harness) => {
    const accepted: Connection[] = [];
    const { network } = harness.runtime;
    const listener = await network.listen({ host: '0.0.0.0', port: 0 }, { tls: tlsOptions('server') }, (connection) => {
      accepted.push(connection);
      connection.start({ onData: () => undefined, onEnd: () => undefined, onClose: () => undefined });
    });
    const { port } = listener.address;
    const dial = async (host: string, localPort?: number) => {
      const from = { host, port, localAddress: '127.0.0.1', ...(localPort === undefined ? {} : { localPort }) };
      const transport = netConnect(from);
      await once(transport, 'connect');
      return transport;
    };
    const first = await dial('127.0.0.1');
    const second = await dial('127.0.0.2', first.localPort);
    for (const socket of [first, second]) {
      const client = tlsConnect({ ...tlsOptions('client'), socket, checkServerIdentity: () => undefined });
      client.on('error', () => undefined).resume();
    }
    await until(harness.runtime, 'both were accepted', () => accepted.length === 2);
    accepted.find((connection) => connection.local.host === '127.0.0.1')?.destroy();
    await until(harness.runtime, 'one is gone', () => first.destroyed || second.destroyed);
    assert.deepEqual([first.destroyed, second.destroyed], [true, false]);
    second.destroy();
  });

  claimOfMachine('a server that does not speak TLS is AUTHENTICATION_FAILED', async (harness) => {
    const { network } = harness.runtime;
    const plain = await network.listen({ host: harness.host, port: 0 }, {}, (connection) => {
      connection.start({ onData: () => undefined, onEnd: () => undefined, onClose: () => undefined });
      connection.send([utf8Bytes('220 welcome to something else\r\n')]).catch(() => undefined);
    });
    await assert.rejects(
      network.connect(plain.address, { tls: tlsOptions('client') }),
      withCode('AUTHENTICATION_FAILED', 'check that it speaks TLS'),
    );
  });

  claimOfMachine('a server that hangs up during the handshake is CONNECTION_LOST', async (harness) => {
    const { network } = harness.runtime;
    const plain = await network.listen({ host: harness.host, port: 0 }, {}, (connection) => {
      connection.start({ onData: () => undefined, onEnd: () => undefined, onClose: () => undefined });
      connection.destroy();
    });
    await assert.rejects(network.connect(plain.address, { tls: tlsOptions('client') }), withCode('CONNECTION_LOST'));
  });

  claimOfMachine('a deadline ends a handshake that does not, and drops its connection', async (harness) => {
    const { network, clock } = harness.runtime;
    let closes = 0;
    let accepts = 0;
    const silent = await network.listen({ host: harness.host, port: 0 }, {}, (connection) => {
      accepts += 1;
      connection.start({ onData: () => undefined, onEnd: () => connection.end(), onClose: () => (closes += 1) });
    });
    const tls = tlsOptions('client');
    const deadline = monotonicMs(clock.now() + 100);
    await assert.rejects(network.connect(silent.address, { tls, deadline }), withCode('DEADLINE_EXCEEDED'));
    const abort = new AbortController();
    clock.after(100, () => {
      abort.abort();
    });
    await assert.rejects(network.connect(silent.address, { tls, signal: abort.signal }), withCode('CANCELLED'));
    await until(harness.runtime, 'both were dropped', () => accepts === 2 && closes === 2);
  });

  claimOfMachine('certificates that cannot be read are INVALID_ARGUMENT', async (harness) => {
    const { network } = harness.runtime;
    const good = tlsOptions('server');
    const bad: readonly TlsOptions[] = [
      { ...good, cert: 'nonsense' },
      { ...good, key: 'nonsense' },
      { ...good, key: tlsOptions('client').key },
    ];
    for (const tls of bad) {
      const address = { host: harness.host, port: 0 };
      await assert.rejects(
        network.listen(address, { tls }, () => undefined),
        withCode('INVALID_ARGUMENT', 'PEM'),
      );
      await assert.rejects(network.connect({ ...address, port: 1 }, { tls }), withCode('INVALID_ARGUMENT', 'PEM'));
    }
  });

  claim('connections that come and go in every way leave nothing behind', openTlsHarness, async (harness) => {
    const { network, clock, random } = harness.runtime;
    let opened = 0;
    let closed = 0;
    const live = (connection: Connection): void => {
      opened += 1;
      connection.start({
        onData: () => {
          if (random.below(4) === 0) connection.destroy();
        },
        onEnd: () => {
          connection.end();
        },
        onClose: () => (closed += 1),
      });
      connection.send([random.bytes(random.below(60_000)), utf8Bytes('x')]).catch(() => undefined);
      const way = random.below(4);
      if (way === 0) connection.destroy();
      if (way === 1) connection.end();
      clock.after(random.below(10), () => {
        if (way === 2) connection.end();
        connection.destroy();
      });
    };
    const listener = await network.listen({ host: harness.host, port: 0 }, {}, live);
    const visit = async (): Promise<void> => {
      const abort = new AbortController();
      const timer = clock.after(random.below(40), () => {
        abort.abort();
      });
      await network.connect(listener.address, { signal: abort.signal }).then(live, () => undefined);
      timer.cancel();
    };
    for (let round = 0; round < 10; round += 1) await Promise.all(Array.from({ length: 8 }, visit));
    await until(harness.runtime, 'all closed', () => closed === opened);
    assert.ok(opened > 0);
  });
});

function claimOfMachine(title: string, body: (harness: Harness) => Promise<void>): void {
  claim(title, openNodeHarness, body);
}

async function listen(harness: Harness, options: ListenOptions = {}) {
  const accepted: Connection[] = [];
  const listener = await harness.runtime.network.listen(
    { host: harness.host, port: 0 },
    { tls: tlsOptions('server'), ...options },
    (connection) => {
      accepted.push(connection);
      connection.start({ onData: () => undefined, onEnd: () => undefined, onClose: () => undefined });
    },
  );
  return { address: listener.address, accepted };
}

async function assertStillServes(
  harness: Harness,
  address: { readonly host: string; readonly port: number },
  accepted: readonly Connection[],
): Promise<void> {
  const count = accepted.length;
  const connection = await harness.runtime.network.connect(address, { tls: tlsOptions('client') });
  await until(harness.runtime, 'it was accepted', () => accepted.length === count + 1);
  connection.destroy();
}

function fingerprintOf(name: string): string {
  return createHash('sha256')
    .update(new X509Certificate(tlsOptions(name).cert).raw)
    .digest('hex');
}
