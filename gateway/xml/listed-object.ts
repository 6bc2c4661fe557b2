/** `<Contents>` and `<CommonPrefixes>`: what the two ListObjects have in common. */
import type { WallMs } from '../../base/instants.js';
import type { ChecksumName, ChecksumType } from '../../protocol/bucket/checksum.js';
import type { Owner } from './owner.js';
import { escapeText } from './escape.js';
import { ownerElement } from './owner.js';
import { timestampText } from './timestamp.js';
import type { XmlWriter } from './writer.js';
import { plainElement } from './writer.js';

export interface RestoreStatus {
  readonly isRestoreInProgress: boolean;
  readonly restoreExpiry: WallMs | undefined;
}

export interface ListedObject {
  readonly key: string;
  readonly lastModified: WallMs;
  /** Without quotes. */
  readonly etag: string;
  readonly checksumAlgorithm: ChecksumName | undefined;
  readonly checksumType: ChecksumType | undefined;
  /** Bytes. */
  readonly size: number;
  readonly storageClass: string;
  /** `undefined` where the client did not ask for it. */
  readonly owner: Owner | undefined;
  /** Of archived objects, where the client asked for it. */
  readonly restoreStatus: RestoreStatus | undefined;
}

export function writeListedObject(out: XmlWriter, object: ListedObject, encode: (key: string) => string): void {
  out.verbatim(
    `<Contents><Key>${escapeText(encode(object.key))}</Key>` +
      `<LastModified>${timestampText(object.lastModified)}</LastModified>${describe(object)}</Contents>`,
  );
}

/** What `<Contents>` and `<Version>` have in common: from the ETag on. Composed by hand, since a page has a thousand. */
export function describe(object: ListedObject): string {
  return (
    `<ETag>&quot;${escapeText(object.etag)}&quot;</ETag>` +
    plainElement('ChecksumAlgorithm', object.checksumAlgorithm) +
    plainElement('ChecksumType', object.checksumType) +
    `<Size>${object.size}</Size>${ownerElement('Owner', object.owner)}` +
    `<StorageClass>${escapeText(object.storageClass)}</StorageClass>${restoreStatus(object.restoreStatus)}`
  );
}

function restoreStatus(status: RestoreStatus | undefined): string {
  if (status === undefined) return '';
  const expiry = status.restoreExpiry === undefined ? undefined : timestampText(status.restoreExpiry);
  const inProgress = plainElement('IsRestoreInProgress', status.isRestoreInProgress);
  return `<RestoreStatus>${inProgress}${plainElement('RestoreExpiryDate', expiry)}</RestoreStatus>`;
}

export function writeCommonPrefixes(
  out: XmlWriter,
  prefixes: readonly string[],
  encode: (key: string) => string,
): void {
  for (const prefix of prefixes) out.start('CommonPrefixes').text('Prefix', encode(prefix)).end();
}
