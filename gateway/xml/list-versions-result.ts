/** The answer to `ListObjectVersions`. */
import type { WallMs } from '../../base/instants.js';
import { unreachable } from '../../base/invariant.js';
import type { EncodingType } from './encoding-type.js';
import { keyEncoder } from './encoding-type.js';
import { escapeText } from './escape.js';
import type { ListedObject } from './listed-object.js';
import { describe, writeCommonPrefixes } from './listed-object.js';
import type { Owner } from './owner.js';
import { ownerElement } from './owner.js';
import { timestampText } from './timestamp.js';
import { XmlWriter } from './writer.js';

export interface ListedVersion extends ListedObject {
  readonly kind: 'version';
  /** `null` is spelt so. */
  readonly versionId: string;
  readonly isLatest: boolean;
}

export interface ListedDeleteMarker {
  readonly kind: 'delete-marker';
  readonly key: string;
  readonly versionId: string;
  readonly isLatest: boolean;
  readonly lastModified: WallMs;
  readonly owner: Owner | undefined;
}

export interface ListVersionsResult {
  readonly bucket: string;
  readonly prefix: string;
  readonly keyMarker: string;
  readonly versionIdMarker: string;
  /** Set when there is more. */
  readonly nextKeyMarker: string | undefined;
  /** Not set when the next page begins behind a common prefix. */
  readonly nextVersionIdMarker: string | undefined;
  readonly delimiter: string | undefined;
  readonly maxKeys: number;
  readonly encodingType: EncodingType;
  /** By key, of one key the newest first; they go out in this order, of both kinds. */
  readonly entries: readonly (ListedVersion | ListedDeleteMarker)[];
  readonly commonPrefixes: readonly string[];
}

export function writeListVersionsResult(result: ListVersionsResult): Uint8Array {
  const encode = keyEncoder(result.encodingType);
  const out = new XmlWriter('ListVersionsResult').text('Name', result.bucket).text('Prefix', encode(result.prefix));
  out.text('KeyMarker', encode(result.keyMarker)).text('VersionIdMarker', result.versionIdMarker);
  if (result.nextKeyMarker !== undefined) out.text('NextKeyMarker', encode(result.nextKeyMarker));
  out.text('NextVersionIdMarker', result.nextVersionIdMarker).plain('MaxKeys', result.maxKeys);
  if (result.delimiter !== undefined) out.text('Delimiter', encode(result.delimiter));
  out.plain('EncodingType', result.encodingType).plain('IsTruncated', result.nextKeyMarker !== undefined);
  for (const entry of result.entries) writeEntry(out, entry, encode);
  writeCommonPrefixes(out, result.commonPrefixes, encode);
  return out.bytes();
}

function writeEntry(out: XmlWriter, entry: ListedVersion | ListedDeleteMarker, encode: (key: string) => string): void {
  const head =
    `<Key>${escapeText(encode(entry.key))}</Key><VersionId>${escapeText(entry.versionId)}</VersionId>` +
    `<IsLatest>${entry.isLatest}</IsLatest><LastModified>${timestampText(entry.lastModified)}</LastModified>`;
  switch (entry.kind) {
    case 'version':
      out.verbatim(`<Version>${head}${describe(entry)}</Version>`);
      break;
    case 'delete-marker':
      out.verbatim(`<DeleteMarker>${head}${ownerElement('Owner', entry.owner)}</DeleteMarker>`);
      break;
    default:
      unreachable(entry);
  }
}
