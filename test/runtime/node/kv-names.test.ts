/** The names of a new store's files and directories are durable when `open` resolves, whatever became of earlier attempts. */
import assert from 'node:assert/strict';
import { CairnError } from '../../../base/errors.js';
import type { Disk } from '../../../runtime/disk.js';
import { NodeDisk } from '../../../runtime/node/disk.js';
import { NodeKvStore } from '../../../runtime/node/kv.js';
import { claim, withCode } from '../contract/harness.js';
import { openNodeHarness } from './harness.js';

/** Notes what is made and synced; the sync with that number fails. */
class WatchedDisk extends NodeDisk implements Disk {
  readonly deeds: string[] = [];
  readonly #root: string;
  readonly #failing: number;
  #syncs = 0;

  constructor(root: string, failing = Infinity) {
    super();
    this.#root = root;
    this.#failing = failing;
  }

  override async makeDirectory(path: string): Promise<void> {
    await super.makeDirectory(path);
    this.deeds.push(`make ${this.#short(path)}`);
  }

  override async syncDirectory(path: string): Promise<void> {
    this.#syncs += 1;
    if (this.#syncs === this.#failing) throw new CairnError('IO_ERROR', `cannot sync ${path}`);
    await super.syncDirectory(path);
    this.deeds.push(`sync ${this.#short(path)}`);
  }

  #short(path: string): string {
    return path === this.#root ? '.' : path.startsWith(`${this.#root}/`) ? path.slice(this.#root.length + 1) : '..';
  }
}

describe('the names of a key-value store', () => {
  claim('each directory that has to be made is durable before the next', openNodeHarness, async ({ directory }) => {
    const disk = new WatchedDisk(directory);
    await (await new NodeKvStore(disk).open(`${directory}/a/b`)).close();
    assert.deepEqual(disk.deeds, ['sync ..', 'make a', 'sync .', 'make a/b', 'sync a', 'sync a/b']);
  });

  for (const failing of [1, 2, 3, 4]) {
    claim(
      `after sync ${failing} of a first open failed, a second leaves none out`,
      openNodeHarness,
      async (harness) => {
        const { directory } = harness;
        const first = new WatchedDisk(directory, failing);
        await assert.rejects(new NodeKvStore(first).open(`${directory}/a/b`), withCode('IO_ERROR'));
        const second = new WatchedDisk(directory);
        await (await new NodeKvStore(second).open(`${directory}/a/b`)).close();
        const synced = new Set([...first.deeds, ...second.deeds]);
        for (const path of ['..', '.', 'a', 'a/b']) assert.ok(synced.has(`sync ${path}`), path);
        // A sync counts only after what it makes durable.
        assert.ok(second.deeds.includes('sync a/b'));
        if (failing === 2) assert.ok(second.deeds.includes('sync .'));
        if (failing === 3) assert.ok(second.deeds.includes('sync a'));
      },
    );
  }
});
