/** Conditions, locks, intents and repetitions: what a shard refuses, and that a refusal changes nothing. */
import assert from 'node:assert/strict';
import { isCairnError } from '../../../../base/errors.js';
import { hexText, utf8Bytes } from '../../../../base/bytes.js';
import { decodeEntry } from '../../../../protocol/bucket/entry.js';
import { type BucketRefusal, refusalOf } from '../../../../protocol/bucket/refusal.js';
import { get, list, md5, plain, put, remove, requestId } from './requests.js';
import { bucketId, ShardObject } from './shard-object.js';

const refused = (refusal: BucketRefusal) => (error: unknown) => refusalOf(error) === refusal;
const isInvalid = (error: unknown) => isCairnError(error, 'INVALID_ARGUMENT');
const blob = (n: number) => Uint8Array.from({ length: 16 }, () => n);
const dayMs = 86_400_000;

/** Of whoever put one of these texts. */
function etagOf(...texts: string[]): string[] {
  return texts.map((text) => hexText(md5(utf8Bytes(text))));
}

async function intend(object: ShardObject, key: string, n: number, extra: Record<string, unknown> = {}): Promise<void> {
  await object.ask('intend', {
    key,
    blob: { pool: 3, id: blob(n), chunkShift: 22 },
    chunks: 4,
    expiresInMs: 3_600_000,
    isRenewal: false,
    ...extra,
  });
}

describe('osd/classes/bucket: conditions of writes', () => {
  const cases = [
    { name: 'If-None-Match: * where nothing is', key: 'new', condition: { ifNoneMatch: '*' }, refusal: undefined },
    { name: 'If-None-Match: * where something is', key: 'k', condition: { ifNoneMatch: '*' }, refusal: 'precondition' },
    {
      name: 'If-None-Match of another ETag',
      key: 'k',
      condition: { ifNoneMatch: etagOf('other') },
      refusal: undefined,
    },
    { name: 'If-None-Match of its ETag', key: 'k', condition: { ifNoneMatch: etagOf('old') }, refusal: 'precondition' },
    { name: 'If-Match of its ETag', key: 'k', condition: { ifMatch: etagOf('old') }, refusal: undefined },
    { name: 'If-Match of another ETag', key: 'k', condition: { ifMatch: etagOf('other') }, refusal: 'precondition' },
    {
      name: 'If-Match of several, its own among them',
      key: 'k',
      condition: { ifMatch: etagOf('other', 'old') },
      refusal: undefined,
    },
    { name: 'If-Match: * where something is', key: 'k', condition: { ifMatch: '*' }, refusal: undefined },
    { name: 'If-Match: * where nothing is', key: 'new', condition: { ifMatch: '*' }, refusal: 'no-such-key' },
    { name: 'its size', key: 'k', condition: { ifSize: 3 }, refusal: undefined },
    { name: 'another size', key: 'k', condition: { ifSize: 4 }, refusal: 'precondition' },
    { name: 'when it was written', key: 'k', condition: { ifModifiedSeconds: 1_800_000_000 }, refusal: undefined },
    { name: 'another date', key: 'k', condition: { ifModifiedSeconds: 1_800_000_001 }, refusal: 'precondition' },
  ] as const;
  for (const { name, key, condition, refusal } of cases) {
    it(`${refusal === undefined ? 'lets' : 'refuses'} ${name}, for PUT and DELETE`, async () => {
      const object = await ShardObject.make();
      await put(object, 'k', 'old');
      const before = new Map(object.omap);
      if (refusal === undefined) {
        await put(object, key, 'new', { condition });
      } else {
        await assert.rejects(put(object, key, 'new', { condition }), refused(refusal));
        assert.deepEqual(object.omap, before);
      }
      const other = await ShardObject.make();
      await put(other, 'k', 'old');
      const [answer] = await remove(other, [{ key, condition }]);
      assert.equal(answer?.refusal, refusal);
      assert.equal(other.omap.has('o/k'), refusal !== undefined || key !== 'k');
    });
  }

  it('takes a delete marker for nothing', async () => {
    const object = await ShardObject.make({ versioning: 'enabled' });
    await put(object, 'k', 'old');
    await remove(object, [{ key: 'k' }]);
    await put(object, 'k', 'new', { condition: { ifNoneMatch: '*' } });
    await remove(object, [{ key: 'k' }]);
    await assert.rejects(put(object, 'k', 'x', { condition: { ifMatch: '*' } }), refused('no-such-key'));
  });
});

