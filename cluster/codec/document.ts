/**
 * The frame around a stored or sent value:
 *
 *     magic, 4 letters | version u8 | compat u8 | sections … | end: kind 255, version 0, compat 0, length 0 | xxh64 of all before
 *
 * The checksum is verified before anything is read, so bytes that were damaged are `CORRUPT` and never a wrong value; what
 * passes it and is malformed all the same was written by a bug.
 */
import { ByteReader } from '../../base/byte-reader.js';
import type { ByteWriter } from '../../base/byte-writer.js';
import { latin1Bytes, latin1Text } from '../../base/bytes.js';
import { CairnError } from '../../base/errors.js';
import { xxh64, type Xxh64Stream } from '../../base/xxh64.js';
import { checkReadable, readSection, sectionHeaderBytes, version1, writeSection, type Section } from './section.js';

const endKind = 255;
const checksumBytes = 8;
const headBytes = 6;
const bytesMin = headBytes + sectionHeaderBytes + checksumBytes;
/** 20 times the map of 100,000 PGs on 1,000 OSDs; a length that only a mistake or an attack exceeds. */
const documentBytesMax = 64 * 1024 * 1024;

export function writeDocumentHead(out: ByteWriter, magic: string): void {
  out.raw(latin1Bytes(magic));
  out.u8(version1.version);
  out.u8(version1.compat);
}

/** Call it last, with `hashed` of all bytes that left `out` before. */
export function writeDocumentEnd(out: ByteWriter, hashed?: Xxh64Stream): void {
  writeSection(out, { kind: endKind, version: 0, compat: 0 }, () => undefined);
  const viewAll = out.viewWritten();
  out.u64(hashed === undefined ? xxh64(viewAll) : hashed.update(viewAll).digest());
}

/**
 * The sections of a document in order, each at the time when it is asked for. `what` names it in errors: `CORRUPT` when
 * the checksum fails, `VERSION_MISMATCH`, `PARSE_ERROR`. `bytes` are lent until the last section is read.
 */
export function* readDocument(bytes: Uint8Array, magic: string, what: string): Generator<Section, void, void> {
  const end = checkedEnd(bytes, magic, what);
  const input = new ByteReader(bytes, magic.length, end);
  const version = input.u8('the version');
  const compat = input.u8('the oldest reader');
  checkReadable({ kind: 0, version, compat }, 1, what);
  for (let section = readSection(input, 'a section'); section.kind !== endKind;) {
    yield section;
    section = readSection(input, 'a section');
  }
  if (!input.isAtEnd) throw input.error(`${what} goes on after its end`);
}

function checkedEnd(bytes: Uint8Array, magic: string, what: string): number {
  if (bytes.byteLength > documentBytesMax) {
    throw new CairnError(
      'PARSE_ERROR',
      `${what} has ${bytes.byteLength} bytes; no more than ${documentBytesMax} can be right`,
    );
  }
  if (bytes.byteLength < bytesMin) {
    throw new CairnError('CORRUPT', `${what} was cut off after ${bytes.byteLength} bytes; fetch it again`);
  }
  if (latin1Text(bytes.subarray(0, magic.length)) !== magic) {
    throw new CairnError('CORRUPT', `${what} does not begin as one; fetch it again`);
  }
  const end = bytes.byteLength - checksumBytes;
  const checksum = new ByteReader(bytes, end).u64('the checksum');
  if (checksum !== xxh64(bytes.subarray(0, end))) {
    throw new CairnError('CORRUPT', `${what} does not match its checksum; fetch it again`);
  }
  return end;
}
