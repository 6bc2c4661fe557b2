/** Faults of the simulated network. What it shares with the real one is in the contract suites. */
import assert from 'node:assert/strict';
import { isCairnError, type CairnError, type ErrorCode } from '../../../base/errors.js';
import type { MonotonicMs } from '../../../base/instants.js';
import type { Connection } from '../../../runtime/network.js';
import type { Runtime } from '../../../runtime/runtime.js';
import { World, type WorldOptions } from '../../../runtime/sim/world.js';

const port = 7000;

function code(expected: ErrorCode): (error: unknown) => boolean {
  return (error) => isCairnError(error, expected);
}

/** One end of a connection with what it saw. */
interface End {
  readonly connection: Connection;
  readonly received: number[];
  readonly chunks: number[];
  ended: boolean;
  /** `undefined` while open. */
  closed: { readonly error: CairnError | undefined } | undefined;
}

function watch(connection: Connection): End {
  const end: End = { connection, received: [], chunks: [], ended: false, closed: undefined };
  connection.start({
    onData: (viewChunk) => {
      end.received.push(...viewChunk);
      end.chunks.push(viewChunk.byteLength);
    },
    onEnd: () => {
      end.ended = true;
    },
    onClose: (error) => {
      end.closed = { error };
    },
  });
  return end;
}

function isOpen(end: End): boolean {
  return end.closed === undefined;
}

function hasLost(end: End): boolean {
  return isCairnError(end.closed?.error, 'CONNECTION_LOST');
}

interface Pair {
  readonly world: World;
  readonly a: End;
  readonly b: End;
  readonly dialler: Runtime;
}

/** A connection from machine `a` to a listener on machine `b`. */
async function connected(options: WorldOptions, body: (pair: Pair) => Promise<void>): Promise<void> {
  const world = new World(options);
  await world.main(async () => {
    const accepted: End[] = [];
    const server = world.machine('b').start('server', async ({ network }) => {
      await network.listen({ host: '0.0.0.0', port }, {}, (connection) => {
        accepted.push(watch(connection));
      });
    });
    await server.finished;
    const client = world.machine('a').start('client', async () => {});
    await client.finished;
    const a = watch(await client.runtime.network.connect({ host: 'b', port }));
    let b: End | undefined;
    while (b === undefined) {
      await world.sleep(1);
      [b] = accepted;
    }
    await body({ world, a, b, dialler: client.runtime });
  });
}

function numbered(count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, index) => (index * 7) & 255);
}

