/** Answers to the letter: the order of elements, what is left out, and how the document begins. */
import assert from 'node:assert/strict';
import { S3Error } from '../../../gateway/s3-error.js';
import { writeError } from '../../../gateway/xml/error.js';
import { writeListMultipartUploadsResult } from '../../../gateway/xml/list-multipart-uploads-result.js';
import { writeListObjectsResult } from '../../../gateway/xml/list-objects-result.js';
import { writeListObjectsV2Result } from '../../../gateway/xml/list-objects-v2-result.js';
import { writeListPartsResult } from '../../../gateway/xml/list-parts-result.js';
import { writeListVersionsResult } from '../../../gateway/xml/list-versions-result.js';
import { writeLocationConstraint } from '../../../gateway/xml/location-constraint.js';
import { listObjects, listObjectsV2, listParts, listUploads, listVersions } from './answers.js';

const text = (bytes: Uint8Array): string => new TextDecoder('utf-8', { fatal: true }).decode(bytes);
const begin = '<?xml version="1.0" encoding="UTF-8"?>\n';
const xmlns = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';
const time = '2030-01-02T03:04:05.000Z';
const owner = '<Owner><ID>owner-id</ID><DisplayName>Owner &amp; Co</DisplayName></Owner>';
const etag = '&quot;d41d8cd98f00b204e9800998ecf8427e&quot;';
const described =
  `<ETag>${etag}</ETag><ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>` +
  `<Size>5000000000000</Size>${owner}<StorageClass>STANDARD</StorageClass>`;
const archived =
  '<ETag>&quot;d41d8cd98f00b204e9800998ecf8427e-3&quot;</ETag><Size>0</Size><StorageClass>GLACIER</StorageClass>' +
  `<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress><RestoreExpiryDate>${time}</RestoreExpiryDate></RestoreStatus>`;
const contents =
  `<Contents><Key>a b&amp;&lt;ü&gt;.txt</Key><LastModified>${time}</LastModified>${described}</Contents>` +
  `<Contents><Key>dir/z</Key><LastModified>${time}</LastModified>${archived}</Contents>`;

