import assert from 'node:assert/strict';
import { concatBytes, latin1Text, utf8Bytes } from '../../../base/bytes.js';
import { InvariantError } from '../../../base/invariant.js';
import type { Disk, DiskFile } from '../../../runtime/disk.js';
import { claim, patternBytes, withCode, type OpenHarness } from './harness.js';

/** What every `Disk` promises while nothing crashes. */
export function diskContract(name: string, open: OpenHarness): void {
  describe(`disk contract: ${name}`, () => {
    describe('opening', () => {
      claim('read and write need the file, create makes it, create-new wants it absent', open, async (harness) => {
        const { disk } = harness.runtime;
        const path = `${harness.directory}/file`;
        await assert.rejects(disk.open(path, { mode: 'read' }), withCode('NOT_FOUND', path));
        await assert.rejects(disk.open(path, { mode: 'write' }), withCode('NOT_FOUND', path));
        await put(disk, path, 'first', 'create-new');
        await assert.rejects(disk.open(path, { mode: 'create-new' }), withCode('EXISTS', path));
        await put(disk, path, 'FI', 'create');
        assert.equal(await text(disk, path), 'FIrst');
        await put(disk, path, 'fi', 'write');
        assert.equal(await text(disk, path), 'first');
      });

      claim('a file in a directory that does not exist is NOT_FOUND', open, async ({ runtime, directory }) => {
        const path = `${directory}/absent/file`;
        await assert.rejects(runtime.disk.open(path, { mode: 'create' }), withCode('NOT_FOUND', path));
      });

      claim('a directory is no file: INVALID_ARGUMENT', open, async ({ runtime, directory }) => {
        await assert.rejects(runtime.disk.open(directory, { mode: 'read' }), withCode('INVALID_ARGUMENT', directory));
        await assert.rejects(runtime.disk.open(directory, { mode: 'write' }), withCode('INVALID_ARGUMENT', directory));
      });

      claim('a file opened for reading refuses to change', open, async ({ runtime, directory }) => {
        const path = `${directory}/file`;
        await put(runtime.disk, path, 'fixed');
        await withFile(runtime.disk, path, 'read', async (file) => {
          await assert.rejects(file.write(utf8Bytes('x'), 0), withCode('INVALID_ARGUMENT', path));
          await assert.rejects(file.writev([utf8Bytes('x')], 0), withCode('INVALID_ARGUMENT', path));
          await assert.rejects(file.truncate(0), withCode('INVALID_ARGUMENT', path));
          await assert.rejects(file.preallocate(100), withCode('INVALID_ARGUMENT', path));
        });
        assert.equal(await text(runtime.disk, path), 'fixed');
      });
    });

    for (const durableWrites of [false, true]) {
      describe(`reading and writing, durableWrites ${durableWrites}`, () => {
        const claimOfFile = (title: string, body: (file: DiskFile, disk: Disk) => Promise<void>): void => {
          claim(title, open, async ({ runtime, directory }) => {
            const file = await runtime.disk.open(`${directory}/file`, { mode: 'create', durableWrites });
            try {
              await body(file, runtime.disk);
            } finally {
              await file.close();
            }
          });
        };

        claimOfFile('what is written is read, at any position', async (file) => {
          const bytes = patternBytes(100_000);
          await file.write(bytes, 0);
          await file.write(patternBytes(500, 1), 777);
          bytes.set(patternBytes(500, 1), 777);
          const target = new Uint8Array(100_000);
          assert.equal(await file.read(target, 0), 100_000);
          assert.ok(Buffer.from(bytes).equals(target));
          const part = new Uint8Array(1000);
          assert.equal(await file.read(part, 600), 1000);
          assert.ok(Buffer.from(bytes.subarray(600, 1600)).equals(part));
        });

        claimOfFile('a read at the end of the file is short, and past it empty', async (file) => {
          await file.write(utf8Bytes('0123456789'), 0);
          const target = new Uint8Array(8).fill(0xaa);
          assert.equal(await file.read(target, 7), 3);
          assert.equal(latin1Text(target), `789${'\xaa'.repeat(5)}`);
          assert.equal(await file.read(target, 10), 0);
          assert.equal(await file.read(target, 1_000_000), 0);
          assert.equal(await file.read(new Uint8Array(0), 0), 0);
        });

        claimOfFile('a write past the end leaves zeros between', async (file) => {
          await file.write(utf8Bytes('ab'), 0);
          await file.write(utf8Bytes('yz'), 5000);
          assert.equal(await file.size(), 5002);
          const target = new Uint8Array(5002);
          await file.read(target, 0);
          assert.equal(latin1Text(target), `ab${'\0'.repeat(4998)}yz`);
        });

        claimOfFile('writev writes its chunks one after the other, however many', async (file) => {
          const chunks = Array.from({ length: 3000 }, (_, index) => patternBytes(index % 11, index));
          await file.writev(chunks, 3);
          const all = concatBytes(chunks);
          assert.equal(await file.size(), 3 + all.byteLength);
          const target = new Uint8Array(all.byteLength);
          assert.equal(await file.read(target, 3), all.byteLength);
          assert.ok(Buffer.from(all).equals(target));
        });

        claimOfFile('readv fills its targets one after the other, however many', async (file) => {
          const bytes = patternBytes(20_000);
          await file.write(bytes, 0);
          const targets = Array.from({ length: 3000 }, (_, index) => new Uint8Array(index % 11));
          const count = targets.reduce((sum, target) => sum + target.byteLength, 0);
          assert.equal(await file.readv(targets, 3), count);
          assert.ok(Buffer.from(bytes.subarray(3, 3 + count)).equals(concatBytes(targets)));
        });

        claimOfFile(
          'readv is short only at the end of the file, and leaves alone what it does not fill',
          async (file) => {
            await file.write(utf8Bytes('0123456789'), 0);
            const targets = [3, 0, 4, 5, 2].map((count) => new Uint8Array(count).fill(0x2e));
            const texts = (): string => targets.map((target) => latin1Text(target)).join(' ');
            assert.equal(await file.readv(targets, 10), 0);
            assert.equal(await file.readv(targets, 1_000_000), 0);
            assert.equal(texts(), '...  .... ..... ..');
            assert.equal(await file.readv(targets, 2), 8);
            assert.equal(texts(), '234  5678 9.... ..');
            assert.equal(await file.readv([], 2), 0);
            assert.equal(await file.readv([new Uint8Array(0)], 2), 0);
          },
        );

        claimOfFile('a list of targets may change once readv was called', async (file) => {
          await file.write(utf8Bytes('abcd'), 0);
          const first = new Uint8Array(2);
          const second = new Uint8Array(2);
          const targets = [first, second];
          const reading = file.readv(targets, 0);
          targets.length = 0;
          assert.equal(await reading, 4);
          assert.equal(latin1Text(first) + latin1Text(second), 'abcd');
        });

        claimOfFile('nothing to write is fine, and makes nothing longer', async (file) => {
          await file.write(new Uint8Array(0), 10);
          await file.writev([], 10);
          await file.writev([new Uint8Array(0), new Uint8Array(0)], 10);
          assert.equal(await file.size(), 0);
        });

        claimOfFile('a buffer may change once its write has settled', async (file) => {
          const buffer = new Uint8Array(4096);
          for (let index = 0; index < 20; index += 1) {
            buffer.fill(index);
            await (index % 2 === 0
              ? file.write(buffer, index * 4096)
              : file.writev([buffer.subarray(0, 1), buffer.subarray(1)], index * 4096));
            buffer.fill(0xee);
          }
          const target = new Uint8Array(20 * 4096);
          await file.read(target, 0);
          for (let index = 0; index < 20; index += 1) {
            assert.ok(target.subarray(index * 4096, (index + 1) * 4096).every((byte) => byte === index));
          }
        });

        claimOfFile('operations on different places may run beside each other', async (file) => {
          await Promise.all(
            Array.from({ length: 50 }, async (_, index) => {
              await file.write(patternBytes(1000, index), index * 1000);
              const target = new Uint8Array(1000);
              await file.read(target, index * 1000);
              assert.ok(Buffer.from(patternBytes(1000, index)).equals(target));
            }),
          );
          await file.datasync();
        });

        claimOfFile('truncate cuts, and lengthens with zeros', async (file) => {
          await file.write(utf8Bytes('abcdef'), 0);
          await file.truncate(3);
          assert.equal(await file.size(), 3);
          await file.truncate(6);
          const target = new Uint8Array(6);
          assert.equal(await file.read(target, 0), 6);
          assert.equal(latin1Text(target), 'abc\0\0\0');
        });

        claimOfFile('preallocate lengthens with zeros, keeps what was there, never shortens', async (file) => {
          await file.write(utf8Bytes('abc'), 0);
          const bytes = 2 * 2 ** 20 + 77;
          await file.preallocate(bytes);
          assert.equal(await file.size(), bytes);
          const target = new Uint8Array(bytes);
          assert.equal(await file.read(target, 0), bytes);
          assert.equal(latin1Text(target.subarray(0, 4)), 'abc\0');
          assert.ok(target.subarray(3).every((byte) => byte === 0));
          await file.preallocate(10);
          assert.equal(await file.size(), bytes);
        });

        claimOfFile('positions and sizes are safe integers', async (file) => {
          for (const position of [-1, 0.5, 2 ** 53, Number.NaN]) {
            assert.throws(() => file.read(new Uint8Array(1), position), InvariantError);
            assert.throws(() => file.readv([new Uint8Array(1)], position), InvariantError);
            assert.throws(() => file.write(new Uint8Array(1), position), InvariantError);
            assert.throws(() => file.writev([new Uint8Array(1)], position), InvariantError);
            assert.throws(() => file.truncate(position), InvariantError);
            assert.throws(() => file.preallocate(position), InvariantError);
          }
        });

        claimOfFile('close waits for what runs, is idempotent, and ends the file', async (file, disk) => {
          const writing = file.write(patternBytes(3 * 2 ** 20), 0);
          await Promise.all([file.close(), file.close()]);
          await file.close();
          await writing;
          assert.equal((await disk.stat(file.path)).bytes, 3 * 2 ** 20);
          await assert.rejects(file.read(new Uint8Array(1), 0), withCode('CLOSED', file.path));
          await assert.rejects(file.readv([], 0), withCode('CLOSED'));
          await assert.rejects(file.write(new Uint8Array(1), 0), withCode('CLOSED'));
          await assert.rejects(file.writev([], 0), withCode('CLOSED'));
          await assert.rejects(file.datasync(), withCode('CLOSED'));
          await assert.rejects(file.preallocate(1), withCode('CLOSED'));
          await assert.rejects(file.truncate(0), withCode('CLOSED'));
          await assert.rejects(file.size(), withCode('CLOSED'));
        });
      });
    }

    describe('names', () => {
      claim('stat tells files from directories, and NOT_FOUND', open, async ({ runtime: { disk }, directory }) => {
        await put(disk, `${directory}/file`, 'twelve bytes');
        assert.deepEqual(await disk.stat(`${directory}/file`), { kind: 'file', bytes: 12 });
        assert.equal((await disk.stat(directory)).kind, 'directory');
        await assert.rejects(disk.stat(`${directory}/absent`), withCode('NOT_FOUND', 'absent'));
      });

      claim('makeDirectory makes parents, and is fine with what exists', open, async ({ runtime, directory }) => {
        const { disk } = runtime;
        await disk.makeDirectory(`${directory}/a/b/c`);
        await disk.makeDirectory(`${directory}/a/b/c`);
        await disk.makeDirectory(`${directory}/a`);
        assert.deepEqual(await disk.list(`${directory}/a`), ['b']);
        await put(disk, `${directory}/file`, 'x');
        await assert.rejects(disk.makeDirectory(`${directory}/file`), withCode('EXISTS', 'file'));
      });

      claim('list gives names in byte order', open, async ({ runtime: { disk }, directory }) => {
        // As UTF-16, the emoji (surrogates from d800) would sort before U+FF5E; as a locale, "a" before "B".
        const names = ['B', 'a', 'a-', 'a1', 'é', '\u{ff5e}', '\u{1f600}', '0', '10', '9'];
        for (const fileName of names) await put(disk, `${directory}/${fileName}`, '');
        await disk.makeDirectory(`${directory}/b`);
        const sorted = ['0', '10', '9', 'B', 'a', 'a-', 'a1', 'b', 'é', '\u{ff5e}', '\u{1f600}'];
        assert.deepEqual(await disk.list(directory), sorted);
        await assert.rejects(disk.list(`${directory}/absent`), withCode('NOT_FOUND', 'absent'));
        await assert.rejects(disk.list(`${directory}/a`), withCode('INVALID_ARGUMENT', '/a'));
      });

      claim('rename moves a file, over another one too', open, async ({ runtime: { disk }, directory }) => {
        await put(disk, `${directory}/from`, 'new');
        await put(disk, `${directory}/to`, 'old and longer');
        await disk.rename(`${directory}/from`, `${directory}/to`);
        assert.deepEqual(await disk.list(directory), ['to']);
        assert.equal(await text(disk, `${directory}/to`), 'new');
        await assert.rejects(disk.rename(`${directory}/from`, `${directory}/to`), withCode('NOT_FOUND', 'from'));
      });

      claim(
        'an open file stays readable after it was renamed over or removed',
        open,
        async ({ runtime, directory }) => {
          const { disk } = runtime;
          await put(disk, `${directory}/a`, 'a');
          await put(disk, `${directory}/b`, 'b');
          await withFile(disk, `${directory}/a`, 'read', async (a) => {
            await disk.rename(`${directory}/b`, `${directory}/a`);
            await disk.removeFile(`${directory}/a`);
            const target = new Uint8Array(1);
            await a.read(target, 0);
            assert.equal(latin1Text(target), 'a');
          });
        },
      );

      claim('removeFile removes a file, and only that', open, async ({ runtime: { disk }, directory }) => {
        await put(disk, `${directory}/file`, 'x');
        await disk.makeDirectory(`${directory}/folder`);
        await disk.removeFile(`${directory}/file`);
        await assert.rejects(disk.removeFile(`${directory}/file`), withCode('NOT_FOUND', 'file'));
        await assert.rejects(disk.removeFile(`${directory}/folder`), withCode('INVALID_ARGUMENT', 'folder'));
        assert.deepEqual(await disk.list(directory), ['folder']);
      });

      claim('removeTree removes everything below, and is fine with nothing', open, async ({ runtime, directory }) => {
        const { disk } = runtime;
        await disk.makeDirectory(`${directory}/tree/a/b`);
        await put(disk, `${directory}/tree/a/file`, 'x');
        await put(disk, `${directory}/treehouse`, 'x');
        await disk.removeTree(`${directory}/tree`);
        await disk.removeTree(`${directory}/tree`);
        assert.deepEqual(await disk.list(directory), ['treehouse']);
      });

      claim('directories are synced, missing ones are NOT_FOUND', open, async ({ runtime: { disk }, directory }) => {
        await put(disk, `${directory}/file`, 'x');
        await disk.syncDirectory(directory);
        await assert.rejects(disk.syncDirectory(`${directory}/absent`), withCode('NOT_FOUND', 'absent'));
        await assert.rejects(disk.syncDirectory(`${directory}/file`), withCode('INVALID_ARGUMENT', 'file'));
      });

      claim('space says how large the file system is, and what is free', open, async ({ runtime, directory }) => {
        const space = await runtime.disk.space(directory);
        assert.ok(space.totalBytes > 0);
        assert.ok(space.freeBytes > 0 && space.freeBytes <= space.totalBytes);
        await assert.rejects(runtime.disk.space(`${directory}/absent`), withCode('NOT_FOUND', 'absent'));
      });
    });
  });
}

async function withFile<T>(
  disk: Disk,
  path: string,
  mode: 'read' | 'write' | 'create' | 'create-new',
  body: (file: DiskFile) => Promise<T>,
): Promise<T> {
  const file = await disk.open(path, { mode });
  try {
    return await body(file);
  } finally {
    await file.close();
  }
}

function put(
  disk: Disk,
  path: string,
  content: string,
  mode: 'write' | 'create' | 'create-new' = 'create',
): Promise<void> {
  return withFile(disk, path, mode, (file) => file.write(utf8Bytes(content), 0));
}

function text(disk: Disk, path: string): Promise<string> {
  return withFile(disk, path, 'read', async (file) => {
    const target = new Uint8Array(await file.size());
    await file.read(target, 0);
    return latin1Text(target);
  });
}
