import assert from 'node:assert/strict';
import { CairnError } from '../../../base/errors.js';
import type { Runtime } from '../../../runtime/runtime.js';
import { SimulationError, World } from '../../../runtime/sim/world.js';
import { forEachSeed } from '../../sim/seeds.js';

const never = new Promise<never>(() => {});

describe('runtime/sim: the world', () => {
  it('jumps over idle time and runs events in the order of time and of setting', async () => {
    const world = new World({ seed: 1 });
    const order: string[] = [];
    world.machine('m', { clockRate: 1 }).start('p', async ({ clock }) => {
      clock.after(5, () => order.push('b'));
      clock.after(5, () => order.push('c'));
      clock.after(3_600_000, () => order.push('d'));
      clock.nextTurn(() => order.push('a'));
      clock.after(4, () => order.push('never')).cancel();
    });
    await world.runFor(4_000_000);
    assert.deepEqual(order, ['a', 'b', 'c', 'd']);
    assert.equal(world.now, 4_000_000);
  });

  it('drains every promise before the next event', async () => {
    const world = new World({ seed: 1 });
    const order: string[] = [];
    world.machine('m').start('p', async ({ clock }) => {
      clock.after(1, () => {
        const deep = async (): Promise<void> => {
          for (let i = 0; i < 100; i++) await Promise.resolve();
          await new Promise<void>((resolve) => process.nextTick(resolve));
          order.push('drained');
        };
        void deep();
      });
      clock.after(1, () => order.push('next event'));
    });
    await world.runFor(10);
    assert.deepEqual(order, ['drained', 'next event']);
  });

  it('gathers what completes close together into one turn of a busy process', async () => {
    const world = new World({ seed: 1 });
    const machine = world.machine('m');
    const turns = async (turnMs: number): Promise<number> => {
      const instants = new Set<number>();
      const body = async ({ disk }: Runtime): Promise<void> => {
        const files = Array.from({ length: 50 }, (_, i) => disk.open(`/f${i}`, { mode: 'create' }));
        for (const file of files) void file.then(() => instants.add(world.now));
        await Promise.all(files);
      };
      await world.main(() => machine.start('p', body, { turnMs }).finished);
      return instants.size;
    };
    assert((await turns(1 / 1024)) > 10);
    assert((await turns(1)) < 3);
  });

  it('reports a deadlock with what waits', async () => {
    const world = new World({ seed: 1 });
    const body = world.main(async () => {
      world.machine('m').start('p', async ({ network }) => {
        await network.listen({ host: '0.0.0.0', port: 80 }, {}, () => {});
      });
      await never;
    });
    await assert.rejects(body, /deadlock: the body waits[^]*m\/p\n\s+listens at 0\.0\.0\.0:80/);
  });

  it('stops a runaway at its budget of events or of virtual time', async () => {
    const spin = async ({ clock }: Runtime): Promise<void> => {
      for (;;) await clock.sleep(1);
    };
    const busy = new World({ seed: 1, eventsMax: 1_000 });
    busy.machine('m').start('p', spin);
    await assert.rejects(
      busy.main(() => never),
      /more than 1000 events/,
    );
    const long = new World({ seed: 1, timeLimitMs: 1_000 });
    long.machine('m').start('p', spin);
    await assert.rejects(
      long.main(() => never),
      /passed the limit of 1000 ms/,
    );
  });

  it('lets time pass for a process that only yields or reads its clock', async () => {
    const world = new World({ seed: 1 });
    await world.main(async () => {
      const process = world.machine('m').start('p', async ({ clock }) => {
        const start = clock.now();
        while (clock.now() - start < 2);
        const due: true[] = [];
        clock.after(1, () => due.push(true));
        while (due.length === 0) await clock.yieldTurn();
      });
      await process.finished;
    });
  });

  it('fails the run with a process, says how to replay it, and shows the last events', async () => {
    const world = new World({ seed: 81_723 });
    const failing = world.main(async () => {
      world.machine('m').start('p', async ({ clock }) => {
        await clock.sleep(5);
        throw new CairnError('CORRUPT', 'a bad thing');
      });
      await never;
    });
    await assert.rejects(failing, (error: Error) => {
      assert(error instanceof SimulationError);
      assert.match(error.message, /CORRUPT: a bad thing[^]*seed 81723[^]*SEED=81723 npm run sim[^]*m\/p +timer/);
      assert.equal((error.cause as CairnError).code, 'CORRUPT');
      return true;
    });
  });

  it('takes a rejection that nobody handled, and an exception in a callback, as the failure of the process', async () => {
    const deeds: ((runtime: Runtime) => void)[] = [
      () => void Promise.reject(new Error('stray')),
      () => queueMicrotask(() => assert.fail('stray')),
      ({ clock }) => void clock.after(1, () => assert.fail('stray')),
      (runtime) => runtime.fatal(new Error('stray')),
    ];
    for (const deed of deeds) {
      const world = new World({ seed: 1 });
      const process = world.machine('m').start('p', async (runtime) => deed(runtime));
      await assert.rejects(world.runFor(10), /stray/);
      assert.match((process.failure as Error).message, /stray/);
      const tolerant = new World({ seed: 1 });
      const other = tolerant.machine('m').start('p', async (runtime) => deed(runtime), { mayFail: true });
      await tolerant.runFor(10);
      assert.match((other.failure as Error).message, /stray/);
      assert(!other.isAlive);
    }
  });

  it('keeps a killed process from hearing, settling or doing anything', async () => {
    const world = new World({ seed: 1 });
    const machine = world.machine('m');
    let ticks = 0;
    let settled = false;
    await world.main(async () => {
      const process = machine.start('p', async ({ clock, disk }) => {
        const file = await disk.open('/f', { mode: 'create' });
        const tick = (): void => {
          ticks += 1;
          clock.after(1, tick);
        };
        tick();
        await clock.sleep(10.5);
        await file.datasync();
        settled = true;
      });
      await world.sleep(10);
      process.kill();
      const before = ticks;
      void process.runtime.disk.makeDirectory('/after').then(() => assert.fail('it settled'));
      await world.sleep(100);
      assert.equal(ticks, before);
      assert(!settled);
    });
  });

  it('lets a paused process do nothing while its clocks go on, and catch up in order', async () => {
    const world = new World({ seed: 1 });
    const machine = world.machine('m', { clockRate: 1 });
    const happened: string[] = [];
    await world.main(async () => {
      const paused = machine.start('paused', async ({ clock }) => {
        const began = clock.now();
        for (const delayMs of [3, 1, 2, 500]) {
          clock.after(delayMs, () => happened.push(`${delayMs} at ${Math.floor(clock.now() - began)}`));
        }
        clock.after(4, () => happened.push('never')).cancel();
      });
      await paused.finished;
      paused.pause();
      let others = 0;
      machine.start('other', async ({ clock }) => void clock.after(1, () => (others += 1)));
      await world.sleep(100);
      assert.deepEqual(happened, []);
      assert.equal(others, 1);
      paused.proceed();
      await world.sleep(1_000);
    });
    assert.deepEqual(happened, ['1 at 100', '2 at 100', '3 at 100', '500 at 500']);
  });

  it('lets the kernel of a paused process take what its peers send, until its buffers are full', async () => {
    const world = new World({ seed: 1 });
    await world.main(async () => {
      let received = 0;
      const server = world.machine('a').start('server', async ({ network }) => {
        await network.listen({ host: '0.0.0.0', port: 1 }, {}, (connection) => {
          connection.start({ onData: (chunk) => void (received += chunk.byteLength), onEnd() {}, onClose() {} });
        });
      });
      await server.finished;
      let sent = 0;
      const client = world.machine('b').start('client', async ({ network }) => {
        const connection = await network.connect({ host: 'a', port: 1 });
        connection.start({ onData() {}, onEnd() {}, onClose() {} });
        server.pause();
        for (; sent < 1024; sent++) await connection.send([new Uint8Array(1 << 16)]);
      });
      await world.sleep(60_000);
      assert.ok(sent >= 1 && sent < 1024, `${sent} pieces were taken`);
      assert.equal(received, 0);
      server.proceed();
      await client.finished;
      await world.sleep(1_000);
      assert.equal(received, 64 << 20);
    });
  });

  it('stops the monotonic clock of a suspended machine while its wall clock jumps', async () => {
    const world = new World({ seed: 1 });
    const machine = world.machine('m', { clockRate: 1 });
    await world.main(async () => {
      const process = machine.start('p', async ({ clock }) => {
        const start = clock.now();
        const wall = clock.wall();
        await clock.sleep(100);
        const slept = clock.now() - start;
        assert(slept >= 100 && slept < 101, `slept ${slept}`);
        assert(clock.wall() - wall >= 5_100);
      });
      await world.sleep(50);
      machine.suspend();
      await world.sleep(5_000);
      machine.resume();
      const resumedAt = world.now;
      await process.finished;
      assert(world.now - resumedAt >= 49);
    });
  });

  it('gives each machine a rate and an offset of its own, and moves wall clocks on demand', async () => {
    const world = new World({ seed: 1 });
    const fast = world.machine('fast', { clockRate: 1.1 });
    const slow = world.machine('slow', { clockRate: 0.9 });
    await world.main(async () => {
      const a = fast.start('p', async ({ clock }) => clock.sleep(110));
      const b = slow.start('p', async ({ clock }) => clock.sleep(90));
      await Promise.all([a.finished, b.finished]);
      assert(Math.abs(world.now - 100) < 0.1);
      const before = a.runtime.clock.wall();
      fast.jumpWall(-60_000);
      assert.equal(a.runtime.clock.wall(), before - 60_000);
    });
  });

  it('makes some rarities frequent in some worlds', async () => {
    const shares = new Set<string>();
    for (let seed = 0; seed < 40; seed++) {
      const world = new World({ seed });
      const process = world.machine('m').start('p', async () => {});
      await world.runFor(1);
      let count = 0;
      for (let i = 0; i < 200; i++) if (process.runtime.rare('a-path')) count += 1;
      shares.add(count === 0 ? 'never' : count < 60 ? 'seldom' : 'often');
    }
    assert.deepEqual([...shares].sort(), ['never', 'often', 'seldom']);
  });

  it('draws for one process whatever others draw', async () => {
    const draw = async (withOther: boolean): Promise<number[]> => {
      const world = new World({ seed: 5 });
      const machine = world.machine('m');
      const numbers: number[] = [];
      const process = machine.start('p', async () => {});
      if (withOther) world.machine('n').start('q', async ({ random }) => void random.bytes(100));
      await world.runFor(1);
      for (let i = 0; i < 5; i++) numbers.push(process.runtime.random.uint32());
      return numbers;
    };
    assert.deepEqual(await draw(true), await draw(false));
  });

  it('runs seeds one after the other and says how to replay the one that fails', async () => {
    const { SEED, SEEDS } = process.env;
    delete process.env['SEED'];
    delete process.env['SEEDS'];
    const seen: number[] = [];
    const failing = forEachSeed({ first: 5, count: 10, boxMs: 60_000 }, async (seed) => {
      seen.push(seed);
      if (seed === 7) throw new Error('broken');
    });
    await assert.rejects(failing, /seed 7: broken\n {2}replay: SEED=7 npm run sim/);
    assert.deepEqual(seen, [5, 6, 7]);
    assert.equal(await forEachSeed({ boxMs: 0 }, async () => {}), 1);
    process.env['SEEDS'] = '3';
    assert.equal(await forEachSeed({ boxMs: 0 }, async () => {}), 3);
    process.env['SEED'] = '42';
    await forEachSeed({}, async (seed) => assert.equal(seed, 42));
    for (const [name, value] of Object.entries({ SEED, SEEDS })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
});
