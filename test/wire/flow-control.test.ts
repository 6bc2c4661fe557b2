import assert from 'node:assert/strict';
import { isCairnError } from '../../base/errors.js';
import { monotonicMs } from '../../base/instants.js';
import { CreditWindow } from '../../wire/credit.js';
import { frameTypes } from '../../wire/frame.js';
import { HandlerTable, type IncomingRequest } from '../../wire/handlers.js';
import { defineMethod } from '../../wire/method.js';
import { encodeFrames } from './frames.js';
import { PipeNetwork } from './pipe-network.js';
import { connectPair, gate, nodeRuntime, rejection, turn, until } from './support.js';

const work = defineMethod<{ n: number }, { n: number }>('test.work');
const inner = defineMethod<{ n: number }, { n: number }>('test.inner');
const fetch = defineMethod<{ bytes: number }>('test.fetch');
const note = defineMethod<{ n: number }>('test.note');

/** Small enough that a few messages exhaust it. */
const tight = { headerBytesMax: 1000, payloadBytesMax: 100_000, windowBytes: 400_000, windowMessages: 4 };

describe('wire: flow control', () => {
  it('a window counts messages and bytes, and takes back no more than is out', () => {
    const window = new CreditWindow({ messages: 2, bytes: 100 });
    assert.equal(window.take(60), true);
    assert.equal(window.take(60), false);
    assert.equal(window.take(40), true);
    assert.equal(window.take(0), false);
    window.give(1, 60);
    assert.equal(window.take(60), true);
    assert.throws(
      () => window.give(3, 0),
      (error) => isCairnError(error, 'PROTOCOL_ERROR'),
    );
    assert.throws(
      () => window.give(1, 101),
      (error) => isCairnError(error, 'PROTOCOL_ERROR'),
    );
  });

  it('no more handlers run at once than the window has messages; the rest waits, then all are served', async () => {
    let running = 0;
    let peak = 0;
    const handlers = new HandlerTable().on(work, async (request) => {
      peak = Math.max(peak, ++running);
      await turn();
      running--;
      return { header: request.header };
    });
    const pair = await connectPair(nodeRuntime(), handlers, { listener: tight });
    const calls = Array.from({ length: 200 }, (_, n) => pair.dialer.call(work, { n }));
    const replies = await Promise.all(calls);
    assert.deepEqual(
      replies.map((reply) => reply.header.n),
      Array.from({ length: 200 }, (_, n) => n),
    );
    assert.equal(peak, tight.windowMessages);
    assert.equal(pair.dialer.metrics.waitingMessages, 0);
    assert.equal(pair.dialer.metrics.waitingBytes, 0);
    await pair.close();
  });

  it('one-way messages get their credit back too', async () => {
    let seen = 0;
    const handlers = new HandlerTable().onMessage(note, async () => {
      await turn();
      seen++;
    });
    const pair = await connectPair(nodeRuntime(), handlers, { listener: tight });
    await Promise.all(
      Array.from({ length: 300 }, (_, n) => pair.dialer.tell(note, { n }, { payload: Buffer.alloc(5000) })),
    );
    await until(() => seen === 300);
    await pair.close();
  });

  it('credit of messages waits for something to travel with while there is plenty', async () => {
    let seen = 0;
    const handlers = new HandlerTable()
      .onMessage(note, () => {
        seen++;
      })
      .on(work, (request) => ({ header: request.header }));
    const pair = await connectPair(nodeRuntime(), handlers, { listener: { windowMessages: 64 } });
    // Pings of the beginning.
    await until(() => pair.dialer.peer?.rttMs !== undefined);
    const before = pair.listener.metrics.framesSent;
    for (let n = 1; n <= 30; n++) {
      await pair.dialer.tell(note, { n });
      await until(() => seen === n);
    }
    await turn();
    assert.equal(pair.listener.metrics.framesSent - before, 0);
    await pair.dialer.call(work, { n: 1 });
    assert.equal(pair.listener.metrics.framesSent - before, 2, 'the reply, and the credit of all thirty');
    await pair.close();
  });

  for (const windowMessages of [1, 2, 3]) {
    it(`messages as long as the window of ${windowMessages} follow short ones`, async () => {
      const exact = { headerBytesMax: 100, payloadBytesMax: 5000, windowBytes: 5132, windowMessages };
      let seen = 0;
      const handlers = new HandlerTable().onMessage(note, () => {
        seen++;
      });
      const pair = await connectPair(nodeRuntime(), handlers, { listener: exact });
      const sizes = Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? 1 : 5000));
      await Promise.all(sizes.map((size, n) => pair.dialer.tell(note, { n }, { payload: Buffer.alloc(size) })));
      await until(() => seen === sizes.length);
      assert.equal(pair.dialer.metrics.waitingMessages, 0);
      await pair.close();
    });
  }

  it('a flood against a peer that does not read is refused at the bound, in bytes and in number', async () => {
    const network = new PipeNetwork();
    const handlers = new HandlerTable().on(work, (request) => ({ header: request.header }));
    const limits = { waitingBytesMax: 1_000_000, waitingMessagesMax: 50 };
    const pair = await connectPair(nodeRuntime({ network }), handlers, { listener: tight, dialer: limits });
    const end = network.ends[0];
    assert.ok(end !== undefined);
    end.stalled = true;
    const payload = Buffer.alloc(90_000);
    const calls = Array.from({ length: 1000 }, (_, n) => pair.dialer.call(work, { n }, { payload }));
    const outcomes = calls.map((call) =>
      call.then(
        () => 'done',
        (error: unknown) => (isCairnError(error) ? error.code : 'other'),
      ),
    );
    await turn();
    const { metrics } = pair.dialer;
    assert.ok(metrics.sendQueueBytes + metrics.waitingBytes <= tight.windowBytes + limits.waitingBytesMax);
    assert.ok(metrics.waitingMessages <= limits.waitingMessagesMax);
    assert.ok(metrics.refusals > 900);
    end.stalled = false;
    end.move();
    const settled = await Promise.all(outcomes);
    assert.equal(settled.filter((outcome) => outcome === 'OVERLOADED').length, metrics.refusals);
    assert.equal(settled.filter((outcome) => outcome === 'done').length, 1000 - metrics.refusals);
    await pair.close();
  });

  it('calling and cancelling in a loop cannot fill the queue of a stalled peer', async () => {
    const network = new PipeNetwork();
    const handlers = new HandlerTable().on(work, (request) => ({ header: request.header }));
    const pair = await connectPair(nodeRuntime({ network }), handlers, {
      listener: tight,
      dialer: { waitingMessagesMax: 10 },
    });
    const end = network.ends[0];
    assert.ok(end !== undefined);
    end.stalled = true;
    pair.dialer.call(work, { n: 0 }).catch(() => {});
    await turn();
    for (let n = 0; n < 500; n++) {
      const controller = new AbortController();
      pair.dialer.call(work, { n }, { signal: controller.signal, payload: Buffer.alloc(8000) }).catch(() => {});
      controller.abort();
    }
    assert.ok(pair.dialer.metrics.sendQueueBytes < 100_000, `${pair.dialer.metrics.sendQueueBytes} bytes`);
    end.stalled = false;
    end.move();
    assert.equal((await pair.dialer.call(work, { n: 7 })).header.n, 7);
    await pair.close();
  });

  it('replies that nobody reads hold further handlers back, and nothing is lost when the peer reads on', async () => {
    const network = new PipeNetwork();
    let started = 0;
    const handlers = new HandlerTable().on(fetch, (request) => {
      started++;
      return { header: undefined, payload: Buffer.alloc(request.header.bytes) };
    });
    const bound = 500_000;
    const pair = await connectPair(nodeRuntime({ network }), handlers, { listener: { replyQueueBytesMax: bound } });
    const end = network.ends[1];
    assert.ok(end !== undefined);
    end.stalled = true;
    const calls = Array.from({ length: 200 }, () => pair.dialer.call(fetch, { bytes: 100_000 }));
    await until(() => pair.listener.metrics.requestsHeldBack > 0);
    for (let turns = 0; turns < 20; turns++) await turn();
    assert.ok(pair.listener.metrics.sendQueueBytes <= bound + 110_000);
    assert.ok(started < 10);
    end.stalled = false;
    end.move();
    for (const reply of await Promise.all(calls)) assert.equal(reply.payload.byteLength, 100_000);
    assert.equal(started, 200);
    assert.equal(pair.listener.metrics.requestsHeldBack, 0);
    await pair.close();
  });

  it('requests held back behind calls that were then withdrawn are served', async () => {
    const network = new PipeNetwork();
    const served = gate();
    const handlers = new HandlerTable().on(work, (request) => {
      served.open();
      return { header: request.header };
    });
    const pair = await connectPair(nodeRuntime({ network }), handlers, {
      listener: { checksums: false },
      dialer: { checksums: false, replyQueueBytesMax: 1000 },
      dialled: { handlers },
    });
    for (let turns = 0; turns < 10; turns++) await turn();
    const controller = new AbortController();
    const payload = Buffer.alloc(1500);
    const call = rejection(pair.dialer.call(work, { n: 1 }, { payload, signal: controller.signal }));
    const request = { type: frameTypes.request, requestId: 5, method: work.id, header: new Uint8Array([0xc0]) };
    network.ends[0]?.deliver(encodeFrames([{ ...request, payload: new Uint8Array(0) }]));
    assert.equal(pair.dialer.metrics.requestsHeldBack, 1);
    controller.abort();
    assert.ok(isCairnError(await call, 'CANCELLED'));
    await served.promise;
    await pair.close();
  }).timeout(1500); // A ping after two seconds would hide that they were forgotten.

  it('a call waits for credit no longer than its deadline or its caller wants', async () => {
    const release = gate();
    const handlers = new HandlerTable().on(work, async (request) => {
      await release.promise;
      return { header: request.header };
    });
    const runtime = nodeRuntime();
    const pair = await connectPair(runtime, handlers, { listener: tight });
    const held = Array.from({ length: 4 }, (_, n) => pair.dialer.call(work, { n }));
    const controller = new AbortController();
    const impatient = rejection(pair.dialer.call(work, { n: 5 }, { deadline: monotonicMs(runtime.clock.now() + 20) }));
    const withdrawn = rejection(pair.dialer.call(work, { n: 6 }, { signal: controller.signal }));
    const patient = pair.dialer.call(work, { n: 7 });
    controller.abort();
    for (const [error, code] of [
      [await impatient, 'DEADLINE_EXCEEDED'],
      [await withdrawn, 'CANCELLED'],
    ] as const) {
      assert.ok(isCairnError(error, code));
      assert.equal(error.applied, 'no');
    }
    release.open();
    await Promise.all(held);
    assert.equal((await patient).header.n, 7);
    await pair.close();
  });

  it('two peers that flood each other with calls whose handlers call back all get their answers', async () => {
    const count = 300;
    const table = (): HandlerTable =>
      new HandlerTable()
        .on(work, async (request: IncomingRequest<{ n: number }>) => {
          const reply = await request.peer.call(inner, request.header, {
            within: request,
            payload: Buffer.alloc(3000),
          });
          return { header: reply.header, payload: Buffer.alloc(3000) };
        })
        .on(inner, async (request) => {
          await turn();
          return { header: { n: request.header.n + 1 } };
        });
    const pair = await connectPair(nodeRuntime(), table(), {
      listener: tight,
      dialer: tight,
      dialled: { handlers: table() },
    });
    const back = pair.listener.peers[0];
    assert.ok(back !== undefined);
    const numbers = Array.from({ length: count }, (_, n) => n);
    const payload = Buffer.alloc(20_000);
    const there = numbers.map((n) => pair.dialer.call(work, { n }, { payload }));
    const andBack = numbers.map((n) => back.call(work, { n }, { payload }));
    const replies = await Promise.all([...there, ...andBack]);
    assert.deepEqual(
      replies.map((reply) => reply.header.n),
      [...numbers, ...numbers].map((n) => n + 1),
    );
    await pair.close();
  });

  it('calls within calls nest to a bounded depth, then are refused', async () => {
    const nested: HandlerTable = new HandlerTable().on(work, async (request) => {
      const reply = await request.peer.call(work, { n: request.header.n + 1 }, { within: request });
      return reply;
    });
    const pair = await connectPair(nodeRuntime(), nested, { dialled: { handlers: nested } });
    assert.ok(isCairnError(await rejection(pair.dialer.call(work, { n: 0 })), 'INVALID_ARGUMENT'));
    await pair.close();
  });

  it('a peer that reads no replies is bounded by its window, even if all it sends is malformed', async () => {
    const network = new PipeNetwork();
    const pair = await connectPair(nodeRuntime({ network }), new HandlerTable(), {
      listener: { ...tight, checksums: false },
      dialer: { checksums: false },
    });
    const [, acceptor] = network.ends;
    assert.ok(acceptor !== undefined);
    acceptor.stalled = true;
    let requestId = 1000;
    const { metrics } = pair.listener;
    for (let round = 0; round < 100 && metrics.protocolErrors === 0; round++) {
      const header = new Uint8Array([0xc1]);
      const frame = { type: frameTypes.request, method: work.id, header, payload: new Uint8Array(0) };
      acceptor.deliver(encodeFrames([{ ...frame, requestId: requestId++ }]));
      assert.ok(metrics.sendQueueBytes < 5000, `${metrics.sendQueueBytes} bytes of replies`);
      await turn();
    }
    assert.equal(metrics.protocolErrors, 1);
    await pair.close();
  });

  it('a message that gives up waiting makes way for those behind it', async () => {
    const release = gate();
    const handlers = new HandlerTable()
      .on(work, async (request) => {
        await release.promise;
        return { header: request.header };
      })
      .on(inner, (request) => ({ header: request.header }));
    const pair = await connectPair(nodeRuntime(), handlers, { listener: { ...tight, windowBytes: 150_000 } });
    const running = pair.dialer.call(work, { n: 0 }, { payload: Buffer.alloc(100_000) });
    const controller = new AbortController();
    const large = rejection(
      pair.dialer.call(inner, { n: 1 }, { payload: Buffer.alloc(90_000), signal: controller.signal }),
    );
    const small = pair.dialer.call(inner, { n: 2 });
    controller.abort();
    assert.ok(isCairnError(await large, 'CANCELLED'));
    assert.equal((await small).header.n, 2);
    release.open();
    await running;
    await pair.close();
  }).timeout(1500);

  it('a small message does not overtake a large one that waits for credit', async () => {
    const release = gate();
    const order: number[] = [];
    const handlers = new HandlerTable()
      .on(work, async (request) => {
        await release.promise;
        return { header: request.header };
      })
      .on(inner, (request) => {
        order.push(request.header.n);
        return { header: request.header };
      });
    const pair = await connectPair(nodeRuntime(), handlers, { listener: { ...tight, windowBytes: 150_000 } });
    const running = pair.dialer.call(work, { n: 0 }, { payload: Buffer.alloc(100_000) });
    const large = pair.dialer.call(inner, { n: 1 }, { payload: Buffer.alloc(90_000) });
    const small = pair.dialer.call(inner, { n: 2 });
    await until(() => pair.listener.metrics.handlersRunning === 1);
    for (let turns = 0; turns < 20; turns++) await turn();
    release.open();
    await Promise.all([running, large, small]);
    assert.deepEqual(order, [1, 2]);
    await pair.close();
  }).timeout(1500);

  it('a handler that closes the connection while others are held back leaves the counts right', async () => {
    const network = new PipeNetwork();
    const handlers = new HandlerTable().on(work, (request) => {
      if (request.header.n === 5) void pair.listener.close();
      return { header: request.header, payload: Buffer.alloc(5000) };
    });
    const pair = await connectPair(nodeRuntime({ network }), handlers, { listener: { replyQueueBytesMax: 1000 } });
    const [, acceptor] = network.ends;
    assert.ok(acceptor !== undefined);
    acceptor.stalled = true;
    const calls = Array.from({ length: 10 }, (_, n) => pair.dialer.call(work, { n }).catch(() => undefined));
    await until(() => pair.listener.metrics.requestsHeldBack > 0);
    acceptor.stalled = false;
    acceptor.move();
    await until(() => pair.listener.metrics.connectionsOpen === 0);
    assert.equal(pair.listener.metrics.requestsHeldBack, 0);
    await pair.close();
    await Promise.all(calls);
  });

  it('a peer that overruns its credit is cut off before the message is taken in', async () => {
    const network = new PipeNetwork();
    const never = new Promise<never>(() => {});
    const handlers = new HandlerTable().on(work, () => never);
    const runtime = nodeRuntime({ network });
    const pair = await connectPair(runtime, handlers, {
      listener: { ...tight, checksums: false },
      dialer: { checksums: false },
    });
    const acceptor = network.ends[1];
    const frames = Array.from({ length: tight.windowMessages + 1 }, (_, n) => ({
      type: frameTypes.request,
      requestId: 1000 + n,
      method: work.id,
      header: new Uint8Array([0xc0]),
      payload: new Uint8Array(0),
    }));
    acceptor?.deliver(encodeFrames(frames));
    await until(() => pair.listener.metrics.protocolErrors === 1);
    const record = runtime.log.records.find((r) => r.sentence.startsWith('peer broke the protocol'));
    assert.match(String(record?.fields['err']), /credit/);
    await pair.close();
  });
});
