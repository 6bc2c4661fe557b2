/** Uploads of parts, their listings, their completion, and what the collector finds of them. */
import assert from 'node:assert/strict';
import { ByteWriter } from '../../../../base/byte-writer.js';
import { concatBytes, utf8Bytes } from '../../../../base/bytes.js';
import { decodeContent, decodeStoredHeaders, encodeStoredHeaders } from '../../../../protocol/bucket/content.js';
import { kindOf } from '../../../../protocol/bucket/record-kind.js';
import { decodeEnded } from '../../../../protocol/bucket/intent.js';
import { readPage } from '../../../../protocol/bucket/page.js';
import { decodePart } from '../../../../protocol/bucket/part.js';
import { writeBlobList } from '../../../../protocol/bucket/manifest.js';
import { type BucketRefusal, refusalOf } from '../../../../protocol/bucket/refusal.js';
import { get, list, md5, plain, put, requestId } from './requests.js';
import { bucketId, ShardObject } from './shard-object.js';

const refused = (refusal: BucketRefusal) => (error: unknown) => refusalOf(error) === refusal;
const partBytes = 5 * 1024 * 1024;
const dayMs = 86_400_000;
const headers = encodeStoredHeaders({ headers: new Map([['content-type', 'video/mp4']]), metadata: new Map() });

function blobOf(n: number): Uint8Array {
  const id = Buffer.alloc(16);
  id.writeUInt32BE(n, 12);
  return Uint8Array.from(id);
}

async function begin(object: ShardObject, key: string): Promise<Uint8Array> {
  const { output } = await object.ask(
    'create-upload',
    {
      key,
      requestId: requestId(),
      ...plain,
      checksumType: 'FULL_OBJECT',
      headersBytes: headers.byteLength,
      tagsBytes: 3,
      aclBytes: 0,
    },
    concatBytes([headers, utf8Bytes('a=b')]),
  );
  return output['upload'] as Uint8Array;
}

const etag = (n: number): Uint8Array => md5(utf8Bytes(`part ${n}`));

async function putPart(
  object: ShardObject,
  key: string,
  upload: Uint8Array,
  part: number,
  { size = partBytes, blob = part }: { readonly size?: number; readonly blob?: number } = {},
): Promise<void> {
  await object.ask('intend', {
    key,
    blob: { pool: 3, id: blobOf(blob), chunkShift: 22 },
    chunks: 2,
    expiresInMs: dayMs,
    isRenewal: false,
  });
  const writer = new ByteWriter(64);
  writeBlobList(writer, {
    blobs: [{ pool: 3, id: blobOf(blob), chunkShift: 22 }],
    slices: [{ blob: 0, offset: 0, bytes: size }],
  });
  await object.ask(
    'put-part',
    {
      key,
      upload,
      part,
      size,
      etag: etag(part),
      checksum: new Uint8Array(0),
      isShared: false,
      intents: [blobOf(blob)],
    },
    writer.bytes(),
  );
}

async function complete(
  object: ShardObject,
  key: string,
  upload: Uint8Array,
  parts: readonly number[],
  extra: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const named = parts.map((part) => concatBytes([Uint8Array.of(part >>> 8, part & 0xff), etag(part)]));
  const input = {
    key,
    upload,
    requestId: requestId(),
    etag: md5(concatBytes(parts.map(etag))),
    keepMs: dayMs,
    ...extra,
  };
  return (await object.ask('complete', input, concatBytes(named))).output;
}

/** Rounds of the collector, until nothing is due; returns the blobs whose chunks it would remove. */
async function collectAll(object: ShardObject): Promise<number[]> {
  const ofBucket = { bucket: bucketId, count: 100 };
  const blobs: number[] = [];
  for (let rounds = 0; ; rounds += 1) {
    assert.ok(rounds < 1_000, 'the collector does not come to an end');
    await object.call('expire', ofBucket);
    const { output, data } = await object.call('collect', ofBucket);
    const items = output['items'] as { dueMs: number; sequence: number; head: Uint8Array; contentBytes: number }[];
    if (items.length === 0) return blobs;
    const done = [];
    let at = 0;
    for (const { dueMs, sequence, head, contentBytes } of items) {
      const kind = kindOf(head);
      let againInMs: number | undefined;
      if (kind === 'part') blobs.push(...decodePart(head).data.blobs.map(({ id }) => Buffer.from(id).readUInt32BE(12)));
      if (kind === 'entry') {
        const { data: stored } = decodeContent(data.subarray(at, at + contentBytes));
        assert.equal(stored.kind, 'manifest');
        blobs.push(...stored.manifest.blobs.map(({ id }) => Buffer.from(id).readUInt32BE(12)));
      }
      if (kind === 'ended') {
        const ended = decodeEnded(head);
        for (;;) {
          const cleaned = await object.call('clean-upload', { bucket: bucketId, count: 100, ...ended });
          if (cleaned.output['isDone'] === true) break;
          againInMs = cleaned.output['againInMs'] as number;
          if (againInMs > 0) break;
        }
      }
      at += contentBytes;
      done.push({ dueMs, sequence, ...(againInMs !== undefined && againInMs > 0 && { againInMs }) });
    }
    await object.call('collected', { bucket: bucketId, items: done });
  }
}

