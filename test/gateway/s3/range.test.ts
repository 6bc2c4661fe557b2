import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isS3Error } from '../../../gateway/s3-error.js';
import { contentRange, copySourceRange, requestedRange } from '../../../gateway/s3/range.js';
import { s3Error } from '../assert-s3-error.js';
import { fuzz, textsLike } from '../fuzz.js';

describe('Range', () => {
  const whole = undefined;
  const beyond = 'InvalidRange';
  const cases = [
    { header: undefined, size: 10, range: whole },
    { header: 'bytes=0-4', size: 10, range: [0, 5] },
    { header: 'bytes=9-9', size: 10, range: [9, 1] },
    { header: 'bytes=5-', size: 10, range: [5, 5] },
    { header: 'bytes=5-100', size: 10, range: [5, 5] },
    { header: 'bytes=-3', size: 10, range: [7, 3] },
    { header: 'bytes=-100', size: 10, range: [0, 10] },
    { header: 'Bytes=1-2', size: 10, range: [1, 2] },
    { header: ' bytes=1-2 ', size: 10, range: [1, 2] },
    { header: 'bytes=00-0004', size: 10, range: [0, 5] },
    { header: `bytes=1-${'9'.repeat(400)}`, size: 10, range: [1, 9] },
    { header: `bytes=-${'9'.repeat(400)}`, size: 10, range: [0, 10] },
    { header: 'bytes=10-', size: 10, range: beyond },
    { header: 'bytes=10-20', size: 10, range: beyond },
    { header: `bytes=${'9'.repeat(400)}-`, size: 10, range: beyond },
    { header: 'bytes=-0', size: 10, range: beyond },
    { header: 'bytes=0-', size: 0, range: beyond },
    { header: 'bytes=0-0', size: 0, range: beyond },
    { header: 'bytes=-5', size: 0, range: beyond },
    { header: 'bytes=5-4', size: 10, range: whole },
    { header: 'bytes=9007199254740993-9007199254740992', size: 10, range: whole },
    { header: 'bytes=-', size: 10, range: whole },
    { header: 'bytes=0-1,3-4', size: 10, range: whole },
    { header: 'bytes=a-b', size: 10, range: whole },
    { header: 'bytes=-1-2', size: 10, range: whole },
    { header: 'bytes 0-4', size: 10, range: whole },
    { header: 'lines=0-4', size: 10, range: whole },
    { header: '', size: 10, range: whole },
  ] as const;
  for (const c of cases) {
    it(`${(c.header ?? 'none').slice(0, 40)} of ${c.size} bytes is ${c.range === whole ? 'the whole' : String(c.range)}`, () => {
      if (c.range === beyond) {
        const fields = { ActualObjectSize: String(c.size), RangeRequested: c.header };
        assert.throws(() => requestedRange(c.header, c.size), s3Error('InvalidRange', { fields }));
        return;
      }
      const expected = c.range === whole ? undefined : { offset: c.range[0], bytes: c.range[1] };
      assert.deepEqual(requestedRange(c.header, c.size), expected);
    });
  }

  it('that cannot be satisfied is told the size in a header as well', () => {
    try {
      requestedRange('bytes=10-', 10);
      assert.fail('not refused');
    } catch (error) {
      assert.ok(isS3Error(error));
      assert.equal(error.status, 416);
      assert.equal(error.headers['content-range'], 'bytes */10');
    }
  });

  it('is said in an answer', () => assert.equal(contentRange({ offset: 7, bytes: 3 }, 10), 'bytes 7-9/10'));

  it('of any text is within the object', () => {
    const size = 1000;
    fuzz(
      textsLike('bytes=0-499', 'bytes=500-', 'bytes=-10', 'bytes=0-1,5-6'),
      (text) => requestedRange(text, size),
      (range) => assert.ok(range === undefined || isWithin(range, size)),
    );
  });

  it('of two numbers is what lies between them', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(50), fc.nat(50), (first, last, size) => {
        const bytes = Array.from({ length: size }, (_, i) => i);
        const expected = bytes.slice(first, last + 1);
        if (first > last) assert.equal(requestedRange(`bytes=${first}-${last}`, size), undefined);
        else if (expected.length === 0) assert.throws(() => requestedRange(`bytes=${first}-${last}`, size));
        else {
          const range = requestedRange(`bytes=${first}-${last}`, size);
          assert.deepEqual(bytes.slice(range?.offset, (range?.offset ?? 0) + (range?.bytes ?? 0)), expected);
        }
      }),
    );
  });
});

describe('x-amz-copy-source-range', () => {
  it('names both ends', () => {
    assert.deepEqual(copySourceRange('bytes=0-9', 10), { offset: 0, bytes: 10 });
    assert.deepEqual(copySourceRange('bytes=3-3', 10), { offset: 3, bytes: 1 });
  });

  for (const header of ['', 'bytes=1-', 'bytes=-1', 'bytes=2-1', 'bytes=0-1,2-3', '0-1', 'bytes=x-y']) {
    it(`is refused when it does not: ${header || 'nothing'}`, () => {
      const fields = { ArgumentName: 'x-amz-copy-source-range', ArgumentValue: header };
      assert.throws(
        () => copySourceRange(header, 10),
        s3Error('InvalidArgument', { fields, mentions: 'bytes=first-last' }),
      );
    });
  }

  for (const header of ['bytes=0-10', 'bytes=10-10', `bytes=0-${'9'.repeat(400)}`]) {
    it(`is refused beyond the source: ${header.slice(0, 20)}`, () => {
      assert.throws(
        () => copySourceRange(header, 10),
        s3Error('InvalidArgument', { mentions: 'source object of size: 10' }),
      );
    });
  }

  it('of any text is within the source', () => {
    fuzz(
      textsLike('bytes=0-499', 'bytes=500-999', 'bytes=-10'),
      (text) => copySourceRange(text, 1000),
      (range) => assert.ok(isWithin(range, 1000)),
    );
  });
});

function isWithin({ offset, bytes }: { offset: number; bytes: number }, size: number): boolean {
  return Number.isSafeInteger(offset) && offset >= 0 && bytes >= 1 && offset + bytes <= size;
}
