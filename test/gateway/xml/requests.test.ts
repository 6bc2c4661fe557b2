/** Bodies of requests: what is right, what is wrong, and how it is refused. Those of real SDKs are in requests-of-sdks.test.ts. */
import assert from 'node:assert/strict';
import type { S3ErrorCode } from '../../../gateway/s3-error-codes.js';
import { parseCompleteMultipartUpload } from '../../../gateway/xml/complete-multipart-upload.js';
import { parseCreateBucketConfiguration } from '../../../gateway/xml/create-bucket-configuration.js';
import { parseDelete } from '../../../gateway/xml/delete.js';
import { parseLegalHold } from '../../../gateway/xml/legal-hold.js';
import { parseObjectLockConfiguration } from '../../../gateway/xml/object-lock-configuration.js';
import { parseRetention } from '../../../gateway/xml/retention.js';
import { checkTags } from '../../../gateway/s3/tagging.js';
import { parseTagging } from '../../../gateway/xml/tagging.js';
import { parseVersioningConfiguration } from '../../../gateway/xml/versioning-configuration.js';
import { refused } from '../errors.js';

interface Refusal {
  readonly name: string;
  readonly xml: string;
  readonly code?: S3ErrorCode;
  readonly fields?: Readonly<Record<string, string>>;
}

interface Taken<T> {
  readonly name: string;
  readonly xml: string;
  readonly value: T;
}

function document<T>(
  operation: string,
  parse: (bytes: Uint8Array) => T,
  cases: { readonly taken: readonly Taken<T>[]; readonly refused: readonly Refusal[] },
): void {
  describe(`gateway/xml, the body of ${operation}`, () => {
    for (const c of cases.taken) {
      it(`takes ${c.name}`, () => assert.deepEqual(parse(new TextEncoder().encode(c.xml)), c.value));
    }
    for (const c of cases.refused) {
      it(`refuses ${c.name}`, () => {
        const error = refused(() => parse(new TextEncoder().encode(c.xml)), c.code ?? 'MalformedXML');
        if (c.fields !== undefined) assert.deepEqual(error.fields, c.fields);
      });
    }
  });
}

document('CreateBucket', parseCreateBucketConfiguration, {
  taken: [
    { name: 'no body', xml: '', value: { locationConstraint: undefined, tags: [] } },
    { name: 'an empty one', xml: '<CreateBucketConfiguration/>', value: { locationConstraint: undefined, tags: [] } },
    {
      name: 'an empty location',
      xml: '<CreateBucketConfiguration><LocationConstraint/></CreateBucketConfiguration>',
      value: { locationConstraint: undefined, tags: [] },
    },
    {
      name: 'a location with white space around it, without a namespace',
      xml: '<CreateBucketConfiguration>\n <LocationConstraint> EU </LocationConstraint>\n</CreateBucketConfiguration>',
      value: { locationConstraint: 'EU', tags: [] },
    },
    {
      name: 'a prefix for its namespace',
      xml: '<s:CreateBucketConfiguration xmlns:s="http://s3.amazonaws.com/doc/2006-03-01/"><s:LocationConstraint>x</s:LocationConstraint></s:CreateBucketConfiguration>',
      value: { locationConstraint: 'x', tags: [] },
    },
  ],
  refused: [
    { name: 'another root', xml: '<CreateBucket/>' },
    { name: 'unknown elements', xml: '<CreateBucketConfiguration><Region>x</Region></CreateBucketConfiguration>' },
    {
      name: 'two locations',
      xml: '<CreateBucketConfiguration><LocationConstraint/><LocationConstraint/></CreateBucketConfiguration>',
    },
    { name: 'text', xml: '<CreateBucketConfiguration>eu-central-1</CreateBucketConfiguration>' },
    {
      name: 'elements in a location',
      xml: '<CreateBucketConfiguration><LocationConstraint><a/></LocationConstraint></CreateBucketConfiguration>',
    },
    {
      name: 'directory buckets',
      xml: '<CreateBucketConfiguration><Bucket><Type>Directory</Type></Bucket></CreateBucketConfiguration>',
      code: 'NotImplemented',
    },
    {
      name: 'zones',
      xml: '<CreateBucketConfiguration><Location><Name>x</Name></Location></CreateBucketConfiguration>',
      code: 'NotImplemented',
    },
    {
      name: 'system tags',
      xml: '<CreateBucketConfiguration><Tags><Tag><Key>aws:x</Key><Value/></Tag></Tags></CreateBucketConfiguration>',
      code: 'InvalidTag',
    },
  ],
});

