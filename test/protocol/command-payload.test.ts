/** Commands whose arguments or answers are too large for a message's header. */
import assert from 'node:assert/strict';
import { emptyBytes } from '../../base/bytes.js';
import { CairnError } from '../../base/errors.js';
import {
  inlineBytesMax,
  packReply,
  packRequest,
  unpackReply,
  unpackRequest,
  valueBytesMax,
} from '../../protocol/command-payload.js';
import { encodeHeader } from '../../wire/header-codec.js';

const reply = (result: unknown) => ({ result, epoch: 7, isStale: false });

describe('large commands', () => {
  it('a small answer stays in the header', () => {
    const packed = packReply(reply({ ids: [1, 2, 3] }));
    assert.deepEqual(packed, { header: reply({ ids: [1, 2, 3] }) });
    assert.deepEqual(unpackReply({ ...packed, payload: emptyBytes }), reply({ ids: [1, 2, 3] }));
  });

  it('an answer of more values than a header may have travels in the payload and arrives as it was', () => {
    const result = { nodes: Array.from({ length: 300_000 }, (_, id) => id) };
    const { header, payload = emptyBytes } = packReply(reply(result));
    assert.ok(encodeHeader(header).byteLength < 100);
    assert.deepEqual(unpackReply({ header, payload }), reply(result));
  });

  it('arguments move to the payload above the limit and not at it', () => {
    for (const [byteLength, isMoved] of [
      [inlineBytesMax - 3, false],
      [inlineBytesMax, true],
    ] as const) {
      // A byte string of 2^16 or less has a head of three bytes, a longer one of five.
      const { payload } = packRequest({ command: 'crush.set', args: new Uint8Array(byteLength) });
      assert.equal(payload !== undefined, isMoved, String(byteLength));
    }
  });

  it('arguments in the payload keep everything else of the request', () => {
    const request = {
      command: 'crush.set',
      args: { map: new Uint8Array(1_000_000).fill(7), confirmed: true },
      request: { session: '0'.repeat(32), number: 3, floor: 2 },
      entity: 'client.admin',
    };
    const { header, payload = emptyBytes } = packRequest(request);
    assert.deepEqual(unpackRequest({ header, payload }), request);
  });

  it('what takes more than 16 MiB is refused where it is made', () => {
    const value = new Uint8Array(valueBytesMax);
    assert.throws(() => packRequest({ command: 'crush.set', args: value }), hasCode('INVALID_ARGUMENT'));
    assert.throws(() => packReply(reply(value)), hasCode('UNSUPPORTED'));
  });

  it('a payload of more than 16 MiB is refused before it is decoded', () => {
    const header = { command: 'crush.set', args: undefined };
    const payload = new Uint8Array(valueBytesMax + 1);
    assert.throws(() => unpackRequest({ header, payload }), hasCode('INVALID_ARGUMENT'));
  });

  it('arguments of more values than a header may have are refused, as they would cost the monitor most', () => {
    const payload = encodeHeader(Array.from({ length: 300_000 }, () => 0));
    assert.throws(
      () => unpackRequest({ header: { command: 'osd.in', args: undefined }, payload }),
      hasCode('PROTOCOL_ERROR'),
    );
  });

  it('a malformed payload is refused', () => {
    const payload = Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff);
    assert.throws(() => unpackReply({ header: reply(undefined), payload }), hasCode('PROTOCOL_ERROR'));
  });
});

function hasCode(code: string) {
  return (error: unknown): boolean => error instanceof CairnError && error.code === code;
}
