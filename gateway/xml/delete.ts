/** The body of `DeleteObjects`. */
import type { WallMs } from '../../base/instants.js';
import {
  booleanOf,
  childrenOf,
  etagOf,
  fieldsOf,
  integerOf,
  readDocument,
  required,
  textOf,
  timestampOf,
  wordOf,
} from './document.js';
import type { XmlElement } from './element.js';
import { malformed } from './malformed.js';

export interface ObjectToDelete {
  /** At least one character; whether it is too long is the answer for this key alone. */
  readonly key: string;
  readonly versionId: string | undefined;
  /** Without quotes; `*` for any. */
  readonly etag: string | undefined;
  readonly lastModified: WallMs | undefined;
  readonly size: number | undefined;
}

export interface DeleteRequest {
  /** 1 to 1,000. */
  readonly objects: readonly ObjectToDelete[];
  /** Whether the answer leaves out what was deleted. */
  readonly quiet: boolean;
}

const objectsMax = 1_000;

/** 1,000 keys of 1,024 bytes, each byte a reference of six, with their versions: none that S3 allows is refused. */
const limits = { bytesMax: 8 * 1024 * 1024, elementsMax: 1 + objectsMax * 6 + 1 };

const objectFields = ['Key', 'VersionId', 'ETag', 'LastModifiedTime', 'Size'];

/** Throws MalformedXML, MissingRequestBodyError, MaxMessageLengthExceeded. */
export function parseDelete(bytes: Uint8Array): DeleteRequest {
  const root = readDocument(bytes, ['Delete'], limits);
  const objects: ObjectToDelete[] = [];
  let quiet: boolean | undefined;
  for (const child of childrenOf(root)) {
    if (child.name === 'Object') {
      objects.push(parseObject(child));
    } else if (child.name === 'Quiet' && quiet === undefined) {
      quiet = booleanOf(child);
    } else {
      throw malformed('Delete has an unknown element, or more than one Quiet');
    }
  }
  if (objects.length === 0 || objects.length > objectsMax)
    throw malformed(`it names none, or more than ${objectsMax} objects`);
  return { objects, quiet: quiet ?? false };
}

function parseObject(element: XmlElement): ObjectToDelete {
  const fields = fieldsOf(element, objectFields);
  const key = textOf(required(fields, 'Key'));
  if (key === '') throw malformed('a Key is empty');
  const versionId = fields.get('VersionId');
  const etag = fields.get('ETag');
  const lastModified = fields.get('LastModifiedTime');
  const size = fields.get('Size');
  return {
    key,
    versionId: versionId === undefined ? undefined : wordOf(versionId) || undefined,
    etag: etag === undefined ? undefined : etagOf(etag),
    lastModified: lastModified === undefined ? undefined : timestampOf(lastModified),
    size: size === undefined ? undefined : sizeOf(size),
  };
}

function sizeOf(element: XmlElement): number {
  const size = integerOf(element);
  if (size < 0) throw malformed('a Size is negative');
  return size;
}
