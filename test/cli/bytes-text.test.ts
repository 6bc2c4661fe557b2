import assert from 'node:assert/strict';
import { bytesText } from '../../cli/bytes-text.js';

const cases = [
  { bytes: 0, text: '0 B' },
  { bytes: 999, text: '999 B' },
  { bytes: 1000, text: '1.0 KiB' },
  { bytes: 1536, text: '1.5 KiB' },
  { bytes: 10 * 1024, text: '10 KiB' },
  { bytes: 999.4 * 2 ** 20, text: '999 MiB' },
  { bytes: 999.6 * 2 ** 20, text: '1.0 GiB' },
  { bytes: 3 * 2 ** 40, text: '3.0 TiB' },
  { bytes: 5000 * 2 ** 60, text: '5000 EiB' },
];

describe('bytesText', () => {
  for (const c of cases) it(`writes ${c.bytes} as ${c.text}`, () => assert.equal(bytesText(c.bytes), c.text));
});
