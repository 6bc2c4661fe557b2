import assert from 'node:assert/strict';
import { wallMs } from '../../../base/instants.js';
import type { S3ErrorCode } from '../../../gateway/s3-error-codes.js';
import { isS3Error } from '../../../gateway/s3-error.js';
import {
  checkCopySourceConditions,
  checkReadConditions,
  notModified,
  parseCopySourceConditions,
  parseReadConditions,
  rangeApplies,
} from '../../../gateway/s3/read-conditions.js';
import { s3Error } from '../assert-s3-error.js';
import { fuzz, headersLike } from '../fuzz.js';

const before = 'Sun, 06 Nov 1994 08:49:36 GMT';
const at = 'Sun, 06 Nov 1994 08:49:37 GMT';
const later = 'Sun, 06 Nov 1994 08:49:38 GMT';
/** Modified within the second of `at`: clients know it to the second only. */
const object = { etag: 'abc', lastModified: wallMs(784_111_777_900) };

type Outcome = 'proceed' | 'not-modified' | S3ErrorCode;

describe('conditions of GET and HEAD', () => {
  const cases: { headers: Record<string, string>; outcome: Outcome; failed?: string }[] = [
    { headers: {}, outcome: 'proceed' },
    { headers: { 'if-match': '"abc"' }, outcome: 'proceed' },
    { headers: { 'if-match': 'abc' }, outcome: 'proceed' },
    { headers: { 'if-match': '*' }, outcome: 'proceed' },
    { headers: { 'if-match': '"x", "abc"' }, outcome: 'proceed' },
    { headers: { 'if-match': '"x"' }, outcome: 'PreconditionFailed', failed: 'If-Match' },
    { headers: { 'if-match': 'W/"abc"' }, outcome: 'PreconditionFailed', failed: 'If-Match' },
    { headers: { 'if-match': '' }, outcome: 'proceed' },
    { headers: { 'if-none-match': '"abc"' }, outcome: 'not-modified' },
    { headers: { 'if-none-match': 'W/"abc"' }, outcome: 'not-modified' },
    { headers: { 'if-none-match': '*' }, outcome: 'not-modified' },
    { headers: { 'if-none-match': '"x"' }, outcome: 'proceed' },
    { headers: { 'if-modified-since': before }, outcome: 'proceed' },
    { headers: { 'if-modified-since': at }, outcome: 'not-modified' },
    { headers: { 'if-modified-since': later }, outcome: 'not-modified' },
    { headers: { 'if-modified-since': 'yesterday' }, outcome: 'proceed' },
    { headers: { 'if-unmodified-since': before }, outcome: 'PreconditionFailed', failed: 'If-Unmodified-Since' },
    { headers: { 'if-unmodified-since': at }, outcome: 'proceed' },
    { headers: { 'if-unmodified-since': later }, outcome: 'proceed' },
    { headers: { 'if-unmodified-since': 'tomorrow' }, outcome: 'proceed' },
    // Of a tag and a date of one kind, the tag counts.
    { headers: { 'if-match': '"abc"', 'if-unmodified-since': before }, outcome: 'proceed' },
    { headers: { 'if-match': '"x"', 'if-unmodified-since': later }, outcome: 'PreconditionFailed', failed: 'If-Match' },
    { headers: { 'if-none-match': '"x"', 'if-modified-since': later }, outcome: 'proceed' },
    { headers: { 'if-none-match': '"abc"', 'if-modified-since': before }, outcome: 'not-modified' },
    // What makes a 412 comes before what makes a 304.
    { headers: { 'if-match': '"x"', 'if-none-match': '"abc"' }, outcome: 'PreconditionFailed', failed: 'If-Match' },
    { headers: { 'if-match': '"abc"', 'if-none-match': '"abc"' }, outcome: 'not-modified' },
    { headers: { 'if-match': '"abc"', 'if-modified-since': at }, outcome: 'not-modified' },
    {
      headers: { 'if-unmodified-since': before, 'if-none-match': '"abc"' },
      outcome: 'PreconditionFailed',
      failed: 'If-Unmodified-Since',
    },
  ];
  for (const c of cases) {
    it(`${JSON.stringify(c.headers)}: ${c.outcome}`, () => {
      const conditions = parseReadConditions(new Map(Object.entries(c.headers)));
      assert.equal(
        outcomeOf(() => checkReadConditions(conditions, object)),
        c.outcome,
      );
      if (c.failed === undefined) return;
      const fields = { Condition: c.failed };
      assert.throws(() => checkReadConditions(conditions, object), s3Error('PreconditionFailed', { fields }));
    });
  }

  it('that make a 304 are answered with what the client needs to go on', () => {
    const { status, headers, body } = notModified(object);
    assert.deepEqual([status, body], [304, undefined]);
    assert.deepEqual(Object.fromEntries(headers), { etag: '"abc"', 'last-modified': at });
  });

  it('of any text are decided', () => {
    const headers = headersLike({
      'if-match': ['"abc"', '*', 'W/"x", "y"'],
      'if-none-match': ['"abc"', '*', 'W/"x", "y"'],
      'if-modified-since': [at],
      'if-unmodified-since': [at],
    });
    fuzz(
      headers,
      (map) => checkReadConditions(parseReadConditions(map), object),
      (outcome) => assert.ok(outcome === 'proceed' || outcome === 'not-modified'),
    );
  });
});