document('PutBucketVersioning', parseVersioningConfiguration, {
  taken: [
    {
      name: 'Enabled, with MFA delete as it is',
      xml: '<VersioningConfiguration><MfaDelete>Disabled</MfaDelete><Status>Enabled</Status></VersioningConfiguration>',
      value: 'enabled',
    },
    {
      name: 'Suspended',
      xml: '<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>',
      value: 'suspended',
    },
  ],
  refused: [
    { name: 'no body', xml: '', code: 'MissingRequestBodyError' },
    { name: 'no status', xml: '<VersioningConfiguration/>', code: 'IllegalVersioningConfigurationException' },
    { name: 'an unknown status', xml: '<VersioningConfiguration><Status>enabled</Status></VersioningConfiguration>' },
    { name: 'Disabled', xml: '<VersioningConfiguration><Status>Disabled</Status></VersioningConfiguration>' },
    {
      name: 'an unknown element',
      xml: '<VersioningConfiguration><Status>Enabled</Status><X/></VersioningConfiguration>',
    },
    {
      name: 'MFA delete',
      xml: '<VersioningConfiguration><Status>Enabled</Status><MfaDelete>Enabled</MfaDelete></VersioningConfiguration>',
      code: 'NotImplemented',
    },
    {
      name: 'an unknown state of MFA delete',
      xml: '<VersioningConfiguration><Status>Enabled</Status><MfaDelete>On</MfaDelete></VersioningConfiguration>',
    },
  ],
});

const none = { versionId: undefined, etag: undefined, lastModified: undefined, size: undefined };
const objects = (count: number): string => '<Object><Key>k</Key></Object>'.repeat(count);

document('DeleteObjects', parseDelete, {
  taken: [
    {
      name: 'keys with white space, kept',
      xml: '<Delete><Object><Key> a\n</Key></Object></Delete>',
      value: { objects: [{ key: ' a\n', ...none }], quiet: false },
    },
    {
      name: 'all conditions, Quiet behind the objects, an empty version',
      xml: '<Delete><Object><ETag>*</ETag><Size>7</Size><Key>k</Key><VersionId/><LastModifiedTime>2030-01-02T03:04:05Z</LastModifiedTime></Object><Quiet>TRUE</Quiet></Delete>',
      value: {
        objects: [{ key: 'k', versionId: undefined, etag: '*', lastModified: 1_893_553_445_000 as never, size: 7 }],
        quiet: true,
      },
    },
    {
      name: 'a thousand objects',
      xml: `<Delete>${objects(1_000)}</Delete>`,
      value: { objects: Array.from({ length: 1_000 }, () => ({ key: 'k', ...none })), quiet: false },
    },
  ],
  refused: [
    { name: 'no body', xml: '', code: 'MissingRequestBodyError' },
    { name: 'no objects', xml: '<Delete><Quiet>true</Quiet></Delete>' },
    { name: 'a thousand and one objects', xml: `<Delete>${objects(1_001)}</Delete>` },
    { name: 'an object without a key', xml: '<Delete><Object><VersionId>x</VersionId></Object></Delete>' },
    { name: 'an empty key', xml: '<Delete><Object><Key/></Object></Delete>' },
    { name: 'two keys in one object', xml: '<Delete><Object><Key>1</Key><Key>2</Key></Object></Delete>' },
    { name: 'a key that XML cannot have', xml: '<Delete><Object><Key>&#x1;</Key></Object></Delete>' },
    {
      name: 'a condition that is not known',
      xml: '<Delete><Object><Key>k</Key><IfMatch>x</IfMatch></Object></Delete>',
    },
    { name: 'an empty ETag', xml: '<Delete><Object><Key>k</Key><ETag/></Object></Delete>' },
    { name: 'a size that is no number', xml: '<Delete><Object><Key>k</Key><Size>x</Size></Object></Delete>' },
    { name: 'a negative size', xml: '<Delete><Object><Key>k</Key><Size>-1</Size></Object></Delete>' },
    {
      name: 'a size beyond safe integers',
      xml: '<Delete><Object><Key>k</Key><Size>9007199254740993</Size></Object></Delete>',
    },
    {
      name: 'a time that is none',
      xml: '<Delete><Object><Key>k</Key><LastModifiedTime>now</LastModifiedTime></Object></Delete>',
    },
    { name: 'Quiet twice', xml: `<Delete>${objects(1)}<Quiet>true</Quiet><Quiet>false</Quiet></Delete>` },
    { name: 'Quiet that is neither', xml: `<Delete>${objects(1)}<Quiet>yes</Quiet></Delete>` },
    { name: 'unknown elements', xml: `<Delete>${objects(1)}<Loud/></Delete>` },
    { name: 'eight MiB', xml: `<Delete>${' '.repeat(8 * 1024 * 1024)}</Delete>`, code: 'MaxMessageLengthExceeded' },
  ],
});

