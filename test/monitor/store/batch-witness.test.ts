import assert from 'node:assert/strict';
import { CairnError } from '../../../base/errors.js';
import { BatchWitness, decodeWitness } from '../../../monitor/store/batch-witness.js';
import type { DiskFile } from '../../../runtime/disk.js';
import type { Runtime } from '../../../runtime/runtime.js';
import { command, createStore, directory, entriesOf, fsid, onMachine, openStore, self } from './support.js';

const identity = { fsid, member: self };

/** Of the witness file, each write waits until the test lets it go. */
class HeldWrites {
  readonly runtime: Runtime;
  /** The batch of each write begun. */
  readonly begun: (number | undefined)[] = [];
  readonly #held: { readonly go: () => void; readonly fail: (error: Error) => void }[] = [];

  constructor(runtime: Runtime) {
    const open: Runtime['disk']['open'] = async (path, options) => {
      const file = await runtime.disk.open(path, options);
      return path.endsWith('/witness') ? this.#watch(file) : file;
    };
    this.runtime = { ...runtime, disk: bound(runtime.disk, { open }) };
  }

  release(): void {
    for (const { go } of this.#held.splice(0)) go();
  }

  fail(): void {
    for (const { fail } of this.#held.splice(0)) fail(new CairnError('IO_ERROR', 'the disk is broken'));
  }

  #watch(file: DiskFile): DiskFile {
    return bound(file, {
      write: async (bytes, position) => {
        this.begun.push(decodeWitness(bytes)?.batch);
        await new Promise<void>((go, fail) => this.#held.push({ go, fail }));
        await file.write(bytes, position);
      },
    });
  }
}

/** The object with some methods replaced. */
function bound<T extends object>(object: T, replaced: Partial<T>): T {
  return new Proxy(object, {
    get: (target, name) => {
      const own = Reflect.get(replaced, name) as unknown;
      const value = own ?? Reflect.get(target, name, target);
      return typeof value === 'function' && own === undefined ? (value.bind(target) as unknown) : value;
    },
  });
}

describe('monitor/store: the witness of the last batch', () => {
  it('is written once a turn, one write at a time, the latest batch next', () =>
    onMachine(1, async (runtime) => {
      const writes = new HeldWrites(runtime);
      await runtime.disk.makeDirectory(directory);
      const witness = await BatchWitness.open(writes.runtime, directory);
      assert.equal(witness.found, undefined);
      for (const batch of [3, 4, 5]) witness.note({ identity, batch });
      assert.deepEqual(writes.begun, []);
      await runtime.clock.sleep(1);
      for (const batch of [6, 7, 8]) witness.note({ identity, batch });
      await runtime.clock.sleep(1);
      assert.deepEqual(writes.begun, [5]);
      writes.release();
      await runtime.clock.sleep(1);
      assert.deepEqual(writes.begun, [5, 8]);
      writes.release();
      await runtime.clock.sleep(1);
      await witness.close();
      assert.deepEqual(writes.begun, [5, 8]);
      assert.deepEqual((await BatchWitness.open(runtime, directory)).found, { identity, batch: 8 });
    }));

  it('holds up nothing that is written, and nothing depends on it', () =>
    onMachine(1, async (runtime, world) => {
      await createStore(runtime);
      const writes = new HeldWrites(runtime);
      const { store } = await openStore(writes.runtime);
      for (let index = 2; index <= 9; index++) {
        await store.write([entriesOf(command(index, 1))]);
        await runtime.clock.sleep(1);
      }
      // Opening was the second batch.
      assert.deepEqual(writes.begun, [2]);
      writes.fail();
      await runtime.clock.sleep(1);
      writes.fail();
      await runtime.clock.sleep(1);
      assert.deepEqual(writes.begun, [2, 10]);
      await store.write([entriesOf(command(10, 1))]);
      await runtime.clock.sleep(1);
      writes.fail();
      await store.close();
      assert.equal((await openStore(runtime)).initial.entries.length, 9);
      const lines = [...world.machine('m').processes].flatMap(({ logs }) => logs);
      assert.equal(lines.filter(({ sentence }) => sentence.includes('witness')).length, 1);
    }));

  it('is not written any more once it is closed, which waits for the write under way', () =>
    onMachine(1, async (runtime) => {
      const writes = new HeldWrites(runtime);
      await runtime.disk.makeDirectory(directory);
      const witness = await BatchWitness.open(writes.runtime, directory);
      witness.note({ identity, batch: 3 });
      await runtime.clock.sleep(1);
      witness.note({ identity, batch: 4 });
      let isClosed = false;
      const closing = witness.close().then(() => (isClosed = true));
      await runtime.clock.sleep(1);
      assert.equal(isClosed, false);
      writes.release();
      await closing;
      witness.note({ identity, batch: 5 });
      await runtime.clock.sleep(1);
      assert.deepEqual(writes.begun, [3]);
    }));
});
