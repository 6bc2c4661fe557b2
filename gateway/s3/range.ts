/** One range of an object: `Range` of GET and HEAD (RFC 9110, section 14), `x-amz-copy-source-range` of UploadPartCopy. */
import { S3Error } from '../s3-error.js';

export interface ByteRange {
  /** Offset of its first byte. */
  readonly offset: number;
  /** At least 1. */
  readonly bytes: number;
}

const oneRange = /^bytes=(\d*)-(\d*)$/i;

/**
 * The part of an object of `size` bytes that `Range` asks for; `undefined`: the whole, as also for a header that is malformed, has
 * several ranges or another unit. Throws `InvalidRange` for one that the object has no byte of: an empty object has none of any.
 */
export function requestedRange(header: string | undefined, size: number): ByteRange | undefined {
  if (header === undefined) return undefined;
  const [, first = '', last = ''] = oneRange.exec(header.trim()) ?? [];
  if (first === '') {
    if (last === '') return undefined;
    const bytes = Math.min(Number(last), size);
    if (bytes === 0) throw unsatisfiable(header, size);
    return { offset: size - bytes, bytes };
  }
  // More digits than a safe integer has are far beyond the end, however they are rounded.
  const offset = Number(first);
  const end = last === '' ? size : Math.min(Number(last) + 1, size);
  if (last !== '' && compareDigits(first, last) > 0) return undefined;
  if (offset >= size) throw unsatisfiable(header, size);
  return { offset, bytes: end - offset };
}

/** For the header of a 206. */
export function contentRange({ offset, bytes }: ByteRange, size: number): string {
  return `bytes ${offset}-${offset + bytes - 1}/${size}`;
}

/** Both ends have to be given and within the source, of `size` bytes. Throws `InvalidArgument`. */
export function copySourceRange(header: string, size: number): ByteRange {
  const [, first = '', last = ''] = oneRange.exec(header.trim()) ?? [];
  if (first === '' || last === '' || compareDigits(first, last) > 0) {
    throw new S3Error('InvalidArgument', {
      message:
        'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
      fields: { ArgumentName: 'x-amz-copy-source-range', ArgumentValue: header },
    });
  }
  const offset = Number(first);
  const end = Number(last) + 1;
  if (end > size) {
    throw new S3Error('InvalidArgument', {
      message: `Range specified is not valid for source object of size: ${size}`,
      fields: { ArgumentName: 'x-amz-copy-source-range', ArgumentValue: header },
    });
  }
  return { offset, bytes: end - offset };
}

function unsatisfiable(header: string, size: number): S3Error {
  return new S3Error('InvalidRange', {
    fields: { ActualObjectSize: String(size), RangeRequested: header },
    headers: { 'content-range': `bytes */${size}` },
  });
}

/** Exact however many digits there are. */
function compareDigits(a: string, b: string): number {
  const [left, right] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}
