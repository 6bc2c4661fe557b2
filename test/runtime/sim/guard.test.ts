import assert from 'node:assert/strict';
import { stat } from 'node:fs';
import { access } from 'node:fs/promises';
import { connect } from 'node:net';
import { SimulationError, World } from '../../../runtime/sim/world.js';

/** Taken before any world runs, as a library would. */
const capturedSetTimeout = setTimeout;
const capturedSetImmediate = setImmediate;

async function running(deed: () => unknown): Promise<void> {
  const world = new World({ seed: 1 });
  const machine = world.machine('m');
  await world.main(async () => {
    const process = machine.start('p', async (runtime) => {
      await runtime.clock.sleep(1);
      await deed();
      await runtime.clock.sleep(1);
    });
    await process.finished;
  });
}

describe('runtime/sim: the guard', () => {
  const globals: [string, () => unknown, string][] = [
    ['Date.now', () => Date.now(), 'runtime.clock.wall'],
    ['new Date', () => new Date(), 'runtime.clock.wall'],
    ['Math.random', () => Math.random(), 'runtime.random'],
    ['performance.now', () => performance.now(), 'runtime.clock.now'],
    ['process.hrtime', () => process.hrtime(), 'runtime.clock.now'],
    ['process.hrtime.bigint', () => process.hrtime.bigint(), 'runtime.clock.now'],
    ['setTimeout', () => setTimeout(() => {}, 1), 'runtime.clock.after'],
    ['setInterval', () => setInterval(() => {}, 1), 'runtime.clock.after'],
    ['setImmediate', () => setImmediate(() => {}), 'runtime.clock.nextTurn'],
    ['crypto.randomUUID', () => crypto.randomUUID(), 'runtime.random.uuid'],
    ['fetch', () => fetch('http://127.0.0.1:1'), 'runtime.network'],
  ];
  for (const [name, deed, instead] of globals) {
    it(`refuses ${name} and names ${instead} instead`, async () => {
      await assert.rejects(running(deed), (error: Error) => error.message.includes(instead));
    });
  }

  const natives: [string, () => unknown, string][] = [
    ['a timer taken before the run', () => void capturedSetTimeout(() => {}, 0), 'Timeout'],
    ['an immediate taken before the run', () => void capturedSetImmediate(() => {}), 'Immediate'],
    ['a file call', () => stat('/', () => {}), 'FSREQCALLBACK'],
    ['a file promise', () => void access('/'), 'FSREQPROMISE'],
    ['a socket', () => void connect(1, '127.0.0.1').on('error', () => {}), 'TCPWRAP'],
  ];
  for (const [name, deed, type] of natives) {
    it(`catches ${name} as a native resource of type ${type}`, async () => {
      await assert.rejects(running(deed), (error: Error) => error.message.includes(type));
    });
  }

  it('is not fooled by code that swallows the exception', async () => {
    const deed = (): void => {
      try {
        Math.random();
      } catch {
        // Swallowed.
      }
    };
    await assert.rejects(running(deed), SimulationError);
  });

  it('catches a native call of a process that lives on from an earlier run of its world', async () => {
    const world = new World({ seed: 1 });
    let runs = 0;
    world.machine('m').start('p', async ({ clock }) => {
      for (;;) {
        await clock.sleep(1);
        if (runs === 3) await access('/');
      }
    });
    for (runs = 1; runs < 3; runs++) {
      await world.runFor(10);
      await access('/');
    }
    await assert.rejects(world.runFor(10), /FSREQPROMISE/);
  });

  it('lets pure dates, promises, ticks, microtasks and printing pass', async () => {
    const seen: string[] = [];
    await running(async () => {
      assert.equal(new Date(0).toISOString(), '1970-01-01T00:00:00.000Z');
      assert.equal(Date.UTC(1970, 0), 0);
      assert(new Date(0) instanceof Date);
      await new Promise<void>((resolve) => process.nextTick(resolve));
      queueMicrotask(() => seen.push('microtask'));
      await Promise.resolve();
    });
    assert.deepEqual(seen, ['microtask']);
  });

  it('restores every global afterwards, after a failure as well', async () => {
    const present = (): unknown[] =>
      [
        [globalThis, 'Date'],
        [globalThis, 'setTimeout'],
        [Math, 'random'],
        [performance, 'now'],
        [crypto, 'randomUUID'],
        [AbortSignal, 'timeout'],
      ].map(([holder, name]) => Reflect.get(holder as object, name as string) as unknown);
    const before = present();
    await assert.rejects(
      running(() => Math.random()),
      SimulationError,
    );
    for (const [index, value] of present().entries()) assert.equal(value, before[index]);
    assert(Date.now() > 0 && performance.now() > 0 && Math.random() < 1);
  });
});