describe('osd/classes/bucket: uploads', () => {
  it('parts become the object in their order, with what the upload began with', async () => {
    const object = await ShardObject.make();
    const upload = await begin(object, 'film');
    for (const part of [3, 1, 2]) await putPart(object, 'film', upload, part);
    await putPart(object, 'film', upload, 9, { size: 7 });
    const answer = await complete(object, 'film', upload, [1, 2, 3, 9], { size: 3 * partBytes + 7 });
    assert.deepEqual([answer['size'], answer['partCount']], [3 * partBytes + 7, 4]);
    const { entry, content } = await get(object, 'film');
    assert.ok(entry.kind === 'object');
    assert.deepEqual([entry.size, entry.partCount, entry.isInline], [3 * partBytes + 7, 4, false]);
    const { storedHeaders, data } = decodeContent(content);
    assert.equal(decodeStoredHeaders(storedHeaders).headers.get('content-type'), 'video/mp4');
    assert.ok(data.kind === 'manifest');
    assert.deepEqual(
      data.manifest.slices.map(({ blob }) => Buffer.from(data.manifest.blobs[blob]?.id ?? []).readUInt32BE(12)),
      [1, 2, 3, 9],
    );
    assert.deepEqual([object.header.counts.uploads, object.header.counts.parts], [0, 0]);
  });

  it('a completion that is repeated is told the same, for as long as it is kept', async () => {
    const object = await ShardObject.make({ versioning: 'enabled' });
    const upload = await begin(object, 'k');
    await putPart(object, 'k', upload, 1);
    const first = await complete(object, 'k', upload, [1]);
    const again = await complete(object, 'k', upload, [1]);
    assert.deepEqual(again['version'], first['version']);
    assert.equal(object.header.counts.classes.get('')?.noncurrent, 0);
    assert.deepEqual(await collectAll(object), []);
    assert.deepEqual((await complete(object, 'k', upload, [1]))['version'], first['version']);
    object.nowMs = (object.nowMs ?? 0) + dayMs + 1;
    assert.deepEqual(await collectAll(object), []);
    await assert.rejects(complete(object, 'k', upload, [1]), refused('no-such-upload'));
    assert.deepEqual([...object.omap.keys()], ['o/k']);
  });

  it('what is wrong with the parts is said, and nothing is changed', async () => {
    const object = await ShardObject.make();
    const upload = await begin(object, 'k');
    await putPart(object, 'k', upload, 1, { size: partBytes - 1 });
    await putPart(object, 'k', upload, 2);
    const before = new Map(object.omap);
    await assert.rejects(complete(object, 'k', upload, [2, 3]), refused('invalid-part'));
    await assert.rejects(complete(object, 'k', upload, [1, 2]), refused('part-too-small'));
    await assert.rejects(complete(object, 'k', upload, [2], { size: 1 }), refused('wrong-size'));
    await assert.rejects(complete(object, 'other', upload, [2]), refused('no-such-upload'));
    await assert.rejects(complete(object, 'k', blobOf(1), [2]), refused('no-such-upload'));
    await put(object, 'k', 'old');
    await assert.rejects(
      complete(object, 'k', upload, [2], { condition: { ifNoneMatch: '*' } }),
      refused('precondition'),
    );
    before.set('o/k', object.omap.get('o/k') ?? assert.fail());
    assert.deepEqual(object.omap, before);
    await complete(object, 'k', upload, [1]);
  });

  it('parts that are replaced, left out or given up are released, and those of the object are not', async () => {
    const object = await ShardObject.make();
    const upload = await begin(object, 'k');
    await putPart(object, 'k', upload, 1, { blob: 101 });
    for (const part of [1, 2, 3]) await putPart(object, 'k', upload, part);
    await complete(object, 'k', upload, [1, 3]);
    const given = await begin(object, 'given up');
    for (let part = 201; part <= 450; part += 1) await putPart(object, 'given up', given, part);
    await object.ask('abort', { key: 'given up', upload: given });
    await assert.rejects(putPart(object, 'given up', given, 1), refused('no-such-upload'));
    assert.deepEqual(await collectAll(object), []);
    object.nowMs = (object.nowMs ?? 0) + 40 * 60_000;
    const removed = await collectAll(object);
    object.nowMs += 40 * 60_000;
    removed.push(...(await collectAll(object)));
    const wanted = [2, 101, ...Array.from({ length: 250 }, (_, i) => 201 + i)];
    assert.deepEqual(
      removed.toSorted((a, b) => a - b),
      wanted,
    );
    assert.deepEqual([object.header.counts.parts, object.header.counts.partBytes], [0, 0]);
    // The object goes, and with it its own.
    await object.ask('delete', {
      requestId: requestId(),
      owner: '',
      mayBypassGovernance: false,
      items: [{ key: 'k' }],
    });
    object.nowMs += dayMs + 1;
    assert.deepEqual((await collectAll(object)).toSorted((a, b) => a - b), [1, 3]);
    // Intents that were left by the parts that were refused.
    object.nowMs += dayMs;
    await collectAll(object);
    object.nowMs += dayMs;
    await collectAll(object);
    assert.deepEqual([[...object.omap.keys()], object.header.dueMs], [[], 0]);
  });

  it('a hold keeps what is due where it is', async () => {
    const object = await ShardObject.make();
    await object.call('hold', { bucket: bucketId, blob: blobOf(7), forMs: 60_000 });
    const ofBucket = { bucket: bucketId, count: 10 };
    const holds = async () => (await object.call('collect', ofBucket)).output['holds'] as Uint8Array[];
    assert.deepEqual(
      (await holds()).map((id) => Buffer.from(id).readUInt32BE(12)),
      [7],
    );
    object.nowMs = (object.nowMs ?? 0) + 60_001;
    assert.deepEqual(await holds(), []);
    await object.call('expire', ofBucket);
    assert.equal(object.omap.size, 0);
  });

  it('lists uploads by key and by when they began, page by page, those that ended left out', async () => {
    const object = await ShardObject.make();
    const wanted: string[] = [];
    for (const key of ['a/1', 'a/2', 'b', 'b', 'b', 'c']) {
      const upload = await begin(object, key);
      if (key === 'a/1') await object.ask('abort', { key, upload });
      else wanted.push(`${key} ${Buffer.from(upload).toString('hex')}`);
    }
    const found: string[] = [];
    let asked: Record<string, unknown> = {};
    for (;;) {
      const { items, next } = await list(object, 'list-uploads', { ...asked, count: 1 });
      for (const item of items) {
        if (item.kind !== 'prefix') found.push(`${item.key} ${Buffer.from(item.head.subarray(0, 16)).toString('hex')}`);
      }
      if (next === undefined) break;
      asked = { after: next.key, ...(next.upload !== undefined && { afterUpload: Buffer.from(next.upload, 'hex') }) };
    }
    assert.deepEqual(found, wanted);
    const { items } = await list(object, 'list-uploads', { delimiter: '/' });
    assert.deepEqual(
      items.map(({ key }) => key),
      ['a/', 'b', 'b', 'b', 'c'],
    );
    const behind = await list(object, 'list-uploads', { after: 'b' });
    assert.deepEqual(
      behind.items.map(({ key }) => key),
      ['c'],
    );
  });

  it('lists parts by number', async () => {
    const object = await ShardObject.make();
    const upload = await begin(object, 'k');
    for (const part of [300, 2, 10_000, 1]) await putPart(object, 'k', upload, part);
    const page = async (after: number) => {
      const { output, data } = await object.ask('list-parts', { key: 'k', upload, after, count: 3 });
      return [readPage(data).map(({ key }) => Number(key)), output['isMore']];
    };
    assert.deepEqual(await page(0), [[1, 2, 300], true]);
    assert.deepEqual(await page(300), [[10_000], false]);
  });
});
