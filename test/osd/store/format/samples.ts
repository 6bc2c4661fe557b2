/** One value of every stored format of the store, as bytes, with what decodes it. */
import { latin1Bytes, latin1Text, utf8Bytes } from '../../../../base/bytes.js';
import { ByteWriter } from '../../../../base/byte-writer.js';
import { poolId } from '../../../../cluster/ids.js';
import { decodeCheckpointRecord, encodeCheckpointRecord } from '../../../../osd/store/checkpoint/checkpoint-record.js';
import {
  batchHeaderBytes,
  decodeBatchHeader,
  fillBatchHeader,
  type BatchHeader,
} from '../../../../osd/store/format/batch-header.js';
import { decodeChunk, encodeChunk } from '../../../../osd/store/format/chunk-value.js';
import { aheadKey, aheadMarkKey, discardKey } from '../../../../osd/store/format/index-key.js';
import { decodeObjectHead, encodeObjectHead } from '../../../../osd/store/format/object-head.js';
import { decodeOmapValue, encodeOmapValue } from '../../../../osd/store/format/omap-value.js';
import { decodePayloadOwner, encodePayloadOwner } from '../../../../osd/store/format/payload-owner.js';
import {
  decodeRecord,
  writeAheadRecord,
  writeMergeRecord,
  writeMoveRecord,
  writeOpen,
  writeReleaseRecord,
  writeTransaction,
} from '../../../../osd/store/format/record.js';
import type { ChunkMerge } from '../../../../osd/store/format/chunk-merge.js';
import type { PayloadMove } from '../../../../osd/store/format/payload-move.js';
import { SlabPool } from '../../../../osd/store/log/slabs.js';
import { decodeSegmentHeader, encodeSegmentHeader } from '../../../../osd/store/format/segment-header.js';
import { decodeSharedPayload, encodeSharedPayload } from '../../../../osd/store/format/shared-payload.js';
import { decodeSuperblock, encodeSuperblock, storeSeed } from '../../../../osd/store/format/superblock.js';
import { OpenBatch } from '../../../../osd/store/log/open-batch.js';
import { SimMemory } from '../../../../runtime/sim/sim-memory.js';
import { parseBatch } from '../../../../osd/store/log/batch-reader.js';
import { objectId, parseObjectKey } from '../../../../osd/store/object-id.js';
import { decodeLogBlock, encodeLogBlock } from '../../../../osd/store/pg/log-block.js';
import { decodeLogEntry, encodeLogEntry } from '../../../../osd/store/pg/log-entry.js';
import { decodePgNum, encodePgNum } from '../../../../osd/store/pg/pg-num.js';
import { decodePgRecord, encodePgRecord } from '../../../../osd/store/pg/pg-state.js';
import { decodeSegmentInfo, encodeSegmentInfo } from '../../../../osd/store/segments/segment-table.js';
import { payloadOf, type PayloadSize, type Transaction } from '../../../../osd/store/transaction.js';

export interface FormatSample {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Throws typed errors only, or returns `undefined` for what is none. */
  readonly decode: (bytes: Uint8Array) => unknown;
  /** What was encoded; compared with what `decode` returns. */
  readonly value: unknown;
}

const uuid = Uint8Array.from({ length: 16 }, (_, i) => i * 17);
const pool = poolId(3);
const object = objectId(pool, { namespace: 'ns', locator: '', name: 'object \0 1' });
const other = objectId(pool, { namespace: '', locator: 'there', name: 'ä' });
const seed = storeSeed({ uuid });
const place = { segment: 7, generation: 3, offset: 8192 };
export const batchPlace = place;
export const batchStoreSeed = seed;
const payload = { segment: 7, offset: 8300, bytes: 5000, blockShift: 12, batch: 1_000_000_007 };
const heads = {
  hot: { ...place, offset: 12288 },
  hotNext: { segment: 9, generation: 1, offset: 4096 },
  cold: undefined,
  coldNext: undefined,
};

const superblock = {
  uuid,
  fsid: '0e5f9a52-0000-4000-8000-000000000001',
  osd: 3,
  capacityBytes: 2 ** 40,
  segmentBytes: 2 ** 26,
  segments: 14_745,
  requiredFeatures: [],
  renewals: [],
};

