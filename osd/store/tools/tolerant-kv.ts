/** The index of a store, read in spite of damage: a walk goes on behind a value whose checksum fails, and says so. */
import type { CairnError } from '../../../base/errors.js';
import type { Kv, KvKey } from '../../../runtime/kv.js';

/** `onDamaged` is called for each damaged value that a walk skips. Reads of one key fail as ever. */
export function tolerantKv(kv: Kv, onDamaged: (key: KvKey, error: CairnError) => void): Kv {
  return {
    get: (key) => kv.get(key),
    getMany: (keys) => kv.getMany(keys),
    getSync: (key) => kv.getSync(key),
    iterate: (options) => kv.iterate({ onDamaged, ...options }),
    batch: (operations, options) => kv.batch(operations, options),
    newBatch: () => kv.newBatch(),
    snapshot: () => kv.snapshot(),
    approximateBytes: (range) => kv.approximateBytes(range),
    compact: (range) => kv.compact(range),
    close: () => kv.close(),
  };
}
