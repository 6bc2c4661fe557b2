/** Sizes that gateways and the object class of bucket shards agree on. Those of S3 itself: S3-SURFACE section 7. */

export const keyBytesMax = 1_024;
/** Text fields of records: ids of accounts, storage classes. */
export const nameBytesMax = 256;
/** Headers that are stored and user metadata (2 KB of it by S3), encoded. */
export const metadataBytesMax = 16 * 1024;
/** What a body of an omap value takes: payloads that ride in the entry, manifests. */
export const contentBytesMax = 1024 * 1024;
export const tagsBytesMax = 16 * 1024;
export const aclBytesMax = 64 * 1024;

export const partsMax = 10_000;
/** 5 MiB: of every part but the last. */
export const partBytesMin = 5 * 1024 * 1024;
/** 5 GiB, of a part and of an object put at once. */
export const partBytesMax = 5 * 1024 ** 3;
export const objectBytesMax = partsMax * partBytesMax;

/** One page of a listing, and keys of a DeleteObjects. */
export const pageMax = 1_000;
/** Storage classes that a shard counts apart. */
export const storageClassesMax = 32;
/** The largest digest: SHA-512. */
export const checksumBytesMax = 64;
/** Slices of one part: its record is a head. Whoever would need more copies the bytes (DESIGN.md section 7). */
export const partSlicesMax = 1_024;
/** Chunks of one blob: 5 GiB in the smallest chunks of 64 KiB. */
export const blobChunksMax = 81_920;
