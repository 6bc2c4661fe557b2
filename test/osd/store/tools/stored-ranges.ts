/** Where things stand in the segment files of a closed store, for tests that damage them. */
import assert from 'node:assert/strict';
import { open } from 'node:fs/promises';
import { decodeChunk } from '../../../../osd/store/format/chunk-value.js';
import { decodeObjectHead } from '../../../../osd/store/format/object-head.js';
import { storeSeed } from '../../../../osd/store/format/superblock.js';
import { openOffline } from '../../../../osd/store/tools/offline-store.js';
import { readBatches } from '../../../../osd/store/log/segment-batches.js';
import type { Runtime } from '../../../../runtime/runtime.js';

/** Flips a bit. */
export async function flip(path: string, position: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, position);
    await file.write(Buffer.from([(byte[0] ?? 0) ^ 0x10]), 0, 1, position);
  } finally {
    await file.close();
  }
}

export interface Range {
  readonly path: string;
  readonly from: number;
  readonly to: number;
}

/** Where batches, and payloads that something points to, are. */
export async function rangesOf(runtime: Runtime, directory: string): Promise<{ batches: Range[]; payloads: Range[] }> {
  const store = await openOffline(runtime, directory);
  const { superblock, state, files } = store;
  const batches: Range[] = [];
  const payloads: Range[] = [];
  for (let segment = 0; segment < superblock.segments; segment++) {
    const { state: kind, generation, usedBytes: end, liveBytes } = state.segments.info(segment);
    if (kind === 'unused' || (kind === 'closed' && liveBytes === 0)) continue;
    const options = { storeSeed: storeSeed(superblock), segmentBytes: superblock.segmentBytes, end };
    const path = files.path(segment);
    for await (const item of readBatches(files, { segment, generation }, options)) {
      assert.equal(item.kind, 'batch');
      if (item.kind !== 'batch') continue;
      batches.push({ path, from: item.offset, to: item.offset + item.batch.header.bytes });
    }
  }
  const read = (space: string, end: string) => state.index.kv.iterate({ gte: space, lt: end }).next(10_000);
  const heads = (await read('o', 'p')).flatMap(({ value }) => decodeObjectHead(value).extents);
  const chunks = (await read('e', 'f')).flatMap(({ value }) => decodeChunk(value));
  for (const { source, skip, bytes } of [...heads, ...chunks]) {
    if (source.kind === 'shared') continue;
    const { segment, offset, blockShift } = source.payload;
    const blockBytes = 2 ** blockShift;
    // Up to the end of its first block: behind it stands a checksum.
    const from = offset + skip + 8 * Math.floor(skip / blockBytes);
    payloads.push({ path: files.path(segment), from, to: from + Math.min(bytes, blockBytes - (skip % blockBytes)) });
  }
  await store.close();
  return { batches, payloads };
}
