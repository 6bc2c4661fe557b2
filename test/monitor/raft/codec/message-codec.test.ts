import assert from 'node:assert/strict';
import fc from 'fast-check';
import { hexText, utf8Bytes } from '../../../../base/bytes.js';
import { isCairnError } from '../../../../base/errors.js';
import { decodeMessage, encodeMessage } from '../../../../monitor/raft/codec/message-codec.js';
import { logIndex, memberId, term, type RaftMessage } from '../../../../monitor/raft/types.js';

/** Field by field. */
function fields(...parts: readonly string[]): string {
  return parts.join('');
}

const envelope = { from: memberId(1), to: memberId(2), term: term(5) };
const membership = { voters: [memberId(1), memberId(2)], learners: [memberId(3)] };
const previous = { index: logIndex(7), term: term(4) };
const meta = { ...previous, membership, bytes: 3, chunks: 2, checksum: '00000000000000ff' };
const common = fields('01000000', '02000000', '0500000000000000');
const place = fields('0700000000000000', '0400000000000000');
const members = fields('02', '01000000', '02000000', '01', '03000000');

const golden: readonly { readonly message: RaftMessage; readonly hex: string }[] = [
  {
    message: { ...envelope, kind: 'vote-request', isPreVote: true, isTransfer: false, last: previous },
    hex: `0101${common}0100${place}`,
  },
  { message: { ...envelope, kind: 'vote-reply', isPreVote: false, granted: true }, hex: `0102${common}0001` },
  {
    message: {
      ...envelope,
      kind: 'append',
      previous,
      entries: [
        { index: logIndex(8), term: term(4), kind: 'noop' },
        { index: logIndex(9), term: term(5), kind: 'command', data: utf8Bytes('ab') },
        { index: logIndex(10), term: term(5), kind: 'membership', membership, data: utf8Bytes('') },
      ],
      commit: logIndex(6),
      round: 2 ** 40,
    },
    hex: [
      `0103${common}${place}0600000000000000000000000001000003000000`,
      fields('00', '0800000000000000', '0400000000000000'),
      fields('01', '0900000000000000', '0500000000000000', '02000000', '6162'),
      fields('02', '0a00000000000000', '0500000000000000', members, '00000000'),
    ].join(''),
  },
  {
    message: { ...envelope, kind: 'append-reply', round: 3, outcome: { kind: 'matched', matched: logIndex(9) } },
    hex: `0104${common}0300000000000000010900000000000000`,
  },
  {
    message: {
      ...envelope,
      kind: 'append-reply',
      round: 3,
      outcome: { kind: 'rejected', rejected: logIndex(9), hint: previous },
    },
    hex: `0104${common}0300000000000000000900000000000000${place}`,
  },
  {
    message: { ...envelope, kind: 'snapshot-chunk', meta, chunk: 1, data: utf8Bytes('c'), round: 3 },
    hex: `0105${common}${place}${members}030000000000000002000000ff000000000000000100000003000000000000000100000063`,
  },
  {
    message: { ...envelope, kind: 'snapshot-reply', snapshot: logIndex(7), next: 2, round: 3 },
    hex: `0106${common}0700000000000000020000000300000000000000`,
  },
  { message: { ...envelope, kind: 'timeout-now' }, hex: `0107${common}` },
  { message: { ...envelope, kind: 'read-request', id: 6 }, hex: `0108${common}0600000000000000` },
  {
    message: { ...envelope, kind: 'read-reply', id: 6, index: logIndex(7) },
    hex: `0109${common}0600000000000000010700000000000000`,
  },
  { message: { ...envelope, kind: 'read-reply', id: 6, index: undefined }, hex: `0109${common}060000000000000000` },
];

function refuses(hex: string): void {
  assert.throws(
    () => decodeMessage(Buffer.from(hex, 'hex')),
    (error) => isCairnError(error, 'PROTOCOL_ERROR'),
    hex,
  );
}

