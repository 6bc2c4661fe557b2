/** The table of operations beside AWS's own model of the service, and requests as AWS's SDKs send them. */
import * as sdk from '@aws-sdk/client-s3';
import assert from 'node:assert/strict';
import { addressOf } from '../../../gateway/request/addressing.js';
import type { Recognised } from '../../../gateway/request/operation.js';
import { recognise } from '../../../gateway/request/operation.js';
import { operations } from '../../../gateway/request/operations.js';
import { parseTarget } from '../../../gateway/request/target.js';
import { golden } from '../golden/botocore.js';
import { sentBy } from '../sdk.js';

/** Older names: the requests are the same, and one name is as good as the other. */
const aliases: Readonly<Record<string, string>> = {
  GetBucketLifecycle: 'GetBucketLifecycleConfiguration',
  PutBucketLifecycle: 'PutBucketLifecycleConfiguration',
  GetBucketNotification: 'GetBucketNotificationConfiguration',
  PutBucketNotification: 'PutBucketNotificationConfiguration',
};
/** On the wire, but not in the model. */
const beside = ['Options', 'PostObject', 'QueryApiGet', 'QueryApiPost'];

const recognised = (method: string, target: string, headers: Readonly<Record<string, string>>): Recognised => {
  const { rawPath, query } = parseTarget(target);
  const { resource } = addressOf(rawPath, 's3.example.com', ['s3.example.com']);
  return recognise({ method, resource, query, headers: new Map(Object.entries(headers)) });
};

describe('gateway/request/operations, beside the model of AWS', () => {
  it('knows every operation of the model, and no others', () => {
    const ours = new Set(Object.values(operations).flatMap((shapes) => Object.keys(shapes)));
    const theirs = new Set(Object.keys(golden.operations).map((name) => aliases[name] ?? name));
    assert.equal(Object.keys(golden.operations).length, 116);
    assert.deepEqual([...ours].sort(), [...theirs, ...beside].sort());
  });

  for (const [name, operation] of Object.entries(golden.operations)) {
    it(`knows ${name} by its requestUri and what it requires`, () => {
      const query = operation.query.map((parameter) => `${parameter}=1`);
      // Both list buckets; the one of directory buckets has an endpoint of its own on AWS.
      if (name === 'ListDirectoryBuckets') query.push('max-directory-buckets=1');
      const target = operation.requestUri.replace('{Bucket}', 'b').replace('{Key+}', 'k');
      const separator = target.includes('?') ? '&' : '?';
      const headers = Object.fromEntries(operation.headers.map((header) => [header, 'b/k']));
      const found = recognised(
        operation.method,
        query.length === 0 ? target : target + separator + query.join('&'),
        headers,
      );
      assert.equal(found.operation, aliases[name] ?? name);
      assert.match(found.action ?? '', /^s3(express|-object-lambda)?:[A-Z]\w+$/);
    });

    it(`knows ${name} as botocore sends it`, () => {
      const { method, target, headers } = operation.sent;
      assert.equal(recognised(method, target, headers).operation, aliases[name] ?? name);
    });
  }
});

describe('gateway/request/operations, beside the SDK for JavaScript', () => {
  type Command = new (input: object) => object;
  const commands = Object.entries(sdk).flatMap(([exported, value]): [string, Command][] =>
    exported.endsWith('Command') && exported !== '$Command'
      ? [[exported.slice(0, -'Command'.length), value as Command]]
      : [],
  );
  /** Enough for every required parameter; members that a command does not have are passed over. */
  const input = {
    Bucket: 'bucket',
    Key: 'a/key',
    Body: 'body',
    UploadId: 'u',
    PartNumber: 1,
    CopySource: 'a/b',
    RenameSource: '/b',
    Id: 'i',
    AnnotationName: 'a',
    MaxDirectoryBuckets: 1,
    RequestRoute: 'route',
    RequestToken: 'token',
    ObjectAttributes: ['ETag'],
    Delete: { Objects: [] },
  };

  it('has the commands', () => assert.ok(commands.length >= 107, String(commands.length)));

  for (const [name, command] of commands) {
    it(`knows ${name}`, async () => {
      const { method, path, query, headers } = await sentBy(new command(input));
      const text = Object.entries(query).map(([key, value]) => `${key}=${encodeURIComponent(String(value ?? ''))}`);
      assert.equal(recognised(method, `${path}?${text.join('&')}`, headers).operation, name);
    });
  }
});
