import assert from 'node:assert/strict';
import {
  listBucketsParameters,
  listMultipartUploadsParameters,
  listObjectsParameters,
  listObjectsV2Parameters,
  listObjectVersionsParameters,
  listPartsParameters,
} from '../../../gateway/request/listing-parameters.js';
import type { Query } from '../../../gateway/request/target.js';
import { parseTarget } from '../../../gateway/request/target.js';
import { refused } from '../errors.js';

const query = (text: string): Query => parseTarget(`/?${text}`).query;
const key = { prefix: '', delimiter: undefined, encodingType: undefined };

describe('gateway/request/listing-parameters', () => {
  const cases = [
    { read: listObjectsParameters, text: '', value: { ...key, marker: '', maxKeys: 1_000 } },
    {
      read: listObjectsParameters,
      text: 'prefix=a+b&delimiter=%2F%2F&marker=%C3%A9&max-keys=7&encoding-type=url',
      value: { prefix: 'a b', delimiter: '//', encodingType: 'url', marker: 'é', maxKeys: 7 },
    },
    {
      read: listObjectsParameters,
      text: 'prefix=&delimiter=&marker=&max-keys=',
      value: { ...key, marker: '', maxKeys: 1_000 },
    },
    { read: listObjectsParameters, text: 'max-keys=0', value: { ...key, marker: '', maxKeys: 0 } },
    { read: listObjectsParameters, text: 'max-keys=2147483647', value: { ...key, marker: '', maxKeys: 1_000 } },
    {
      read: listObjectsV2Parameters,
      text: 'list-type=2',
      value: { ...key, continuationToken: undefined, startAfter: undefined, fetchOwner: false, maxKeys: 1_000 },
    },
    {
      read: listObjectsV2Parameters,
      text: 'continuation-token=a%2B%3D&start-after=b&fetch-owner=True&max-keys=1',
      value: { ...key, continuationToken: 'a+=', startAfter: 'b', fetchOwner: true, maxKeys: 1 },
    },
    {
      read: listObjectVersionsParameters,
      text: 'versions&key-marker=&version-id-marker=',
      value: { ...key, keyMarker: '', versionIdMarker: undefined, maxKeys: 1_000 },
    },
    {
      read: listObjectVersionsParameters,
      text: 'versions&key-marker=k&version-id-marker=null',
      value: { ...key, keyMarker: 'k', versionIdMarker: 'null', maxKeys: 1_000 },
    },
    {
      read: listMultipartUploadsParameters,
      text: 'uploads&upload-id-marker=u&max-uploads=5000',
      value: { ...key, keyMarker: '', uploadIdMarker: undefined, maxUploads: 1_000 },
    },
    {
      read: listMultipartUploadsParameters,
      text: 'uploads&key-marker=k&upload-id-marker=u&max-uploads=5',
      value: { ...key, keyMarker: 'k', uploadIdMarker: 'u', maxUploads: 5 },
    },
    { read: listPartsParameters, text: 'uploadId=u', value: { uploadId: 'u', partNumberMarker: 0, maxParts: 1_000 } },
    {
      read: listPartsParameters,
      text: 'uploadId=u&part-number-marker=99&max-parts=1001',
      value: { uploadId: 'u', partNumberMarker: 99, maxParts: 1_000 },
    },
    {
      read: listBucketsParameters,
      text: 'prefix=',
      value: { prefix: undefined, bucketRegion: undefined, continuationToken: undefined, maxBuckets: undefined },
    },
    {
      read: listBucketsParameters,
      text: 'prefix=p&bucket-region=r&continuation-token=t&max-buckets=10000',
      value: { prefix: 'p', bucketRegion: 'r', continuationToken: 't', maxBuckets: 10_000 },
    },
  ];
  for (const c of cases) {
    it(`${c.read.name} reads ${c.text || 'nothing'}`, () => assert.deepEqual(c.read(query(c.text)), c.value));
  }

  const wrong = [
    {
      read: listObjectsParameters,
      text: 'max-keys=x',
      message: 'Provided max-keys not an integer or within integer range',
    },
    {
      read: listObjectsParameters,
      text: 'max-keys=1.5',
      message: 'Provided max-keys not an integer or within integer range',
    },
    {
      read: listObjectsV2Parameters,
      text: 'max-keys=0x10',
      message: 'Provided max-keys not an integer or within integer range',
    },
    {
      read: listObjectsV2Parameters,
      text: 'max-keys=2147483648',
      message: 'Provided max-keys not an integer or within integer range',
    },
    {
      read: listObjectVersionsParameters,
      text: 'max-keys=-1',
      message: 'Argument max-keys must be an integer between 0 and 2147483647',
    },
    {
      read: listMultipartUploadsParameters,
      text: 'max-uploads=-1',
      message: 'Argument max-uploads must be an integer between 0 and 2147483647',
    },
    {
      read: listPartsParameters,
      text: 'max-parts=many',
      message: 'Provided max-parts not an integer or within integer range',
    },
    {
      read: listPartsParameters,
      text: 'part-number-marker=-5',
      message: 'Argument part-number-marker must be an integer between 0 and 2147483647',
    },
    {
      read: listBucketsParameters,
      text: 'max-buckets=0',
      message: 'Argument max-buckets must be an integer between 1 and 10000.',
    },
    {
      read: listBucketsParameters,
      text: 'max-buckets=10001',
      message: 'Argument max-buckets must be an integer between 1 and 10000.',
    },
    {
      read: listObjectsParameters,
      text: 'encoding-type=base64',
      message: 'Invalid Encoding Method specified in Request',
    },
    { read: listObjectsParameters, text: 'encoding-type=', message: 'Invalid Encoding Method specified in Request' },
    {
      read: listObjectsV2Parameters,
      text: 'continuation-token=',
      message: 'The continuation token provided is incorrect',
    },
    {
      read: listObjectVersionsParameters,
      text: 'version-id-marker=v',
      message: 'A version-id marker cannot be specified without a key marker.',
    },
  ];
  for (const c of wrong) {
    it(`${c.read.name} refuses ${c.text}`, () => {
      const [name, value] = c.text.split('=');
      const error = refused(() => c.read(query(c.text)), 'InvalidArgument');
      assert.equal(error.message, c.message);
      assert.deepEqual(error.fields, { ArgumentName: name, ArgumentValue: value });
    });
  }
});
