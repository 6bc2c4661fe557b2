/** Sizes that the formats and the memory of the store are built around. Callers split what is larger. */
import { invariant } from '../../base/invariant.js';
import { objectBytesMax } from '../../protocol/object-limits.js';

/** Batches, segment headers and pre-written files keep to it: the page of the file systems below. */
export const pageBytes = 4096;

/** Logical range of an object whose extents share one index key: a random overwrite rewrites one small value. */
export const chunkBytes = 256 * 1024;

/**
 * Extents of a chunk beyond which the merger writes the small ones anew as one: 2 KiB of index that each write to the chunk
 * writes again. It leaves fewer than half as many (`merger/runs-to-merge.ts`), so each of its writes is worth 64 of others.
 */
export const chunkExtentsMax = 128;

/** Beyond so many times that, transactions that write to the chunk wait for the merger. */
export const crowdedFactor = 8;

/**
 * Index values of chunks that one transaction rewrites extent by extent, in bytes: about 5,000 extents, and 40 ms where each is a
 * payload that clones share. What lets go of more, or clones more, leaves the rest to be done in slices (`bulk/`).
 */
export const bulkBytesMin = 64 * 1024;

/** A slice has so many times less, or one chunk: 4 ms. */
export const slicesOfBulk = 10;

/** Encoded record and payloads of one transaction. A segment holds several, whatever its size. */
export const transactionBytesMax = 16 * 1024 * 1024;

/** A batch closes at this size, or with the one larger transaction that it consists of. */
export const batchBytesMax = 8 * 1024 * 1024;

export const segmentBytesDefault = 64 * 1024 * 1024;
/** Smaller segments are for tests and tiny disks: a header and a few batches must fit. */
export const segmentBytesMin = 256 * 1024;

/** UTF-8 bytes. RADOS takes names of 2,048 bytes and namespaces of 256; nothing that worked there is refused here. */
export const nameBytesMax = 2048;
export const namespaceBytesMax = 256;

/** Names and values of all attributes of one object together: they travel with every rewrite of its head. */
export const attributeBytesMax = 64 * 1024;
export const attributeNameBytesMax = 256;

/** An S3 key of 1,024 bytes, escaped, with the prefix and suffix of an index entry. */
export const omapKeyBytesMax = 4096;
/** The head of an omap value lives in the index: what is larger belongs into a body. */
export const omapHeadBytesMax = 64 * 1024;
export const bodyBytesMax = 1024 * 1024;
export const bodiesMax = 4;
/** Checksum block of bodies, whatever the pool's. */
export const bodyBlockShift = 16;

/** Checksum blocks of object data: 4 KiB (volumes) to 1 MiB. */
export const blockShiftMin = 12;
export const blockShiftMax = 20;

/** Mutations of one transaction. */
export const mutationsMax = 16_384;

/** Of a PG log block: entries, and the bytes beyond which no further entry is added. */
export const logBlockEntriesMax = 256;
export const logBlockBytesMax = 64 * 1024;
/** One entry, its reply included. */
export const logEntryBytesMax = 128 * 1024;

/** The largest transaction that a segment of this size takes: four of them fit at least. */
export function transactionBytesIn(segmentBytes: number): number {
  return Math.min(transactionBytesMax, Math.floor(segmentBytes / 4));
}

invariant(batchBytesMax <= transactionBytesMax, 'the largest transaction is a batch of its own');
invariant(objectBytesMax / chunkBytes <= 4096, 'the removal of an object touches few keys');
invariant(chunkBytes % 2 ** blockShiftMin === 0, 'a chunk is whole blocks of the smallest size');
invariant(segmentBytesDefault >= 4 * transactionBytesMax, 'a segment takes four of the largest transactions');
