/**
 * What gateways call on the shards of a bucket (object class `bucket`): the inputs, as MessagePack. Calls that need the key's
 * shard to be the right one carry the bucket's id and generation, and are refused before anything else (refusal.ts).
 */
import * as z from 'zod/mini';
import { checksumNames } from './checksum.js';
import { aclCodes } from './entry.js';
import {
  aclBytesMax,
  blobChunksMax,
  checksumBytesMax,
  contentBytesMax,
  keyBytesMax,
  nameBytesMax,
  objectBytesMax,
  pageMax,
  partBytesMax,
  partsMax,
  tagsBytesMax,
} from './limits.js';
import { blobIdBytes, uploadIdBytes } from './shard-keys.js';
import { bucketIdBytes } from './shard-header.js';
import { requestIdBytes } from './version-id.js';

export const bucketClass = 'bucket';

const bytesOf = (count: number) =>
  z.instanceof(Uint8Array).check(z.refine((bytes) => bytes.byteLength === count, `must have ${count} bytes`));
const bytesUpTo = (max: number) =>
  z.instanceof(Uint8Array).check(z.refine((bytes) => bytes.byteLength <= max, `must have at most ${max} bytes`));
const count = (max: number) => z.int().check(z.gte(0), z.lte(max));
const whole = count(Number.MAX_SAFE_INTEGER);
const text = z.string().check(z.maxLength(nameBytesMax));
/** UTF-16 units are no more than UTF-8 bytes; the class counts those. */
const keyText = z.string().check(z.minLength(1), z.maxLength(keyBytesMax));
const prefixText = z.string().check(z.maxLength(keyBytesMax));

const place = { bucket: bytesOf(bucketIdBytes), generation: whole };
const keyed = { ...place, key: keyText };
const requestId = bytesOf(requestIdBytes);
const acl = z.enum(Object.keys(aclCodes) as [keyof typeof aclCodes]);
const lockMode = z.enum(['governance', 'compliance']);
const retention = z.strictObject({ mode: lockMode, untilMs: whole });
const checksumName = z.enum(checksumNames as [(typeof checksumNames)[number]]);
const checksumType = z.enum(['FULL_OBJECT', 'COMPOSITE']);
const checksum = z.strictObject({ algorithm: checksumName, type: checksumType, value: bytesUpTo(checksumBytesMax) });

/** Of which version: the null version, or one by name. */
const versionName = z.union([z.literal('null'), z.strictObject({ sequence: whole, requestId })]);
export type VersionSelector = z.infer<typeof versionName>;

/** Of one header. */
const etags = z.union([z.literal('*'), z.array(text).check(z.minLength(1), z.maxLength(64))]);

/** ETags without quotes, as clients see them: one of them, or none of them; `*`: any. */
const condition = z.strictObject({
  ifMatch: z.optional(etags),
  ifNoneMatch: z.optional(etags),
  /** Of the current version. */
  ifSize: z.optional(whole),
  /** In whole seconds, as clients see it. */
  ifModifiedSeconds: z.optional(whole),
});
export type WriteCondition = z.infer<typeof condition>;

const rectangle = z.strictObject({
  hashFrom: count(0xffffffff),
  hashTo: count(0xffffffff),
  keyFrom: z.string().check(z.maxLength(2 * keyBytesMax)),
  keyTo: z.optional(z.string().check(z.maxLength(2 * keyBytesMax))),
});

const rules = z.strictObject({
  versioning: z.enum(['off', 'enabled', 'suspended']),
  isLockEnabled: z.boolean(),
  defaultRetention: z.optional(
    z.strictObject({ mode: lockMode, unit: z.enum(['days', 'years']), amount: z.int().check(z.gte(1), z.lte(36_500)) }),
  ),
  owner: text,
});

export const createInput = z.strictObject({
  ...place,
  shard: whole,
  rectangle,
  tableVersion: whole,
  rules,
  state: z.enum(['open', 'preparing']),
  nextSequence: whole,
});

/** The rules of a later generation; of the same one nothing. */
export const configureInput = z.strictObject({ ...place, rules });

/** `seal`, if it is empty, and `unseal`: a bucket is being deleted, or is not after all. `stat`. */
export const bucketOnlyInput = z.strictObject({ bucket: bytesOf(bucketIdBytes) });

const plan = {
  owner: text,
  storageClass: text,
  acl,
  retention: z.optional(retention),
  legalHold: z.boolean(),
  tagCount: count(255),
  tagHash: count(0xffffffff),
};

/** Payload: content, tags, grants. */
export const putInput = z.strictObject({
  ...keyed,
  requestId,
  ...plan,
  size: count(objectBytesMax),
  etag: bytesOf(16),
  /** More than 0 for a copy of what was uploaded in parts. */
  partCount: count(partsMax),
  checksum: z.optional(checksum),
  isInline: z.boolean(),
  isShared: z.boolean(),
  /** Blobs that were written for it: all must be there, and go. */
  intents: z.array(bytesOf(blobIdBytes)).check(z.maxLength(16)),
  condition: z.optional(condition),
  contentBytes: count(contentBytesMax),
  tagsBytes: count(tagsBytesMax),
  aclBytes: count(aclBytesMax),
});

