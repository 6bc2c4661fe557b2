/** LevelDB's crash semantics and faults, in the simulated store. What both stores share is in the contract suites. */
import assert from 'node:assert/strict';
import { isCairnError, type ErrorCode } from '../../../base/errors.js';
import { utf8Bytes, utf8Text } from '../../../base/bytes.js';
import type { Kv, KvBatchBuilder } from '../../../runtime/kv.js';
import type { Runtime } from '../../../runtime/runtime.js';
import { World } from '../../../runtime/sim/world.js';

function code(expected: ErrorCode): (error: unknown) => boolean {
  return (error) => isCairnError(error, expected);
}

function put(kv: Kv, keys: string, sync = false, bytes = 1): Promise<void> {
  const value = utf8Bytes('v'.repeat(bytes));
  return kv.batch(
    Array.from(keys, (key) => ({ type: 'put', key, value })),
    { sync },
  );
}

async function keysOf(kv: Kv): Promise<string> {
  const iterator = kv.iterate({});
  let keys = '';
  for (;;) {
    const entries = await iterator.next(100);
    if (entries.length === 0) return keys;
    for (const entry of entries) {
      assert.match(utf8Text(entry.value), /^v+$/);
      keys += entry.key;
    }
  }
}

/** The distinct sets of keys that 150 worlds find after the machine (or only the process) died. */
async function survivors(
  before: (kv: Kv, runtime: Runtime) => Promise<void>,
  death: 'crash' | 'kill',
): Promise<string[]> {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 150; seed++) {
    const world = new World({ seed });
    const machine = world.machine('m');
    await world.main(async () => {
      const first = machine.start('p', async (runtime) =>
        before(await runtime.kv.open('/kv', { writeBufferBytes: 1_000 }), runtime),
      );
      await first.finished;
      if (death === 'kill') {
        first.kill();
      } else {
        machine.crash();
        machine.restart();
      }
      const next = machine.start('q', async ({ kv }) => {
        seen.add(await keysOf(await kv.open('/kv', { createIfMissing: false })));
      });
      await next.finished;
    });
  }
  return [...seen].sort();
}