/** Every kind of mutation once. */
const transaction: Transaction<PayloadSize> = {
  pg: { pool, pg: 31 },
  blockShift: 16,
  mutations: [
    { kind: 'create', object },
    { kind: 'remove', object: other },
    { kind: 'write', object, offset: 4096, data: { bytes: 70_000 } },
    { kind: 'append', object, data: { bytes: 1 } },
    { kind: 'truncate', object, size: 2 ** 30 },
    { kind: 'zero', object, offset: 1, bytes: 2 },
    { kind: 'punch', object, offset: 3, bytes: 4 },
    { kind: 'clone', object: other, source: object },
    { kind: 'clone-range', object: other, source: object, sourceOffset: 5, offset: 6, bytes: 7 },
    { kind: 'set-attributes', object, set: new Map([['größe', utf8Bytes('v')]]) },
    { kind: 'remove-attributes', object, names: ['a', 'b'] },
    { kind: 'set-version', object, version: { term: 8, seq: 9 } },
    {
      kind: 'omap-set',
      object,
      key: 'k\xff',
      head: utf8Bytes('head'),
      bodies: [
        { slot: 0, body: { bytes: 10 } },
        { slot: 3, body: undefined },
      ],
    },
    { kind: 'omap-remove', object, key: 'k' },
    { kind: 'omap-remove-range', object, from: 'a', to: undefined },
    { kind: 'omap-move', object, from: 'a', to: 'b' },
    { kind: 'set-mark', object, mark: 'm', value: utf8Bytes('due') },
    { kind: 'remove-mark', object, mark: 'm' },
    { kind: 'pg-set', key: 'p', value: utf8Bytes('q') },
    { kind: 'pg-remove', key: 'p' },
    { kind: 'pg-remove-range', from: '', to: 'z' },
  ],
  cutAfter: { term: 4, seq: 99 },
  copied: undefined,
  entry: { seq: 100, term: 5, object, session: utf8Bytes('session'), request: 6, reply: utf8Bytes('reply') },
  trimTo: 50,
  split: undefined,
};

const moves: PayloadMove[] = [
  {
    from: payload,
    skip: 0,
    bytes: 5000,
    owner: { kind: 'chunk', object, chunk: 2, extents: [{ at: 1, bytes: 2, skip: 3 }] },
  },
  { from: payload, skip: 0, bytes: 5000, owner: { kind: 'body', object, key: 'k', slot: 2 } },
  { from: payload, skip: 4096, bytes: 904, owner: { kind: 'shared', id: 12, owner: 0x0123_4567_89ab_cdefn } },
];

const merge: ChunkMerge = {
  object,
  chunk: 4_095,
  blockShift: 12,
  runs: [
    {
      at: 4_096,
      bytes: 300,
      parts: [
        { at: 4_096, bytes: 100, skip: 3, payload, sharedId: undefined },
        { at: 4_300, bytes: 96, skip: 0, payload, sharedId: 12 },
      ],
    },
    { at: 200_000, bytes: 1, parts: [] },
  ],
};

