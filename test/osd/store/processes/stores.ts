/** Stores on the real disk, in a directory of their own, and the processes that write to them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mkfs } from '../../../../osd/store/mkfs.js';
import { openStore } from '../../../../osd/store/open-store.js';
import type { Store } from '../../../../osd/store/store.js';
import type { StoreOptions } from '../../../../osd/store/store-options.js';
import { createNodeRuntime } from '../../../../runtime/node/runtime.js';
import { Children, type Running } from '../../../processes/children.js';

const writerScript = fileURLToPath(new URL('./writer.js', import.meta.url));

/** Of the test's own process, which a failing store does not end but fail. */
export const runtime = createNodeRuntime({
  daemon: 'test',
  logLevel: 'silent',
  onFatal: (error) => {
    throw error;
  },
});

export class RealStores {
  readonly children = new Children();
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  static async make(): Promise<RealStores> {
    return new RealStores(await mkdtemp(join(tmpdir(), 'cairn-store-')));
  }

  path(name: string): string {
    return join(this.#root, name);
  }

  /** Makes a store of `segments` small segments; returns its directory. */
  async mkfs(name: string, segments = 20): Promise<string> {
    const directory = this.path(name);
    const segmentBytes = 2 ** 18;
    await mkfs(runtime, directory, { osd: 0, capacityBytes: Math.ceil((segments * segmentBytes) / 0.9), segmentBytes });
    return directory;
  }

  open(name: string, options: StoreOptions = {}): Promise<Store> {
    return openStore(runtime, this.path(name), options);
  }

  write(name: string): Running {
    return this.children.start(process.execPath, [writerScript, this.path(name)]);
  }

  async end(): Promise<void> {
    await this.children.endAll();
    await rm(this.#root, { recursive: true, force: true });
  }
}

/** The highest number that the writer said was durable; what it found when it opened, before any. */
export function acknowledgedBy({ stdout }: Running): number {
  const numbers = Array.from(stdout.matchAll(/^(?:acknowledged|opened) (\d+)$/gm), (match) => Number(match[1]));
  return Math.max(0, ...numbers);
}
