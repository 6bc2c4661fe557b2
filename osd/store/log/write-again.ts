/**
 * The end of a log that was replayed, made durable before anything rests on it.
 *
 * Batches are written one at a time: when one was begun, all before it were durable. So of what a replay read, the last
 * batch alone may be in the page cache and nowhere else. Either its write was cut off by a kill, or it failed, and then no
 * sync helps: the kernel takes the pages for clean, shows them for as long as it keeps them, and says of every later sync
 * that all is well (https://lwn.net/Articles/752063/). Written again they are dirty once more, and what that write says is true.
 *
 * Where the disk had the batch already, the same bytes go to where they are: a torn write in between changes nothing.
 */
import type { Runtime } from '../../../runtime/runtime.js';
import type { ReadBatch } from './batch-reader.js';
import type { SegmentFiles } from './segment-files.js';

/** Durable when it resolves. `IO_ERROR`: then nobody may be told what the batch holds. */
export async function writeAgain(
  runtime: Runtime,
  files: SegmentFiles,
  { header: { place }, bytes }: Pick<ReadBatch, 'header' | 'bytes'>,
): Promise<void> {
  const file = await runtime.disk.open(files.path(place.segment), { mode: 'write', durableWrites: true });
  try {
    await file.write(bytes, place.offset);
  } finally {
    await file.close();
  }
}
