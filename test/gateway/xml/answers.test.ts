/** AWS's SDK for JavaScript reads in our answers what was put in. */
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetBucketVersioningCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  GetObjectTaggingCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import assert from 'node:assert/strict';
import { S3Error } from '../../../gateway/s3-error.js';
import { writeCompleteMultipartUploadResult } from '../../../gateway/xml/complete-multipart-upload-result.js';
import { writeCopyObjectResult, writeCopyPartResult } from '../../../gateway/xml/copy-result.js';
import { writeDeleteResult } from '../../../gateway/xml/delete-result.js';
import { writeError } from '../../../gateway/xml/error.js';
import { writeObjectAttributes } from '../../../gateway/xml/get-object-attributes-response.js';
import { writeInitiateMultipartUploadResult } from '../../../gateway/xml/initiate-multipart-upload-result.js';
import { writeLegalHold } from '../../../gateway/xml/legal-hold.js';
import { writeListBucketsResult } from '../../../gateway/xml/list-buckets-result.js';
import { writeListMultipartUploadsResult } from '../../../gateway/xml/list-multipart-uploads-result.js';
import { writeListObjectsResult } from '../../../gateway/xml/list-objects-result.js';
import { writeListObjectsV2Result } from '../../../gateway/xml/list-objects-v2-result.js';
import { writeListPartsResult } from '../../../gateway/xml/list-parts-result.js';
import { writeListVersionsResult } from '../../../gateway/xml/list-versions-result.js';
import { writeLocationConstraint } from '../../../gateway/xml/location-constraint.js';
import { writeObjectLockConfiguration } from '../../../gateway/xml/object-lock-configuration.js';
import { writeRetention } from '../../../gateway/xml/retention.js';
import { writeTagging } from '../../../gateway/xml/tagging.js';
import { writeVersioningConfiguration } from '../../../gateway/xml/versioning-configuration.js';
import { dateOf } from '../date-of.js';
import { answering } from '../sdk.js';
import {
  etag,
  listObjects,
  listObjectsV2,
  listParts,
  listUploads,
  listVersions,
  owner,
  shownWhen,
  when,
} from './answers.js';

const Bucket = 'bucket';
const Key = 'key';
const quoted = `"${etag}"`;
const shownOwner = { ID: 'owner-id', DisplayName: 'Owner & Co' };

/** What the SDK read, without what it says of the answer itself. */
async function read(answer: Promise<object>): Promise<object> {
  return Object.fromEntries(Object.entries(await answer).filter(([name]) => name !== '$metadata'));
}

const firstObject = {
  Key: 'a b&<ü>.txt',
  LastModified: shownWhen,
  ETag: quoted,
  ChecksumAlgorithm: ['CRC64NVME'],
  ChecksumType: 'FULL_OBJECT',
  Size: 5_000_000_000_000,
  StorageClass: 'STANDARD',
  Owner: shownOwner,
};
const secondObject = {
  Key: 'dir/z',
  LastModified: shownWhen,
  ETag: `"${etag}-3"`,
  Size: 0,
  StorageClass: 'GLACIER',
  RestoreStatus: { IsRestoreInProgress: false, RestoreExpiryDate: shownWhen },
};

