/** The answer to `ListObjects`, the first version. */
import type { EncodingType } from './encoding-type.js';
import { keyEncoder } from './encoding-type.js';
import type { ListedObject } from './listed-object.js';
import { writeCommonPrefixes, writeListedObject } from './listed-object.js';
import { XmlWriter } from './writer.js';

export interface ListObjectsResult {
  readonly bucket: string;
  readonly prefix: string;
  readonly marker: string;
  readonly delimiter: string | undefined;
  readonly maxKeys: number;
  readonly encodingType: EncodingType;
  /** Set when there is more and there is a delimiter; without one clients take the last key. */
  readonly nextMarker: string | undefined;
  readonly isTruncated: boolean;
  readonly contents: readonly ListedObject[];
  readonly commonPrefixes: readonly string[];
}

/** Elements in the order in which AWS sends them, here and in the other answers. */
export function writeListObjectsResult(result: ListObjectsResult): Uint8Array {
  const encode = keyEncoder(result.encodingType);
  const out = new XmlWriter('ListBucketResult').text('Name', result.bucket).text('Prefix', encode(result.prefix));
  out.text('Marker', encode(result.marker));
  if (result.nextMarker !== undefined) out.text('NextMarker', encode(result.nextMarker));
  out.plain('MaxKeys', result.maxKeys);
  if (result.delimiter !== undefined) out.text('Delimiter', encode(result.delimiter));
  out.plain('EncodingType', result.encodingType).plain('IsTruncated', result.isTruncated);
  for (const object of result.contents) writeListedObject(out, object, encode);
  writeCommonPrefixes(out, result.commonPrefixes, encode);
  return out.bytes();
}
