/** For tests: where a stopped store's batches are, and rot in one of them. */
import type { BatchHeader } from '../../../../osd/store/format/batch-header.js';
import { storeSeed } from '../../../../osd/store/format/superblock.js';
import { readBatches } from '../../../../osd/store/log/segment-batches.js';
import { SegmentFiles } from '../../../../osd/store/log/segment-files.js';
import { readSuperblock } from '../../../../osd/store/open-store.js';
import type { Runtime } from '../../../../runtime/runtime.js';
import type { SimVolume } from '../../../../runtime/sim/volume.js';

/** The headers of all whole batches, by number. */
export async function batchesOf(runtime: Runtime, directory: string): Promise<BatchHeader[]> {
  const found: BatchHeader[] = [];
  const superblock = await readSuperblock(runtime, directory);
  const files = new SegmentFiles(runtime, directory, superblock);
  const options = { storeSeed: storeSeed(superblock), segmentBytes: superblock.segmentBytes };
  for (const segment of await files.list()) {
    const header = await files.readHeader(segment);
    if (header === undefined) continue;
    for await (const item of readBatches(files, { segment, generation: header.generation }, options)) {
      if (item.kind === 'batch') found.push(item.batch.header);
    }
  }
  await files.close();
  return found.sort((a, b) => a.number - b.number);
}

/**
 * Flips a bit in the header of a batch: nothing of it can be used. The directory is on this disk, from its root. False where the
 * disk holds nothing there.
 */
export function flipHeaderBit(disk: SimVolume, directory: string, { place }: BatchHeader): boolean {
  const path = `${directory}/segments/${place.segment.toString(16).padStart(8, '0')}.seg`;
  return disk.faults.flipBit(path, place.offset + 20, 1);
}
