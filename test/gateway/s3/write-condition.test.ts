import assert from 'node:assert/strict';
import { parseDeleteCondition, parseWriteCondition } from '../../../gateway/s3/write-condition.js';
import { s3Error } from '../assert-s3-error.js';
import { fuzz, headersLike } from '../fuzz.js';

const at = 'Sun, 06 Nov 1994 08:49:37 GMT';

describe('conditions of writes', () => {
  const cases = [
    { headers: {}, condition: { kind: 'none' } },
    { headers: { 'if-none-match': '*' }, condition: { kind: 'absent' } },
    { headers: { 'if-none-match': ' * ' }, condition: { kind: 'absent' } },
    { headers: { 'if-none-match': '"a", b' }, condition: { kind: 'other-etag', etags: ['a', 'b'] } },
    { headers: { 'if-match': '*' }, condition: { kind: 'present' } },
    { headers: { 'if-match': '"a-2"' }, condition: { kind: 'etag', etags: ['a-2'] } },
    { headers: { 'if-match': 'a,"b"' }, condition: { kind: 'etag', etags: ['a', 'b'] } },
  ];
  for (const c of cases) {
    it(`${JSON.stringify(c.headers)} are ${c.condition.kind}`, () => {
      assert.deepEqual(parseWriteCondition(new Map(Object.entries(c.headers))), c.condition);
    });
  }

  it('of both kinds at once are refused', () => {
    const headers = new Map([
      ['if-match', '"a"'],
      ['if-none-match', '*'],
    ]);
    assert.throws(() => parseWriteCondition(headers), s3Error('InvalidRequest'));
  });

  for (const name of ['if-match', 'if-none-match']) {
    for (const text of ['', ' ', ',', 'W/"a"', '"a", W/"b"']) {
      it(`that could never hold, or hold always, are refused: ${name}: ${text}`, () => {
        const fields = { ArgumentName: name, ArgumentValue: text };
        assert.throws(() => parseWriteCondition(new Map([[name, text]])), s3Error('InvalidArgument', { fields }));
      });
    }
  }

  it('of any text are one of the kinds, and never none', () => {
    const headers = headersLike({ 'if-match': ['"a", b', '*', 'W/"x"'], 'if-none-match': ['"a", b', '*'] });
    fuzz(headers, parseWriteCondition, (condition, map) => assert.equal(condition.kind === 'none', map.size === 0));
  });
});

describe('conditions of deletes', () => {
  it('are those of writes, a size and a time', () => {
    assert.deepEqual(parseDeleteCondition(new Map()), {
      etag: { kind: 'none' },
      size: undefined,
      lastModified: undefined,
    });
    const headers = new Map([
      ['if-match', '"a"'],
      ['x-amz-if-match-size', ' 12 '],
      ['x-amz-if-match-last-modified-time', at],
    ]);
    const expected = { etag: { kind: 'etag', etags: ['a'] }, size: 12, lastModified: 784_111_777_000 };
    assert.deepEqual(parseDeleteCondition(headers), expected);
    assert.deepEqual(parseDeleteCondition(new Map([['if-match', '*']])).etag, { kind: 'present' });
    const iso = new Map([['x-amz-if-match-last-modified-time', '1994-11-06T08:49:37.000Z']]);
    assert.equal(parseDeleteCondition(iso).lastModified, 784_111_777_000);
  });

  for (const [name, text] of [
    ['if-match', ''],
    ['if-match', 'W/"a"'],
    ['x-amz-if-match-size', ''],
    ['x-amz-if-match-size', '-1'],
    ['x-amz-if-match-size', '1.5'],
    ['x-amz-if-match-size', '9007199254740993'],
    ['x-amz-if-match-size', '1e3'],
    ['x-amz-if-match-last-modified-time', 'yesterday'],
    ['x-amz-if-match-last-modified-time', ''],
  ] as const) {
    it(`that cannot be are refused: ${name}: ${text}`, () => {
      const fields = { ArgumentName: name };
      assert.throws(() => parseDeleteCondition(new Map([[name, text]])), s3Error('InvalidArgument', { fields }));
    });
  }

  it('of any text are read or refused', () => {
    const headers = headersLike({
      'if-match': ['"a", b', '*'],
      'x-amz-if-match-size': ['0', '1234'],
      'x-amz-if-match-last-modified-time': [at, '1994-11-06T08:49:37.000Z'],
    });
    fuzz(headers, parseDeleteCondition, ({ size }) => assert.ok(size === undefined || Number.isSafeInteger(size)));
  });
});
