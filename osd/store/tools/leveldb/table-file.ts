/**
 * Checks a table file (`.ldb`) of LevelDB to the last byte:
 *
 *     data block … │ filter │ meta index │ index │ footer, 48 bytes: two handles, zeros, magic
 *
 * Behind each block stand its type (0 as it is, 1 snappy) and a masked crc32c of block and type. The blocks must lie one
 * behind the other without a gap, so that no byte of the file is nobody's. LevelDB itself checks none of it when it reads.
 */
import { latin1Text } from '../../../../base/bytes.js';
import { ByteReader } from '../../../../base/byte-reader.js';
import { ByteWriter } from '../../../../base/byte-writer.js';
import { CairnError, isCairnError } from '../../../../base/errors.js';
import { crc32c, maskCrc } from './crc32c.js';
import type { FileWindow } from './file-window.js';
import { decodeSnappy } from './snappy.js';

const footerBytes = 48;
const trailerBytes = 5;
const magic = 0xdb4775248b80fb57n;

/** Of an index block, decoded: 32 MiB of table have 8,192 blocks, and a key is a few kilobytes at most. */
const blockBytesMax = 64 * 1024 * 1024;

interface BlockHandle {
  readonly offset: number;
  readonly bytes: number;
}

/** What is wrong, each in a sentence; nothing for a sound file. */
export async function checkTableFile(file: FileWindow): Promise<string[]> {
  const problems: string[] = [];
  const footer = await readFooter(file, problems);
  if (footer === undefined) return problems;
  const index = await readBlock(file, footer.index, 'the index block', problems);
  const meta = await readBlock(file, footer.meta, 'the meta index block', problems);
  const data = index === undefined ? undefined : handlesOf(index, 'the index block', problems);
  const filters = meta === undefined ? undefined : handlesOf(meta, 'the meta index block', problems);
  for (const handle of data ?? []) await checkBlock(file, handle, 'a data block', problems);
  for (const handle of filters ?? []) await checkBlock(file, handle, 'a filter block', problems);
  if (data !== undefined && filters !== undefined) {
    checkTiling([...data, ...filters, footer.meta, footer.index], file.size - footerBytes, problems);
  }
  return problems;
}

async function readFooter(
  file: FileWindow,
  problems: string[],
): Promise<{ meta: BlockHandle; index: BlockHandle } | undefined> {
  if (file.size < footerBytes) {
    problems.push(`it has ${file.size} bytes, fewer than a footer`);
    return undefined;
  }
  const bytes = (await file.view(file.size - footerBytes, footerBytes)).slice();
  try {
    const reader = new ByteReader(bytes);
    const meta = readHandle(reader);
    const index = readHandle(reader);
    // Whatever is not exactly as LevelDB writes it was changed since.
    const writer = new ByteWriter(footerBytes);
    for (const { offset, bytes: length } of [meta, index]) {
      writer.varint(offset);
      writer.varint(length);
    }
    writer.raw(new Uint8Array(40 - writer.length));
    writer.u64(magic);
    if (Buffer.compare(writer.bytes(), bytes) === 0) return { meta, index };
    problems.push('its footer is damaged');
  } catch (error) {
    problems.push(`its footer is damaged: ${messageOf(error)}`);
  }
  return undefined;
}

/** The block, decoded. */
async function readBlock(
  file: FileWindow,
  handle: BlockHandle,
  what: string,
  problems: string[],
): Promise<Uint8Array | undefined> {
  const stored = await checkBlock(file, handle, what, problems);
  if (stored === undefined) return undefined;
  const body = stored.subarray(0, handle.bytes);
  if (stored[handle.bytes] === 0) return body.slice();
  try {
    return decodeSnappy(body, blockBytesMax);
  } catch (error) {
    problems.push(`${what} cannot be decompressed: ${messageOf(error)}`);
    return undefined;
  }
}

/** The block with its trailer, as a view, when its checksum is right. */
async function checkBlock(
  file: FileWindow,
  { offset, bytes }: BlockHandle,
  what: string,
  problems: string[],
): Promise<Uint8Array | undefined> {
  if (offset + bytes + trailerBytes > file.size - footerBytes) {
    problems.push(`${what} at ${offset} reaches beyond the end of the file`);
    return undefined;
  }
  const stored = await file.view(offset, bytes + trailerBytes);
  if (stored.byteLength < bytes + trailerBytes) {
    problems.push(`${what} at ${offset} is cut off`);
    return undefined;
  }
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
  if (view.getUint32(bytes + 1, true) !== maskCrc(crc32c(stored.subarray(0, bytes + 1)))) {
    problems.push(`${what} at ${offset}, of ${bytes} bytes, does not match its checksum`);
    return undefined;
  }
  const type = stored[bytes] ?? 0;
  if (type <= 1) return stored;
  problems.push(`${what} at ${offset} is of unknown type ${type}`);
  return undefined;
}

/** The values of an index block are handles; `undefined`, and a problem, when they are not. */
function handlesOf(block: Uint8Array, what: string, problems: string[]): BlockHandle[] | undefined {
  try {
    return Array.from(blockEntries(block), ({ value }) => readHandle(new ByteReader(value)));
  } catch (error) {
    problems.push(`${what} is malformed: ${messageOf(error)}`);
    return undefined;
  }
}

/** Entries share the beginning of the key before them; behind them stand where entries begin that share nothing. */
export function* blockEntries(block: Uint8Array): Generator<{ readonly key: string; readonly value: Uint8Array }> {
  const words = new DataView(block.buffer, block.byteOffset, block.byteLength);
  if (block.byteLength < 4) throw new CairnError('PARSE_ERROR', 'a block without its count of restarts');
  const end = block.byteLength - 4 - 4 * words.getUint32(block.byteLength - 4, true);
  if (end < 0) throw new CairnError('PARSE_ERROR', 'a block with more restarts than bytes');
  const reader = new ByteReader(block, 0, end);
  let key = '';
  while (!reader.isAtEnd) {
    const shared = reader.varint('the bytes a key shares', key.length);
    const own = reader.varint('the bytes of a key', blockBytesMax);
    const length = reader.varint('the bytes of a value', blockBytesMax);
    key = key.slice(0, shared) + latin1Text(reader.viewRaw(own, 'a key'));
    yield { key, value: reader.viewRaw(length, 'a value') };
  }
}

function checkTiling(handles: readonly BlockHandle[], end: number, problems: string[]): void {
  const sorted = [...handles].sort((a, b) => a.offset - b.offset);
  let at = 0;
  for (const { offset, bytes } of sorted) {
    if (offset !== at) {
      problems.push(`bytes ${Math.min(at, offset)} to ${Math.max(at, offset)} belong to no block, or to two`);
      return;
    }
    at = offset + bytes + trailerBytes;
  }
  if (at !== end) problems.push(`bytes ${at} to ${end} belong to no block`);
}

function readHandle(reader: ByteReader): BlockHandle {
  return { offset: reader.varint('the offset of a block'), bytes: reader.varint('the bytes of a block', 2 ** 32) };
}

function messageOf(error: unknown): string {
  if (isCairnError(error, 'PARSE_ERROR')) return error.message;
  throw error;
}
