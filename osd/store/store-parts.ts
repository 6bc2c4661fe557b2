/** What opening a store found out, for `Store`. */
import type { StoreState } from './apply/draft.js';
import type { CheckpointRecord } from './checkpoint/checkpoint-record.js';
import type { Superblock } from './format/superblock.js';
import type { Absence } from './index/absence.js';
import type { LogPosition } from './log/log-writer.js';
import type { SegmentFiles } from './log/segment-files.js';
import type { Ballast } from './space/ballast.js';
import type { ResolvedStoreOptions } from './store-options.js';

export interface StoreParts {
  readonly superblock: Superblock;
  readonly options: ResolvedStoreOptions;
  readonly state: StoreState;
  readonly files: SegmentFiles;
  readonly checkpoint: CheckpointRecord;
  /** The end of the log. */
  readonly position: LogPosition;
  readonly replayedBatches: number;
  readonly absence: Absence;
  readonly ballast: Ballast;
}
