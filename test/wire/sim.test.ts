/** The RPC layer on a simulated network: partitions of both kinds, slow links, resets by silence, many seeds. */
import assert from 'node:assert/strict';
import { isCairnError } from '../../base/errors.js';
import { monotonicMs } from '../../base/instants.js';
import type { Runtime } from '../../runtime/runtime.js';
import { World } from '../../runtime/sim/world.js';
import { Dialer } from '../../wire/dialer.js';
import { WireListener } from '../../wire/listener.js';
import { HandlerTable } from '../../wire/handlers.js';
import { defineMethod } from '../../wire/method.js';
import { forEachSeed } from '../sim/seeds.js';

const add = defineMethod<{ id: number }>('sim.add');
const fetch = defineMethod<{ bytes: number }>('sim.fetch');

const port = 7000;
const key = new Uint8Array(32).fill(7);
const deadlineMs = 2000;
/**
 * A call that ends while the kernel holds its payload settles when that is over, at the latest with the connection: silence
 * ends that after 6 s, but a peer that is heard and cannot be reached only the stall limit (SEED=186: 10.6 s).
 */
const settlesWithinMs = deadlineMs + 20_000 + 2000;

interface Outcome {
  readonly id: number;
  readonly applied: 'yes' | 'no' | 'maybe';
  readonly tookMs: number;
}

/** How the calls of all seeds ended: proof that the faults bite. */
const tally = { yes: 0, no: 0, maybe: 0 };

async function runWorld(seed: number): Promise<string> {
  const world = new World({ seed, network: { link: { latencyMs: 0.5, lossRate: 0.001 } } });
  const counts = new Map<number, number>();
  await world.main(async () => {
    await world.machine('osd').start('osd.0', (runtime) => serve(runtime, counts)).finished;
    const client = world.machine('client').start('client', async () => {});
    await client.finished;
    const { runtime } = client;
    const dialer = new Dialer(
      runtime,
      { address: { host: 'osd', port }, identity: { name: 'client.test', role: 'client' }, backoffMsMax: 1000 },
      { key },
    );
    const faults = injectFaults(world);
    const outcomes = await Promise.all(Array.from({ length: 80 }, (_, id) => oneCall(world, runtime, dialer, id)));
    await faults;
    check(outcomes, counts);
    await healed(world, runtime, dialer);
    assert.equal(dialer.metrics.callsPending, 0);
    assert.equal(dialer.metrics.waitingMessages, 0);
    await dialer.close();
    assert.equal(dialer.metrics.sendQueueBytes, 0);
    assert.equal(dialer.metrics.connectionsOpen, 0);
  });
  return world.traceHash;
}

async function serve(runtime: Runtime, counts: Map<number, number>): Promise<void> {
  const handlers = new HandlerTable()
    .on(add, async (request) => {
      counts.set(request.header.id, (counts.get(request.header.id) ?? 0) + 1);
      await runtime.clock.sleep(1);
      return { header: undefined };
    })
    .on(fetch, (request) => ({ header: undefined, payload: new Uint8Array(request.header.bytes).fill(5) }));
  await WireListener.listen(
    runtime,
    { address: { host: '0.0.0.0', port }, identity: { name: 'osd.0', role: 'osd' }, replyQueueBytesMax: 1_000_000 },
    { handlers, keys: { keyFor: () => key } },
  );
}

/** At some moment of the first 20 seconds; every fourth with a payload, so that some are under way when the link goes. */
async function oneCall(world: World, runtime: Runtime, dialer: Dialer, id: number): Promise<Outcome> {
  await world.sleep(world.stream(`call ${id}`).float() * 20_000);
  const payload = id % 4 === 0 ? new Uint8Array(300_000).fill(id) : undefined;
  const deadline = monotonicMs(runtime.clock.now() + deadlineMs);
  const began = world.now;
  try {
    if (id % 3 === 0) {
      const reply = await dialer.call(fetch, { bytes: 400_000 }, { deadline });
      assert.equal(reply.payload.byteLength, 400_000);
      assert.ok(reply.payload.every((byte) => byte === 5));
      return { id, applied: 'yes', tookMs: world.now - began };
    }
    await dialer.call(add, { id }, { deadline, payload });
    return { id, applied: 'yes', tookMs: world.now - began };
  } catch (error) {
    assert.ok(isCairnError(error), String(error));
    assert.ok(['DEADLINE_EXCEEDED', 'CONNECTION_LOST'].includes(error.code), error.message);
    return { id, applied: error.applied, tookMs: world.now - began };
  }
}

async function injectFaults(world: World): Promise<void> {
  const random = world.stream('faults');
  const kinds = [
    () => world.network.cutBoth('client', 'osd'),
    () => world.network.cut({ from: 'client', to: 'osd' }),
    () => world.network.cut({ from: 'osd', to: 'client' }),
    () => world.network.setLink({ from: 'osd', to: 'client' }, { bytesPerSecond: 300_000 }),
    () => world.network.setLink({ from: 'client', to: 'osd' }, { bytesPerSecond: 300_000 }),
  ];
  for (let count = 0; count < 4; count++) {
    await world.sleep(random.float() * 4000);
    kinds[random.below(kinds.length)]?.();
    await world.sleep(random.float() * 9000);
    world.network.heal();
    for (const [from, to] of [
      ['osd', 'client'],
      ['client', 'osd'],
    ] as const) {
      world.network.setLink({ from, to }, { bytesPerSecond: 1e9 });
    }
  }
}

function check(outcomes: readonly Outcome[], counts: ReadonlyMap<number, number>): void {
  for (const { id, applied, tookMs } of outcomes) {
    tally[applied]++;
    const ran = counts.get(id) ?? 0;
    assert.ok(ran <= 1, `call ${id} ran ${ran} times`);
    if (applied === 'yes' && id % 3 !== 0) assert.equal(ran, 1, `call ${id} was acknowledged`);
    if (applied === 'no') assert.equal(ran, 0, `call ${id} was said not to have run`);
    assert.ok(tookMs <= settlesWithinMs, `call ${id} took ${tookMs} ms`);
  }
}

/** With the network whole again, a call gets through. */
async function healed(world: World, runtime: Runtime, dialer: Dialer): Promise<void> {
  const deadline = monotonicMs(runtime.clock.now() + 30_000);
  for (;;) {
    try {
      await dialer.call(add, { id: 1_000_000 + world.now }, { deadline });
      return;
    } catch (error) {
      assert.ok(isCairnError(error, 'CONNECTION_LOST'), String(error));
    }
  }
}

describe('wire: on a simulated network', () => {
  it('no call runs twice, each settles in time, and after healing all goes on', async () => {
    const seeds = await forEachSeed({ count: 100, boxMs: 3000 }, async (seed) => {
      await runWorld(seed);
    });
    assert.ok(seeds >= 1);
    // One seed alone, as in a replay, need not show every outcome.
    if (seeds >= 5) assert.ok(tally.yes > 0 && tally.no > 0 && tally.maybe > 0, JSON.stringify(tally));
  });

  it('one seed run twice takes the same course', async () => {
    assert.equal(await runWorld(7), await runWorld(7));
  });
});
