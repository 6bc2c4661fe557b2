/** One answer of each kind with all that it may hold, for the tests of what goes out. */
import { wallMs } from '../../../base/instants.js';
import type { ListMultipartUploadsResult } from '../../../gateway/xml/list-multipart-uploads-result.js';
import type { ListObjectsResult } from '../../../gateway/xml/list-objects-result.js';
import type { ListObjectsV2Result } from '../../../gateway/xml/list-objects-v2-result.js';
import type { ListPartsResult } from '../../../gateway/xml/list-parts-result.js';
import type { ListVersionsResult } from '../../../gateway/xml/list-versions-result.js';
import type { ListedObject } from '../../../gateway/xml/listed-object.js';
import { dateOf } from '../date-of.js';

/** 2030-01-02T03:04:05.678Z, shown as 2030-01-02T03:04:05.000Z. */
export const when = wallMs(1_893_553_445_678);
export const shownWhen = dateOf('2030-01-02T03:04:05.000Z');
export const etag = 'd41d8cd98f00b204e9800998ecf8427e';
export const owner = { id: 'owner-id', displayName: 'Owner & Co' };

const plainObject: ListedObject = {
  key: 'a b&<ü>.txt',
  lastModified: when,
  etag,
  checksumAlgorithm: 'CRC64NVME',
  checksumType: 'FULL_OBJECT',
  size: 5_000_000_000_000,
  storageClass: 'STANDARD',
  owner,
  restoreStatus: undefined,
};
const archived: ListedObject = {
  key: 'dir/z',
  lastModified: when,
  etag: `${etag}-3`,
  checksumAlgorithm: undefined,
  checksumType: undefined,
  size: 0,
  storageClass: 'GLACIER',
  owner: undefined,
  restoreStatus: { isRestoreInProgress: false, restoreExpiry: when },
};

export const listObjects: ListObjectsResult = {
  bucket: 'bucket',
  prefix: 'p +/',
  marker: 'm*é',
  delimiter: '/ ',
  maxKeys: 3,
  encodingType: undefined,
  nextMarker: 'n(1)',
  isTruncated: true,
  contents: [plainObject, archived],
  commonPrefixes: ['p +/x/', 'p +/y~/'],
};

export const listObjectsV2: ListObjectsV2Result = {
  bucket: 'bucket',
  prefix: 'p +/',
  startAfter: 's é',
  continuationToken: 'token+/=',
  nextContinuationToken: 'next+/=',
  delimiter: '/ ',
  maxKeys: 3,
  encodingType: undefined,
  contents: [plainObject, archived],
  commonPrefixes: ['p +/x/'],
};

export const listVersions: ListVersionsResult = {
  bucket: 'bucket',
  prefix: 'p +/',
  keyMarker: 'k é',
  versionIdMarker: 'v+1',
  nextKeyMarker: 'n é',
  nextVersionIdMarker: 'v+2',
  delimiter: '/ ',
  maxKeys: 3,
  encodingType: undefined,
  entries: [
    { kind: 'delete-marker', key: 'a b', versionId: 'v3', isLatest: true, lastModified: when, owner },
    { kind: 'version', ...plainObject, key: 'a b', versionId: 'v2', isLatest: false },
    { kind: 'delete-marker', key: 'a b', versionId: 'v1', isLatest: false, lastModified: when, owner: undefined },
    { kind: 'version', ...archived, versionId: 'null', isLatest: true },
  ],
  commonPrefixes: ['p +/x/'],
};

export const listUploads: ListMultipartUploadsResult = {
  bucket: 'bucket',
  prefix: 'p +/',
  delimiter: '/ ',
  keyMarker: 'k é',
  uploadIdMarker: 'u+1',
  nextKeyMarker: 'n é',
  nextUploadIdMarker: 'u+2',
  maxUploads: 2,
  encodingType: undefined,
  isTruncated: true,
  uploads: [
    {
      key: 'a b',
      uploadId: 'u+2',
      initiator: { id: 'initiator-id' },
      owner,
      storageClass: 'STANDARD',
      initiated: when,
      checksumAlgorithm: 'CRC32',
      checksumType: 'COMPOSITE',
    },
    {
      key: 'c',
      uploadId: 'u3',
      initiator: undefined,
      owner: undefined,
      storageClass: 'STANDARD',
      initiated: when,
      checksumAlgorithm: undefined,
      checksumType: undefined,
    },
  ],
  commonPrefixes: ['p +/x/'],
};

export const listParts: ListPartsResult = {
  bucket: 'bucket',
  key: 'a b&c',
  uploadId: 'u+1',
  initiator: { id: 'initiator-id' },
  owner,
  storageClass: 'STANDARD',
  partNumberMarker: 1,
  maxParts: 2,
  isTruncated: true,
  checksumAlgorithm: 'SHA256',
  checksumType: 'COMPOSITE',
  parts: [
    { partNumber: 2, lastModified: when, etag, size: 5_242_880, checksum: { algorithm: 'SHA256', value: 'AAAA' } },
    { partNumber: 4, lastModified: when, etag, size: 1, checksum: undefined },
  ],
};
