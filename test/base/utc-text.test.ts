import assert from 'node:assert/strict';
import fc from 'fast-check';
import { wallMs } from '../../base/instants.js';
import { utcText } from '../../base/utc-text.js';

const cases = [
  { name: 'the epoch', at: 0, text: '1970-01-01T00:00:00.000Z' },
  { name: 'a millisecond before it', at: -1, text: '1969-12-31T23:59:59.999Z' },
  { name: 'a leap day', at: 951_782_400_000, text: '2000-02-29T00:00:00.000Z' },
  { name: 'the end of a year', at: 1_767_225_599_999, text: '2025-12-31T23:59:59.999Z' },
  { name: 'a fraction of a millisecond, cut', at: 1.9, text: '1970-01-01T00:00:00.001Z' },
  { name: 'more than four digits of a year, cut', at: 1e17, text: '9999-12-31T23:59:59.999Z' },
  { name: 'before the year 0, cut', at: -1e17, text: '0000-01-01T00:00:00.000Z' },
];

describe('utcText', () => {
  for (const c of cases) it(`writes ${c.name}`, () => assert.equal(utcText(wallMs(c.at)), c.text));

  // oxlint-disable-next-line no-restricted-globals -- of an instant given it reads no clock
  const expected = (at: number): string => new Date(at).toISOString();

  it('agrees with the language on each day around the turns of four centuries', () => {
    for (let century = 0; century < 4; century++) {
      // The twentieth of February or so of 2000, 2100, 2200 and 2300.
      const start = 951_004_800_000 + century * 36_524 * 86_400_000;
      for (let day = 0; day < 20; day++) {
        const at = start + day * 86_400_000;
        assert.equal(utcText(wallMs(at)), expected(at));
      }
    }
  });

  it('agrees with the language for any instant', () => {
    const instants = fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 });
    fc.assert(fc.property(instants, (at) => assert.equal(utcText(wallMs(at)), expected(at))));
  });
});
