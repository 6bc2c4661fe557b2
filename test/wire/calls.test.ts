import assert from 'node:assert/strict';
import { CairnError, isCairnError } from '../../base/errors.js';
import { monotonicMs } from '../../base/instants.js';
import { invariant } from '../../base/invariant.js';
import { HandlerTable, type IncomingRequest } from '../../wire/handlers.js';
import { defineMethod } from '../../wire/method.js';
import { ManualClock } from './manual-clock.js';
import { PipeNetwork } from './pipe-network.js';
import { connectPair, gate, nodeRuntime, rejection, until } from './support.js';

const echo = defineMethod<{ text: string }, { text: string }>('test.echo');
const slow = defineMethod<undefined, { done: boolean }>('test.slow');
const broken = defineMethod('test.broken');
const note = defineMethod<{ n: number }>('test.note');

const echoHandlers = (): HandlerTable =>
  new HandlerTable().on(echo, (request) => ({ header: request.header, payload: request.payload }));

describe('wire: calls', () => {
  it('a call brings header and payload there and back, over real sockets', async () => {
    const pair = await connectPair(nodeRuntime(), echoHandlers());
    for (const bytes of [0, 1, 100, 8192, 8193, 100_000, 5_000_000]) {
      const payload = Buffer.alloc(bytes, bytes % 251);
      const reply = await pair.dialer.call(echo, { text: 'héllo' }, { payload });
      assert.deepEqual(reply.header, { text: 'héllo' });
      assert.ok(payload.equals(reply.payload));
      assert.equal(reply.payload.byteLength, bytes);
    }
    await pair.close();
  });

  it('a payload in slices arrives as one', async () => {
    const pair = await connectPair(nodeRuntime(), echoHandlers());
    for (const bytes of [10, 20_000]) {
      const slices = [Buffer.alloc(bytes, 1), Buffer.alloc(0), Buffer.alloc(bytes, 2), Buffer.alloc(bytes, 3)];
      const reply = await pair.dialer.call(echo, { text: '' }, { payload: slices });
      assert.ok(Buffer.concat(slices).equals(reply.payload));
    }
    await pair.close();
  });

  it('chunks of one byte and reused memory change nothing', async () => {
    const network = new PipeNetwork();
    network.chunkBytes = 1;
    const pair = await connectPair(nodeRuntime({ network }), echoHandlers());
    const payload = Buffer.alloc(20_000, 9);
    const replies = await Promise.all(['a', 'b', 'c'].map((text) => pair.dialer.call(echo, { text }, { payload })));
    assert.deepEqual(
      replies.map((reply) => reply.header.text),
      ['a', 'b', 'c'],
    );
    for (const reply of replies) assert.ok(payload.equals(reply.payload));
    await pair.close();
  });

  it('handlers start in the order of the calls, and side by side', async () => {
    const started: string[] = [];
    const release = gate();
    const handlers = new HandlerTable().on(echo, async (request) => {
      started.push(request.header.text);
      await release.promise;
      return { header: request.header };
    });
    const pair = await connectPair(nodeRuntime(), handlers);
    const names = Array.from({ length: 50 }, (_, i) => `call ${i}`);
    const calls = names.map((text) => pair.dialer.call(echo, { text }));
    await until(() => started.length === names.length);
    assert.deepEqual(started, names);
    release.open();
    await Promise.all(calls);
    await pair.close();
  });

  it('calls of one turn leave in one send', async () => {
    const network = new PipeNetwork();
    const pair = await connectPair(nodeRuntime({ network }), echoHandlers());
    await pair.dialer.call(echo, { text: 'settle down' });
    const end = network.ends[0];
    const before = end?.sends ?? 0;
    await Promise.all(Array.from({ length: 100 }, () => pair.dialer.call(echo, { text: 'x' })));
    assert.equal((end?.sends ?? 0) - before, 1);
    await pair.close();
  });

  it('what was queued leaves at once when the caller says that no more follows, and nothing leaves twice', async () => {
    const network = new PipeNetwork();
    const pair = await connectPair(nodeRuntime({ network }), echoHandlers());
    await pair.dialer.call(echo, { text: 'settle down' });
    const end = network.ends[0];
    const before = end?.sends ?? 0;
    const calls = ['a', 'b'].map((text) => pair.dialer.call(echo, { text }));
    pair.dialer.peer?.flush();
    assert.equal((end?.sends ?? 0) - before, 1);
    pair.dialer.peer?.flush();
    assert.equal((await Promise.all(calls)).length, 2);
    assert.equal((end?.sends ?? 0) - before, 1);
    await pair.close();
  });

  it('an error crosses with code, message, applied and details', async () => {
    const handlers = new HandlerTable().on(broken, () => {
      throw new CairnError('CONFLICT', 'the object changed', { applied: 'maybe', details: { version: 7 } });
    });
    const pair = await connectPair(nodeRuntime(), handlers);
    const error = await rejection(pair.dialer.call(broken, undefined));
    assert.ok(isCairnError(error, 'CONFLICT'));
    assert.equal(error.message, 'the object changed');
    assert.equal(error.applied, 'maybe');
    assert.deepEqual(error.details, { version: 7 });
    await pair.close();
  });

  it('an unexpected exception is that request’s INTERNAL, logged with its stack, and harms no other', async () => {
    const handlers: HandlerTable = echoHandlers().on(broken, () => {
      invariant(handlers === undefined, 'this never happens');
      return { header: undefined };
    });
    const runtime = nodeRuntime();
    const pair = await connectPair(runtime, handlers);
    assert.ok(isCairnError(await rejection(pair.dialer.call(broken, undefined)), 'INTERNAL'));
    const record = runtime.log.records.find((r) => r.sentence === 'handler failed unexpectedly');
    assert.equal(record?.level, 'error');
    const thrown = record?.fields['err'];
    assert.ok(thrown instanceof Error);
    assert.match(String(thrown.stack), /calls\.test/);
    assert.equal((await pair.dialer.call(echo, { text: 'fine' })).header.text, 'fine');
    await pair.close();
  });

  it('a method nobody registered is UNSUPPORTED', async () => {
    const pair = await connectPair(nodeRuntime(), echoHandlers());
    assert.ok(isCairnError(await rejection(pair.dialer.call(slow, undefined)), 'UNSUPPORTED'));
    await pair.close();
  });

  it('a reply that cannot be encoded is INTERNAL for the caller and nothing more', async () => {
    const handlers = echoHandlers().on(slow, () => ({ header: { done: Symbol('no') as unknown as boolean } }));
    const pair = await connectPair(nodeRuntime(), handlers);
    assert.ok(isCairnError(await rejection(pair.dialer.call(slow, undefined)), 'INTERNAL'));
    assert.equal((await pair.dialer.call(echo, { text: 'fine' })).header.text, 'fine');
    await pair.close();
  });

  it('a header with __proto__ as a key fails that call alone', async () => {
    const pair = await connectPair(nodeRuntime(), echoHandlers());
    const header = JSON.parse('{"text":"x","__proto__":{"polluted":true}}') as { text: string };
    assert.ok(isCairnError(await rejection(pair.dialer.call(echo, header)), 'PROTOCOL_ERROR'));
    assert.equal((await pair.dialer.call(echo, { text: 'fine' })).header.text, 'fine');
    await pair.close();
  });

  it('one-way messages arrive in order', async () => {
    const seen: number[] = [];
    const handlers = new HandlerTable().onMessage(note, (request) => {
      seen.push(request.header.n);
    });
    const pair = await connectPair(nodeRuntime(), handlers);
    const numbers = Array.from({ length: 2000 }, (_, n) => n);
    await Promise.all(numbers.map((n) => pair.dialer.tell(note, { n })));
    await until(() => seen.length === numbers.length);
    assert.deepEqual(seen, numbers);
    await pair.close();
  });

  it('posted messages arrive in order with told ones, and are dropped once the connection is closed', async () => {
    const seen: number[] = [];
    const handlers = new HandlerTable().onMessage(note, (request) => {
      seen.push(request.header.n);
    });
    const pair = await connectPair(nodeRuntime(), handlers);
    const { peer } = pair.dialer;
    invariant(peer !== undefined, 'it is connected');
    for (let n = 0; n < 1000; n += 2) {
      peer.post(note, { n }, [new Uint8Array(n)]);
      void peer.tell(note, { n: n + 1 });
    }
    await until(() => seen.length === 1000);
    assert.deepEqual(
      seen,
      Array.from({ length: 1000 }, (_, n) => n),
    );
    assert.throws(
      () => peer.post(note, { n: new Set() as never }),
      (error) => isCairnError(error, 'INVALID_ARGUMENT'),
    );
    await pair.close();
    peer.post(note, { n: 1000 });
    assert.equal(seen.length, 1000);
  });

  it('either end may call the other', async () => {
    const answers = echoHandlers();
    let caller: IncomingRequest<undefined> | undefined;
    const handlers = new HandlerTable().on(slow, async (request) => {
      caller = request;
      const reply = await request.peer.call(echo, { text: 'back' }, { within: request });
      return { header: { done: reply.header.text === 'back' } };
    });
    const pair = await connectPair(nodeRuntime(), handlers, { dialled: { handlers: answers } });
    assert.deepEqual((await pair.dialer.call(slow, undefined)).header, { done: true });
    assert.equal(caller?.peer.name, 'client.test');
    assert.equal(caller?.peer.authenticated, true);
    await pair.close();
  });
});