describe('runtime/sim: key-value stores', () => {
  it('keeps of the unsynced batches any subset, not only prefixes, each whole', async () => {
    const seen = await survivors(async (kv) => {
      await put(kv, 'ab');
      await put(kv, 'cd');
      await put(kv, 'ef');
    }, 'crash');
    assert.deepEqual(seen, ['', 'ab', 'abcd', 'abcdef', 'abef', 'cd', 'cdef', 'ef']);
  });

  it('makes a synced batch and all before it durable', async () => {
    const seen = await survivors(async (kv) => {
      await put(kv, 'a');
      await put(kv, 'b', true);
      await put(kv, 'c');
    }, 'crash');
    assert.deepEqual(seen, ['ab', 'abc']);
  });

  it('leaves a batch under way whole or absent, in a crash as in a kill', async () => {
    for (const death of ['crash', 'kill'] as const) {
      const seen = await survivors(async (kv) => {
        await put(kv, 'a', true);
        void put(kv, 'bc', true);
      }, death);
      assert.deepEqual(seen, ['a', 'abc']);
    }
  });

  it('leaves a batch that was filled bit by bit whole or absent, and one that was not written absent', async () => {
    const build = (kv: Kv, keys: string): KvBatchBuilder => {
      const batch = kv.newBatch();
      for (const key of keys) batch.put(key, utf8Bytes('v'));
      return batch;
    };
    for (const death of ['crash', 'kill'] as const) {
      const seen = await survivors(async (kv) => {
        await build(kv, 'ab').write({ sync: true });
        build(kv, 'xyz');
        void build(kv, 'cde').write({ sync: true });
      }, death);
      assert.deepEqual(seen, ['ab', 'abcde']);
    }
  });

  it('loses nothing that resolved when only the process is killed', async () => {
    const seen = await survivors(async (kv) => {
      await put(kv, 'ab');
      await put(kv, 'c');
    }, 'kill');
    assert.deepEqual(seen, ['abc']);
  });

  it('may lose what a full write buffer holds until its table is written, even before a synced batch', async () => {
    const seen = await survivors(async (kv) => {
      await put(kv, 'a', false, 600);
      await put(kv, 'b', false, 600);
      await put(kv, 'c', true);
    }, 'crash');
    assert.deepEqual(seen, ['abc', 'ac', 'bc', 'c']);
  });

  it('keeps what a write buffer held when the next one is full', async () => {
    const seen = await survivors(async (kv) => {
      await put(kv, 'a', false, 600);
      await put(kv, 'b', false, 600);
      await put(kv, 'c', false, 1_200);
      await put(kv, 'd', true);
    }, 'crash');
    assert.deepEqual(seen, ['abcd', 'abd']);
  });

  it('makes its own directory durable when it is made, and nothing else', async () => {
    const found = new Set<string>();
    for (let seed = 1; seed <= 40; seed++) {
      const world = new World({ seed });
      const machine = world.machine('m');
      await world.main(async () => {
        const first = machine.start('p', async ({ kv, disk }) => {
          await disk.makeDirectory('/other');
          await kv.open('/deep/down/kv');
        });
        await first.finished;
        machine.crash();
        machine.restart();
        const next = machine.start('q', async ({ kv, disk }) => {
          await kv.open('/deep/down/kv', { createIfMissing: false });
          found.add((await disk.list('/')).join(' '));
        });
        await next.finished;
      });
    }
    assert.deepEqual([...found].sort(), ['deep', 'deep other']);
  });

  it('is durable again once it was opened', async () => {
    const seen = await survivors(async (kv, runtime) => {
      await put(kv, 'a');
      await kv.close();
      await runtime.kv.open('/kv');
    }, 'crash');
    assert.deepEqual(seen, ['a']);
  });

  it('is locked while any process of the machine has it open, and free when that one is killed', async () => {
    const world = new World({ seed: 1 });
    const machine = world.machine('m');
    await world.main(async () => {
      const first = machine.start('p', async ({ kv }) => {
        await kv.open('/kv');
        await assert.rejects(kv.open('/kv'), code('LOCKED'));
      });
      await first.finished;
      const attempt = async ({ kv }: Runtime): Promise<void> => void (await kv.open('/kv'));
      await assert.rejects(machine.start('q', attempt, { mayFail: true }).finished, code('LOCKED'));
      first.kill();
      await machine.start('r', attempt).finished;
    });
  });

  it('reports a rotten value as CORRUPT, naming its key, and serves the others', async () => {
    const world = new World({ seed: 1 });
    const machine = world.machine('m');
    const body = async (runtime: Runtime): Promise<void> => {
      const kv = await runtime.kv.open('/kv');
      await put(kv, 'abc', true);
      assert(machine.disk().faults.flipValueBit('/kv', 'b', 3));
      await assert.rejects(
        kv.get('b'),
        (error: Error) => isCairnError(error, 'CORRUPT') && error.message.includes('"b"'),
      );
      await assert.rejects(kv.getMany(['a', 'b']), code('CORRUPT'));
      assert.throws(() => kv.getSync('b'), code('CORRUPT'));
      assert.equal(utf8Text((await kv.get('a')) ?? new Uint8Array()), 'v');
    };
    await world.main(() => machine.start('p', body).finished);
  });

  it('loses a key in silence when told to, before and after a crash, until it is put again', async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const world = new World({ seed });
      const machine = world.machine('m');
      const { faults } = machine.disk();
      const putsAgain = seed % 2 === 0;
      await world.main(async () => {
        await machine.start('p', async (runtime) => {
          const kv = await runtime.kv.open('/kv');
          await put(kv, 'abcd', true);
          await put(kv, 'be', false);
          const { usedBytes } = machine.disk();
          for (const key of 'bcd') assert(faults.dropKvKey('/kv', key));
          assert(machine.disk().usedBytes < usedBytes);
          assert(!faults.dropKvKey('/kv', 'b'));
          assert(!faults.dropKvKey('/kv', 'x'));
          assert.throws(() => faults.dropKvKey('/other', 'a'), code('NOT_FOUND'));
          assert.equal(await kv.get('b'), undefined);
          assert.equal(kv.getSync('b'), undefined);
          assert.equal(await keysOf(kv), 'ae');
          // A synced batch makes durable what the crash below may otherwise choose from.
          if (putsAgain) await put(kv, 'd', true);
          assert.equal(await keysOf(kv), putsAgain ? 'ade' : 'ae');
        }).finished;
        machine.crash();
        machine.restart();
        await machine.start('q', async (runtime) => {
          assert.match(await keysOf(await runtime.kv.open('/kv')), putsAgain ? /^ade$/ : /^ae?$/);
        }).finished;
      });
    }
  });

  it('fails reads when told to, the synchronous ones too, which take no time', async () => {
    const world = new World({ seed: 1 });
    const machine = world.machine('m');
    const body = async (runtime: Runtime): Promise<void> => {
      const kv = await runtime.kv.open('/kv');
      await put(kv, 'a', true);
      const { now } = world;
      machine.disk().faults.failNextReads = 1;
      assert.throws(() => kv.getSync('a'), code('IO_ERROR'));
      assert.equal(utf8Text(kv.getSync('a') ?? new Uint8Array()), 'v');
      assert.equal(world.now, now);
      machine.disk().faults.failNextReads = 1;
      await assert.rejects(kv.get('a'), code('IO_ERROR'));
    };
    await world.main(() => machine.start('p', body).finished);
  });

  it('takes no more writes after one failed, until it is opened again', async () => {
    const world = new World({ seed: 1 });
    const machine = world.machine('m', { disks: { '/': { capacityBytes: 100_000 } } });
    const body = async (runtime: Runtime): Promise<void> => {
      for (const fault of ['failNextWrites', 'failNextSyncs', 'full'] as const) {
        const kv = await runtime.kv.open('/kv');
        await put(kv, 'a');
        if (fault !== 'full') machine.disk().faults[fault] = 1;
        await assert.rejects(
          put(kv, 'b', true, fault === 'full' ? 200_000 : 1),
          code(fault === 'full' ? 'NO_SPACE' : 'IO_ERROR'),
        );
        await assert.rejects(put(kv, 'c'), code('IO_ERROR'));
        const built = kv.newBatch();
        built.put('c', utf8Bytes('v'));
        await assert.rejects(built.write({ sync: false }), code('IO_ERROR'));
        await assert.rejects(built.write({ sync: false }), code('CLOSED'));
        assert.equal(utf8Text((await kv.get('a')) ?? new Uint8Array()), 'v');
        await kv.close();
      }
    };
    await world.main(() => machine.start('p', body).finished);
  });

  it('stops a process that changes a lent value', async () => {
    const world = new World({ seed: 1 });
    const body = async (runtime: Runtime): Promise<void> => {
      const kv = await runtime.kv.open('/kv');
      const value = new Uint8Array(10);
      const done = kv.batch([{ type: 'put', key: 'k', value }], { sync: false });
      value.fill(1);
      await done;
    };
    await assert.rejects(
      world.main(() => world.machine('m').start('p', body).finished),
      /lent to batch of \/kv/,
    );
  });
});
