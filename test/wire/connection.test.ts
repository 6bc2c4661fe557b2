import assert from 'node:assert/strict';
import { CairnError, isCairnError } from '../../base/errors.js';
import { Deadlines } from '../../wire/deadlines.js';
import { monotonicMs } from '../../base/instants.js';
import { frameTypes } from '../../wire/frame.js';
import { LimitedLog } from '../../wire/limited-log.js';
import { HandlerTable } from '../../wire/handlers.js';
import { defineMethod } from '../../wire/method.js';
import { decodeError, viewEncodedError } from '../../wire/wire-error.js';
import { encodeHeader } from '../../wire/header-codec.js';
import { encodeFrames, type TestFrame } from './frames.js';
import { ManualClock } from './manual-clock.js';
import { PipeNetwork } from './pipe-network.js';
import { connectPair, LogKeeper, nodeRuntime, rejection, until } from './support.js';

const echo = defineMethod<{ text: string }, { text: string }>('test.echo');
const hang = defineMethod('test.hang');

const table = (): HandlerTable =>
  new HandlerTable().on(echo, (request) => ({ header: request.header })).on(hang, () => new Promise<never>(() => {}));

const bare = { header: new Uint8Array(0), payload: new Uint8Array(0) };

describe('wire: connections', () => {
  it('a silent connection is pinged, and lost when nothing answers', async () => {
    const clock = new ManualClock();
    const network = new PipeNetwork();
    const pair = await connectPair(nodeRuntime({ clock, network }), table(), { listener: { silenceMs: 60_000 } });
    await until(() => pair.dialer.peer?.rttMs !== undefined);
    await clock.advance(10_000);
    assert.ok(pair.dialer.peer !== undefined, 'an idle connection stays');
    const call = rejection(pair.dialer.call(hang, undefined));
    await until(() => pair.listener.metrics.handlersRunning === 1);
    for (const end of network.ends) end.stalled = true;
    await clock.advance(7000);
    const error = await call;
    assert.ok(isCairnError(error, 'CONNECTION_LOST'));
    assert.match(error.message, /nothing was received/);
    assert.equal(error.applied, 'maybe');
    await pair.close();
    await until(() => clock.timers === 0);
  });

  it('a peer that answers pings but does not read is lost after the stall limit', async () => {
    const clock = new ManualClock();
    const network = new PipeNetwork();
    const options = { dialer: { sendStallMs: 9000 }, listener: { silenceMs: 60_000 } };
    const pair = await connectPair(nodeRuntime({ clock, network }), table(), options);
    const [dialer] = network.ends;
    assert.ok(dialer !== undefined);
    const { peer } = pair.dialer;
    dialer.stalled = true;
    const call = rejection(pair.dialer.call(hang, undefined));
    for (let seconds = 0; seconds < 14 && pair.dialer.peer === peer; seconds++) {
      pair.listener.peers[0]?.call(echo, { text: 'still here' }).catch(() => {});
      await clock.advance(1000);
    }
    const error = await call;
    assert.ok(isCairnError(error, 'CONNECTION_LOST'));
    assert.match(error.message, /did not read/);
    await pair.close();
  }).timeout(3000);

  it('a process that stood still reads what came meanwhile before it calls the peer silent', async () => {
    const clock = new ManualClock();
    const network = new PipeNetwork();
    const pair = await connectPair(nodeRuntime({ clock, network }), table());
    await until(() => pair.dialer.peer?.rttMs !== undefined);
    const { peer } = pair.dialer;
    const [end] = network.ends;
    // It arrived while nothing ran: the timers fire first, then the sockets are read.
    clock.leap(7000);
    setImmediate(() => network.ends.forEach((each) => each.deliver(new Uint8Array(1))));
    await clock.advance(0);
    assert.ok(end !== undefined && pair.dialer.peer === peer, 'the connection stays');
    await pair.close();
  });

  it('a reply that nobody awaits is refused on its prefix, before its payload is taken in', async () => {
    const network = new PipeNetwork();
    const plain = { listener: { checksums: false }, dialer: { checksums: false } };
    const pair = await connectPair(nodeRuntime({ network }), table(), plain);
    const frame = { ...bare, type: frameTypes.response, requestId: 99, payload: new Uint8Array(100_000) };
    network.ends[1]?.deliver(encodeFrames([frame]).subarray(0, 32));
    assert.equal(pair.listener.metrics.protocolErrors, 1);
    await pair.close();
  });

  const outOfPlace: { name: string; frame: TestFrame }[] = [
    { name: 'a reply to a request that nobody made', frame: { ...bare, type: frameTypes.response, requestId: 99 } },
    { name: 'an error for a request that nobody made', frame: { ...bare, type: frameTypes.error, requestId: 99 } },
    { name: 'credit that was not owed', frame: { ...bare, type: frameTypes.credit, requestId: 1, method: 1 } },
    { name: 'a ping with a payload', frame: { ...bare, type: frameTypes.ping, payload: new Uint8Array(3) } },
    { name: 'an error with a payload', frame: { ...bare, type: frameTypes.error, payload: new Uint8Array(3) } },
    { name: 'a frame of unknown type', frame: { ...bare, type: 77 } },
  ];
  for (const { name, frame } of outOfPlace) {
    it(`${name} closes that connection, with one typed error in the log, and no other`, async () => {
      const network = new PipeNetwork();
      const runtime = nodeRuntime({ network });
      const plain = { listener: { checksums: false }, dialer: { checksums: false } };
      const pair = await connectPair(runtime, table(), plain);
      network.ends[1]?.deliver(encodeFrames([frame]));
      await until(() => pair.listener.metrics.protocolErrors === 1);
      const records = runtime.log.records.filter((r) => r.sentence.startsWith('peer broke the protocol'));
      assert.equal(records.length, 1);
      assert.equal(records[0]?.fields['code'], 'PROTOCOL_ERROR');
      await until(() => pair.dialer.metrics.reconnects === 1);
      assert.equal((await pair.dialer.call(echo, { text: 'next connection' })).header.text, 'next connection');
      assert.ok(runtime.log.sentences().includes('peer closed the connection for an error'));
      await pair.close();
    });
  }

  it('a request id used twice closes the connection', async () => {
    const network = new PipeNetwork();
    const pair = await connectPair(nodeRuntime({ network }), table(), {
      listener: { checksums: false },
      dialer: { checksums: false },
    });
    const request = { ...bare, type: frameTypes.request, requestId: 900, method: hang.id };
    network.ends[1]?.deliver(encodeFrames([request, request]));
    await until(() => pair.listener.metrics.protocolErrors === 1);
    await pair.close();
  });

  it('bytes damaged on the way close the connection instead of being believed', async () => {
    const network = new PipeNetwork();
    const pair = await connectPair(nodeRuntime({ network }), table());
    const end = network.ends[0];
    assert.ok(end !== undefined);
    end.tamper = (bytes) => {
      const last = bytes.byteLength - 1;
      bytes[last] = (bytes[last] ?? 0) ^ 1;
      return bytes;
    };
    assert.ok(isCairnError(await rejection(pair.dialer.call(echo, { text: 'x' })), 'CONNECTION_LOST'));
    assert.equal(pair.listener.metrics.protocolErrors, 1);
    await pair.close();
  });

  it('a flood of pings queues one pong', async () => {
    const network = new PipeNetwork();
    const pair = await connectPair(nodeRuntime({ network }), table(), {
      listener: { checksums: false },
      dialer: { checksums: false },
    });
    await pair.dialer.call(echo, { text: '' });
    const before = pair.listener.metrics.framesSent;
    network.ends[1]?.deliver(encodeFrames(Array.from({ length: 10_000 }, () => ({ ...bare, type: frameTypes.ping }))));
    await pair.dialer.call(echo, { text: '' });
    assert.ok(pair.listener.metrics.framesSent - before <= 3);
    await pair.close();
  });

  it('close is idempotent, says goodbye, and leaves neither timer nor connection behind', async () => {
    const clock = new ManualClock();
    const pair = await connectPair(nodeRuntime({ clock, network: new PipeNetwork() }), table());
    const call = rejection(pair.dialer.call(hang, undefined, { deadline: monotonicMs(clock.now() + 60_000) }));
    await until(() => pair.listener.metrics.handlersRunning === 1);
    await Promise.all([pair.dialer.close(), pair.dialer.close()]);
    assert.ok(isCairnError(await call, 'CLOSED'));
    await pair.close();
    await pair.listener.close();
    assert.equal(clock.timers, 0);
    for (const metrics of [pair.dialer.metrics, pair.listener.metrics]) {
      assert.equal(metrics.connectionsOpen, 0);
      assert.equal(metrics.callsPending, 0);
      assert.equal(metrics.handlersRunning, 0);
      assert.equal(metrics.sendQueueBytes, 0);
    }
    assert.ok(isCairnError(await rejection(pair.dialer.call(echo, { text: '' })), 'CLOSED'));
  });
});