describe('osd/classes/bucket: repetitions', () => {
  it('a PUT that comes again under its id makes no second version', async () => {
    const object = await ShardObject.make({ versioning: 'enabled' });
    const id = { requestId: requestId() };
    const first = await put(object, 'k', 'text', id);
    const again = await put(object, 'k', 'text', { ...id, condition: { ifNoneMatch: '*' } });
    assert.deepEqual(again.version, first.version);
    assert.equal(object.header.counts.classes.get('')?.objects, 1);
    assert.equal(object.header.counts.classes.get('')?.noncurrent, 0);
    // Another text is another request, whatever id it claims.
    await put(object, 'k', 'other', id);
    assert.equal(object.header.counts.classes.get('')?.noncurrent, 1);
  });
});

describe('osd/classes/bucket: who may write', () => {
  it('refuses other buckets, other generations, keys of other shards, before anything else', async () => {
    const object = await ShardObject.make(
      {},
      { rectangle: { hashFrom: 0, hashTo: 0xffffffff, keyFrom: 'b', keyTo: 'd' } },
    );
    await put(object, 'b', 'x');
    await put(object, 'czzz', 'x');
    for (const key of ['a', 'd', 'd0', 'ä']) await assert.rejects(put(object, key, 'x'), refused('wrong-shard'));
    await assert.rejects(put(object, 'c', 'x', { generation: 2 }), refused('stale-bucket'));
    await assert.rejects(put(object, 'a', 'x', { generation: 0 }), refused('stale-bucket'));
    await assert.rejects(put(object, 'c', 'x', { bucket: blob(9) }), refused('no-shard'));
    await assert.rejects(put(new ShardObject(), 'c', 'x'), refused('no-shard'));
    await assert.rejects(put(object, 'c'.repeat(1_025), 'x'), isInvalid);
    await assert.rejects(put(object, 'c' + 'ä'.repeat(512), 'x'), isInvalid);
  });

  it('a shard that is filled by a split serves nobody yet', async () => {
    const object = await ShardObject.make({}, { state: 'preparing' });
    await assert.rejects(put(object, 'k', 'x'), refused('wrong-shard'));
  });

  it('a bucket is sealed when nothing is in it, and then takes nothing', async () => {
    const object = await ShardObject.make({ versioning: 'enabled' });
    await put(object, 'k', 'x');
    await remove(object, [{ key: 'k' }]);
    const ofBucket = { bucket: bucketId };
    await assert.rejects(object.call('seal', ofBucket), refused('not-empty'));
    for (const item of (await list(object, 'list-versions', {})).items) {
      assert.ok(item.kind !== 'prefix');
      const { sequence, requestId: id } = decodeEntry(item.head);
      await remove(object, [{ key: item.key, version: { sequence, requestId: Buffer.from(id, 'latin1') } }]);
    }
    await object.call('seal', ofBucket);
    await assert.rejects(put(object, 'k', 'x'), refused('bucket-sealed'));
    await object.call('unseal', ofBucket);
    await put(object, 'k', 'x');
  });

  it('gives no dates while it does not know the time', async () => {
    const object = await ShardObject.make();
    object.nowMs = undefined;
    await assert.rejects(put(object, 'k', 'x'), refused('clock-unknown'));
    assert.equal(object.omap.size, 0);
  });

  it('gives dates that never go back', async () => {
    const object = await ShardObject.make();
    await put(object, 'a', 'x');
    object.nowMs = 1_700_000_000_000;
    await put(object, 'b', 'x');
    const dates = await Promise.all(['a', 'b'].map(async (key) => (await get(object, key)).entry.modifiedMs));
    assert.deepEqual(dates, [1_800_000_000_000, 1_800_000_000_000]);
  });
});

