/**
 * The header of a bucket's shard, in its attribute `shard`: which rectangle of the bucket it is (a range of hashes by a range of
 * keys), the part of the bucket's configuration that decides on writes, and exact counts.
 */
import { ByteReader } from '../../base/byte-reader.js';
import { ByteWriter } from '../../base/byte-writer.js';
import { latin1Bytes, latin1Text } from '../../base/bytes.js';
import { xxh64OfLatin1 } from '../../base/xxh64.js';
import { keyBytesMax, nameBytesMax, storageClassesMax } from './limits.js';
import { type DefaultRetention, lockCodes, lockModeOf } from './retention.js';

export const headerAttribute = 'shard';
export const bucketIdBytes = 16;

/** Keys are escaped (shard-keys.ts). */
export interface Rectangle {
  /** Of the hash of the key: both included. */
  readonly hashFrom: number;
  readonly hashTo: number;
  readonly keyFrom: string;
  /** `undefined`: to the end. */
  readonly keyTo: string | undefined;
}

export type Versioning = 'off' | 'enabled' | 'suspended';

/** What a bucket's configuration says about writes; every shard has it under the same generation. */
export interface WriteRules {
  readonly versioning: Versioning;
  readonly isLockEnabled: boolean;
  readonly defaultRetention: DefaultRetention | undefined;
  /** Account. */
  readonly owner: string;
}

export interface ClassCount {
  readonly objects: number;
  readonly bytes: number;
  readonly noncurrent: number;
  readonly noncurrentBytes: number;
}

export interface ShardCounts {
  /** By storage class; empty: STANDARD. In the order in which they came up. */
  readonly classes: ReadonlyMap<string, ClassCount>;
  readonly markers: number;
  readonly uploads: number;
  readonly parts: number;
  readonly partBytes: number;
  /** Bytes that bodies hold themselves: payloads that ride in entries. */
  readonly inlineBytes: number;
}

/** `preparing`: a child that is being filled. `sealed`: the bucket is being deleted. */
export type ShardState = 'open' | 'preparing' | 'sealed';

/** Of a parent: keys of `to` are being copied to a child; once `isSealed`, nobody changes them here any more. */
export interface OngoingSplit {
  readonly child: number;
  readonly range: Rectangle;
  readonly isSealed: boolean;
}

export interface ShardHeader {
  /** `bucketIdBytes` bytes as latin1. */
  readonly bucket: string;
  readonly shard: number;
  readonly rectangle: Rectangle;
  /** Of the bucket's table of shards, when the rectangle became what it is. */
  readonly tableVersion: number;
  readonly generation: number;
  readonly rules: WriteRules;
  readonly state: ShardState;
  readonly nextSequence: number;
  /** The latest date given: the next one is no earlier. */
  readonly modifiedMs: number;
  /** When the collector has to come; 0: it need not. */
  readonly dueMs: number;
  readonly counts: ShardCounts;
  readonly split: OngoingSplit | undefined;
}

export const blankCounts: ShardCounts = {
  classes: new Map(),
  markers: 0,
  uploads: 0,
  parts: 0,
  partBytes: 0,
  inlineBytes: 0,
};

const format = 1;
const versioningCodes = ['off', 'enabled', 'suspended'] as const;
const stateCodes = ['open', 'preparing', 'sealed'] as const;
const unitCodes = ['days', 'years'] as const;
/** Every byte of a key may be escaped. */
const escapedBytesMax = 2 * keyBytesMax;

/** 0 to 2^32-1. Never to be changed: every stored key is in the shard that this says. */
export function hashOfKey(escaped: string): number {
  return Number(BigInt.asUintN(32, xxh64OfLatin1(escaped)));
}

export function isWithin({ hashFrom, hashTo, keyFrom, keyTo }: Rectangle, escaped: string, hash: number): boolean {
  return hash >= hashFrom && hash <= hashTo && escaped >= keyFrom && (keyTo === undefined || escaped < keyTo);
}

export function encodeShardHeader(header: ShardHeader): Uint8Array {
  const writer = new ByteWriter(256);
  writer.u8(format);
  writer.raw(latin1Bytes(header.bucket));
  writer.varint(header.shard);
  writeRectangle(writer, header.rectangle);
  writer.varint(header.tableVersion);
  writer.varint(header.generation);
  writeRules(writer, header.rules);
  writer.u8(stateCodes.indexOf(header.state));
  writer.varint(header.nextSequence);
  writer.varint(header.modifiedMs);
  writer.varint(header.dueMs);
  writeCounts(writer, header.counts);
  writer.bool(header.split !== undefined);
  if (header.split !== undefined) {
    writer.varint(header.split.child);
    writeRectangle(writer, header.split.range);
    writer.bool(header.split.isSealed);
  }
  return writer.bytes();
}