describe('wire: deadlines and cancellation', () => {
  const hanging = () => {
    const started = gate<IncomingRequest<undefined>>();
    const ended = gate<unknown>();
    const handlers = echoHandlers().on(slow, (request) => {
      started.open(request);
      return new Promise((_resolve, reject) => {
        request.signal.addEventListener('abort', () => {
          ended.open(request.signal.reason);
          reject(request.signal.reason as Error);
        });
      });
    });
    return { started, ended, handlers };
  };

  it('cancelling rejects the caller at once and aborts the handler', async () => {
    const { started, ended, handlers } = hanging();
    const pair = await connectPair(nodeRuntime(), handlers);
    const controller = new AbortController();
    const call = rejection(pair.dialer.call(slow, undefined, { signal: controller.signal }));
    await started.promise;
    controller.abort();
    const error = await call;
    assert.ok(isCairnError(error, 'CANCELLED'));
    assert.equal(error.applied, 'maybe');
    assert.ok(isCairnError(await ended.promise, 'CANCELLED'));
    await until(() => pair.dialer.metrics.callsPending === 0);
    await pair.close();
  });

  it('a deadline holds on both ends, carried as the time that is left', async () => {
    const { started, ended, handlers } = hanging();
    const clock = new ManualClock();
    const pair = await connectPair(nodeRuntime({ clock, network: new PipeNetwork() }), handlers);
    const deadline = monotonicMs(clock.now() + 500);
    const call = rejection(pair.dialer.call(slow, undefined, { deadline }));
    const request = await started.promise;
    assert.equal(request.deadline, deadline);
    await clock.advance(520);
    assert.ok(isCairnError(await call, 'DEADLINE_EXCEEDED'));
    assert.ok(isCairnError(await ended.promise));
    await pair.close();
    assert.equal(clock.timers, 0);
  });

  it('a call whose deadline has passed is never sent', async () => {
    const runtime = nodeRuntime();
    const pair = await connectPair(runtime, echoHandlers());
    const deadline = monotonicMs(runtime.clock.now() - 1);
    const error = await rejection(pair.dialer.call(echo, { text: '' }, { deadline }));
    assert.ok(isCairnError(error, 'DEADLINE_EXCEEDED'));
    assert.equal(error.applied, 'no');
    await pair.close();
  });

  it('a call withdrawn before the turn ends leaves no trace on the wire', async () => {
    const pair = await connectPair(nodeRuntime(), echoHandlers());
    const controller = new AbortController();
    await pair.dialer.call(echo, { text: 'settle down' });
    const before = pair.dialer.metrics.framesSent;
    const call = rejection(pair.dialer.call(echo, { text: 'x' }, { signal: controller.signal }));
    controller.abort();
    const error = await call;
    assert.ok(isCairnError(error, 'CANCELLED'));
    assert.equal(error.applied, 'no');
    await pair.dialer.call(echo, { text: 'next' });
    assert.equal(pair.dialer.metrics.framesSent - before, 1);
    await pair.close();
  });

  it('a cancelled call keeps its payload until the kernel has let go of it', async () => {
    const network = new PipeNetwork();
    const pair = await connectPair(nodeRuntime({ network }), echoHandlers());
    const end = network.ends[0];
    assert.ok(end !== undefined);
    end.stalled = true;
    const controller = new AbortController();
    let settled = false;
    const call = rejection(
      pair.dialer.call(echo, { text: 'x' }, { signal: controller.signal, payload: Buffer.alloc(100_000) }),
    ).finally(() => {
      settled = true;
    });
    await until(() => end.queuedBytes > 100_000);
    controller.abort();
    for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(settled, false);
    end.stalled = false;
    end.move();
    assert.ok(isCairnError(await call, 'CANCELLED'));
    await pair.close();
  });

  it('a broken connection fails what was sent with "maybe" and what was not with "no"', async () => {
    const { started, handlers } = hanging();
    const network = new PipeNetwork();
    const pair = await connectPair(nodeRuntime({ network }), handlers);
    const sent = rejection(pair.dialer.call(slow, undefined));
    await started.promise;
    const peer = pair.dialer.peer;
    assert.ok(peer !== undefined);
    const unsent = rejection(peer.call(echo, { text: 'too late' }));
    network.ends[0]?.break();
    await until(() => pair.dialer.peer !== peer);
    const error = await sent;
    assert.ok(isCairnError(error, 'CONNECTION_LOST'));
    assert.equal(error.applied, 'maybe');
    await unsent;
    await pair.close();
  });
});