const complete = (parts: string): string => `<CompleteMultipartUpload>${parts}</CompleteMultipartUpload>`;
const part = (number: number | string, more = ''): string =>
  `<Part><PartNumber>${number}</PartNumber><ETag>"e"</ETag>${more}</Part>`;

document('CompleteMultipartUpload', parseCompleteMultipartUpload, {
  taken: [
    {
      name: 'parts with gaps, ETags with and without quotes',
      xml: complete('<Part><ETag> e </ETag><PartNumber> 2 </PartNumber></Part>' + part(10_000)),
      value: [
        { partNumber: 2, etag: 'e', checksum: undefined },
        { partNumber: 10_000, etag: 'e', checksum: undefined },
      ],
    },
    {
      name: 'what ListParts told, sent back',
      xml: complete(part(1, '<Size>5</Size><LastModified>x</LastModified>') + '<Owner/>'),
      value: [{ partNumber: 1, etag: 'e', checksum: undefined }],
    },
    {
      name: 'the root that older SDKs write',
      xml: `<CompletedMultipartUpload>${part(1)}</CompletedMultipartUpload>`,
      value: [{ partNumber: 1, etag: 'e', checksum: undefined }],
    },
    {
      name: 'ten thousand parts',
      xml: complete(Array.from({ length: 10_000 }, (_, i) => part(i + 1)).join('\n  ')),
      value: Array.from({ length: 10_000 }, (_, i) => ({ partNumber: i + 1, etag: 'e', checksum: undefined })),
    },
  ],
  refused: [
    { name: 'no body', xml: '', code: 'InvalidRequest' },
    { name: 'no parts', xml: complete('') },
    { name: 'a part without a number', xml: complete('<Part><ETag>e</ETag></Part>') },
    { name: 'a part without an ETag', xml: complete('<Part><PartNumber>1</PartNumber></Part>') },
    { name: 'an empty ETag', xml: complete('<Part><PartNumber>1</PartNumber><ETag>""</ETag></Part>') },
    { name: 'a part with two numbers', xml: complete(part(1, '<PartNumber>2</PartNumber>')) },
    { name: 'a part with two ETags', xml: complete(part(1, '<ETag>e</ETag>')) },
    { name: 'a number that is none', xml: complete(part('1.5')) },
    {
      name: 'part 0',
      xml: complete(part(0)),
      code: 'InvalidArgument',
      fields: { ArgumentName: 'PartNumber', ArgumentValue: '0' },
    },
    {
      name: 'part 10,001',
      xml: complete(part(10_001)),
      code: 'InvalidPart',
      fields: { PartNumber: '10001', ETag: 'e' },
    },
    { name: 'parts in descending order', xml: complete(part(2) + part(1)), code: 'InvalidPartOrder' },
    { name: 'a part twice', xml: complete(part(1) + part(1)), code: 'InvalidPartOrder' },
    {
      name: 'a checksum that is not base64',
      xml: complete(part(1, '<ChecksumCRC32>!!!!</ChecksumCRC32>')),
      code: 'InvalidArgument',
      fields: { ArgumentName: 'Checksum', ArgumentValue: '!!!!' },
    },
    {
      name: 'a checksum of another length',
      xml: complete(part(1, '<ChecksumCRC64NVME>AAECAw==</ChecksumCRC64NVME>')),
      code: 'InvalidArgument',
    },
    {
      name: 'two checksums',
      xml: complete(part(1, '<ChecksumCRC32>AAECAw==</ChecksumCRC32><ChecksumCRC32C>AAECAw==</ChecksumCRC32C>')),
      code: 'InvalidArgument',
      fields: { ArgumentName: 'Checksum', ArgumentValue: 'AAECAw==' },
    },
    { name: 'eight MiB', xml: complete(' '.repeat(8 * 1024 * 1024)), code: 'MaxMessageLengthExceeded' },
  ],
});