const blobPlace = z.strictObject({ pool: count(2 ** 31 - 1), id: bytesOf(blobIdBytes), chunkShift: count(24) });

export const intendInput = z.strictObject({
  ...keyed,
  blob: blobPlace,
  chunks: count(blobChunksMax),
  expiresInMs: count(7 * 86_400_000),
  /** It must be there still. */
  isRenewal: z.boolean(),
});

/** What was begun is given up: the chunks go. Intents that are gone are passed over. */
export const abandonInput = z.strictObject({ ...keyed, blobs: z.array(bytesOf(blobIdBytes)).check(z.maxLength(16)) });

export const deleteInput = z.strictObject({
  ...place,
  requestId,
  owner: text,
  mayBypassGovernance: z.boolean(),
  items: z
    .array(z.strictObject({ key: keyText, version: z.optional(versionName), condition: z.optional(condition) }))
    .check(z.minLength(1), z.maxLength(pageMax)),
});

/** What changes of a version without another one being made. Payload: tags, or grants. */
export const updateInput = z.strictObject({
  ...keyed,
  version: z.optional(versionName),
  mayBypassGovernance: z.boolean(),
  change: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('tags'), tagCount: count(255), tagHash: count(0xffffffff) }),
    z.strictObject({ kind: z.literal('retention'), retention: z.optional(retention) }),
    z.strictObject({ kind: z.literal('legal-hold'), isOn: z.boolean() }),
    z.strictObject({ kind: z.literal('acl'), acl }),
    /** Before its blobs get further owners. */
    z.strictObject({ kind: z.literal('share'), sequence: whole }),
  ]),
});

/** Payload: stored headers, tags, grants. */
export const createUploadInput = z.strictObject({
  ...keyed,
  requestId,
  ...plan,
  checksum: z.optional(checksumName),
  checksumType,
  headersBytes: count(contentBytesMax),
  tagsBytes: count(tagsBytesMax),
  aclBytes: count(aclBytesMax),
});

const upload = bytesOf(uploadIdBytes);

/** Payload: the part's list of blobs (manifest.ts). */
export const putPartInput = z.strictObject({
  ...keyed,
  upload,
  part: z.int().check(z.gte(1), z.lte(partsMax)),
  size: count(partBytesMax),
  etag: bytesOf(16),
  checksum: bytesUpTo(checksumBytesMax),
  isShared: z.boolean(),
  intents: z.array(bytesOf(blobIdBytes)).check(z.maxLength(16)),
});

/** Payload: of each part its number (two bytes, big-endian) and its ETag (16 bytes), ascending. */
export const completeInput = z.strictObject({
  ...keyed,
  requestId,
  upload,
  /** Of the whole, which whoever lists the parts can tell. */
  etag: bytesOf(16),
  checksum: z.optional(checksum),
  size: z.optional(whole),
  condition: z.optional(condition),
  /** How long a repetition is told the same. */
  keepMs: count(7 * 86_400_000),
});

export const abortInput = z.strictObject({ ...keyed, upload });

/** `wants`: heads come always. */
export const getInput = z.strictObject({
  ...keyed,
  version: z.optional(versionName),
  wants: z.array(z.enum(['content', 'tags', 'acl'])).check(z.maxLength(3)),
});

/** `after` is a key, or one of the prefixes that the delimiter makes: nothing up to it comes. */
export const listInput = z.strictObject({
  ...place,
  prefix: prefixText,
  delimiter: prefixText,
  after: z.optional(z.string()),
  count: z.int().check(z.gte(1), z.lte(pageMax)),
});

/** As `list`; `afterSequence`: within the key `after`, only older versions. */
export const listVersionsInput = z.extend(listInput, { afterSequence: z.optional(whole) });

/** As `list`; `afterUpload`: within the key `after`, only later ones. */
export const listUploadsInput = z.extend(listInput, { afterUpload: z.optional(upload) });

export const listPartsInput = z.strictObject({
  ...keyed,
  upload,
  after: count(partsMax),
  count: z.int().check(z.gte(1), z.lte(partsMax)),
});

/** Chunks of that blob stay until then, whatever becomes of its entry. */
export const holdInput = z.strictObject({
  bucket: bytesOf(bucketIdBytes),
  blob: bytesOf(blobIdBytes),
  forMs: count(86_400_000),
});

/** `expire` and `collect`. */
export const collectInput = z.strictObject({
  bucket: bytesOf(bucketIdBytes),
  count: z.int().check(z.gte(1), z.lte(pageMax)),
});

/** What `collect` named, by its place in the shard: it is done, or has to be done `againInMs` later. */
export const collectedInput = z.strictObject({
  bucket: bytesOf(bucketIdBytes),
  items: z
    .array(z.strictObject({ dueMs: whole, sequence: whole, againInMs: z.optional(count(7 * 86_400_000)) }))
    .check(z.maxLength(pageMax)),
});

export const cleanUploadInput = z.strictObject({
  bucket: bytesOf(bucketIdBytes),
  key: keyText,
  upload,
  count: z.int().check(z.gte(1), z.lte(pageMax)),
});