const extents = [
  { at: 0, bytes: 4096, source: { kind: 'own' as const, payload }, skip: 100 },
  { at: 8192, bytes: 10, source: { kind: 'shared' as const, id: 12 }, skip: 0 },
];
const head = {
  size: 9000,
  version: { term: 5, seq: 100 },
  hasOmap: true,
  hasMarks: false,
  attributes: new Map([['content-type', utf8Bytes('text/plain')]]),
  extents,
};
const entry = {
  seq: 100,
  term: 5,
  object,
  session: utf8Bytes('session'),
  request: 6,
  reply: utf8Bytes('reply'),
  touched: [
    { kind: 'whole' as const, object },
    { kind: 'data' as const, object, offset: 1, bytes: 2 },
    { kind: 'size' as const, object, from: 3 },
    { kind: 'attribute' as const, object: other, name: 'größe' },
    { kind: 'omap-key' as const, object, key: 'k' },
    { kind: 'omap-range' as const, object, from: 'a', to: 'b' },
    { kind: 'mark' as const, object, mark: 'm' },
    { kind: 'pg-key' as const, key: 'p' },
    { kind: 'pg-range' as const, from: '', to: undefined },
  ],
};
const valueEntry = {
  ...entry,
  touched: [{ kind: 'omap-value' as const, object, key: 'k', hasHead: true, slots: [0 as const, 3 as const] }],
};
const packed = [{ term: 5, seq: 100, bytes: encodeLogEntry(entry) }];
/** What a copy takes over from another: entries as they are, and what they touched. */
const copying: Transaction<PayloadSize> = {
  pg: { pool, pg: 31 },
  blockShift: 12,
  mutations: [{ kind: 'pg-set', key: '\0own', value: utf8Bytes('v') }],
  cutAfter: undefined,
  copied: packed,
  entry: undefined,
  trimTo: undefined,
  split: undefined,
};
/** PG 31 of 64 becomes four. */
const splitting: Transaction<PayloadSize> = {
  pg: { pool, pg: 31 },
  blockShift: 12,
  mutations: [{ kind: 'pg-set', key: '\0own', value: utf8Bytes('v') }],
  cutAfter: undefined,
  copied: undefined,
  entry: undefined,
  trimTo: undefined,
  split: {
    fromPgNum: 64,
    toPgNum: 256,
    children: [
      { pg: 95, objects: 10, bytes: 2 ** 33 },
      { pg: 159, objects: 0, bytes: 0 },
      { pg: 223, objects: 1, bytes: 300 },
    ],
    values: [
      { key: 'p', to: undefined },
      { key: '\0missing', to: 159 },
    ],
  },
};
const header = {
  number: 1_000_000_007,
  place,
  bytes: 5000,
  frames: 2,
  lastFrame: 0xfedc_ba98_7654_3210n,
  previous: 42n,
  heads,
};
const checkpoint = {
  number: 65,
  batch: 1_000_000_007,
  batchChecksum: 77n,
  heads,
  durableBatch: 1_000_000_009,
  boot: 4,
  nextShared: 13,
};
const segmentHeader = { uuid, segment: 7, generation: 3, segmentBytes: 2 ** 26, preparedAfter: 1_000_000_000 };
const segmentInfo = {
  state: 'closed' as const,
  generation: 3,
  liveBytes: 60_000_000,
  usedBytes: 2 ** 26 - 4096,
  lastBatch: 1_000_000_007,
  diedAt: 1_000_000_008,
};
const pgRecord = {
  objects: 10,
  bytes: 2 ** 33,
  trimmedTo: 50,
  lastSeq: 100,
  lastTerm: 5,
  blocks: [
    { first: 40, entries: 60, bytes: 9000 },
    { first: 100, entries: 1, bytes: 150 },
  ],
};

function written(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  write(writer);
  return writer.bytes();
}

/** A batch of one frame with two payloads, of which one has two blocks. */
function makeBatch(): Uint8Array {
  const batch = new OpenBatch({
    storeSeed: seed,
    number: 12,
    place,
    isCold: false,
    slabs: new SlabPool(new SimMemory()),
  });
  const small: Transaction<PayloadSize> = {
    pg: { pool, pg: 31 },
    blockShift: 12,
    mutations: [
      { kind: 'write', object, offset: 0, data: { bytes: 4100 } },
      { kind: 'append', object: other, data: { bytes: 3 } },
    ],
  };
  const record = written((writer) => writeTransaction(writer, small));
  batch.add(record, [
    { payload: payloadOf(new Uint8Array(4100).fill(0x61)), blockShift: 12, owner: object.owner },
    { payload: payloadOf(utf8Bytes('end')), blockShift: 12, owner: other.owner },
  ]);
  const { bytes } = batch;
  return batch.seal(11n, heads).bytes.subarray(0, bytes);
}

function decodeBatch(bytes: Uint8Array): unknown {
  const found = decodeBatchHeader(bytes, seed, place);
  if (found === undefined) return undefined;
  return parseBatch(bytes, found.header, found.checksum, { storeSeed: seed, segmentBytes: 2 ** 20 });
}

const released = [discardKey(1_000_000_007, 2, 4_095), aheadKey(object, 300), aheadMarkKey(object)];
const ahead = { object, from: 300, to: 4_095, isLast: true };
const recordOf = (value: unknown, write: (writer: ByteWriter) => void) => ({
  bytes: written(write),
  decode: decodeRecord,
  value,
});

function batchHeaderOf(of: BatchHeader): Uint8Array {
  // What lay there before must not show.
  const bytes = new Uint8Array(batchHeaderBytes).fill(0xff);
  fillBatchHeader({ bytes, view: new DataView(bytes.buffer) }, of, seed);
  return bytes;
}