describe('runtime/sim: network faults', () => {
  it('delivers in order and whole, in pieces cut by the seed, however lossy the link', async () => {
    const cuts = new Set<string>();
    for (let seed = 1; seed <= 15; seed++) {
      await connected({ seed, network: { link: { lossRate: 0.1, latencyMs: 1 } } }, async ({ world, a, b }) => {
        const bytes = numbered(5_000);
        await a.connection.send([bytes.subarray(0, 1_000), bytes.subarray(1_000, 1_001)]);
        await a.connection.send([bytes.subarray(1_001)]);
        a.connection.end();
        await world.sleep(60_000);
        assert.deepEqual(b.received, [...bytes]);
        assert(b.ended);
        cuts.add(b.chunks.join());
      });
    }
    assert(cuts.size > 5);
  });

  it('overwrites a chunk when onData has returned', async () => {
    await connected({ seed: 1 }, async ({ world, b, dialler }) => {
      const views: Uint8Array[] = [];
      const server = world.machine('b').start('keeper', async ({ network }) => {
        await network.listen({ host: '0.0.0.0', port: port + 1 }, {}, (connection) => {
          connection.start({ onData: (viewChunk) => views.push(viewChunk), onEnd: () => {}, onClose: () => {} });
        });
      });
      await server.finished;
      const other = watch(await dialler.network.connect({ host: 'b', port: port + 1 }));
      await other.connection.send([numbered(10)]);
      await world.sleep(5);
      assert.deepEqual(
        views.flatMap((view) => Array.from(view)),
        Array.from({ length: 10 }, () => 0xdd),
      );
      assert(isOpen(b));
    });
  });

  it('takes as long as latency and bandwidth say', async () => {
    const link = { latencyMs: 10, jitterMs: 0, bytesPerSecond: 1_000_000 };
    await connected({ seed: 1, network: { link } }, async ({ world, a, b }) => {
      const start = world.now;
      await a.connection.send([new Uint8Array(100_000)]);
      while (b.received.length < 100_000) await world.sleep(1);
      const took = world.now - start;
      assert(took > 110 && took < 125, `100 ms of transfer and 10 of latency, not ${took}`);
    });
  });

  it('holds send back while the reader pauses, and goes on when it reads again', async () => {
    await connected({ seed: 1 }, async ({ world, a, b }) => {
      b.connection.pause();
      let settled = 0;
      for (let i = 0; i < 20; i++) {
        void a.connection.send([new Uint8Array(64 * 1024)]).then(() => {
          settled += 1;
        });
      }
      await world.sleep(10_000);
      assert(settled >= 4 && settled <= 10, `${settled} of 20 fit into the buffers`);
      b.connection.resume();
      await world.sleep(1_000);
      assert.equal(settled, 20);
      assert.equal(b.received.length, 20 * 64 * 1024);
    });
  });

  it('loses nothing through a partition that heals, one way or both', async () => {
    for (const direction of [{ from: 'a', to: 'b' }, { from: 'b', to: 'a' }, {}]) {
      await connected({ seed: 2 }, async ({ world, a, b }) => {
        world.network.cut(direction);
        void a.connection.send([numbered(1_000)]);
        await world.sleep(5_000);
        assert.equal(b.received.length, direction.from === 'b' ? 1_000 : 0);
        world.network.heal(direction);
        await world.sleep(20_000);
        assert.deepEqual(b.received, [...numbered(1_000)]);
        assert(isOpen(a));
      });
    }
  });

  it('gives up on a peer that stays silent, and the peer may not even notice', async () => {
    await connected({ seed: 2, network: { retransmitTimeoutMs: 30_000 } }, async ({ world, a, b }) => {
      world.network.cutBoth('a', 'b');
      await a.connection.send([numbered(10)]);
      await world.sleep(100_000);
      assert(hasLost(a));
      assert(isOpen(b));
      await assert.rejects(a.connection.send([numbered(1)]), code('CONNECTION_LOST'));
    });
  });

  it('refuses where nobody listens, whether the process never was, was killed, or closed its listener', async () => {
    const world = new World({ seed: 1 });
    await world.main(async () => {
      const server = world.machine('b').start('server', async ({ network }) => {
        const listener = await network.listen({ host: '0.0.0.0', port: 1 }, {}, () => {});
        await network.listen({ host: '0.0.0.0', port: 2 }, {}, () => {});
        await network.listen({ host: '127.0.0.1', port: 3 }, {}, () => {});
        await listener.close();
      });
      await server.finished;
      server.kill();
      const client = world.machine('a').start('client', async ({ network }) => {
        for (const p of [1, 2, 3, 4]) {
          await assert.rejects(network.connect({ host: 'b', port: p }), code('CONNECTION_REFUSED'));
        }
        await assert.rejects(network.connect({ host: 'nowhere', port: 1 }), code('UNREACHABLE'));
      });
      await client.finished;
    });
  });

  it('waits for an answer that does not come until the deadline, the signal or the kernel gives up', async () => {
    const world = new World({ seed: 1 });
    world.machine('b').crash();
    await world.main(async () => {
      const client = world.machine('a').start('client', async ({ network, clock }) => {
        const to = { host: 'b', port };
        const start = clock.now();
        const deadline = (start + 250) as MonotonicMs;
        await assert.rejects(network.connect(to, { deadline }), code('DEADLINE_EXCEEDED'));
        assert(clock.now() - start >= 250 && clock.now() - start < 251);
        const controller = new AbortController();
        clock.after(100, () => controller.abort());
        await assert.rejects(network.connect(to, { signal: controller.signal }), code('CANCELLED'));
        await assert.rejects(network.connect(to), code('UNREACHABLE'));
        assert(clock.now() - start > 120_000);
      });
      await client.finished;
    });
  });

  it('lets the peer of a killed process see a reset or an end, and a reset when it sends on', async () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 20; seed++) {
      await connected({ seed }, async ({ world, a, b }) => {
        for (const process of world.machine('b').processes) process.kill();
        await world.sleep(10);
        seen.add(isOpen(a) ? 'end' : 'reset');
        if (isOpen(a)) {
          assert(a.ended);
          void a.connection.send([numbered(10)]).catch(() => {});
          await world.sleep(10);
        }
        assert(hasLost(a));
        assert(isOpen(b), 'the dead hear nothing');
      });
    }
    assert.deepEqual([...seen].sort(), ['end', 'reset']);
  });

  it('leaves a connection half open when the peer loses its power, until the restarted machine answers with a reset', async () => {
    await connected({ seed: 3 }, async ({ world, a }) => {
      world.machine('b').crash();
      await world.sleep(10_000);
      await a.connection.send([numbered(10)]);
      await world.sleep(1_000);
      assert(isOpen(a), 'the bytes vanish into the buffer');
      world.machine('b').restart();
      await world.sleep(3_000);
      assert(hasLost(a));
    });
  });

  it('finds a vanished peer by keep-alive when nothing is sent', async () => {
    await connected({ seed: 3 }, async ({ world, a }) => {
      world.machine('b').crash();
      world.machine('b').restart();
      await world.sleep(14_000);
      assert(isOpen(a));
      await world.sleep(2_000);
      assert(hasLost(a));
    });
  });

  it('holds packets to a suspended machine and delivers them when it wakes', async () => {
    await connected({ seed: 4 }, async ({ world, a, b }) => {
      world.machine('b').suspend();
      await a.connection.send([numbered(100)]);
      await world.sleep(3_000);
      assert.equal(b.received.length, 0);
      world.machine('b').resume();
      await world.sleep(5_000);
      assert.equal(b.received.length, 100);
    });
  });

  it('resets the peer of a destroyed connection', async () => {
    await connected({ seed: 5 }, async ({ world, a, b }) => {
      a.connection.destroy();
      a.connection.destroy();
      await world.sleep(5);
      assert(isCairnError(a.closed?.error, 'CLOSED'));
      assert(isCairnError(b.closed?.error, 'CONNECTION_LOST'));
    });
  });

  it('has no TLS', async () => {
    const tls = { cert: '', key: '', ca: '' };
    await connected({ seed: 1 }, async ({ dialler: { network } }) => {
      await assert.rejects(network.connect({ host: 'b', port }, { tls }), code('UNSUPPORTED'));
      await assert.rejects(
        network.listen({ host: '0.0.0.0', port: 0 }, { tls }, () => {}),
        code('UNSUPPORTED'),
      );
    });
  });

  it('stops a process that changes a lent buffer before its send settles', async () => {
    const run = connected({ seed: 1 }, async ({ a, world }) => {
      const bytes = numbered(100);
      void a.connection.send([bytes]);
      bytes[50] = 1;
      await world.sleep(10);
    });
    await assert.rejects(run, /a buffer lent to send to 10\.0\.0\.\d+:7000 is left alone/);
  });

  it('stops a process that does not start a connection in the turn that obtained it', async () => {
    const world = new World({ seed: 1 });
    world.machine('b').start('server', async ({ network }) => {
      await network.listen({ host: '0.0.0.0', port }, {}, () => {});
    });
    world.machine('a').start('client', async ({ network, clock }) => {
      await clock.sleep(1);
      watch(await network.connect({ host: 'b', port }));
    });
    await assert.rejects(world.runFor(10), /started in the turn that obtained it/);
  });
});
