/** One record of every kind, with every field in use. */
import { encodeEntry, type ObjectEntry } from '../../../protocol/bucket/entry.js';
import { contentOfManifest, contentPrefix, encodeStoredHeaders } from '../../../protocol/bucket/content.js';
import { encodeEnded, encodeHold, encodeIntent, encodeNullPlace } from '../../../protocol/bucket/intent.js';
import type { Manifest } from '../../../protocol/bucket/manifest.js';
import { encodePart } from '../../../protocol/bucket/part.js';
import { encodeShardHeader, type ShardHeader } from '../../../protocol/bucket/shard-header.js';
import { encodeUpload, type UploadPlan } from '../../../protocol/bucket/upload.js';

export const bytes = (count: number, first = 1): Uint8Array =>
  Uint8Array.from({ length: count }, (_, i) => (first + i) & 0xff);
const id = 'REQUEST1';

export const entry: ObjectEntry = {
  kind: 'object',
  sequence: 70_000,
  requestId: id,
  modifiedMs: 1_800_000_000_123,
  isNull: true,
  isShared: true,
  owner: 'bob',
  size: 5_000_000_000,
  etag: bytes(16),
  partCount: 3,
  storageClass: 'COLD',
  checksum: { algorithm: 'SHA256', type: 'COMPOSITE', value: bytes(32) },
  isInline: false,
  acl: 'public-read',
  retention: { mode: 'compliance', untilMs: 1_900_000_000_000 },
  legalHold: true,
  tagCount: 2,
  tagHash: 0xdeadbeef,
};

export const marker = {
  kind: 'marker',
  sequence: 7,
  requestId: id,
  modifiedMs: 1_800_000_000_000,
  owner: '',
  isNull: false,
} as const;

export const manifest: Manifest = {
  blobs: [
    { pool: 3, id: bytes(16), chunkShift: 22 },
    { pool: 4, id: bytes(16, 100), chunkShift: 16 },
  ],
  slices: [
    { blob: 0, offset: 0, bytes: 4_194_304 },
    { blob: 1, offset: 65_536, bytes: 10 },
    { blob: 0, offset: 300, bytes: 5 },
  ],
  parts: [
    { slices: 2, checksum: bytes(4) },
    { slices: 1, checksum: new Uint8Array(0) },
  ],
};

export const storedHeaders = {
  headers: new Map([
    ['content-type', 'text/plain'],
    ['cache-control', 'no-store'],
  ] as const),
  metadata: new Map([['colour', 'grün']]),
};

const plan: UploadPlan = {
  owner: 'bob',
  storageClass: '',
  checksum: 'CRC64NVME',
  checksumType: 'FULL_OBJECT',
  acl: 'private',
  retention: undefined,
  legalHold: false,
  tagCount: 1,
  tagHash: 9,
};

export const header: ShardHeader = {
  bucket: Buffer.from(bytes(16)).toString('latin1'),
  shard: 5,
  rectangle: { hashFrom: 0x40000000, hashTo: 0x7fffffff, keyFrom: 'a', keyTo: 'm\0\xff' },
  tableVersion: 12,
  generation: 3,
  rules: {
    versioning: 'enabled',
    isLockEnabled: true,
    defaultRetention: { mode: 'governance', unit: 'years', amount: 7 },
    owner: 'alice',
  },
  state: 'open',
  nextSequence: 123_456,
  modifiedMs: 1_800_000_000_000,
  dueMs: 1_800_000_900_000,
  counts: {
    classes: new Map([
      ['', { objects: 10, bytes: 1_000, noncurrent: 3, noncurrentBytes: 30 }],
      ['COLD', { objects: 1, bytes: 5, noncurrent: 0, noncurrentBytes: 0 }],
    ]),
    markers: 2,
    uploads: 1,
    parts: 4,
    partBytes: 20_971_520,
    inlineBytes: 900,
  },
  split: { child: 9, range: { hashFrom: 0, hashTo: 0xffffffff, keyFrom: 'k', keyTo: undefined }, isSealed: true },
};

const headersBytes = encodeStoredHeaders(storedHeaders);

/** By name, as they are stored. */
export const records: Readonly<Record<string, Uint8Array>> = {
  'an object': encodeEntry(entry),
  'a delete marker': encodeEntry(marker),
  'stored headers': headersBytes,
  'what stands before a payload': contentPrefix(headersBytes),
  'a content with a manifest': contentOfManifest(headersBytes, manifest),
  'an open upload': encodeUpload({ initiatedMs: 1_800_000_000_000, plan, state: { kind: 'open' } }),
  'an aborted upload': encodeUpload({ initiatedMs: 1, plan, state: { kind: 'aborted', dueMs: 1_800_000_000_000 } }),
  'a completed upload': encodeUpload({
    initiatedMs: 1,
    plan,
    state: {
      kind: 'completed',
      keptUntilMs: 1_800_000_000_000,
      result: {
        version: { sequence: 70_000, requestId: id },
        isNull: false,
        etag: bytes(16),
        partCount: 3,
        checksum: { algorithm: 'CRC32', type: 'FULL_OBJECT', value: bytes(4) },
      },
    },
  }),
  'a part': encodePart({
    modifiedMs: 1_800_000_000_000,
    size: 4_194_319,
    etag: bytes(16),
    checksum: bytes(8),
    isShared: true,
    data: manifest,
  }),
  'an intent': encodeIntent({
    blob: { pool: 3, id: bytes(16), chunkShift: 22 },
    chunks: 1_280,
    expiresMs: 1_800_000_000_000,
  }),
  'a hold': encodeHold(1_800_000_000_000),
  'the place of a null version': encodeNullPlace(70_000),
  'a note on an upload that has ended': encodeEnded({ key: 'a/ö', upload: bytes(16) }),
  'the header of a shard': encodeShardHeader(header),
};
