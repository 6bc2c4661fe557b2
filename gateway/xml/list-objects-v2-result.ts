/** The answer to `ListObjectsV2`. */
import type { EncodingType } from './encoding-type.js';
import { keyEncoder } from './encoding-type.js';
import type { ListedObject } from './listed-object.js';
import { writeCommonPrefixes, writeListedObject } from './listed-object.js';
import { XmlWriter } from './writer.js';

export interface ListObjectsV2Result {
  readonly bucket: string;
  readonly prefix: string;
  readonly startAfter: string | undefined;
  /** The one that the client sent. */
  readonly continuationToken: string | undefined;
  /** Set when there is more. */
  readonly nextContinuationToken: string | undefined;
  readonly delimiter: string | undefined;
  readonly maxKeys: number;
  readonly encodingType: EncodingType;
  readonly contents: readonly ListedObject[];
  readonly commonPrefixes: readonly string[];
}

export function writeListObjectsV2Result(result: ListObjectsV2Result): Uint8Array {
  const encode = keyEncoder(result.encodingType);
  const out = new XmlWriter('ListBucketResult').text('Name', result.bucket).text('Prefix', encode(result.prefix));
  if (result.startAfter !== undefined) out.text('StartAfter', encode(result.startAfter));
  out.text('ContinuationToken', result.continuationToken).text('NextContinuationToken', result.nextContinuationToken);
  out.plain('KeyCount', result.contents.length + result.commonPrefixes.length).plain('MaxKeys', result.maxKeys);
  if (result.delimiter !== undefined) out.text('Delimiter', encode(result.delimiter));
  out.plain('EncodingType', result.encodingType).plain('IsTruncated', result.nextContinuationToken !== undefined);
  for (const object of result.contents) writeListedObject(out, object, encode);
  writeCommonPrefixes(out, result.commonPrefixes, encode);
  return out.bytes();
}
