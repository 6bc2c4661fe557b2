/** For tests of one store on one simulated machine: a world, a store in it, transactions of one PG. */
import { poolId } from '../../../cluster/ids.js';
import { mkfs, type MkfsOptions } from '../../../osd/store/mkfs.js';
import { objectId, type ObjectId } from '../../../osd/store/object-id.js';
import { openStore } from '../../../osd/store/open-store.js';
import type { Store } from '../../../osd/store/store.js';
import type { StoreOptions } from '../../../osd/store/store-options.js';
import type { LogEntryInput, Mutation, Transaction } from '../../../osd/store/transaction.js';
import type { Runtime } from '../../../runtime/runtime.js';
import { World } from '../../../runtime/sim/world.js';

export const directory = '/data/osd';
export const pool = poolId(1);
export const pg = { pool, pg: 0 };

export function named(name: string): ObjectId {
  return objectId(pool, { namespace: '', locator: '', name });
}

export function transactionOf(mutations: readonly Mutation[], more: Partial<Transaction> = {}): Transaction {
  return { pg, blockShift: 12, mutations, ...more };
}

export function entryOf(seq: number, more: Partial<LogEntryInput> = {}): LogEntryInput {
  const nobody = { object: undefined, session: new Uint8Array(0), request: 0 };
  return { seq, term: 1, ...nobody, reply: new Uint8Array(0), ...more };
}

/** Runs `body` in a process of a fresh machine. */
export async function inWorld(body: (runtime: Runtime) => Promise<void>): Promise<void> {
  const world = new World({ seed: 1 });
  await world.main(async () => {
    const process = world.machine('a').start('osd', body);
    await process.finished;
  });
}

/** Makes a store and opens it: 16 MiB in segments of 1 MiB, unless told otherwise. */
export async function freshStore(
  runtime: Runtime,
  options: StoreOptions = {},
  sizes: Partial<MkfsOptions> = {},
): Promise<Store> {
  await mkfs(runtime, directory, { osd: 0, capacityBytes: 18 * 2 ** 20, segmentBytes: 2 ** 20, ...sizes });
  return await openStore(runtime, directory, options);
}

/** Runs `body` with a method of a class replaced: for failures that no disk makes on demand. */
export async function withMethod(
  prototype: object,
  name: string,
  method: () => unknown,
  body: () => Promise<void>,
): Promise<void> {
  const before = Object.getOwnPropertyDescriptor(prototype, name) ?? {};
  Object.defineProperty(prototype, name, { ...before, value: method });
  try {
    await body();
  } finally {
    Object.defineProperty(prototype, name, before);
  }
}
