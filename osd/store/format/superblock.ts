/**
 * The file `superblock`: what `mkfs` decided, for ever, and as which store the cluster knows it. Replaced durably when that
 * changes; everything else that changes is in the log.
 */
import { hexText } from '../../../base/bytes.js';
import { ByteReader } from '../../../base/byte-reader.js';
import { ByteWriter } from '../../../base/byte-writer.js';
import { CairnError } from '../../../base/errors.js';
import { xxh64 } from '../../../base/xxh64.js';
import { pageBytes, segmentBytesMin } from '../limits.js';

export interface Superblock {
  /** Of this store, 16 bytes: made anew by every mkfs, so that an old disk is never taken for this one. */
  readonly uuid: Uint8Array;
  /** Of the cluster; empty text until the OSD is told. */
  readonly fsid: string;
  /** Which OSD the disk was made for. */
  readonly osd: number;
  /** Of everything: segments and index. Fixed, so that OSDs that share a file system do not count it twice. */
  readonly capacityBytes: number;
  readonly segmentBytes: number;
  readonly segments: number;
  /** Formats in this store that an older program does not know, by name; none yet. */
  readonly requiredFeatures: readonly string[];
  /**
   * Names that the store took since, as a member of the cluster, oldest first: each time it had lost what it had promised to
   * keep (PG-PROTOCOL.md section 1, "Registration"). The newest 8.
   */
  readonly renewals: readonly Uint8Array[];
}

export const superblockName = 'superblock';
const magic = 'CAIRNOSD';
const format = 1;
/** With renewals: an older program that took such a store for the member it was would break what the cluster relies on. */
const formatRenewed = 2;
const renewalsMax = 8;

export function encodeSuperblock(superblock: Superblock): Uint8Array {
  const writer = new ByteWriter(256);
  writer.raw(Buffer.from(magic, 'latin1'));
  const { renewals } = superblock;
  writer.u32(renewals.length === 0 ? format : formatRenewed);
  writer.raw(superblock.uuid);
  writer.text(superblock.fsid);
  writer.varint(superblock.osd);
  writer.varint(superblock.capacityBytes);
  writer.varint(superblock.segmentBytes);
  writer.varint(superblock.segments);
  writer.varint(superblock.requiredFeatures.length);
  for (const feature of superblock.requiredFeatures) writer.text(feature);
  if (renewals.length > 0) {
    writer.varint(renewals.length);
    for (const renewal of renewals) writer.raw(renewal);
  }
  writer.u64(xxh64(writer.viewWritten()));
  return writer.bytes();
}

/** `CORRUPT` for a damaged file, `UNSUPPORTED` for one that a later version made. */
export function decodeSuperblock(bytes: Uint8Array, path: string): Superblock {
  const isOurs = bytes.byteLength > 36 && Buffer.from(bytes.subarray(0, 8)).toString('latin1') === magic;
  if (!isOurs) throw new CairnError('CORRUPT', `${path} is no superblock of an OSD; check the directory`);
  const reader = new ByteReader(bytes, 8, bytes.byteLength - 8);
  const sum = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(bytes.byteLength - 8, true);
  if (sum !== xxh64(bytes.subarray(0, bytes.byteLength - 8))) {
    throw new CairnError('CORRUPT', `${path} does not match its checksum; run cairn osd fsck --salvage`);
  }
  const version = reader.u32('the format of a superblock');
  if (version !== format && version !== formatRenewed) throw tooNew(path, `its format is ${version}`);
  const uuid = reader.viewRaw(16, 'a uuid').slice();
  const fsid = reader.text('an fsid', 64);
  const osd = reader.varint('an OSD id', 2 ** 24 - 1);
  const capacityBytes = reader.varint('a capacity');
  const segmentBytes = reader.varint('the bytes of a segment', 2 ** 31, segmentBytesMin);
  if (segmentBytes % pageBytes !== 0) throw reader.error('segments of broken pages');
  const segments = reader.varint('the number of segments', 2 ** 32 - 2, 1);
  const requiredFeatures: string[] = [];
  for (let left = reader.count('features', 1); left > 0; left--) requiredFeatures.push(reader.text('a feature', 64));
  if (requiredFeatures.length > 0) throw tooNew(path, `it needs ${requiredFeatures.join(', ')}`);
  const renewals: Uint8Array[] = [];
  if (version === formatRenewed) {
    for (let left = reader.count('renewals', 16); left > 0; left--) {
      renewals.push(reader.viewRaw(16, 'a uuid').slice());
    }
  }
  return { uuid, fsid, osd, capacityBytes, segmentBytes, segments, requiredFeatures, renewals };
}

/** As which store the cluster knows it, and as which it knew it before, newest first. */
export function membershipOf({ uuid, renewals }: Pick<Superblock, 'uuid' | 'renewals'>): {
  readonly uuid: Uint8Array;
  readonly formerly: readonly Uint8Array[];
} {
  const [newest = uuid, ...formerly] = [uuid, ...renewals].reverse();
  return { uuid: newest, formerly };
}

/** The same store under a new name: what it was a member of, it is no more. */
export function renewed(superblock: Superblock, uuid: Uint8Array): Superblock {
  return { ...superblock, renewals: [...superblock.renewals, uuid].slice(-renewalsMax) };
}

/** What every checksum of the store is seeded with. */
export function storeSeed(superblock: Pick<Superblock, 'uuid'>): bigint {
  return xxh64(superblock.uuid);
}

export function showUuid(uuid: Uint8Array): string {
  const hex = hexText(uuid);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function tooNew(path: string, why: string): CairnError {
  return new CairnError('UNSUPPORTED', `${path} was made by a later version of cairn (${why}); run that version`);
}