describe('wire: errors that cross', () => {
  const roundTrip = (error: CairnError): CairnError => {
    const bytes = viewEncodedError(error);
    return decodeError(bytes, 0, bytes.byteLength);
  };

  it('a code of a newer peer becomes INTERNAL with the original in the details', () => {
    const bytes = encodeHeader({ code: 'QUANTUM_DECAY', message: 'gone', applied: 'no', details: { n: 1 } });
    const error = decodeError(bytes, 0, bytes.byteLength);
    assert.equal(error.code, 'INTERNAL');
    assert.equal(error.applied, 'no');
    assert.deepEqual(error.details, { n: 1, code: 'QUANTUM_DECAY' });
  });

  it('a sentence of any length is cut to what logs can bear', () => {
    const bytes = encodeHeader({ code: 'CLOSED', message: 'x'.repeat(500_000) });
    assert.ok(decodeError(bytes, 0, bytes.byteLength).message.length <= 2000);
  });

  it('an error fits the header that the peer takes: without its details, then with less of its sentence', () => {
    const error = new CairnError('CONFLICT', 'ü'.repeat(3000), { applied: 'maybe', details: { a: 'x'.repeat(5000) } });
    for (const bytesMax of [10_000, 5000, 1000, 100]) {
      const bytes = viewEncodedError(error, bytesMax);
      assert.ok(bytes.byteLength <= bytesMax, `${bytes.byteLength} for ${bytesMax}`);
      const decoded = decodeError(bytes, 0, bytes.byteLength);
      assert.equal(decoded.code, 'CONFLICT');
      assert.equal(decoded.applied, 'maybe');
      assert.ok(decoded.message.startsWith('üü'));
    }
  });

  it('a small header limit does not cost the connection when a request fails', async () => {
    const handlers = table().on(defineMethod('test.fail'), () => {
      throw new CairnError('CONFLICT', 'no', { details: { a: 'x'.repeat(5000) } });
    });
    const pair = await connectPair(nodeRuntime({ network: new PipeNetwork() }), handlers, {
      dialer: { headerBytesMax: 1000 },
    });
    const error = await rejection(pair.dialer.call(defineMethod('test.fail'), undefined));
    assert.ok(isCairnError(error, 'CONFLICT'));
    assert.equal(pair.dialer.metrics.protocolErrors, 0);
    await pair.close();
  });

  it('a code is not looked up in the prototype', () => {
    const bytes = encodeHeader({ code: 'toString', message: 'x' });
    assert.equal(decodeError(bytes, 0, bytes.byteLength).code, 'INTERNAL');
  });

  it('details that cannot travel are left out rather than lose the error', () => {
    // oxlint-disable-next-line no-restricted-globals -- a fixed date: a value that needs an extension type
    for (const details of [{ a: Symbol('x') }, { a: new Date(0) }, { a: 'x'.repeat(100_000) }]) {
      const error = roundTrip(new CairnError('CONFLICT', 'no', { details }));
      assert.equal(error.code, 'CONFLICT');
      assert.deepEqual(error.details, {});
    }
  });
});

