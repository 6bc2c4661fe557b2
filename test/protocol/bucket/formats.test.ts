/** Formats of bucket shards: they come back as they were, are stored as they always were, and garbage is refused. */
import assert from 'node:assert/strict';
import { hexText } from '../../../base/bytes.js';
import { isCairnError } from '../../../base/errors.js';
import { decodeContent, decodeStoredHeaders } from '../../../protocol/bucket/content.js';
import { decodeEntry } from '../../../protocol/bucket/entry.js';
import { decodeEnded, decodeHold, decodeIntent, decodeNullPlace } from '../../../protocol/bucket/intent.js';
import { readPage } from '../../../protocol/bucket/page.js';
import { decodePart } from '../../../protocol/bucket/part.js';
import { kindOf } from '../../../protocol/bucket/record-kind.js';
import { decodeShardHeader, hashOfKey } from '../../../protocol/bucket/shard-header.js';
import {
  currentKey,
  escapeKey,
  garbageKey,
  intentKey,
  partKey,
  readGarbageKey,
  readVersionSequence,
  splitOmapKey,
  unescapeKey,
  uploadKey,
  versionKey,
} from '../../../protocol/bucket/shard-keys.js';
import { decodeUpload } from '../../../protocol/bucket/upload.js';
import { parseVersionId, printVersionId } from '../../../protocol/bucket/version-id.js';
import { Prng } from '../../../runtime/sim/prng.js';
import { golden, goldenHashes } from './golden.js';
import { entry, header, manifest, marker, records, storedHeaders } from './samples.js';

const decoders: readonly ((bytes: Uint8Array) => unknown)[] = [
  decodeEntry,
  decodeContent,
  decodeStoredHeaders,
  decodeUpload,
  decodePart,
  decodeIntent,
  decodeHold,
  decodeNullPlace,
  decodeEnded,
  decodeShardHeader,
  kindOf,
  readPage,
];

describe('protocol/bucket: formats', () => {
  for (const [name, bytes] of Object.entries(records)) {
    it(`${name} is stored as ever`, () => {
      assert.equal(hexText(bytes), golden[name]);
    });
  }

  it('what was written comes back', () => {
    const of = (name: string): Uint8Array => records[name] ?? assert.fail(name);
    assert.deepEqual(decodeEntry(of('an object')), entry);
    assert.deepEqual(decodeEntry(of('a delete marker')), marker);
    assert.deepEqual(decodeShardHeader(of('the header of a shard')), header);
    assert.deepEqual(decodeStoredHeaders(of('stored headers')), storedHeaders);
    const { data } = decodeContent(of('a content with a manifest'));
    assert.deepEqual(data, { kind: 'manifest', manifest });
    assert.equal(decodeUpload(of('a completed upload')).state.kind, 'completed');
    assert.equal(decodePart(of('a part')).size, 4_194_319);
    assert.equal(decodeIntent(of('an intent')).chunks, 1_280);
    assert.deepEqual(
      [decodeHold(of('a hold')), decodeNullPlace(of('the place of a null version'))],
      [1_800_000_000_000, 70_000],
    );
    assert.equal(decodeEnded(of('a note on an upload that has ended')).key, 'a/ö');
  });

  it('a byte that is cut off, added or changed costs a typed error at most', () => {
    const random = new Prng('formats of shards');
    const all = Object.values(records);
    for (let i = 0; i < 20_000; i += 1) {
      const bytes = Uint8Array.from(random.pick(all));
      for (let left = 1 + random.below(3); left > 0; left--) bytes[random.below(bytes.byteLength)] = random.below(256);
      const cut = random.chance(0.3) ? bytes.subarray(0, random.below(bytes.byteLength)) : bytes;
      try {
        random.pick(decoders)(cut);
      } catch (error) {
        assert.ok(isCairnError(error, 'PARSE_ERROR'), String(error));
      }
    }
  });
});

describe('protocol/bucket: keys of the omap', () => {
  const keys = ['', 'a', 'a\0', 'a\0b', 'a\u0001', 'a!', 'ä', '\uffff', '😀', '\0', '\0\u0001'];

  it('keep the byte order of keys, and come back', () => {
    const sorted = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const escaped = keys.map(escapeKey).toSorted((a, b) => (a < b ? -1 : 1));
    assert.deepEqual(escaped.map(unescapeKey), sorted);
  });

  it('records of one key stand together, the newest version first', () => {
    for (const key of keys) {
      const escaped = escapeKey(key);
      const versions = [9_007_199_254_740_990, 70_000, 256, 1, 0].map((sequence) => versionKey(escaped, sequence));
      assert.deepEqual(
        versions.toSorted((a, b) => (a < b ? -1 : 1)),
        versions,
      );
      for (const other of keys) {
        if (other === key) continue;
        const before = escapeKey(other) < escaped;
        for (const version of versions) assert.equal(versionKey(escapeKey(other), 5) < version, before);
      }
      const random = '\xff'.repeat(16);
      for (const omapKey of [
        ...versions,
        uploadKey(escaped, random),
        partKey(escaped, random, 10_000),
        intentKey(escaped, random),
      ]) {
        assert.equal(splitOmapKey(omapKey).escaped, escaped);
      }
      assert.equal(splitOmapKey(currentKey(escaped)).escaped, escaped);
      assert.equal(readVersionSequence(splitOmapKey(versions[1] ?? '').rest), 70_000);
    }
    assert.deepEqual(readGarbageKey(garbageKey(1_800_000_000_000, 77)), { dueMs: 1_800_000_000_000, sequence: 77 });
  });

  it('every key is in the same shard for ever', () => {
    assert.deepEqual(
      ['', 'a', 'photos/2026/11/28.jpg', 'ä\0'].map((key) => hashOfKey(escapeKey(key))),
      goldenHashes,
    );
  });

  it('names of versions come back, and nothing else is one', () => {
    const version = { sequence: 70_000, requestId: 'REQUEST1' };
    const text = printVersionId(version);
    assert.equal(text, '00000000000111705245515545535431');
    assert.deepEqual(parseVersionId(text), version);
    for (const bad of [
      '',
      'null',
      text.slice(1),
      `${text}0`,
      text.toUpperCase().replace('0', 'g'),
      `ff${text.slice(2)}`,
      `00ff${text.slice(4)}`,
    ]) {
      assert.equal(parseVersionId(bad), undefined, bad);
    }
  });
});