export const formatSamples: readonly FormatSample[] = [
  {
    name: 'superblock',
    bytes: encodeSuperblock(superblock),
    decode: (bytes) => decodeSuperblock(bytes, 'superblock'),
    value: superblock,
  },
  {
    name: 'segment header',
    bytes: encodeSegmentHeader(segmentHeader).subarray(0, 96),
    decode: decodeSegmentHeader,
    value: segmentHeader,
  },
  {
    name: 'batch header',
    bytes: batchHeaderOf(header),
    decode: (bytes) => decodeBatchHeader(bytes, seed, place)?.header,
    value: header,
  },
  { name: 'batch', bytes: makeBatch(), decode: decodeBatch, value: undefined },
  {
    name: 'record of a transaction',
    ...recordOf({ kind: 'transaction', transaction }, (writer) => writeTransaction(writer, transaction)),
  },
  {
    name: 'record of a transaction with copied entries',
    ...recordOf({ kind: 'transaction', transaction: copying }, (writer) => writeTransaction(writer, copying)),
  },
  {
    name: 'record of a split',
    ...recordOf({ kind: 'transaction', transaction: splitting }, (writer) => writeTransaction(writer, splitting)),
  },
  {
    name: 'record of an opening',
    ...recordOf({ kind: 'open', boot: 4, nonce: 99n }, (writer) => writeOpen(writer, 4, 99n)),
  },
  { name: 'record of moves', ...recordOf({ kind: 'move', moves }, (writer) => writeMoveRecord(writer, moves)) },
  { name: 'record of a merge', ...recordOf({ kind: 'merge', merge }, (writer) => writeMergeRecord(writer, merge)) },
  {
    name: 'record of a release',
    ...recordOf({ kind: 'release', keys: released }, (writer) => writeReleaseRecord(writer, released)),
  },
  {
    name: 'record of a clone ahead',
    ...recordOf({ kind: 'ahead', ahead }, (writer) => writeAheadRecord(writer, ahead)),
  },
  { name: 'object head', bytes: encodeObjectHead(head), decode: decodeObjectHead, value: head },
  { name: 'chunk', bytes: encodeChunk(extents), decode: decodeChunk, value: extents },
  {
    name: 'omap value',
    ...omapSample({
      head: utf8Bytes('head'),
      bodies: [
        { slot: 0, payload, isMoved: false },
        { slot: 2, payload, isMoved: true },
        { slot: 3, payload: undefined, isMoved: false },
      ],
    }),
  },
  {
    name: 'shared payload',
    bytes: encodeSharedPayload({ payload, owner: object.owner, references: 3 }),
    decode: decodeSharedPayload,
    value: { payload, owner: object.owner, references: 3 },
  },
  {
    name: 'payload owner, shared',
    bytes: encodePayloadOwner({ kind: 'shared', id: 12 }),
    decode: decodePayloadOwner,
    value: { kind: 'shared', id: 12 },
  },
  {
    name: 'payload owner, body',
    bytes: encodePayloadOwner({ kind: 'body', objectKey: object.key, key: 'k\xff', slot: 3 }),
    decode: decodePayloadOwner,
    value: { kind: 'body', objectKey: object.key, key: 'k\xff', slot: 3 },
  },
  { name: 'log entry', bytes: encodeLogEntry(entry), decode: decodeLogEntry, value: entry },
  { name: 'log entry of an omap value', bytes: encodeLogEntry(valueEntry), decode: decodeLogEntry, value: valueEntry },
  { name: 'log block', bytes: encodeLogBlock(packed), decode: decodeLogBlock, value: packed },
  { name: 'PG record', bytes: encodePgRecord(pgRecord), decode: decodePgRecord, value: pgRecord },
  { name: 'number of PGs', bytes: encodePgNum(300), decode: decodePgNum, value: 300 },
  { name: 'segment info', bytes: encodeSegmentInfo(segmentInfo), decode: decodeSegmentInfo, value: segmentInfo },
  {
    name: 'checkpoint record',
    bytes: encodeCheckpointRecord(checkpoint),
    decode: decodeCheckpointRecord,
    value: checkpoint,
  },
  {
    name: 'object key',
    bytes: latin1Bytes(object.key),
    decode: (bytes) => parseObjectKey(latin1Text(bytes)),
    value: object,
  },
];

function omapSample(value: Parameters<typeof encodeOmapValue>[0]): Omit<FormatSample, 'name'> {
  return { bytes: encodeOmapValue(value), decode: decodeOmapValue, value };
}