describe('osd/classes/bucket: intents', () => {
  const large = { isInline: false, size: 9, intents: [blob(1)] };

  it('what is published takes its intents along, and without them it is refused', async () => {
    const object = await ShardObject.make();
    await assert.rejects(put(object, 'k', 'manifest', large), refused('no-intent'));
    await intend(object, 'k', 1);
    // One of another key is none.
    await assert.rejects(put(object, 'other', 'manifest', large), refused('no-intent'));
    await put(object, 'k', 'manifest', large);
    assert.deepEqual([...object.omap.keys()], ['o/k']);
    await assert.rejects(put(object, 'k', 'manifest', large), refused('no-intent'));
  });

  it('a write that is refused leaves its intents', async () => {
    const object = await ShardObject.make();
    await put(object, 'k', 'old');
    await intend(object, 'k', 1);
    await assert.rejects(put(object, 'k', 'm', { ...large, condition: { ifNoneMatch: '*' } }), refused('precondition'));
    assert.equal(object.omap.size, 2);
  });

  it('an intent that expired is released; a renewal then comes too late', async () => {
    const object = await ShardObject.make();
    await intend(object, 'k', 1);
    const collect = { bucket: bucketId, count: 100 };
    assert.equal(object.marks.size, 1);
    await object.call('expire', collect);
    await intend(object, 'k', 1, { isRenewal: true, chunks: 9 });
    object.nowMs = 1_800_000_000_000 + 3_600_001;
    await object.call('expire', collect);
    await assert.rejects(intend(object, 'k', 1, { isRenewal: true }), refused('no-intent'));
    await assert.rejects(put(object, 'k', 'm', large), refused('no-intent'));
    assert.deepEqual((await object.call('collect', collect)).output['items'], []);
    object.nowMs += 15 * 60_000 + 1;
    assert.equal(((await object.call('collect', collect)).output['items'] as unknown[]).length, 1);
  });

  it('one that is abandoned is released as well', async () => {
    const object = await ShardObject.make();
    await intend(object, 'k', 1);
    await object.ask('abandon', { key: 'k', blobs: [blob(1), blob(2)] });
    assert.ok([...object.omap.keys()].every((key) => key.startsWith('g/')));
  });
});