describe('gateway/xml, answers as the SDK for JavaScript reads them', () => {
  it('ListObjects', async () => {
    const answer = answering(writeListObjectsResult(listObjects)).send(new ListObjectsCommand({ Bucket }));
    assert.deepEqual(await read(answer), {
      Name: Bucket,
      Prefix: 'p +/',
      Marker: 'm*é',
      NextMarker: 'n(1)',
      Delimiter: '/ ',
      MaxKeys: 3,
      IsTruncated: true,
      Contents: [firstObject, secondObject],
      CommonPrefixes: [{ Prefix: 'p +/x/' }, { Prefix: 'p +/y~/' }],
    });
  });

  it('ListObjects with encoding-type=url: keys, prefixes, markers and the delimiter are encoded', async () => {
    const body = writeListObjectsResult({ ...listObjects, encodingType: 'url' });
    assert.deepEqual(await read(answering(body).send(new ListObjectsCommand({ Bucket }))), {
      Name: Bucket,
      Prefix: 'p+%2B/',
      Marker: 'm*%C3%A9',
      NextMarker: 'n%281%29',
      Delimiter: '/+',
      MaxKeys: 3,
      EncodingType: 'url',
      IsTruncated: true,
      Contents: [{ ...firstObject, Key: 'a+b%26%3C%C3%BC%3E.txt' }, secondObject],
      CommonPrefixes: [{ Prefix: 'p+%2B/x/' }, { Prefix: 'p+%2B/y%7E/' }],
    });
  });

  it('ListObjectsV2', async () => {
    const body = writeListObjectsV2Result(listObjectsV2);
    assert.deepEqual(await read(answering(body).send(new ListObjectsV2Command({ Bucket }))), {
      Name: Bucket,
      Prefix: 'p +/',
      StartAfter: 's é',
      ContinuationToken: 'token+/=',
      NextContinuationToken: 'next+/=',
      KeyCount: 3,
      Delimiter: '/ ',
      MaxKeys: 3,
      IsTruncated: true,
      Contents: [firstObject, secondObject],
      CommonPrefixes: [{ Prefix: 'p +/x/' }],
    });
  });

  it('ListObjectsV2 with encoding-type=url: not the tokens', async () => {
    const body = writeListObjectsV2Result({ ...listObjectsV2, encodingType: 'url', contents: [] });
    assert.deepEqual(await read(answering(body).send(new ListObjectsV2Command({ Bucket }))), {
      Name: Bucket,
      Prefix: 'p+%2B/',
      StartAfter: 's+%C3%A9',
      ContinuationToken: 'token+/=',
      NextContinuationToken: 'next+/=',
      KeyCount: 1,
      Delimiter: '/+',
      MaxKeys: 3,
      EncodingType: 'url',
      IsTruncated: true,
      CommonPrefixes: [{ Prefix: 'p+%2B/x/' }],
    });
  });

  it('ListObjectVersions', async () => {
    const body = writeListVersionsResult(listVersions);
    assert.deepEqual(await read(answering(body).send(new ListObjectVersionsCommand({ Bucket }))), {
      Name: Bucket,
      Prefix: 'p +/',
      KeyMarker: 'k é',
      VersionIdMarker: 'v+1',
      NextKeyMarker: 'n é',
      NextVersionIdMarker: 'v+2',
      Delimiter: '/ ',
      MaxKeys: 3,
      IsTruncated: true,
      Versions: [
        { ...firstObject, Key: 'a b', VersionId: 'v2', IsLatest: false },
        { ...secondObject, VersionId: 'null', IsLatest: true },
      ],
      DeleteMarkers: [
        { Key: 'a b', VersionId: 'v3', IsLatest: true, LastModified: shownWhen, Owner: shownOwner },
        { Key: 'a b', VersionId: 'v1', IsLatest: false, LastModified: shownWhen },
      ],
      CommonPrefixes: [{ Prefix: 'p +/x/' }],
    });
  });

  it('ListMultipartUploads', async () => {
    const body = writeListMultipartUploadsResult(listUploads);
    assert.deepEqual(await read(answering(body).send(new ListMultipartUploadsCommand({ Bucket }))), {
      Bucket,
      Prefix: 'p +/',
      Delimiter: '/ ',
      KeyMarker: 'k é',
      UploadIdMarker: 'u+1',
      NextKeyMarker: 'n é',
      NextUploadIdMarker: 'u+2',
      MaxUploads: 2,
      IsTruncated: true,
      Uploads: [
        {
          Key: 'a b',
          UploadId: 'u+2',
          Initiator: { ID: 'initiator-id' },
          Owner: shownOwner,
          StorageClass: 'STANDARD',
          Initiated: shownWhen,
          ChecksumAlgorithm: 'CRC32',
          ChecksumType: 'COMPOSITE',
        },
        { Key: 'c', UploadId: 'u3', StorageClass: 'STANDARD', Initiated: shownWhen },
      ],
      CommonPrefixes: [{ Prefix: 'p +/x/' }],
    });
  });

  it('ListParts', async () => {
    const answer = answering(writeListPartsResult(listParts)).send(
      new ListPartsCommand({ Bucket, Key, UploadId: 'u' }),
    );
    assert.deepEqual(await read(answer), {
      Bucket,
      Key: 'a b&c',
      UploadId: 'u+1',
      Initiator: { ID: 'initiator-id' },
      Owner: shownOwner,
      StorageClass: 'STANDARD',
      PartNumberMarker: '1',
      NextPartNumberMarker: '4',
      MaxParts: 2,
      IsTruncated: true,
      ChecksumAlgorithm: 'SHA256',
      ChecksumType: 'COMPOSITE',
      Parts: [
        { PartNumber: 2, LastModified: shownWhen, ETag: quoted, Size: 5_242_880, ChecksumSHA256: 'AAAA' },
        { PartNumber: 4, LastModified: shownWhen, ETag: quoted, Size: 1 },
      ],
    });
  });

  it('ListBuckets', async () => {
    const buckets = [
      { name: 'a', created: when, region: 'eu-central-1' },
      { name: 'b', created: when, region: undefined },
    ];
    const body = writeListBucketsResult({ owner, buckets, continuationToken: 't', prefix: 'p' });
    assert.deepEqual(await read(answering(body).send(new ListBucketsCommand({}))), {
      Owner: shownOwner,
      Buckets: [
        { Name: 'a', CreationDate: shownWhen, BucketRegion: 'eu-central-1' },
        { Name: 'b', CreationDate: shownWhen },
      ],
      ContinuationToken: 't',
      Prefix: 'p',
    });
  });

  for (const [region, read] of [
    ['eu-central-1', 'eu-central-1'],
    ['us-east-1', undefined],
  ] as const) {
    it(`GetBucketLocation of ${region}`, async () => {
      const answer = answering(writeLocationConstraint(region)).send(new GetBucketLocationCommand({ Bucket }));
      assert.equal((await answer).LocationConstraint || undefined, read);
    });
  }

  it('CreateMultipartUpload', async () => {
    const body = writeInitiateMultipartUploadResult({ bucket: Bucket, key: 'a&b', uploadId: 'u+1' });
    assert.deepEqual(await read(answering(body).send(new CreateMultipartUploadCommand({ Bucket, Key }))), {
      Bucket,
      Key: 'a&b',
      UploadId: 'u+1',
    });
  });

  const completed = writeCompleteMultipartUploadResult({
    location: 'http://s3.example.com/bucket/a%26b',
    bucket: Bucket,
    key: 'a&b',
    etag: `${etag}-2`,
    checksum: { algorithm: 'CRC32C', value: 'AAAAAA==-2' },
    checksumType: 'COMPOSITE',
  }).bytes();
  const readCompleted = {
    Location: 'http://s3.example.com/bucket/a%26b',
    Bucket,
    Key: 'a&b',
    ETag: `"${etag}-2"`,
    ChecksumCRC32C: 'AAAAAA==-2',
    ChecksumType: 'COMPOSITE',
  };
  it('CompleteMultipartUpload', async () => {
    const command = new CompleteMultipartUploadCommand({ Bucket, Key, UploadId: 'u' });
    assert.deepEqual(await read(answering(completed).send(command)), readCompleted);
  });

  it('CopyObject', async () => {
    const checksum = { algorithm: 'CRC64NVME', value: 'AAAAAAAAAAA=' } as const;
    const body = writeCopyObjectResult({ lastModified: when, etag, checksum, checksumType: 'FULL_OBJECT' }).bytes();
    assert.deepEqual(await read(answering(body).send(new CopyObjectCommand({ Bucket, Key, CopySource: 'a/b' }))), {
      CopyObjectResult: {
        LastModified: shownWhen,
        ETag: quoted,
        ChecksumType: 'FULL_OBJECT',
        ChecksumCRC64NVME: 'AAAAAAAAAAA=',
      },
    });
  });

  it('UploadPartCopy', async () => {
    const body = writeCopyPartResult({ lastModified: when, etag, checksum: undefined }).bytes();
    const command = new UploadPartCopyCommand({ Bucket, Key, CopySource: 'a/b', UploadId: 'u', PartNumber: 1 });
    assert.deepEqual(await read(answering(body).send(command)), {
      CopyPartResult: { LastModified: shownWhen, ETag: quoted },
    });
  });

  const outcomes = [
    { kind: 'deleted', key: 'a', versionId: undefined, deleteMarkerVersionId: undefined },
    { kind: 'failed', key: 'b<', versionId: 'v', code: 'AccessDenied', message: 'Access Denied' },
    { kind: 'deleted', key: 'c', versionId: 'm', deleteMarkerVersionId: 'm' },
  ] as const;
  const Delete = { Objects: [{ Key }] };
  it('DeleteObjects', async () => {
    const body = writeDeleteResult(outcomes, false).bytes();
    assert.deepEqual(await read(answering(body).send(new DeleteObjectsCommand({ Bucket, Delete }))), {
      Deleted: [{ Key: 'a' }, { Key: 'c', VersionId: 'm', DeleteMarker: true, DeleteMarkerVersionId: 'm' }],
      Errors: [{ Key: 'b<', VersionId: 'v', Code: 'AccessDenied', Message: 'Access Denied' }],
    });
  });

  it('DeleteObjects, quiet: what failed only', async () => {
    const body = writeDeleteResult(outcomes, true).bytes();
    assert.deepEqual(await read(answering(body).send(new DeleteObjectsCommand({ Bucket, Delete }))), {
      Errors: [{ Key: 'b<', VersionId: 'v', Code: 'AccessDenied', Message: 'Access Denied' }],
    });
  });

  it('GetObjectAttributes, all of them', async () => {
    const checksum = { algorithm: 'SHA1', value: 'AAAA-2' } as const;
    const parts = [
      { partNumber: 1, size: 5_242_880, checksum: { algorithm: 'SHA1', value: 'BBBB' } as const },
      { partNumber: 2, size: 1, checksum: undefined },
    ];
    const body = writeObjectAttributes({
      etag: `${etag}-2`,
      checksum: { value: checksum, type: 'COMPOSITE' },
      parts: { count: 2, page: { partNumberMarker: 0, maxParts: 1_000, isTruncated: false, parts } },
      storageClass: 'STANDARD',
      size: 5_242_881,
    });
    const command = new GetObjectAttributesCommand({ Bucket, Key, ObjectAttributes: ['ETag'] });
    assert.deepEqual(await read(answering(body).send(command)), {
      ETag: `${etag}-2`,
      Checksum: { ChecksumSHA1: 'AAAA-2', ChecksumType: 'COMPOSITE' },
      ObjectParts: {
        TotalPartsCount: 2,
        PartNumberMarker: '0',
        NextPartNumberMarker: '2',
        MaxParts: 1_000,
        IsTruncated: false,
        Parts: [
          { PartNumber: 1, Size: 5_242_880, ChecksumSHA1: 'BBBB' },
          { PartNumber: 2, Size: 1 },
        ],
      },
      StorageClass: 'STANDARD',
      ObjectSize: 5_242_881,
    });
  });

  it('GetObjectAttributes, none but the count of parts', async () => {
    const body = writeObjectAttributes({
      etag: undefined,
      checksum: undefined,
      parts: { count: 3, page: undefined },
      storageClass: undefined,
      size: undefined,
    });
    const command = new GetObjectAttributesCommand({ Bucket, Key, ObjectAttributes: ['ObjectParts'] });
    assert.deepEqual(await read(answering(body).send(command)), { ObjectParts: { TotalPartsCount: 3 } });
  });

  it('GetBucketVersioning', async () => {
    const command = new GetBucketVersioningCommand({ Bucket });
    assert.deepEqual(await read(answering(writeVersioningConfiguration('enabled')).send(command)), {
      Status: 'Enabled',
    });
    assert.deepEqual(await read(answering(writeVersioningConfiguration('off')).send(command)), {});
  });

  it('GetObjectTagging', async () => {
    const command = new GetObjectTaggingCommand({ Bucket, Key });
    const body = writeTagging([{ key: 'a é', value: '' }]);
    assert.deepEqual(await read(answering(body).send(command)), { TagSet: [{ Key: 'a é', Value: '' }] });
    assert.deepEqual(await read(answering(writeTagging([])).send(command)), { TagSet: [] });
  });

  it('GetObjectLockConfiguration', async () => {
    const command = new GetObjectLockConfigurationCommand({ Bucket });
    const body = writeObjectLockConfiguration({ mode: 'compliance', unit: 'years', amount: 7 });
    assert.deepEqual(await read(answering(body).send(command)), {
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Years: 7 } },
      },
    });
    assert.deepEqual(await read(answering(writeObjectLockConfiguration(undefined)).send(command)), {
      ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' },
    });
  });

  it('GetObjectRetention, to the millisecond', async () => {
    const body = writeRetention({ mode: 'governance', untilMs: when });
    assert.deepEqual(await read(answering(body).send(new GetObjectRetentionCommand({ Bucket, Key }))), {
      Retention: { Mode: 'GOVERNANCE', RetainUntilDate: dateOf(when) },
    });
  });

  it('GetObjectLegalHold', async () => {
    const command = new GetObjectLegalHoldCommand({ Bucket, Key });
    assert.deepEqual(await read(answering(writeLegalHold(true)).send(command)), { LegalHold: { Status: 'ON' } });
    assert.deepEqual(await read(answering(writeLegalHold(false)).send(command)), { LegalHold: { Status: 'OFF' } });
  });
});

describe('gateway/xml, errors as the SDK for JavaScript reads them', () => {
  const context = { resource: '/bucket/a&b', requestId: '0123456789ABCDEF', hostId: 'host+id=' };

  it('code, message and the further fields', async () => {
    const error = new S3Error('InvalidArgument', {
      message: 'a < b',
      fields: { ArgumentName: 'max-keys', ArgumentValue: '<x>' },
    });
    const body = writeError(error, context).bytes();
    await assert.rejects(answering(body, 400).send(new GetObjectCommand({ Bucket, Key })), {
      name: 'InvalidArgument',
      message: 'a < b',
      ArgumentName: 'max-keys',
      ArgumentValue: '<x>',
      Resource: '/bucket/a&b',
    });
  });

  it('an error behind a 200 that had begun', async () => {
    const late = writeError(new S3Error('InternalError'), context).bytesAfterDeclaration();
    const body = Buffer.concat([Buffer.from('<?xml version="1.0" encoding="UTF-8"?>\n   '), late]);
    const command = new CompleteMultipartUploadCommand({ Bucket, Key, UploadId: 'u' });
    await assert.rejects(answering(body).send(command), { name: 'InternalError' });
  });
});
