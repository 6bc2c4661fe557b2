/** The batches of one life of a segment, from its first page on, whatever is damaged between them. */
import { batchHeaderBytes, decodeBatchHeader } from '../format/batch-header.js';
import { pageBytes } from '../limits.js';
import { readBatch, type ReadBatch, type ReadBatchOptions } from './batch-reader.js';
import type { SegmentFiles } from './segment-files.js';

export type SegmentItem =
  | { readonly kind: 'batch'; readonly batch: ReadBatch; readonly offset: number; readonly bytes: number }
  /** Pages without a batch that is whole. */
  | { readonly kind: 'gap'; readonly offset: number; readonly bytes: number };

export interface SegmentBatchesOptions extends ReadBatchOptions {
  /** Where to stop. Default: the segment's end. */
  readonly end?: number;
}

export interface SegmentLife {
  readonly segment: number;
  readonly generation: number;
}

const windowBytes = 1024 * 1024;

/** `bytes` are whole pages. `NOT_FOUND` without the file, `IO_ERROR` where it cannot be read. */
export async function* readBatches(
  files: SegmentFiles,
  { segment, generation }: SegmentLife,
  options: SegmentBatchesOptions,
): AsyncGenerator<SegmentItem> {
  const end = options.end ?? options.segmentBytes;
  let offset = pageBytes;
  while (offset < end) {
    const place = { segment, generation, offset };
    const batch = await files.read(segment, (file) => readBatch(file, place, options));
    if (batch !== undefined) {
      const bytes = Math.ceil(batch.header.bytes / pageBytes) * pageBytes;
      yield { kind: 'batch', batch, offset, bytes };
      offset += bytes;
      continue;
    }
    const next = (await findHeader(files, { segment, generation }, offset + pageBytes, { ...options, end })) ?? end;
    yield { kind: 'gap', offset, bytes: next - offset };
    offset = next;
  }
}

/** Where the next header stands, from `from` on, of whatever batch. */
async function findHeader(
  files: SegmentFiles,
  life: SegmentLife,
  from: number,
  { storeSeed, end }: SegmentBatchesOptions & { readonly end: number },
): Promise<number | undefined> {
  const window = new Uint8Array(Math.min(windowBytes, Math.max(pageBytes, end - from)));
  for (let start = from; start < end; start += window.byteLength) {
    const target = window.subarray(0, Math.min(window.byteLength, end - start));
    const count = await files.read(life.segment, (file) => file.read(target, start));
    for (let at = 0; at + batchHeaderBytes <= count; at += pageBytes) {
      const bytes = target.subarray(at, at + batchHeaderBytes);
      if (decodeBatchHeader(bytes, storeSeed, { ...life, offset: start + at }) !== undefined) return start + at;
    }
    if (count < target.byteLength) return undefined;
  }
  return undefined;
}
