/** A store that no process has open, as its log leaves it: read into memory, nothing written. */
import type { Runtime } from '../../../runtime/runtime.js';
import type { StoreState } from '../apply/draft.js';
import type { CheckpointRecord } from '../checkpoint/checkpoint-record.js';
import { describeIndexError } from '../checkpoint/load.js';
import { storeSeed, type Superblock } from '../format/superblock.js';
import { replay } from '../log/replay.js';
import type { LogPosition } from '../log/log-writer.js';
import { SegmentFiles } from '../log/segment-files.js';
import { loadState, openIndex, readSuperblock } from '../open-store.js';
import { ObjectReader } from '../read/object-reader.js';
import { PayloadReader } from '../read/payload-reader.js';
import { resolveStoreOptions } from '../store-options.js';

export interface OfflineStore {
  readonly superblock: Superblock;
  readonly checkpoint: CheckpointRecord;
  readonly state: StoreState;
  readonly files: SegmentFiles;
  readonly objects: ObjectReader;
  readonly payloads: PayloadReader;
  /** The end of the log. */
  readonly position: LogPosition;
  close(): Promise<void>;
}

/** Errors as those of `openStore`; LevelDB itself may tidy up its own files, as it does whenever it is opened. */
export async function openOffline(runtime: Runtime, directory: string): Promise<OfflineStore> {
  const options = resolveStoreOptions({});
  const superblock = await readSuperblock(runtime, directory);
  const kv = await openIndex(runtime, directory, options);
  const files = new SegmentFiles(runtime, directory, superblock);
  const close = async (): Promise<void> => {
    await files.close();
    await kv.close();
  };
  try {
    const { state, checkpoint } = await loadState(kv, directory, superblock, options.readCacheBytes);
    const { position } = await replay(state, files, {
      storeSeed: storeSeed(superblock),
      segmentBytes: superblock.segmentBytes,
      from: positionOf(checkpoint),
      durableBatch: checkpoint.durableBatch,
      afterBatch: async () => undefined,
    });
    // So that the last blocks of PG logs are in the index as well, which here is the layer in memory.
    state.pgs.flush();
    const payloads = new PayloadReader(files, nothingPending, storeSeed(superblock));
    const objects = new ObjectReader(state, payloads);
    return { superblock, checkpoint, state, files, objects, payloads, position, close };
  } catch (error) {
    await close();
    throw describeIndexError(error, directory);
  }
}

export function positionOf({ batch, batchChecksum, heads }: CheckpointRecord): LogPosition {
  return { number: batch, checksum: batchChecksum, heads };
}

/** Of a store without an open batch. */
export const nothingPending = { readPending: (): boolean => false };
