import assert from 'node:assert/strict';
import { hexText } from '../../../base/bytes.js';
import { isCairnError, type ErrorCode } from '../../../base/errors.js';
import type { Disk, DiskFile } from '../../../runtime/disk.js';
import type { Runtime } from '../../../runtime/runtime.js';
import type { SimVolume } from '../../../runtime/sim/volume.js';
import { World } from '../../../runtime/sim/world.js';

function code(expected: ErrorCode): (error: unknown) => boolean {
  return (error) => isCairnError(error, expected);
}

async function onDisk(
  body: (disk: Disk, volume: SimVolume, runtime: Runtime) => Promise<void>,
  seed = 1,
): Promise<void> {
  const world = new World({ seed });
  const machine = world.machine('m', { disks: { '/': {}, '/small': { capacityBytes: 64 * 1024 } } });
  await world.main(() => machine.start('p', (runtime) => body(runtime.disk, machine.disk(), runtime)).finished);
}

async function written(disk: Disk, bytes: Uint8Array, path = '/f'): Promise<DiskFile> {
  const file = await disk.open(path, { mode: 'create' });
  await file.write(bytes, 0);
  return file;
}

describe('runtime/sim: disk faults', () => {
  it('refuses every later write and sync through a file whose sync failed', async () => {
    await onDisk(async (disk, { faults }) => {
      const file = await written(disk, Buffer.alloc(5_000, 'a'));
      faults.failNextSyncs = 1;
      await assert.rejects(file.datasync(), code('IO_ERROR'));
      await assert.rejects(file.datasync(), code('IO_ERROR'));
      await assert.rejects(file.write(new Uint8Array(1), 0), code('IO_ERROR'));
      assert.equal(await file.size(), 5_000);
    });
  });

  it('lets no sync succeed that was under way beside one that failed', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      await onDisk(async (disk, { faults }) => {
        const file = await written(disk, Buffer.alloc(5_000, 'a'));
        faults.failNextSyncs = 1;
        const outcomes = await Promise.allSettled([file.datasync(), file.datasync()]);
        const last = outcomes.map((outcome) => outcome.status);
        assert.deepEqual(last, ['rejected', 'rejected']);
      }, seed);
    }
  });

  it('drops the pages of a failed sync in silence, so that a later sync of another descriptor means nothing', async () => {
    const survived = new Set<string>();
    for (let seed = 1; seed <= 40; seed++) {
      const world = new World({ seed });
      const machine = world.machine('m');
      await world.main(async () => {
        await machine.start('p', async ({ disk }) => {
          const file = await written(disk, Buffer.alloc(512, 'a'));
          await file.datasync();
          await disk.syncDirectory('/');
          await file.write(Buffer.alloc(512, 'b'), 0);
          machine.disk().faults.failNextSyncs = 1;
          await assert.rejects(file.datasync(), code('IO_ERROR'));
          const again = await disk.open('/f', { mode: 'write' });
          await again.datasync();
        }).finished;
        machine.crash();
        machine.restart();
        await machine.start('q', async ({ disk }) => {
          const target = Buffer.alloc(1);
          await (await disk.open('/f', { mode: 'read' })).read(target, 0);
          survived.add(target.toString());
        }).finished;
      });
    }
    assert.deepEqual([...survived].sort(), ['a', 'b']);
  });

  it('fails durable writes and directory syncs too', async () => {
    await onDisk(async (disk, { faults }) => {
      const file = await disk.open('/f', { mode: 'create', durableWrites: true });
      faults.failNextSyncs = 2;
      await assert.rejects(file.write(new Uint8Array(10), 0), code('IO_ERROR'));
      await assert.rejects(disk.syncDirectory('/'), code('IO_ERROR'));
      await disk.syncDirectory('/');
    });
  });

  it('fails the sync of a preallocation, and lets none succeed beside a sync that failed', async () => {
    for (const durableWrites of [false, true]) {
      await onDisk(async (disk, { faults }) => {
        const file = await disk.open('/f', { mode: 'create', durableWrites });
        faults.failNextSyncs = 1;
        await assert.rejects(file.preallocate(10_000), code('IO_ERROR'));
        await assert.rejects(file.write(new Uint8Array(1), 0), code('IO_ERROR'));
        const again = await disk.open('/f', { mode: 'create', durableWrites });
        await again.preallocate(20_000);
        faults.failNextSyncs = 1;
        const outcomes = await Promise.allSettled([again.datasync(), again.preallocate(2_000_000)]);
        assert.deepEqual(
          outcomes.map((outcome) => outcome.status),
          ['rejected', 'rejected'],
        );
      });
    }
  });

  it('fails reads of a range of sectors, by count and by rate', async () => {
    await onDisk(async (disk, { faults }) => {
      const file = await written(disk, new Uint8Array(4_096));
      faults.failReads('/f', 1_024, 1_536);
      await assert.rejects(file.read(new Uint8Array(4_096), 0), code('IO_ERROR'));
      await assert.rejects(file.readv([new Uint8Array(1_000), new Uint8Array(25)], 0), code('IO_ERROR'));
      assert.equal(await file.read(new Uint8Array(1_024), 0), 1_024);
      assert.equal(await file.readv([new Uint8Array(1_000), new Uint8Array(24)], 0), 1_024);
      assert.equal(await file.read(new Uint8Array(100), 1_536), 100);
      faults.healReads();
      assert.equal(await file.read(new Uint8Array(4_096), 0), 4_096);
      faults.failNextReads = 1;
      await assert.rejects(file.read(new Uint8Array(1), 0), code('IO_ERROR'));
      faults.readErrorRate = 1;
      await assert.rejects(file.read(new Uint8Array(1), 0), code('IO_ERROR'));
    });
  });

  it('fails writes after any part of them', async () => {
    const lengths = new Set<number>();
    for (let seed = 1; seed <= 20; seed++) {
      await onDisk(async (disk, { faults }) => {
        const file = await disk.open('/f', { mode: 'create' });
        faults.failNextWrites = 1;
        await assert.rejects(file.write(new Uint8Array(10_000), 0), code('IO_ERROR'));
        lengths.add(await file.size());
        await file.write(new Uint8Array(10_000), 0);
      }, seed);
    }
    assert(lengths.size > 5);
  });

  it('flips bits of what is durable, on demand and by rate', async () => {
    await onDisk(async (disk, { faults }) => {
      const file = await written(disk, new Uint8Array(4_096));
      assert(!faults.flipBit('/f', 100), 'what only the cache holds does not rot');
      await file.datasync();
      assert(faults.flipBit('/f', 100, 3));
      const target = new Uint8Array(1);
      await file.read(target, 100);
      assert.deepEqual([...target], [8]);
      faults.rotRate = 1;
      await file.write(new Uint8Array(4_096), 0);
      await file.datasync();
      const whole = new Uint8Array(4_096);
      await file.read(whole, 0);
      assert.equal(whole.filter((byte) => byte !== 0).length, 1);
    });
  });

  it('fills up, says so, and has room again after a removal', async () => {
    await onDisk(async (disk) => {
      const file = await disk.open('/small/f', { mode: 'create' });
      await file.write(new Uint8Array(60 * 1024), 0);
      await assert.rejects(file.write(new Uint8Array(8 * 1024), 60 * 1024), code('NO_SPACE'));
      await assert.rejects(file.preallocate(100 * 1024), code('NO_SPACE'));
      await file.write(new Uint8Array(60 * 1024), 0);
      await file.close();
      assert.equal((await disk.space('/small')).freeBytes, 0);
      await assert.rejects(disk.open('/small/g', { mode: 'create' }), code('NO_SPACE'));
      await disk.removeFile('/small/f');
      assert.deepEqual(await disk.space('/small'), { totalBytes: 64 * 1024, freeBytes: 64 * 1024 });
      await disk.open('/small/g', { mode: 'create' });
      await assert.rejects(disk.rename('/small/g', '/g'), code('INVALID_ARGUMENT'), 'another disk');
    });
  });

  it('slows down and stalls', async () => {
    await onDisk(async (disk, { faults }, { clock }) => {
      const file = await written(disk, new Uint8Array(10));
      const timed = async (): Promise<number> => {
        const start = clock.now();
        await file.datasync();
        return clock.now() - start;
      };
      assert((await timed()) < 5);
      faults.slowdown = 1_000;
      assert((await timed()) > 50);
      faults.slowdown = 1;
      faults.stall(700);
      assert((await timed()) >= 699);
      assert((await timed()) < 5);
    });
  });

  it('stops a process that changes a lent buffer, naming the file', async () => {
    for (const index of [0, 1]) {
      const run = onDisk(async (disk) => {
        const file = await disk.open('/lent', { mode: 'create' });
        const chunks = [new Uint8Array(10), new Uint8Array(20)];
        const done = file.writev(chunks, 0);
        chunks[index]?.fill(1);
        await done;
      });
      await assert.rejects(run, /a buffer lent to write to \/lent is left alone/);
    }
  });

  it('stops a process that lengthens a file while it is preallocated: real zeros would overwrite that', async () => {
    const run = onDisk(async (disk) => {
      const file = await disk.open('/f', { mode: 'create' });
      const done = file.preallocate(100_000);
      await file.write(new Uint8Array(10), 200_000);
      await done;
    });
    await assert.rejects(run, /a file that is preallocated keeps its size meanwhile/);
  });

  it('takes nothing more from a process that is dead, though its code runs on to the next await', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const world = new World({ seed });
      const machine = world.machine('m');
      await world.main(async () => {
        const first = machine.start(
          'p',
          async (runtime) => {
            const file = await written(runtime.disk, new Uint8Array(10));
            const store = await runtime.kv.open('/kv');
            runtime.fatal(new Error('enough'));
            void file.write(new Uint8Array(20), 0);
            void file.preallocate(30);
            void store.batch([{ type: 'put', key: 'a', value: new Uint8Array(1) }], { sync: false });
            const built = store.newBatch();
            built.put('a', new Uint8Array(1));
            void built.write({ sync: false });
          },
          { mayFail: true },
        );
        await assert.rejects(first.finished, /enough/);
        await machine.start('q', async (runtime) => {
          assert.equal((await runtime.disk.stat('/f')).bytes, 10);
          assert.equal(await (await runtime.kv.open('/kv')).get('a'), undefined);
        }).finished;
      });
    }
  });

  it('overwrites the target of a read until the read is done', async () => {
    await onDisk(async (disk) => {
      const file = await written(disk, new Uint8Array(4).fill(7));
      const target = new Uint8Array(4).fill(1);
      const done = file.read(target, 0);
      assert.deepEqual([...target], [0xdd, 0xdd, 0xdd, 0xdd]);
      await done;
      assert.deepEqual([...target], [7, 7, 7, 7]);
      const targets = [new Uint8Array(1), new Uint8Array(4)];
      const reading = file.readv(targets, 1);
      assert.deepEqual(targets.map(hexText), ['dd', 'dddd0000']);
      await reading;
      assert.deepEqual(targets.map(hexText), ['07', '07070000']);
    });
  });
});