describe('gateway/xml, answers to the letter', () => {
  it('ListObjects', () => {
    assert.equal(
      text(writeListObjectsResult(listObjects)),
      `${begin}<ListBucketResult ${xmlns}><Name>bucket</Name><Prefix>p +/</Prefix><Marker>m*é</Marker><NextMarker>n(1)</NextMarker>` +
        `<MaxKeys>3</MaxKeys><Delimiter>/ </Delimiter><IsTruncated>true</IsTruncated>${contents}` +
        '<CommonPrefixes><Prefix>p +/x/</Prefix></CommonPrefixes><CommonPrefixes><Prefix>p +/y~/</Prefix></CommonPrefixes></ListBucketResult>',
    );
  });

  it('ListObjects of nothing: prefix and marker are there, delimiter and the next marker are not', () => {
    const nothing = { ...listObjects, prefix: '', marker: '', delimiter: undefined, nextMarker: undefined };
    assert.equal(
      text(
        writeListObjectsResult({
          ...nothing,
          isTruncated: false,
          contents: [],
          commonPrefixes: [],
          encodingType: 'url',
        }),
      ),
      `${begin}<ListBucketResult ${xmlns}><Name>bucket</Name><Prefix></Prefix><Marker></Marker><MaxKeys>3</MaxKeys>` +
        '<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated></ListBucketResult>',
    );
  });

  it('ListObjectsV2', () => {
    assert.equal(
      text(writeListObjectsV2Result(listObjectsV2)),
      `${begin}<ListBucketResult ${xmlns}><Name>bucket</Name><Prefix>p +/</Prefix><StartAfter>s é</StartAfter>` +
        '<ContinuationToken>token+/=</ContinuationToken><NextContinuationToken>next+/=</NextContinuationToken><KeyCount>3</KeyCount>' +
        `<MaxKeys>3</MaxKeys><Delimiter>/ </Delimiter><IsTruncated>true</IsTruncated>${contents}` +
        '<CommonPrefixes><Prefix>p +/x/</Prefix></CommonPrefixes></ListBucketResult>',
    );
  });

  it('ListObjectsV2, the last page', () => {
    const nothing = {
      ...listObjectsV2,
      startAfter: undefined,
      continuationToken: undefined,
      nextContinuationToken: undefined,
    };
    assert.equal(
      text(writeListObjectsV2Result({ ...nothing, delimiter: undefined, contents: [], commonPrefixes: [] })),
      `${begin}<ListBucketResult ${xmlns}><Name>bucket</Name><Prefix>p +/</Prefix><KeyCount>0</KeyCount><MaxKeys>3</MaxKeys>` +
        '<IsTruncated>false</IsTruncated></ListBucketResult>',
    );
  });

  it('ListObjectVersions: versions and delete markers in one order', () => {
    const head = (key: string, version: string, isLatest: boolean): string =>
      `<Key>${key}</Key><VersionId>${version}</VersionId><IsLatest>${isLatest}</IsLatest><LastModified>${time}</LastModified>`;
    assert.equal(
      text(writeListVersionsResult(listVersions)),
      `${begin}<ListVersionsResult ${xmlns}><Name>bucket</Name><Prefix>p +/</Prefix><KeyMarker>k é</KeyMarker>` +
        '<VersionIdMarker>v+1</VersionIdMarker><NextKeyMarker>n é</NextKeyMarker><NextVersionIdMarker>v+2</NextVersionIdMarker>' +
        '<MaxKeys>3</MaxKeys><Delimiter>/ </Delimiter><IsTruncated>true</IsTruncated>' +
        `<DeleteMarker>${head('a b', 'v3', true)}${owner}</DeleteMarker>` +
        `<Version>${head('a b', 'v2', false)}${described}</Version>` +
        `<DeleteMarker>${head('a b', 'v1', false)}</DeleteMarker>` +
        `<Version>${head('dir/z', 'null', true)}${archived}</Version>` +
        '<CommonPrefixes><Prefix>p +/x/</Prefix></CommonPrefixes></ListVersionsResult>',
    );
  });

  it('ListObjectVersions with encoding-type=url: not the ids of versions', () => {
    const answer = text(writeListVersionsResult({ ...listVersions, encodingType: 'url' }));
    for (const part of [
      '<Prefix>p+%2B/</Prefix><KeyMarker>k+%C3%A9</KeyMarker><VersionIdMarker>v+1</VersionIdMarker>',
      '<NextKeyMarker>n+%C3%A9</NextKeyMarker><NextVersionIdMarker>v+2</NextVersionIdMarker>',
      '<Delimiter>/+</Delimiter><EncodingType>url</EncodingType>',
      '<DeleteMarker><Key>a+b</Key>',
      '<Version><Key>a+b</Key>',
      '<CommonPrefixes><Prefix>p+%2B/x/</Prefix></CommonPrefixes>',
    ]) {
      assert.ok(answer.includes(part), part);
    }
  });

  it('ListMultipartUploads', () => {
    assert.equal(
      text(writeListMultipartUploadsResult(listUploads)),
      `${begin}<ListMultipartUploadsResult ${xmlns}><Bucket>bucket</Bucket><KeyMarker>k é</KeyMarker>` +
        '<UploadIdMarker>u+1</UploadIdMarker><NextKeyMarker>n é</NextKeyMarker><NextUploadIdMarker>u+2</NextUploadIdMarker>' +
        '<Delimiter>/ </Delimiter><Prefix>p +/</Prefix><MaxUploads>2</MaxUploads><IsTruncated>true</IsTruncated>' +
        `<Upload><Key>a b</Key><UploadId>u+2</UploadId><Initiator><ID>initiator-id</ID></Initiator>${owner}` +
        `<StorageClass>STANDARD</StorageClass><Initiated>${time}</Initiated><ChecksumAlgorithm>CRC32</ChecksumAlgorithm>` +
        '<ChecksumType>COMPOSITE</ChecksumType></Upload>' +
        `<Upload><Key>c</Key><UploadId>u3</UploadId><StorageClass>STANDARD</StorageClass><Initiated>${time}</Initiated></Upload>` +
        '<CommonPrefixes><Prefix>p +/x/</Prefix></CommonPrefixes></ListMultipartUploadsResult>',
    );
  });

  it('ListMultipartUploads with encoding-type=url: not the ids of uploads', () => {
    const answer = text(writeListMultipartUploadsResult({ ...listUploads, encodingType: 'url' }));
    for (const part of [
      '<KeyMarker>k+%C3%A9</KeyMarker><UploadIdMarker>u+1</UploadIdMarker><NextKeyMarker>n+%C3%A9</NextKeyMarker>',
      '<NextUploadIdMarker>u+2</NextUploadIdMarker><Delimiter>/+</Delimiter><Prefix>p+%2B/</Prefix>',
      '<EncodingType>url</EncodingType>',
      '<Upload><Key>a+b</Key><UploadId>u+2</UploadId>',
    ]) {
      assert.ok(answer.includes(part), part);
    }
  });

  it('ListParts', () => {
    assert.equal(
      text(writeListPartsResult(listParts)),
      `${begin}<ListPartsResult ${xmlns}><Bucket>bucket</Bucket><Key>a b&amp;c</Key><UploadId>u+1</UploadId>` +
        `<Initiator><ID>initiator-id</ID></Initiator>${owner}<StorageClass>STANDARD</StorageClass>` +
        '<PartNumberMarker>1</PartNumberMarker><NextPartNumberMarker>4</NextPartNumberMarker><MaxParts>2</MaxParts>' +
        '<IsTruncated>true</IsTruncated><ChecksumAlgorithm>SHA256</ChecksumAlgorithm><ChecksumType>COMPOSITE</ChecksumType>' +
        `<Part><PartNumber>2</PartNumber><LastModified>${time}</LastModified><ETag>${etag}</ETag><Size>5242880</Size>` +
        '<ChecksumSHA256>AAAA</ChecksumSHA256></Part>' +
        `<Part><PartNumber>4</PartNumber><LastModified>${time}</LastModified><ETag>${etag}</ETag><Size>1</Size></Part></ListPartsResult>`,
    );
  });

  it('ListParts of none: the next marker is 0', () => {
    assert.match(text(writeListPartsResult({ ...listParts, parts: [] })), /<NextPartNumberMarker>0</);
  });

  it('GetBucketLocation: us-east-1 is nothing', () => {
    assert.equal(
      text(writeLocationConstraint('us-east-1')),
      `${begin}<LocationConstraint ${xmlns}></LocationConstraint>`,
    );
    assert.equal(text(writeLocationConstraint('x-1')), `${begin}<LocationConstraint ${xmlns}>x-1</LocationConstraint>`);
  });

  it('an error, without a namespace, its further elements between message and resource', () => {
    const error = new S3Error('NoSuchBucket', { fields: { BucketName: 'a&b' } });
    const context = { resource: '/a%26b', requestId: '0123456789ABCDEF', hostId: 'h' };
    assert.equal(
      text(writeError(error, context).bytes()),
      `${begin}<Error><Code>NoSuchBucket</Code><Message>The bucket does not exist.</Message><BucketName>a&amp;b</BucketName>` +
        '<Resource>/a%26b</Resource><RequestId>0123456789ABCDEF</RequestId><HostId>h</HostId></Error>',
    );
  });

  it('a key that XML 1.0 does not have: by reference, or encoded when the client asks for it', () => {
    const [first] = listObjects.contents;
    assert.ok(first);
    const result = { ...listObjects, contents: [{ ...first, key: '\u0001\r' }] };
    assert.match(text(writeListObjectsResult(result)), /<Key>&#x1;&#13;<\/Key>/);
    assert.match(text(writeListObjectsResult({ ...result, encodingType: 'url' })), /<Key>%01%0D<\/Key>/);
  });
});
