/** What a request asks for that no SDK sends so, and what is refused. */
import assert from 'node:assert/strict';
import { addressOf } from '../../../gateway/request/addressing.js';
import type { Recognised } from '../../../gateway/request/operation.js';
import { recognise } from '../../../gateway/request/operation.js';
import { parseTarget } from '../../../gateway/request/target.js';
import type { S3ErrorCode } from '../../../gateway/s3-error-codes.js';
import { refused } from '../errors.js';

/** `line` is `GET /bucket/key?query`, path style. */
function asked(line: string, headers: Readonly<Record<string, string>> = {}): Recognised {
  const [method = '', target = ''] = line.split(' ');
  const { rawPath, query } = parseTarget(target);
  const { resource } = addressOf(rawPath, undefined, []);
  return recognise({ method, resource, query, headers: new Map(Object.entries(headers)) });
}

const form = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
const copy = { 'x-amz-copy-source': 'a/b' };

describe('gateway/request/operation', () => {
  const cases = [
    { line: 'GET /b/k?x-id=GetObject&response-content-type=a', operation: 'GetObject', action: 's3:GetObject' },
    { line: 'GET /b/k?versionId=v', operation: 'GetObject', action: 's3:GetObjectVersion' },
    { line: 'HEAD /b/k?versionId=null', operation: 'HeadObject', action: 's3:GetObjectVersion' },
    { line: 'GET /b/k?versionId=', operation: 'GetObject', action: 's3:GetObject' },
    { line: 'GET /b/k?partNumber=3', operation: 'GetObject', action: 's3:GetObject' },
    { line: 'HEAD /b/k?partNumber=3', operation: 'HeadObject', action: 's3:GetObject' },
    { line: 'DELETE /b/k?versionId=v', operation: 'DeleteObject', action: 's3:DeleteObjectVersion' },
    { line: 'PUT /b/k?acl&versionId=v', operation: 'PutObjectAcl', action: 's3:PutObjectVersionAcl' },
    { line: 'GET /b/k?tagging&versionId=v', operation: 'GetObjectTagging', action: 's3:GetObjectVersionTagging' },
    { line: 'GET /b/k?retention&versionId=v', operation: 'GetObjectRetention', action: 's3:GetObjectRetention' },
    { line: 'PUT /b/k?acl=', operation: 'PutObjectAcl', action: 's3:PutObjectAcl' },
    { line: 'GET /b?list-type=1', operation: 'ListObjects', action: 's3:ListBucket' },
    { line: 'GET /b?list-type=2&prefix=acl', operation: 'ListObjectsV2', action: 's3:ListBucket' },
    { line: 'GET /b?uploadId=u', operation: 'ListObjects', action: 's3:ListBucket' },
    { line: 'GET /b?max-directory-buckets=1', operation: 'ListObjects', action: 's3:ListBucket' },
    { line: 'GET /b?ACL', operation: 'ListObjects', action: 's3:ListBucket' },
    { line: 'GET /?prefix=p', operation: 'ListBuckets', action: 's3:ListAllMyBuckets' },
    { line: 'GET /?Action=GetCallerIdentity&Version=2011-06-15', operation: 'QueryApiGet', action: undefined },
    { line: 'POST /', headers: form, operation: 'QueryApiPost', action: undefined },
    {
      line: 'POST /b',
      headers: { 'content-type': 'Multipart/Form-Data; boundary=x' },
      operation: 'PostObject',
      action: 's3:PutObject',
    },
    { line: 'OPTIONS /', operation: 'Options', action: undefined },
    { line: 'OPTIONS /b?acl', operation: 'Options', action: undefined },
    { line: 'OPTIONS /b/k?acl&tagging', operation: 'Options', action: undefined },
    { line: 'PUT /b/k', headers: copy, operation: 'CopyObject', action: 's3:PutObject' },
    { line: 'PUT /b/k?partNumber=1&uploadId=u', headers: copy, operation: 'UploadPartCopy', action: 's3:PutObject' },
  ];
  for (const c of cases) {
    it(`takes ${c.line} for ${c.operation}`, () => {
      assert.deepEqual(asked(c.line, c.headers), { operation: c.operation, action: c.action });
    });
  }

  interface Refusal {
    readonly line: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly code: S3ErrorCode;
    readonly fields?: Readonly<Record<string, string>>;
    readonly allow?: string;
  }
  const notAllowed = (line: string, type: string, allow: string): Refusal => ({
    line,
    code: 'MethodNotAllowed',
    fields: { Method: line.slice(0, line.indexOf(' ')), ResourceType: type },
    allow,
  });
  const refusals: readonly Refusal[] = [
    notAllowed('PATCH /b/k', 'OBJECT', 'DELETE, GET, HEAD, PUT'),
    notAllowed('POST /b/k', 'OBJECT', 'DELETE, GET, HEAD, PUT'),
    notAllowed('PROPFIND /b', 'BUCKET', 'DELETE, GET, HEAD, PUT'),
    notAllowed('PUT /', 'SERVICE', 'GET'),
    notAllowed('HEAD /', 'SERVICE', 'GET'),
    notAllowed('POST /', 'SERVICE', 'GET'),
    notAllowed('DELETE /b?acl', 'ACL', 'GET, PUT'),
    notAllowed('DELETE /b?object-lock', 'OBJECTLOCK', 'GET, PUT'),
    notAllowed('POST /b?tagging', 'TAGGING', 'DELETE, GET, PUT'),
    notAllowed('PUT /b?location', 'LOCATION', 'GET'),
    notAllowed('GET /b?delete', 'DELETE', 'POST'),
    notAllowed('GET /b/k?uploads', 'UPLOADS', 'POST'),
    notAllowed('HEAD /b/k?tagging', 'TAGGING', 'DELETE, GET, PUT'),
    notAllowed('PUT /b/k?uploadId=u', 'UPLOAD', 'DELETE, GET, POST'),
    notAllowed('PATCH /b?analytics', 'ANALYTICS', 'GET'),
    notAllowed('get /b', 'BUCKET', 'DELETE, GET, HEAD, PUT'),
    {
      line: 'PUT /b/k?partNumber=1',
      code: 'InvalidArgument',
      fields: { ArgumentName: 'partNumber', ArgumentValue: '1' },
    },
    {
      line: 'GET /b/k?acl&tagging',
      code: 'InvalidArgument',
      fields: { ArgumentName: 'ResourceType', ArgumentValue: 'acl' },
    },
    {
      line: 'DELETE /b?policy&cors',
      code: 'InvalidArgument',
      fields: { ArgumentName: 'ResourceType', ArgumentValue: 'policy' },
    },
    { line: 'DELETE /b?retention', code: 'InvalidRequest' },
    { line: 'PUT /b?legal-hold', code: 'InvalidRequest' },
    { line: 'PUT /b/k?policy', code: 'InvalidRequest' },
    { line: 'GET /b/k?versions', code: 'InvalidRequest' },
    { line: 'GET /?acl', code: 'InvalidRequest' },
    { line: 'PUT /b?analytics', code: 'InvalidArgument', fields: { ArgumentName: 'id', ArgumentValue: '' } },
    {
      line: 'DELETE /b/k?annotation',
      code: 'InvalidArgument',
      fields: { ArgumentName: 'annotationName', ArgumentValue: '' },
    },
    {
      line: 'POST /b/k?select&select-type=1',
      code: 'InvalidArgument',
      fields: { ArgumentName: 'select-type', ArgumentValue: '1' },
    },
    { line: 'POST /b', code: 'PreconditionFailed' },
    { line: 'POST /b', headers: form, code: 'PreconditionFailed' },
    {
      line: 'GET /b/k',
      headers: copy,
      code: 'InvalidArgument',
      fields: { ArgumentName: 'x-amz-copy-source', ArgumentValue: 'a/b' },
    },
    { line: 'PUT /b/k?tagging', headers: copy, code: 'InvalidArgument' },
    { line: 'PUT /b', headers: copy, code: 'InvalidArgument' },
  ];
  for (const c of refusals) {
    it(`refuses ${c.line}${c.headers === undefined ? '' : ` with ${Object.keys(c.headers).join()}`}`, () => {
      const error = refused(() => asked(c.line, c.headers), c.code);
      if (c.fields !== undefined) assert.deepEqual(error.fields, c.fields);
      assert.equal(error.headers['allow'], c.allow);
    });
  }
});