const tagging = (tags: string): string => `<Tagging><TagSet>${tags}</TagSet></Tagging>`;
const tag = (key: string, value: string): string => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`;

document('PutObjectTagging', (bytes) => parseTagging(bytes, 'object'), {
  taken: [
    { name: 'none', xml: tagging(''), value: [] },
    {
      name: 'every character that AWS allows',
      xml: tagging(tag('a é1_.:/=+-@', '')),
      value: [{ key: 'a é1_.:/=+-@', value: '' }],
    },
    {
      name: 'the longest',
      xml: tagging(tag('k'.repeat(128), 'v'.repeat(256))),
      value: [{ key: 'k'.repeat(128), value: 'v'.repeat(256) }],
    },
  ],
  refused: [
    { name: 'no body', xml: '', code: 'MissingRequestBodyError' },
    { name: 'no set', xml: '<Tagging/>' },
    { name: 'a tag without a value', xml: tagging('<Tag><Key>a</Key></Tag>') },
    { name: 'a tag without a key', xml: tagging('<Tag><Value>a</Value></Tag>') },
    { name: 'something else in the set', xml: tagging('<Key>a</Key>') },
    { name: 'two sets', xml: '<Tagging><TagSet/><TagSet/></Tagging>' },
    { name: 'a key twice', xml: tagging(tag('a', '1') + tag('a', '2')), code: 'InvalidTag', fields: { TagKey: 'a' } },
    { name: 'a system tag', xml: tagging(tag('aws:x', '')), code: 'InvalidTag', fields: { TagKey: 'aws:x' } },
    { name: 'an empty key', xml: tagging(tag('', 'x')), code: 'InvalidTag' },
    { name: 'a key of 129', xml: tagging(tag('k'.repeat(129), '')), code: 'InvalidTag' },
    { name: 'a value of 257', xml: tagging(tag('k', 'v'.repeat(257))), code: 'InvalidTag' },
    { name: 'a comma in a key', xml: tagging(tag('a,b', '')), code: 'InvalidTag', fields: { TagKey: 'a,b' } },
    {
      name: 'a tab in a value',
      xml: tagging(tag('a', '&#9;')),
      code: 'InvalidTag',
      fields: { TagKey: 'a', TagValue: '\t' },
    },
    {
      name: 'eleven tags',
      xml: tagging(Array.from({ length: 11 }, (_, i) => tag(`k${i}`, '')).join('')),
      code: 'BadRequest',
    },
  ],
});

describe('gateway/xml, tags of buckets', () => {
  const tags = (count: number): { key: string; value: string }[] =>
    Array.from({ length: count }, (_, i) => ({ key: `k${i}`, value: '' }));
  it('are at most fifty', () => {
    checkTags(tags(50), 'bucket');
    checkTags(tags(50), 'new-bucket');
    assert.match(refused(() => checkTags(tags(51), 'bucket'), 'BadRequest').message, /50/);
  });
});

const lock = (retention: string): string =>
  `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>${retention}</DefaultRetention></Rule></ObjectLockConfiguration>`;

document('PutObjectLockConfiguration', parseObjectLockConfiguration, {
  taken: [
    {
      name: 'no rule',
      xml: '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>',
      value: undefined,
    },
    {
      name: 'years',
      xml: lock('<Mode>GOVERNANCE</Mode><Years>100</Years>'),
      value: { mode: 'governance', unit: 'years', amount: 100 },
    },
    {
      name: 'days',
      xml: lock('<Days>1</Days><Mode>COMPLIANCE</Mode>'),
      value: { mode: 'compliance', unit: 'days', amount: 1 },
    },
  ],
  refused: [
    { name: 'no body', xml: '', code: 'MissingRequestBodyError' },
    { name: 'an empty one', xml: '<ObjectLockConfiguration/>' },
    {
      name: 'what is not Enabled',
      xml: '<ObjectLockConfiguration><ObjectLockEnabled>Disabled</ObjectLockEnabled></ObjectLockConfiguration>',
    },
    {
      name: 'a rule without retention',
      xml: '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule/></ObjectLockConfiguration>',
    },
    { name: 'no mode', xml: lock('<Days>1</Days>') },
    { name: 'an unknown mode', xml: lock('<Mode>governance</Mode><Days>1</Days>') },
    { name: 'no period', xml: lock('<Mode>GOVERNANCE</Mode>') },
    { name: 'two periods', xml: lock('<Mode>GOVERNANCE</Mode><Days>1</Days><Years>1</Years>') },
    { name: 'months', xml: lock('<Mode>GOVERNANCE</Mode><Months>1</Months>') },
    {
      name: 'no days',
      xml: lock('<Mode>GOVERNANCE</Mode><Days>0</Days>'),
      code: 'InvalidArgument',
      fields: { ArgumentName: 'Days', ArgumentValue: '0' },
    },
    {
      name: 'too many years',
      xml: lock('<Mode>GOVERNANCE</Mode><Years>101</Years>'),
      code: 'InvalidArgument',
      fields: { ArgumentName: 'Years', ArgumentValue: '101' },
    },
    { name: 'too many days', xml: lock('<Mode>GOVERNANCE</Mode><Days>36501</Days>'), code: 'InvalidArgument' },
    {
      name: 'event holds',
      xml: lock('<Mode>GOVERNANCE</Mode><Days>1</Days><DefaultEventHold><Days>1</Days></DefaultEventHold>'),
      code: 'NotImplemented',
    },
  ],
});

document('PutObjectRetention', parseRetention, {
  taken: [
    { name: 'none, which takes it away', xml: '<Retention/>', value: undefined },
    {
      name: 'a time with a fraction and a zone',
      xml: '<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>2030-01-02T05:04:05.678+02:00</RetainUntilDate></Retention>',
      value: { mode: 'compliance', untilMs: 1_893_553_445_678 },
    },
  ],
  refused: [
    { name: 'no body', xml: '', code: 'MissingRequestBodyError' },
    { name: 'a mode without a time', xml: '<Retention><Mode>COMPLIANCE</Mode></Retention>' },
    {
      name: 'a time without a mode',
      xml: '<Retention><RetainUntilDate>2030-01-02T03:04:05Z</RetainUntilDate></Retention>',
    },
    {
      name: 'an unknown mode',
      xml: '<Retention><Mode>X</Mode><RetainUntilDate>2030-01-02T03:04:05Z</RetainUntilDate></Retention>',
    },
    {
      name: 'a day',
      xml: '<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>2030-01-02</RetainUntilDate></Retention>',
    },
    { name: 'an event hold', xml: '<Retention><EventHold>ON</EventHold></Retention>', code: 'NotImplemented' },
  ],
});

document('PutObjectLegalHold', parseLegalHold, {
  taken: [
    { name: 'ON', xml: '<LegalHold><Status>ON</Status></LegalHold>', value: true },
    { name: 'OFF', xml: '<LegalHold><Status>OFF</Status></LegalHold>', value: false },
  ],
  refused: [
    { name: 'no body', xml: '', code: 'MissingRequestBodyError' },
    { name: 'no status', xml: '<LegalHold/>' },
    { name: 'another status', xml: '<LegalHold><Status>on</Status></LegalHold>' },
  ],
});
