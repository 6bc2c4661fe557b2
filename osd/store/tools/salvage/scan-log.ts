/** Finds every batch that is whole in the segment files, whatever is missing between them. */
import { isCairnError } from '../../../../base/errors.js';
import type { SegmentFiles } from '../../log/segment-files.js';
import type { ReadBatchOptions } from '../../log/batch-reader.js';
import type { BatchPlace } from '../../format/batch-header.js';
import { readBatches } from '../../log/segment-batches.js';

export interface FoundBatch {
  readonly number: number;
  readonly place: BatchPlace;
}

export interface LogScan {
  /** By number. Takes about 100 bytes of memory for each. */
  readonly batches: readonly FoundBatch[];
  /** Segment files without a header that verifies, or that cannot be read. */
  readonly unreadable: readonly string[];
  /** Runs of batch numbers, from the first found to the last, that are nowhere: recycled, or lost. */
  readonly holes: readonly { readonly from: number; readonly to: number }[];
  readonly missing: number;
  readonly bytes: number;
}

export async function scanLog(
  files: SegmentFiles,
  options: ReadBatchOptions,
  onBytes: (bytes: number) => void,
): Promise<LogScan> {
  const batches: FoundBatch[] = [];
  const unreadable: string[] = [];
  let bytes = 0;
  for (const segment of await files.list()) {
    try {
      const header = await files.readHeader(segment);
      if (header === undefined) {
        unreadable.push(files.path(segment));
        continue;
      }
      const life = { segment, generation: header.generation };
      // Only records: a payload that has rotted costs its own bytes, not the whole batch.
      for await (const item of readBatches(files, life, { ...options, verifyPayloads: false })) {
        bytes += item.bytes;
        onBytes(item.bytes);
        if (item.kind === 'batch') batches.push({ number: item.batch.header.number, place: item.batch.header.place });
      }
    } catch (error) {
      if (!isCairnError(error)) throw error;
      unreadable.push(`${files.path(segment)}: ${error.message}`);
    }
  }
  batches.sort((a, b) => a.number - b.number);
  return { batches, unreadable, bytes, ...holesIn(batches) };
}

function holesIn(batches: readonly FoundBatch[]): Pick<LogScan, 'holes' | 'missing'> {
  const holes: { from: number; to: number }[] = [];
  let missing = 0;
  let next = 1;
  for (const { number } of batches) {
    if (number > next) {
      holes.push({ from: next, to: number - 1 });
      missing += number - next;
    }
    next = number + 1;
  }
  return { holes, missing };
}
