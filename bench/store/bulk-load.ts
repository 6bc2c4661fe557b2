/** One object of very many extents: made, cloned, removed. */
import { payloadOf, type Mutation, type Transaction } from '../../osd/store/transaction.js';
import type { Store } from '../../osd/store/store.js';
import { benchObject, benchPg } from './put-load.js';

const volume = benchObject('bulk/', 0);
const snapshot = benchObject('bulk/', 1);
/** Pieces of 8 KiB of an object of 1 GiB; so little is written of each that the index is all that counts. */
const extentBytes = 16;
const apart = 8 * 1024;
const perTransaction = 4_096;

export const bulkChanges = {
  clone: { kind: 'clone', object: snapshot, source: volume },
  'remove the clone': { kind: 'remove', object: snapshot },
  remove: { kind: 'remove', object: volume },
} as const satisfies Record<string, Mutation>;

export type BulkChange = keyof typeof bulkChanges;

function transactionOf(mutations: readonly Mutation[]): Transaction {
  return { pg: benchPg(volume), blockShift: 12, mutations };
}

/** Written in no order, so that no two extents become one. */
export async function fragment(store: Store, extents: number): Promise<void> {
  const data = payloadOf(new Uint8Array(extentBytes));
  for (let done = 0; done < extents; done += perTransaction) {
    const count = Math.min(perTransaction, extents - done);
    const writes = Array.from({ length: count }, (_, i): Mutation => {
      return { kind: 'write', object: volume, offset: (done + i) * apart, data };
    });
    await store.apply(transactionOf(writes));
  }
  await store.checkpoint();
}

/** Until nothing is left to do of it in the background; how long the caller waited, and then how long that took. */
export async function bulkChange(store: Store, change: BulkChange): Promise<{ ms: number; restMs: number }> {
  const began = performance.now();
  await store.apply(transactionOf([bulkChanges[change]]));
  const ms = performance.now() - began;
  while (store.bulk().isBusy) await new Promise((resolve) => setTimeout(resolve, 5));
  return { ms, restMs: performance.now() - began - ms };
}
