import assert from 'node:assert/strict';
import { CairnError } from '../../../../base/errors.js';
import { hexText, latin1Bytes, latin1Text } from '../../../../base/bytes.js';
import {
  decodeStoredAnswer,
  encodeStoredAnswer,
  storedAnswerKey,
  storedAnswersEnd,
  storedAnswersPrefix,
} from '../../../../osd/pg/sessions/stored-answer.js';
import { Prng } from '../../../../runtime/sim/prng.js';

const session = latin1Text(new Uint8Array(16).map((_, i) => i * 17));

describe('stored answers', () => {
  it('keep their bytes', () => {
    const key = storedAnswerKey(session, 2 ** 40 + 5);
    assert.equal(
      hexText(latin1Bytes(key)),
      ['73657373696f6e2f', '00112233445566778899aabbccddeeff', '0000010000000005'].join(''),
    );
    assert.equal(hexText(encodeStoredAnswer({ seq: 300, reply: new Uint8Array([1, 2, 3]) })), '01ac02010203');
    assert.deepEqual(decodeStoredAnswer(key, new Uint8Array([1, 0xac, 2, 1, 2, 3])), {
      session,
      request: 2 ** 40 + 5,
      seq: 300,
      reply: new Uint8Array([1, 2, 3]),
    });
  });

  it('come back as they were, and lie between the prefix and the end, sorted by request', () => {
    const random = new Prng('stored answers');
    let last = '';
    for (let request = 1; request < 2 ** 52; request = request * 3 + random.below(100)) {
      const reply = random.bytes(random.below(200));
      const seq = 1 + random.below(2 ** 31);
      const key = storedAnswerKey(session, request);
      assert.ok(key > storedAnswersPrefix && key < storedAnswersEnd && key > last);
      assert.deepEqual(decodeStoredAnswer(key, encodeStoredAnswer({ seq, reply })), { session, request, seq, reply });
      last = key;
    }
  });

  const goodKey = storedAnswerKey(session, 7);
  const good = encodeStoredAnswer({ seq: 5, reply: new Uint8Array(3) });
  const cases: readonly { readonly name: string; readonly key: string; readonly value: Uint8Array }[] = [
    { name: 'an empty key', key: '', value: good },
    { name: 'a short key', key: goodKey.slice(0, -1), value: good },
    { name: 'a long key', key: `${goodKey}x`, value: good },
    { name: 'another prefix', key: `sessiom/${goodKey.slice(8)}`, value: good },
    { name: 'request 0', key: `${goodKey.slice(0, -1)}\0`, value: good },
    {
      name: 'a request beyond all numbers',
      key: `${goodKey.slice(0, -8)}\xff\xff\xff\xff\xff\xff\xff\xff`,
      value: good,
    },
    { name: 'no value', key: goodKey, value: new Uint8Array(0) },
    { name: 'another format', key: goodKey, value: new Uint8Array([2, 5]) },
    { name: 'no sequence number', key: goodKey, value: new Uint8Array([1]) },
    { name: 'a sequence number of 0', key: goodKey, value: new Uint8Array([1, 0]) },
    { name: 'an endless sequence number', key: goodKey, value: new Uint8Array(20).fill(0xff).fill(1, 0, 1) },
  ];
  for (const { name, key, value } of cases)
    it(`refuse ${name}`, () => {
      assert.throws(() => decodeStoredAnswer(key, value), { code: 'PARSE_ERROR' });
    });

  it('make nothing worse than a PARSE_ERROR of garbage', () => {
    const random = new Prng('garbage');
    let parsed = 0;
    for (let i = 0; i < 20_000; i++) {
      const value = random.bytes(random.below(24));
      const key = latin1Bytes(goodKey);
      key[random.below(key.length)] = random.below(256);
      if (random.below(2) === 0) value[0] = 1;
      try {
        const { request, seq } = decodeStoredAnswer(latin1Text(key), value);
        assert.ok(Number.isSafeInteger(request) && request >= 1 && Number.isSafeInteger(seq) && seq >= 1);
        parsed += 1;
      } catch (error) {
        assert.ok(error instanceof CairnError && error.code === 'PARSE_ERROR', String(error));
      }
    }
    assert.ok(parsed > 100);
  });
});
