/** The answer to `GetObjectAttributes`: only what the client asked for is set. */
import type { ChecksumType } from '../../protocol/bucket/checksum.js';
import type { Checksum } from './checksums.js';
import { writeChecksum } from './checksums.js';
import { XmlWriter } from './writer.js';

export interface ObjectPartAttributes {
  readonly partNumber: number;
  /** Bytes. */
  readonly size: number;
  readonly checksum: Checksum | undefined;
}

/** A page of the parts; AWS has one only of objects whose checksum is composite. */
export interface ObjectPartsPage {
  readonly partNumberMarker: number;
  readonly maxParts: number;
  readonly isTruncated: boolean;
  readonly parts: readonly ObjectPartAttributes[];
}

export interface ObjectAttributes {
  /** Without quotes; without them on the wire too, unlike everywhere else. */
  readonly etag: string | undefined;
  readonly checksum: { readonly value: Checksum; readonly type: ChecksumType } | undefined;
  readonly parts: { readonly count: number; readonly page: ObjectPartsPage | undefined } | undefined;
  readonly storageClass: string | undefined;
  /** Bytes. */
  readonly size: number | undefined;
}

export function writeObjectAttributes(attributes: ObjectAttributes): Uint8Array {
  const out = new XmlWriter('GetObjectAttributesResponse').text('ETag', attributes.etag);
  if (attributes.checksum !== undefined) {
    writeChecksum(out.start('Checksum'), attributes.checksum.value);
    out.plain('ChecksumType', attributes.checksum.type).end();
  }
  if (attributes.parts !== undefined) {
    out.start('ObjectParts').plain('PartsCount', attributes.parts.count);
    if (attributes.parts.page !== undefined) writePage(out, attributes.parts.page);
    out.end();
  }
  return out.text('StorageClass', attributes.storageClass).plain('ObjectSize', attributes.size).bytes();
}

function writePage(out: XmlWriter, page: ObjectPartsPage): void {
  out.plain('PartNumberMarker', page.partNumberMarker);
  out.plain('NextPartNumberMarker', page.parts.at(-1)?.partNumber ?? 0);
  out.plain('MaxParts', page.maxParts).plain('IsTruncated', page.isTruncated);
  for (const part of page.parts) {
    out.start('Part').plain('PartNumber', part.partNumber).plain('Size', part.size);
    writeChecksum(out, part.checksum);
    out.end();
  }
}
