/** What is stored of a PG beside its objects, byte by byte. A test that fails here says that copies could not be read any more. */
import assert from 'node:assert/strict';
import { hexText } from '../../../base/bytes.js';
import { CairnError, isCairnError } from '../../../base/errors.js';
import { decodeAsyncNote, encodeAsyncNote } from '../../../osd/pg/async-note.js';
import { decodePartialCopy, encodePartialCopy, isPartialCopy } from '../../../osd/pg/copy/partial-copy.js';
import { poolId } from '../../../cluster/ids.js';
import { objectId } from '../../../osd/store/object-id.js';
import { decodeJoinState, encodeJoinState, type JoinState } from '../../../osd/pg/join-state.js';
import { decodeStoredReply, encodeStoredReply } from '../../../osd/pg/stored-reply.js';

const joins: readonly (readonly [JoinState, string])[] = [
  [{ from: undefined, cursor: undefined }, '010000'],
  [{ from: 300, cursor: undefined }, '0101ac0200'],
  [{ from: undefined, cursor: 'a\xff\0' }, '0100010361ff00'],
];
const reply = { version: { term: 2, seq: 5 }, results: [{ kind: 'stat' as const, stat: undefined }] };
const object = objectId(poolId(1), { namespace: '', locator: '', name: 'a' });
const partial = {
  object,
  version: { term: 2, seq: 300 },
  at: { term: 3, seq: 301 },
  rest: [
    { kind: 'size', object, from: 2 ** 20 },
    { kind: 'omap-range', object, from: 'k', to: undefined },
  ],
} as const;
const isTyped = (error: unknown) => isCairnError(error, 'PARSE_ERROR') || isCairnError(error, 'PROTOCOL_ERROR');

describe('osd/pg: stored bytes', () => {
  for (const [state, bytes] of joins) {
    it(`of a join ${JSON.stringify(state)} are what they were`, () => {
      assert.equal(hexText(encodeJoinState(state)), bytes);
      assert.deepEqual(decodeJoinState(encodeJoinState(state)), state);
    });
  }

  it('of an object that is there in part are what they were', () => {
    assert.equal(
      hexText(encodePartialCopy(partial)),
      '0102ac0203ad0220010001000000010c0000000198c8be9600006100000202008080400500016b00',
    );
    assert.deepEqual(decodePartialCopy(encodePartialCopy(partial)), partial);
  });

  it('of an object that is there in part are of one object, and of a part of it', () => {
    const other = objectId(poolId(1), { namespace: '', locator: '', name: 'b' });
    for (const rest of [
      [],
      [{ kind: 'pg-key', key: 'k' }],
      [...partial.rest, { kind: 'whole', object: other }],
    ] as const) {
      const bytes = encodePartialCopy({ ...partial, rest });
      assert.throws(() => decodePartialCopy(bytes), isTyped);
      assert.ok(!isPartialCopy(bytes));
    }
    assert.ok(isPartialCopy(encodePartialCopy(partial)));
  });

  it('of a note of async terms are what they were', () => {
    const note = { term: 3, commit: 300, everywhere: 7 };
    assert.equal(hexText(encodeAsyncNote(note)), '0103ac0207');
    assert.deepEqual(decodeAsyncNote(encodeAsyncNote(note)), note);
  });

  it('of a reply are what they were, and answer the same again', () => {
    const bytes = encodeStoredReply({ kind: 'reply', reply });
    assert.equal(
      hexText(bytes),
      '010182a776657273696f6e82a47465726d02a373657105a7726573756c74739182a46b696e64a473746174a473746174d40000',
    );
    const found = decodeStoredReply(bytes);
    assert.ok(found.kind === 'reply');
    assert.deepEqual(found.reply.version, reply.version);
  });

  it('of a refusal answer with the same code, words and facts', () => {
    const error = new CairnError('CONFLICT', 'no', { details: { refusal: 'guard', guard: 1 } });
    const found = decodeStoredReply(encodeStoredReply({ kind: 'error', error }));
    assert.ok(found.kind === 'error');
    assert.deepEqual([found.error.code, found.error.message, found.error.details], ['CONFLICT', 'no', error.details]);
  });

  it('that are cut short or of another format are refused by typed errors', () => {
    const samples = [
      { bytes: encodeAsyncNote({ term: 3, commit: 300, everywhere: 7 }), decode: decodeAsyncNote },
      { bytes: encodeJoinState({ from: 300, cursor: 'abc' }), decode: decodeJoinState },
      { bytes: encodePartialCopy(partial), decode: decodePartialCopy },
      { bytes: encodeStoredReply({ kind: 'reply', reply }), decode: decodeStoredReply },
    ];
    for (const { bytes, decode } of samples) {
      for (let end = 0; end < bytes.byteLength; end++) assert.throws(() => decode(bytes.subarray(0, end)), isTyped);
      const other = bytes.slice();
      other[0] = 9;
      assert.throws(() => decode(other), isTyped);
    }
  });
});
