import assert from 'node:assert/strict';
import { CairnError } from '../../../base/errors.js';
import { Outcome } from '../../../osd/store/outcome.js';

const error = new CairnError('NO_SPACE', 'the disk is full; delete something');
const other = new CairnError('CLOSED', 'the store is closed');

const orders = [
  { name: 'asked for before', isAskedFirst: true },
  { name: 'asked for afterwards', isAskedFirst: false },
];

describe('osd/store: how a transaction ends', () => {
  for (const { name, isAskedFirst } of orders) {
    it(`is told to whom it was ${name}: done`, async () => {
      const outcome = new Outcome();
      const early = isAskedFirst ? outcome.promise : undefined;
      outcome.resolve();
      outcome.reject(error);
      assert.equal(await (early ?? outcome.promise), undefined);
      assert.equal(outcome.promise, early ?? outcome.promise, 'one promise, however often it is asked for');
    });

    it(`is told to whom it was ${name}: failed, and then nothing else`, async () => {
      const outcome = new Outcome();
      const early = isAskedFirst ? outcome.promise : undefined;
      outcome.reject(error);
      outcome.reject(other);
      outcome.resolve();
      await assert.rejects(early ?? outcome.promise, error);
    });
  }

  it('is no error of its own when nobody looks at it', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    try {
      for (const { isAskedFirst } of orders) {
        const outcome = new Outcome();
        if (isAskedFirst) void outcome.promise;
        outcome.reject(error);
        if (!isAskedFirst) void outcome.promise;
      }
      // Node tells of them when the microtasks are done.
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    } finally {
      process.off('unhandledRejection', note);
    }
    assert.deepEqual(unhandled, []);
  });
});