describe('monitor/raft/codec: messages', () => {
  for (const { message, hex } of golden) {
    it(`${message.kind} is these bytes, and comes back from them`, () => {
      assert.equal(hexText(encodeMessage(message)), hex);
      assert.deepEqual(decodeMessage(Buffer.from(hex, 'hex')), message);
    });
  }

  it('keep nothing of the buffer that they were read from', () => {
    const message = golden.find(({ message: { kind } }) => kind === 'append');
    assert.ok(message !== undefined);
    const bytes = Buffer.from(message.hex, 'hex');
    const decoded = decodeMessage(bytes);
    bytes.fill(0xdd);
    assert.equal(hexText(encodeMessage(decoded)), message.hex);
  });

  it('refuse every cut and every addition', () => {
    for (const { hex } of golden) {
      for (let length = 0; length < hex.length; length += 2) refuses(hex.slice(0, length));
      refuses(`${hex}00`);
    }
  });

  const cases: readonly { readonly name: string; readonly hex: string }[] = [
    { name: 'another version', hex: `0207${common}` },
    { name: 'an unknown kind', hex: `010a${common}` },
    { name: 'member 0', hex: fields('0107', '00000000', '02000000', '0500000000000000') },
    { name: 'a term beyond 2^53', hex: fields('0107', '01000000', '02000000', '0000000000002000') },
    { name: 'a flag of 2', hex: `0102${common}0002` },
    {
      name: 'a gap in the entries',
      hex: fields(
        `0103${common}${place}0600000000000000010000000000000001000000`,
        '00',
        '0900000000000000',
        '0400000000000000',
      ),
    },
    {
      name: 'a term that falls',
      hex: fields(
        `0103${common}${place}0600000000000000010000000000000001000000`,
        '00',
        '0800000000000000',
        '0300000000000000',
      ),
    },
    {
      name: 'an entry of a later term than the sender',
      hex: fields(
        `0103${common}${place}0600000000000000010000000000000001000000`,
        '00',
        '0800000000000000',
        '0600000000000000',
      ),
    },
    { name: 'more entries than there are bytes', hex: `0103${common}${place}06000000000000000100000000000000ffff0000` },
    {
      name: 'an unknown kind of entry',
      hex: fields(
        `0103${common}${place}0600000000000000010000000000000001000000`,
        '03',
        '0800000000000000',
        '0400000000000000',
      ),
    },
    {
      name: 'data longer than the message',
      hex: fields(
        `0103${common}${place}0600000000000000010000000000000001000000`,
        '01',
        '0800000000000000',
        '0400000000000000',
        'ffffffff',
        '61',
      ),
    },
    {
      name: 'a chunk outside of its snapshot',
      hex: `0105${common}${place}${members}030000000000000002000000ff000000000000000200000003000000000000000100000063`,
    },
    {
      name: 'a chunk larger than its snapshot',
      hex: `0105${common}${place}${members}000000000000000002000000ff000000000000000100000003000000000000000100000063`,
    },
    {
      name: 'members out of order',
      hex: `0105${common}${place}02020000000100000000030000000000000002000000ff000000000000000100000003000000000000000100000063`,
    },
    {
      name: 'a member that is voter and learner',
      hex: `0105${common}${place}01010000000101000000030000000000000002000000ff000000000000000100000003000000000000000100000063`,
    },
  ];
  for (const c of cases) it(`refuse ${c.name}`, () => refuses(c.hex));

  it('whatever bytes come, there is a message or a PROTOCOL_ERROR, and what is a message is sent the same', () => {
    const anyBytes = fc.uint8Array({ maxLength: 200 });
    const damaged = fc
      .tuple(fc.constantFrom(...golden), fc.nat(), fc.nat({ max: 255 }))
      .map(([{ hex }, at, value]) =>
        Uint8Array.from(Buffer.from(hex, 'hex'), (byte, i) => (i === at % (hex.length / 2) ? value : byte)),
      );
    fc.assert(
      fc.property(fc.oneof(anyBytes, damaged), (bytes) => {
        let message;
        try {
          message = decodeMessage(bytes);
        } catch (error) {
          assert.ok(isCairnError(error, 'PROTOCOL_ERROR'), String(error));
          return;
        }
        assert.equal(hexText(encodeMessage(message)), hexText(bytes));
      }),
      { numRuns: 2_000 },
    );
  });
});
