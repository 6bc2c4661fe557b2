/** The bytes on disk, held still. When one of these fails, the format has changed: it needs a version and a migration. */
import assert from 'node:assert/strict';
import { hexText, latin1Bytes, utf8Bytes } from '../../../base/bytes.js';
import { isCairnError } from '../../../base/errors.js';
import { logIndex, memberId, term, type LogEntry, type SnapshotMeta } from '../../../monitor/raft/types.js';
import { decodeWitness, encodeWitness } from '../../../monitor/store/batch-witness.js';
import { decodeChunk, encodeChunk } from '../../../monitor/store/chunk.js';
import {
  chainOfSnapshot,
  decodeHead,
  decodeRecord,
  decodeStoredEntry,
  encodeHead,
  encodeRecord,
  encodeStoredEntry,
} from '../../../monitor/store/head.js';
import { batchKey, chunkKey, entryKey, parseKey } from '../../../monitor/store/keys.js';
import { decodeSlot, encodeSlot } from '../../../monitor/store/vote-file.js';
import { fsid, membership } from './support.js';

const identity = { fsid, member: memberId(7) };
const meta: SnapshotMeta = {
  index: logIndex(9),
  term: term(3),
  membership: { ...membership, learners: [memberId(10)] },
  bytes: 300_000,
  chunks: 2,
  checksum: '0123456789abcdef',
};

const head = {
  identity,
  batch: 70,
  hardState: { term: term(4), vote: memberId(9) },
  snapshot: { generation: 2, meta },
  partial: { generation: 3, meta: { ...meta, index: logIndex(2 ** 33) }, chunks: 1 },
  last: logIndex(12),
  commit: logIndex(11),
  baseChain: 1n,
  lastChain: 0xfedcba9876543210n,
};
const record = { batch: 70, isCreation: false, content: 2n, previous: 0x8000000000000000n };
const entry: LogEntry = {
  index: logIndex(13),
  term: term(4),
  kind: 'membership',
  membership,
  data: utf8Bytes('data'),
};
const slot = { identity, number: 5, hardState: { term: term(4), vote: undefined }, batch: 70 };

const metaHex = hex(
  '0300000000000000',
  '03',
  '07000000',
  '08000000',
  '09000000',
  '01',
  '0a000000',
  'e093040000000000',
  '02000000',
  'efcdab8967452301',
);
const identityHex = hex('0b5e7f3627a14b0c9d1e8f2a3c4d5e6f', '07000000');

/** Field by field. */
function hex(...fields: readonly string[]): string {
  return fields.join('');
}

describe('monitor/store: formats', () => {
  it('the head', () => {
    const fields = [
      identityHex,
      '4600000000000000',
      '0400000000000000',
      '09000000',
      '0200000000000000',
      '0900000000000000',
      metaHex,
      '0c00000000000000',
      '0100000000000000',
      '1032547698badcfe',
      '01',
      '0300000000000000',
      '0000000002000000',
      metaHex,
      '01000000',
    ].join('');
    const expected = hex('02', fields, '0b00000000000000');
    assert.equal(hexText(encodeHead(head)), expected);
    assert.deepEqual(decodeHead(encodeHead(head)), head);
    // The first version does not say what is committed: the snapshot is.
    const old = Uint8Array.from(Buffer.from(hex('01', fields), 'hex'));
    assert.deepEqual(decodeHead(old), { ...head, commit: meta.index });
  });

  it('a batch record', () => {
    assert.equal(
      hexText(encodeRecord(record)),
      hex('01', '4600000000000000', '00', '0200000000000000', '0000000000000080'),
    );
    assert.deepEqual(decodeRecord(encodeRecord(record)), record);
  });

  it('an entry', () => {
    const { value, chain } = encodeStoredEntry(entry, 5n);
    const expected = hex(
      '01',
      '0500000000000000',
      '02',
      '0d00000000000000',
      '0400000000000000',
      '0307000000080000000900000000',
      '04000000',
      '64617461',
    );
    assert.equal(hexText(value), expected);
    assert.equal(chain.toString(16), '9cbd49abfcd01d45');
    assert.deepEqual(decodeStoredEntry(value), { entry, previousChain: 5n, chain });
  });

  it('a chunk', () => {
    assert.equal(hexText(encodeChunk(utf8Bytes('ab'))), '016162');
    assert.equal(hexText(decodeChunk(encodeChunk(utf8Bytes('ab')))), '6162');
  });

  it('a half of the vote file', () => {
    const bytes = encodeSlot(slot);
    const used = hex(
      '43524e564f544500',
      '01',
      '0500000000000000',
      identityHex,
      '0400000000000000',
      '00000000',
      '4600000000000000',
    );
    assert.equal(hexText(bytes), used + hex('00'.repeat(504 - used.length / 2), 'b5a8533664d556c8'));
    assert.deepEqual(decodeSlot(bytes), slot);
  });

  it('the witness file', () => {
    const bytes = encodeWitness({ identity, batch: 70 });
    const used = hex('43524e57544e5300', '01', identityHex, '4600000000000000');
    assert.equal(hexText(bytes), used + hex('00'.repeat(504 - used.length / 2), 'ae1f34de520c22bc'));
    assert.deepEqual(decodeWitness(bytes), { identity, batch: 70 });
  });

  it('the beginning of a chain', () => {
    assert.equal(chainOfSnapshot(identity, meta).toString(16), '518516b62f862184');
  });

  it('keys', () => {
    assert.equal(hexText(latin1Bytes(batchKey(258))), hex('62', '0000000000000102'));
    assert.equal(hexText(latin1Bytes(entryKey(2 ** 40))), hex('65', '0000010000000000'));
    assert.equal(hexText(latin1Bytes(chunkKey(1, 255))), hex('73', '0000000000000001', '00000000000000ff'));
    assert.deepEqual(parseKey(chunkKey(1, 255)), { kind: 'chunk', generation: 1, chunk: 255 });
    assert.deepEqual(parseKey(entryKey(2 ** 40)), { kind: 'entry', index: 2 ** 40 });
  });

  it('of a later version are left alone, not taken for damage', () => {
    const later = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes, (value, i) => (i === 0 ? 3 : value));
    const decoders = [
      () => decodeHead(later(encodeHead(head))),
      () => decodeRecord(later(encodeRecord(record))),
      () => decodeStoredEntry(later(encodeStoredEntry(entry, 5n).value)),
      () => decodeChunk(later(encodeChunk(utf8Bytes('ab')))),
    ];
    for (const decode of decoders) assert.throws(decode, (error) => isCairnError(error, 'UNSUPPORTED'));
  });

  it('cut short or prolonged are refused', () => {
    const bytes = encodeHead(head);
    for (let length = 1; length < bytes.byteLength; length++) {
      assert.throws(
        () => decodeHead(bytes.subarray(0, length)),
        (error) => isCairnError(error, 'CORRUPT'),
      );
    }
    assert.throws(
      () => decodeHead(Uint8Array.from([...bytes, 0])),
      (error) => isCairnError(error, 'CORRUPT'),
    );
  });
});
