import assert from 'node:assert/strict';
import { printFloat } from '../../crush/tester.js';

/** What C prints for `%g`. */
const floats = [
  { value: 0, text: '0' },
  { value: 1, text: '1' },
  { value: 182.425, text: '182.425' },
  { value: Math.fround(54.72521), text: '54.7252' },
  { value: 104.0625, text: '104.062' },
  { value: 104.1875, text: '104.188' },
  { value: 999999.5, text: '1e+06' },
  { value: 999998.5, text: '999998' },
  { value: 1234567, text: '1.23457e+06' },
  { value: 0.0001, text: '0.0001' },
  { value: 0.00001220703125, text: '1.2207e-05' },
  { value: -2.5, text: '-2.5' },
  { value: 100000, text: '100000' },
];

describe('numbers in the output of a test', () => {
  for (const { value, text } of floats)
    it(`${value} is printed as ${text}`, () => assert.equal(printFloat(value), text));
});
