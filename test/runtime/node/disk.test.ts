import assert from 'node:assert/strict';
import fs, { constants, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { utf8Bytes } from '../../../base/bytes.js';
import { claim, withCode } from '../contract/harness.js';
import { openNodeHarness } from './harness.js';

describe('the disk of the machine', () => {
  claim('durableWrites opens with O_DSYNC, and only it does', openNodeHarness, async ({ runtime, directory }) => {
    for (const durableWrites of [false, true]) {
      const path = `${directory}/file ${durableWrites}`;
      const file = await runtime.disk.open(path, { mode: 'create', durableWrites });
      assert.equal((openFlagsOf(path) & constants.O_DSYNC) !== 0, durableWrites);
      await file.close();
      assert.throws(() => openFlagsOf(path), /not open/);
    }
  });

  claim('preallocate takes real blocks', openNodeHarness, async ({ runtime, directory }) => {
    const path = `${directory}/file`;
    const file = await runtime.disk.open(path, { mode: 'create' });
    await file.truncate(2 ** 20);
    await file.preallocate(3 * 2 ** 20);
    await file.close();
    assert.ok(statSync(path).blocks * 512 >= 2 * 2 ** 20);
  });

  claim('a read that the system cuts short goes on where it stopped', openNodeHarness, async (harness) => {
    const file = await harness.runtime.disk.open(`${harness.directory}/file`, { mode: 'create' });
    await file.write(utf8Bytes('0123456789'), 0);
    const { readv } = fs;
    const targets = [new Uint8Array(4), new Uint8Array(1), new Uint8Array(5)];
    let calls = 0;
    try {
      // At most three bytes at a time, into the first buffer only.
      replaceInFs('readv', (fd: number, [first]: Uint8Array[], position: number, done: () => void) => {
        calls += 1;
        fs.read(fd, first ?? new Uint8Array(0), 0, Math.min(3, first?.byteLength ?? 0), position, done);
      });
      assert.equal(await file.readv(targets, 0), 10);
    } finally {
      replaceInFs('readv', readv);
    }
    assert.equal(calls, 5);
    assert.deepEqual(targets, [utf8Bytes('0123'), utf8Bytes('4'), utf8Bytes('56789')]);
    await file.close();
  });

  claim('a device that is full is NO_SPACE, and is named', openNodeHarness, async ({ runtime }) => {
    const file = await runtime.disk.open('/dev/full', { mode: 'write' });
    await assert.rejects(file.write(utf8Bytes('x'), 0), withCode('NO_SPACE', '/dev/full'));
    await assert.rejects(file.writev([utf8Bytes('x'), utf8Bytes('y')], 0), withCode('NO_SPACE', 'free some space'));
    await file.close();
  });

  claim('after a sync that failed nothing is written any more', openNodeHarness, async ({ runtime }) => {
    // The kernel refuses to sync this device, as a broken disk would.
    const file = await runtime.disk.open('/dev/null', { mode: 'write' });
    await file.write(utf8Bytes('x'), 0);
    await assert.rejects(file.datasync(), withCode('IO_ERROR', 'cannot sync /dev/null'));
    await assert.rejects(file.datasync(), withCode('IO_ERROR', 'an earlier sync of it failed'));
    await assert.rejects(file.write(utf8Bytes('x'), 0), withCode('IO_ERROR', '/dev/null'));
    await assert.rejects(file.writev([utf8Bytes('x')], 0), withCode('IO_ERROR'));
    await assert.rejects(file.truncate(0), withCode('IO_ERROR'));
    await assert.rejects(file.preallocate(10), withCode('IO_ERROR'));
    assert.equal(await file.read(new Uint8Array(1), 0), 0);
    await file.close();
  });

  claim(
    'a sync that ends well beside one that failed proves nothing',
    openNodeHarness,
    async ({ runtime, directory }) => {
      const file = await runtime.disk.open(`${directory}/file`, { mode: 'create' });
      await file.write(utf8Bytes('x'), 0);
      const outcomes = await withSyncs([Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }), null], () =>
        Promise.allSettled([file.datasync(), file.datasync()]),
      );
      for (const outcome of outcomes) {
        assert.equal(outcome.status, 'rejected');
        assert.ok(withCode('IO_ERROR', directory)(outcome.reason));
      }
      await file.close();
    },
  );

  claim('a durable write beside one that failed proves nothing', openNodeHarness, async ({ runtime, directory }) => {
    const file = await runtime.disk.open(`${directory}/file`, { mode: 'create', durableWrites: true });
    const { write } = fs;
    const failure = Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
    let count = 0;
    const failing = (...args: unknown[]): void => {
      count += 1;
      const done = args.at(-1) as (error: Error | null, written: number) => void;
      const isFirst = count === 1;
      setImmediate(() => {
        done(isFirst ? failure : null, 1);
      });
    };
    try {
      replaceInFs('write', failing);
      const outcomes = await Promise.allSettled([file.write(utf8Bytes('x'), 0), file.write(utf8Bytes('y'), 1)]);
      assert.deepEqual(
        outcomes.map((outcome) => outcome.status),
        ['rejected', 'rejected'],
      );
    } finally {
      replaceInFs('write', write);
    }
    await file.close();
  });
});

/** Lets the next calls of `fdatasync` end so, in their order, instead of asking the kernel. */
async function withSyncs<T>(ends: readonly (Error | null)[], body: () => Promise<T>): Promise<T> {
  const { fdatasync } = fs;
  const left = [...ends];
  try {
    replaceInFs('fdatasync', (_fd: number, done: (error: Error | null) => void) => {
      const end = left.shift() ?? null;
      setImmediate(() => {
        done(end);
      });
    });
    return await body();
  } finally {
    replaceInFs('fdatasync', fdatasync);
  }
}

function replaceInFs(name: 'fdatasync' | 'readv' | 'write', call: unknown): void {
  Object.assign(fs, { [name]: call });
  syncBuiltinESMExports();
}

/** The flags with which this process has `path` open, as the kernel says. */
function openFlagsOf(path: string): number {
  for (const fd of readdirSync('/proc/self/fd')) {
    if (linkOf(fd) !== path) continue;
    const flags = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
    return Number.parseInt(flags ?? '0', 8);
  }
  throw new Error(`${path} is not open`);
}

/** The descriptor that listed the folder is gone again. */
function linkOf(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined;
  }
}
