import assert from 'node:assert/strict';
import { isCairnError } from '../../base/errors.js';
import { monotonicMs } from '../../base/instants.js';
import { Backoff } from '../../wire/backoff.js';
import { HandlerTable } from '../../wire/handlers.js';
import { defineMethod } from '../../wire/method.js';
import { ManualClock } from './manual-clock.js';
import { PipeNetwork } from './pipe-network.js';
import { dial, listen, nodeRuntime, rejection, turn, until } from './support.js';

const echo = defineMethod<{ text: string }, { text: string }>('test.echo');
const hang = defineMethod('test.hang');

const table = (): HandlerTable =>
  new HandlerTable().on(echo, (request) => ({ header: request.header })).on(hang, () => new Promise<never>(() => {}));

describe('wire: the dialer', () => {
  it('pauses grow from nothing to the maximum, each cut by up to half', () => {
    const { random } = nodeRuntime();
    const backoff = new Backoff(random, { minMs: 50, maxMs: 1000 });
    const delays = Array.from({ length: 9 }, () => backoff.nextMs());
    for (const [i, ceiling] of [0, 50, 100, 200, 400, 800, 1000, 1000, 1000].entries()) {
      const delay = delays[i] ?? -1;
      assert.ok(delay >= ceiling / 2 && delay <= ceiling, `${delay} at ${i}`);
    }
    backoff.reset();
    assert.equal(backoff.nextMs(), 0);
  });

  it('comes back after each loss, and tells of it', async () => {
    const clock = new ManualClock();
    const network = new PipeNetwork();
    const runtime = nodeRuntime({ clock, network });
    const events: string[] = [];
    const listener = await listen(runtime, table());
    const dialer = dial(runtime, listener, {
      dialled: {
        onConnected: (peer) => events.push(`connected ${peer.name}`),
        onDisconnected: (error) => events.push(`disconnected ${error.code}`),
      },
    });
    await dialer.connected();
    for (let losses = 1; losses <= 5; losses++) {
      const { peer } = dialer;
      network.ends.at(-1)?.break();
      await until(() => dialer.peer !== peer);
      await clock.advance(5000);
      await until(() => dialer.metrics.reconnects === losses);
      assert.equal((await dialer.call(echo, { text: `${losses}` })).header.text, `${losses}`);
    }
    assert.deepEqual(events.slice(0, 3), ['connected osd.0', 'disconnected CONNECTION_LOST', 'connected osd.0']);
    await dialer.close();
    await listener.close();
    assert.equal(clock.timers, 0);
  });

  it('a call made while the peer is away waits for it', async () => {
    const clock = new ManualClock();
    const network = new PipeNetwork();
    const runtime = nodeRuntime({ clock, network });
    const listener = await listen(runtime, table());
    network.refusals = 4;
    const dialer = dial(runtime, listener);
    const call = dialer.call(echo, { text: 'patience' }, { deadline: monotonicMs(clock.now() + 60_000) });
    await until(() => network.refusals === 3);
    await clock.advance(10_000);
    assert.equal((await call).header.text, 'patience');
    await dialer.close();
    await listener.close();
  });

  it('or no longer than its deadline, or not at all', async () => {
    const clock = new ManualClock();
    const runtime = nodeRuntime({ clock, network: new PipeNetwork() });
    const listener = await listen(runtime, table());
    await listener.close();
    const dialer = dial(runtime, listener);
    const call = rejection(dialer.call(echo, { text: '' }, { deadline: monotonicMs(clock.now() + 1000) }));
    const impatient = await rejection(dialer.call(echo, { text: '' }, { whenDown: 'fail' }));
    assert.ok(isCairnError(impatient, 'CONNECTION_LOST'));
    assert.equal(impatient.applied, 'no');
    const controller = new AbortController();
    const withdrawn = rejection(dialer.call(echo, { text: '' }, { signal: controller.signal }));
    controller.abort();
    assert.ok(isCairnError(await withdrawn, 'CANCELLED'));
    await clock.advance(1100);
    const error = await call;
    assert.ok(isCairnError(error, 'DEADLINE_EXCEEDED'));
    assert.match(error.message, /nobody listens/);
    await dialer.close();
    assert.equal(clock.timers, 0);
  });

  it('those who wait are bounded', async () => {
    const runtime = nodeRuntime({ network: new PipeNetwork() });
    const listener = await listen(runtime, table());
    await listener.close();
    const dialer = dial(runtime, listener, { dialer: { waitersMax: 3 } });
    const waiting = Array.from({ length: 3 }, () => rejection(dialer.call(echo, { text: '' })));
    assert.ok(isCairnError(await rejection(dialer.call(echo, { text: '' })), 'OVERLOADED'));
    await dialer.close();
    for (const call of waiting) assert.ok(isCairnError(await call, 'CLOSED'));
  });

  it('a call that was never sent goes out on the next connection; one that was is not repeated', async () => {
    const clock = new ManualClock();
    const network = new PipeNetwork();
    const runtime = nodeRuntime({ clock, network });
    let received = 0;
    const handlers = table().on(defineMethod('test.count'), () => {
      received++;
      return new Promise<never>(() => {});
    });
    const listener = await listen(runtime, handlers);
    const dialer = dial(runtime, listener);
    await dialer.connected();
    const sent = rejection(dialer.call(defineMethod('test.count'), undefined));
    await until(() => received === 1);
    for (let turns = 0; turns < 10; turns++) await turn();
    const first = network.ends[0];
    assert.ok(first !== undefined);
    first.stalled = true;
    const onItsWay = rejection(dialer.call(hang, undefined));
    await turn();
    const unsent = dialer.call(echo, { text: 'second life' });
    first.break();
    await until(() => dialer.peer === undefined);
    await clock.advance(1000);
    assert.equal((await unsent).header.text, 'second life');
    for (const error of [await sent, await onItsWay]) {
      assert.ok(isCairnError(error, 'CONNECTION_LOST'));
      assert.equal(error.applied, 'maybe');
    }
    assert.equal(received, 1);
    await dialer.close();
    await listener.close();
  });

  it('reconnect counts as a loss: calls that had not left go out on the next connection', async () => {
    const network = new PipeNetwork();
    const runtime = nodeRuntime({ network });
    const listener = await listen(runtime, table());
    const dialer = dial(runtime, listener);
    await dialer.connected();
    const sent = rejection(dialer.call(hang, undefined));
    await until(() => listener.metrics.handlersRunning === 1);
    const unsent = dialer.call(echo, { text: 'next' });
    dialer.reconnect();
    assert.equal((await unsent).header.text, 'next');
    const error = await sent;
    assert.ok(isCairnError(error, 'CONNECTION_LOST'));
    assert.equal(error.applied, 'maybe');
    await dialer.close();
    await listener.close();
  }).timeout(1500);

  it('close waits for earlier connections that linger', async () => {
    const clock = new ManualClock();
    const network = new PipeNetwork();
    const runtime = nodeRuntime({ clock, network });
    const listener = await listen(runtime, table());
    const dialer = dial(runtime, listener);
    await dialer.connected();
    const [first] = network.ends;
    assert.ok(first !== undefined);
    first.stalled = true;
    dialer.reconnect();
    await clock.advance(100);
    await until(() => dialer.metrics.reconnects === 1);
    let isClosed = false;
    const closed = dialer.close().then(() => {
      isClosed = true;
    });
    for (let turns = 0; turns < 20; turns++) await turn();
    assert.equal(isClosed, false);
    await clock.advance(1000);
    await closed;
    await listener.close();
    assert.equal(clock.timers, 0);
  }).timeout(1500);

  it('an onConnected that throws is logged and costs the connection only', async () => {
    const runtime = nodeRuntime({ network: new PipeNetwork() });
    let listenerThrows = true;
    let dialerThrows = true;
    const listener = await listen(runtime, table(), {
      served: {
        onConnected: () => {
          const isFirst = listenerThrows;
          listenerThrows = false;
          if (isFirst) throw new Error('a bug in the listener');
        },
      },
    });
    const dialer = dial(runtime, listener, {
      dialled: {
        onConnected: () => {
          const isFirst = dialerThrows;
          dialerThrows = false;
          if (isFirst) throw new Error('a bug in the dialer');
        },
      },
    });
    await until(() => runtime.log.sentences().filter((s) => s.startsWith('onConnected failed')).length === 2);
    assert.equal((await dialer.call(echo, { text: 'well' })).header.text, 'well');
    await dialer.close();
    await listener.close();
  }).timeout(1500);

  for (const stage of ['connecting', 'greeting', 'connected', 'resting'] as const) {
    it(`close leaves nothing behind while ${stage}`, async () => {
      const clock = new ManualClock();
      const network = new PipeNetwork();
      const runtime = nodeRuntime({ clock, network });
      const listener = await listen(runtime, table());
      if (stage === 'resting') network.refusals = 1000;
      const dialer = dial(runtime, listener);
      if (stage === 'greeting') await until(() => listener.metrics.handshakesInProgress === 1);
      if (stage === 'connected') await dialer.connected();
      if (stage === 'resting') await until(() => dialer.metrics.handshakesFailed > 0);
      await Promise.all([dialer.close(), dialer.close()]);
      await until(() => listener.metrics.connectionsOpen === 0 && listener.metrics.handshakesInProgress === 0);
      await listener.close();
      assert.equal(clock.timers, 0);
      assert.equal(dialer.metrics.connectionsOpen, 0);
    });
  }
});