/** `PARSE_ERROR` for what is no header of a known format. */
export function decodeShardHeader(bytes: Uint8Array): ShardHeader {
  const reader = new ByteReader(bytes);
  const version = reader.u8('the format of a shard');
  if (version !== format) throw reader.error(`a shard of unknown format ${version}; upgrade this OSD`, 0);
  const header: ShardHeader = {
    bucket: latin1Text(reader.viewRaw(bucketIdBytes, 'the id of a bucket')),
    shard: reader.varint('the number of a shard'),
    rectangle: readRectangle(reader),
    tableVersion: reader.varint('the version of a table'),
    generation: reader.varint('a generation'),
    rules: readRules(reader),
    state: readCode(reader, stateCodes, 'the state of a shard'),
    nextSequence: reader.varint('a sequence'),
    modifiedMs: reader.varint('a date'),
    dueMs: reader.varint('when the collector is due'),
    counts: readCounts(reader),
    split: reader.bool('whether it is being split')
      ? {
          child: reader.varint('the number of a shard'),
          range: readRectangle(reader),
          isSealed: reader.bool('whether a range is sealed'),
        }
      : undefined,
  };
  if (!reader.isAtEnd) throw reader.error('bytes behind the end of a shard');
  return header;
}

export function writeRectangle(writer: ByteWriter, { hashFrom, hashTo, keyFrom, keyTo }: Rectangle): void {
  writer.u32(hashFrom);
  writer.u32(hashTo);
  writer.latin1(keyFrom);
  writer.bool(keyTo !== undefined);
  if (keyTo !== undefined) writer.latin1(keyTo);
}

export function readRectangle(reader: ByteReader): Rectangle {
  const hashFrom = reader.u32('a hash');
  const hashTo = reader.u32('a hash');
  const keyFrom = latin1Text(reader.blob('a key', escapedBytesMax));
  const hasEnd = reader.bool('whether a range ends');
  return { hashFrom, hashTo, keyFrom, keyTo: hasEnd ? latin1Text(reader.blob('a key', escapedBytesMax)) : undefined };
}

function writeRules(writer: ByteWriter, { versioning, isLockEnabled, defaultRetention, owner }: WriteRules): void {
  writer.u8(versioningCodes.indexOf(versioning));
  writer.bool(isLockEnabled);
  writer.u8(defaultRetention === undefined ? 0 : lockCodes[defaultRetention.mode]);
  if (defaultRetention !== undefined) {
    writer.u8(unitCodes.indexOf(defaultRetention.unit));
    writer.varint(defaultRetention.amount);
  }
  writer.text(owner);
}

function readRules(reader: ByteReader): WriteRules {
  const versioning = readCode(reader, versioningCodes, 'versioning');
  const isLockEnabled = reader.bool('whether objects may be locked');
  const at = reader.offset;
  const code = reader.u8('the mode of a retention');
  let defaultRetention: DefaultRetention | undefined;
  if (code !== 0) {
    const mode = lockModeOf(code);
    if (mode === undefined) throw reader.error(`an unknown mode of retention ${code}`, at);
    const unit = readCode(reader, unitCodes, 'a unit');
    defaultRetention = { mode, unit, amount: reader.varint('a retention', 36_500, 1) };
  }
  return { versioning, isLockEnabled, defaultRetention, owner: reader.text('an owner', nameBytesMax) };
}

function writeCounts(writer: ByteWriter, counts: ShardCounts): void {
  writer.varint(counts.classes.size);
  for (const [name, { objects, bytes, noncurrent, noncurrentBytes }] of counts.classes) {
    writer.text(name);
    writer.varint(objects);
    writer.varint(bytes);
    writer.varint(noncurrent);
    writer.varint(noncurrentBytes);
  }
  writer.varint(counts.markers);
  writer.varint(counts.uploads);
  writer.varint(counts.parts);
  writer.varint(counts.partBytes);
  writer.varint(counts.inlineBytes);
}

function readCounts(reader: ByteReader): ShardCounts {
  const classes = new Map<string, ClassCount>();
  for (let left = reader.count('storage classes', 5, storageClassesMax); left > 0; left--) {
    const name = reader.text('a storage class', nameBytesMax);
    classes.set(name, {
      objects: reader.varint('a count'),
      bytes: reader.varint('a count of bytes'),
      noncurrent: reader.varint('a count'),
      noncurrentBytes: reader.varint('a count of bytes'),
    });
  }
  return {
    classes,
    markers: reader.varint('a count of markers'),
    uploads: reader.varint('a count of uploads'),
    parts: reader.varint('a count of parts'),
    partBytes: reader.varint('a count of bytes'),
    inlineBytes: reader.varint('a count of bytes'),
  };
}

function readCode<T extends string>(reader: ByteReader, codes: readonly T[], what: string): T {
  const at = reader.offset;
  const value = codes[reader.u8(what)];
  if (value === undefined) throw reader.error(`an unknown code of ${what}`, at);
  return value;
}