describe('osd/classes/bucket: object lock', () => {
  const until = 1_800_000_000_000 + 10 * dayMs;
  const locked = (mode: string) => ({ retention: { mode, untilMs: until } });
  const make = () => ShardObject.make({ versioning: 'enabled', isLockEnabled: true });

  it('compliance protects a version from everybody, a marker hides it none the less', async () => {
    const object = await make();
    const { version } = await put(object, 'k', 'x', locked('compliance'));
    const [answer] = await remove(object, [{ key: 'k', version }], { mayBypassGovernance: true });
    assert.equal(answer?.refusal, 'locked');
    assert.equal((await remove(object, [{ key: 'k' }]))[0]?.isMarker, true);
    assert.equal((await get(object, 'k', version)).entry.kind, 'object');
    object.nowMs = until + 1;
    assert.equal((await remove(object, [{ key: 'k', version }]))[0]?.kind, 'deleted');
  });

  it('governance yields to who may bypass it', async () => {
    const object = await make();
    const { version } = await put(object, 'k', 'x', locked('governance'));
    assert.equal((await remove(object, [{ key: 'k', version }]))[0]?.refusal, 'locked');
    assert.equal((await remove(object, [{ key: 'k', version }], { mayBypassGovernance: true }))[0]?.kind, 'deleted');
  });

  it('an OSD that has not heard the time lately opens no lock', async () => {
    const object = await make();
    const { version } = await put(object, 'k', 'x', locked('compliance'));
    object.nowMs = until + 1;
    object.ageMs = 60_001;
    assert.equal((await remove(object, [{ key: 'k', version }]))[0]?.refusal, 'clock-unknown');
    // What was told then is what counts, not what has passed since.
    object.ageMs = 30_000;
    assert.equal((await remove(object, [{ key: 'k', version }]))[0]?.refusal, 'locked');
    object.nowMs += 30_000;
    assert.equal((await remove(object, [{ key: 'k', version }]))[0]?.kind, 'deleted');
  });

  it('a legal hold protects until it is taken away, whatever retention says', async () => {
    const object = await make();
    const { version } = await put(object, 'k', 'x', { legalHold: true });
    assert.equal((await remove(object, [{ key: 'k', version }], { mayBypassGovernance: true }))[0]?.refusal, 'locked');
    await object.ask('update', { key: 'k', mayBypassGovernance: false, change: { kind: 'legal-hold', isOn: false } });
    assert.equal((await remove(object, [{ key: 'k', version }]))[0]?.kind, 'deleted');
  });

  const changes = [
    { name: 'compliance is extended', from: 'compliance', to: 'compliance', byDays: 1, bypass: false, lets: true },
    { name: 'compliance is shortened', from: 'compliance', to: 'compliance', byDays: -1, bypass: true, lets: false },
    {
      name: 'compliance becomes governance',
      from: 'compliance',
      to: 'governance',
      byDays: 1,
      bypass: true,
      lets: false,
    },
    { name: 'compliance is taken away', from: 'compliance', to: undefined, byDays: 0, bypass: true, lets: false },
    { name: 'governance is extended', from: 'governance', to: 'governance', byDays: 1, bypass: false, lets: true },
    { name: 'governance is shortened', from: 'governance', to: 'governance', byDays: -1, bypass: false, lets: false },
    {
      name: 'governance is shortened by a bypass',
      from: 'governance',
      to: 'governance',
      byDays: -1,
      bypass: true,
      lets: true,
    },
    {
      name: 'governance becomes compliance',
      from: 'governance',
      to: 'compliance',
      byDays: 0,
      bypass: false,
      lets: true,
    },
    {
      name: 'governance is taken away by a bypass',
      from: 'governance',
      to: undefined,
      byDays: 0,
      bypass: true,
      lets: true,
    },
  ] as const;
  for (const { name, from, to, byDays, bypass, lets } of changes) {
    it(`${lets ? 'lets' : 'refuses'}: ${name}`, async () => {
      const object = await make();
      await put(object, 'k', 'x', locked(from));
      const retention = to === undefined ? {} : { retention: { mode: to, untilMs: until + byDays * dayMs } };
      const change = { kind: 'retention', ...retention };
      const asked = object.ask('update', { key: 'k', mayBypassGovernance: bypass, change });
      if (lets) await asked;
      else await assert.rejects(asked, refused('locked'));
    });
  }

  it('the default of the bucket is given to what says nothing', async () => {
    const object = await make();
    object.generation = 2;
    const rules = {
      versioning: 'enabled',
      isLockEnabled: true,
      owner: 'alice',
      defaultRetention: { mode: 'governance', unit: 'years', amount: 2 },
    };
    await object.ask('configure', { rules });
    await put(object, 'k', 'x');
    await put(object, 'own', 'x', locked('compliance'));
    const retentionOf = async (key: string) => {
      const { entry } = await get(object, key);
      return entry.kind === 'object' ? entry.retention : undefined;
    };
    assert.deepEqual(await retentionOf('k'), { mode: 'governance', untilMs: 1_800_000_000_000 + 730 * dayMs });
    assert.deepEqual(await retentionOf('own'), { mode: 'compliance', untilMs: until });
  });

  it('is refused where the bucket has none', async () => {
    const object = await ShardObject.make({ versioning: 'enabled' });
    await assert.rejects(put(object, 'k', 'x', locked('governance')), isInvalid);
    await assert.rejects(put(object, 'k', 'x', { legalHold: true }), isInvalid);
    await put(object, 'k', 'x');
    const change = { kind: 'legal-hold', isOn: true };
    await assert.rejects(object.ask('update', { key: 'k', mayBypassGovernance: true, change }), isInvalid);
  });
});

describe('osd/classes/bucket: one transaction', () => {
  it('a PUT is one entry, one header, and its body as it came', async () => {
    const object = await ShardObject.make();
    const before = object.calls;
    await put(object, 'k', 'x');
    assert.equal(object.calls - before, 1);
    const { changes } = await object.ask(
      'put',
      {
        key: 'k',
        requestId: requestId(),
        ...plain,
        size: 1,
        etag: md5(utf8Bytes('y')),
        partCount: 0,
        isInline: true,
        isShared: false,
        intents: [],
        contentBytes: 1,
        tagsBytes: 0,
        aclBytes: 0,
      },
      utf8Bytes('y'),
    );
    assert.deepEqual(
      changes.map(({ kind }) => kind),
      ['omap-remove', 'omap-set', 'set-attribute'],
    );
  });
});
