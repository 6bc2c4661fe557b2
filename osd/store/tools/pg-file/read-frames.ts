/** Reads the frames of a PG's file back; what does not verify is refused, with where it stands. */
import { latin1Text } from '../../../../base/bytes.js';
import { CairnError, isCairnError } from '../../../../base/errors.js';
import { xxh64 } from '../../../../base/xxh64.js';
import type { DiskFile } from '../../../../runtime/disk.js';
import { FileWindow } from '../leveldb/file-window.js';
import { decodePgFileRecord, frameBytesMax, pgFileMagic, pgFileVersion, type PgFileRecord } from './pg-file-record.js';

export interface ReadFrame {
  readonly record: PgFileRecord;
  /** Of the file, up to behind this frame. */
  readonly end: number;
}

const headerBytes = 12;

/** `CORRUPT` for a file that is damaged or has no end, `UNSUPPORTED` for one of a later version. Ends behind `end`. */
export async function* readFrames(handle: DiskFile): AsyncGenerator<ReadFrame> {
  const file = new FileWindow(handle, await handle.size());
  const { path } = handle;
  const header = (await file.view(0, headerBytes)).slice();
  if (header.byteLength < headerBytes || latin1Text(header.subarray(0, 8)) !== pgFileMagic) {
    throw new CairnError('CORRUPT', `${path} is no file of a PG; make one with cairn osd export-pg`);
  }
  const version = new DataView(header.buffer).getUint32(8, true);
  if (version !== pgFileVersion) {
    throw new CairnError('UNSUPPORTED', `${path} has version ${version} of the format; use the cairn that wrote it`);
  }
  let checksum = xxh64(header);
  let at = headerBytes;
  for (;;) {
    const start = await file.view(at, 4);
    if (start.byteLength < 4) throw damaged(path, at, 'the file ends before its end');
    const length = new DataView(start.buffer, start.byteOffset).getUint32(0, true);
    if (length > frameBytesMax) throw damaged(path, at, `a frame of ${length} bytes`);
    const frame = (await file.view(at + 4, length + 8)).slice();
    if (frame.byteLength < length + 8) throw damaged(path, at, 'the file ends within a frame');
    const bytes = frame.subarray(0, length);
    checksum = xxh64(bytes, checksum);
    if (new DataView(frame.buffer).getBigUint64(length, true) !== checksum) {
      throw damaged(path, at, 'a frame does not match its checksum');
    }
    const record = decode(bytes, path, at);
    at += 4 + length + 8;
    yield { record, end: at };
    if (record.kind !== 'end') continue;
    if (at !== file.size) throw damaged(path, at, 'bytes behind the end');
    return;
  }
}

function decode(bytes: Uint8Array, path: string, at: number): PgFileRecord {
  try {
    return decodePgFileRecord(bytes);
  } catch (error) {
    if (!isCairnError(error, 'PARSE_ERROR')) throw error;
    throw damaged(path, at, error.message);
  }
}

function damaged(path: string, at: number, why: string): CairnError {
  return new CairnError('CORRUPT', `${path} is damaged at byte ${at}: ${why}; nothing of it is used, export it again`);
}