describe('wire: deadlines in slots', () => {
  it('each fires once, in order, never early, and removed ones not at all', async () => {
    const clock = new ManualClock();
    const deadlines = new Deadlines(clock);
    const fired: { at: number; due: number }[] = [];
    const add = (afterMs: number) => {
      const due = monotonicMs(clock.now() + afterMs);
      return deadlines.add(due, { expire: () => fired.push({ at: clock.now(), due }) });
    };
    const delays = [50, 10, 10, 11, 3000, 0.5, 100, 7, 1];
    const entries = delays.map(add);
    for (const index of [2, 6]) deadlines.remove(entries[index] ?? assert.fail());
    deadlines.remove(entries[2] ?? assert.fail());
    await clock.advance(5000);
    assert.equal(fired.length, 7);
    for (const { at, due } of fired) assert.ok(at >= due && at - due <= 10, `${at} for ${due}`);
    assert.equal(clock.timers, 0);
  });
});

describe('wire: limited log', () => {
  it('lets a burst pass, then counts, and says how many were left out', async () => {
    const clock = new ManualClock();
    const log = new LogKeeper();
    const limited = new LimitedLog(clock, log, { burst: 2, intervalMs: 1000 });
    for (let i = 0; i < 10; i++) limited.warn({ i }, 'noise');
    await clock.advance(1000);
    limited.warn({ i: 10 }, 'noise');
    assert.deepEqual(
      log.records.map((record) => record.fields),
      [{ i: 0 }, { i: 1 }, { i: 10, suppressed: 8 }],
    );
  });
});