describe('conditions of the source of a copy', () => {
  const cases: { headers: Record<string, string>; outcome: Outcome }[] = [
    { headers: {}, outcome: 'proceed' },
    { headers: { 'if-match': '"abc"' }, outcome: 'proceed' },
    { headers: { 'if-match': '"x"' }, outcome: 'PreconditionFailed' },
    { headers: { 'if-none-match': '"abc"' }, outcome: 'PreconditionFailed' },
    { headers: { 'if-none-match': '"x"' }, outcome: 'proceed' },
    { headers: { 'if-modified-since': at }, outcome: 'PreconditionFailed' },
    { headers: { 'if-modified-since': before }, outcome: 'proceed' },
    { headers: { 'if-unmodified-since': before }, outcome: 'PreconditionFailed' },
    { headers: { 'if-unmodified-since': '1994-11-06T08:49:37Z' }, outcome: 'proceed' },
    { headers: { 'if-unmodified-since': 'tomorrow' }, outcome: 'InvalidArgument' },
    { headers: { 'if-modified-since': '' }, outcome: 'InvalidArgument' },
    { headers: { 'if-match': '"abc"', 'if-unmodified-since': before }, outcome: 'proceed' },
    { headers: { 'if-none-match': '"abc"', 'if-modified-since': before }, outcome: 'PreconditionFailed' },
  ];
  for (const c of cases) {
    it(`${JSON.stringify(c.headers)}: ${c.outcome}`, () => {
      const headers = new Map(Object.entries(c.headers).map(([name, text]) => [`x-amz-copy-source-${name}`, text]));
      const decide = (): 'proceed' => {
        checkCopySourceConditions(parseCopySourceConditions(headers), object);
        return 'proceed';
      };
      assert.equal(outcomeOf(decide), c.outcome);
    });
  }
});

describe('If-Range', () => {
  for (const [text, applies] of [
    [undefined, true],
    ['"abc"', true],
    ['"x"', false],
    ['W/"abc"', false],
    [at, true],
    [before, false],
    [later, false],
    ['nonsense', false],
  ] as const) {
    it(`${text ?? 'left out'}: ${applies ? 'the part' : 'the whole'}`, () => {
      assert.equal(rangeApplies(new Map(text === undefined ? [] : [['if-range', text]]), object), applies);
    });
  }
});

function outcomeOf(decide: () => Outcome): Outcome {
  try {
    return decide();
  } catch (error) {
    if (isS3Error(error)) return error.code;
    throw error;
  }
}
