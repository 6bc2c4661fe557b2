import assert from 'node:assert/strict';
import { answerLengthMax, answerPage } from '../../../monitor/commands/answer-page.js';
import { encodeHeader } from '../../../wire/header-codec.js';
import { defaultReceiveLimits } from '../../../wire/limits.js';

describe('a page of an answer', () => {
  it('has all when they fit, and says that there is no more', () => {
    assert.deepEqual(answerPage(['a', 'b'], 2), { page: ['a', 'b'], hasMore: false });
    assert.deepEqual(answerPage([], 2), { page: [], hasMore: false });
  });

  it('ends after the count', () => {
    assert.deepEqual(answerPage(['a', 'b', 'c'], 2), { page: ['a', 'b'], hasMore: true });
  });

  it('ends before it would be too long', () => {
    const { page, hasMore } = answerPage(Array<string>(100).fill('x'.repeat(answerLengthMax / 10)), 1000);
    assert.deepEqual([page.length, hasMore], [9, true]);
  });

  it('has one, however long that is: who asks for the next one goes on', () => {
    const long = 'x'.repeat(2 * answerLengthMax);
    assert.deepEqual(answerPage([long, 'y'], 1000), { page: [long], hasMore: true });
  });

  it('fits the header of a message in any language', () => {
    const { page } = answerPage(Array<string>(10_000).fill('语'.repeat(100)), 10_000);
    assert.ok(encodeHeader({ page }).byteLength < defaultReceiveLimits.headerBytesMax);
  });
});
