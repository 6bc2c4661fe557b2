/** The store that this process has open: one at a time. */
import { openStore } from '../../osd/store/open-store.js';
import { mkfs } from '../../osd/store/mkfs.js';
import type { Store } from '../../osd/store/store.js';
import type { StoreOptions } from '../../osd/store/store-options.js';
import { createNodeRuntime } from '../../runtime/node/runtime.js';

export interface OpenArgs {
  readonly directory: string;
  /** Makes the store first, with this capacity. */
  readonly makeBytes?: number | undefined;
  readonly options?: StoreOptions | undefined;
}

export interface OpenResult {
  /** Of `openStore` alone. */
  readonly ms: number;
  readonly replayedBatches: number;
}

const runtime = createNodeRuntime({ daemon: 'bench', logLevel: 'error' });
let opened: Store | undefined;

export async function open({ directory, makeBytes, options = {} }: OpenArgs): Promise<OpenResult> {
  if (makeBytes !== undefined) await mkfs(runtime, directory, { osd: 0, capacityBytes: makeBytes });
  const began = performance.now();
  opened = await openStore(runtime, directory, options);
  return { ms: performance.now() - began, replayedBatches: opened.replayedBatches };
}

export function theStore(): Store {
  if (opened === undefined) throw new Error('no store is open in this process');
  return opened;
}

export async function close(): Promise<void> {
  await opened?.close();
  opened = undefined;
}
