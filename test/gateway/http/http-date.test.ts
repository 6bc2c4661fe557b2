import assert from 'node:assert/strict';
import fc from 'fast-check';
import { wallMs } from '../../../base/instants.js';
import { httpDate, parseHttpDate } from '../../../gateway/http/http-date.js';

const now = wallMs(1_795_213_599_000);
const may = 1_369_353_600_000;

describe('dates of HTTP', () => {
  const cases = [
    { text: 'Fri, 24 May 2013 00:00:00 GMT', at: may },
    { text: 'Fri, 24 May 2013 00:00:00 UTC', at: may },
    { text: 'Fri, 24 May 2013 00:00:00 +0000', at: may },
    { text: 'Fri, 24 May 2013 00:00:00 -0000', at: may },
    { text: 'Friday, 24-May-13 00:00:00 GMT', at: may },
    { text: 'Fri May 24 00:00:00 2013', at: may },
    { text: 'Sun Nov  6 08:49:37 1994', at: 784_111_777_000 },
    { text: 'Sunday, 06-Nov-94 08:49:37 GMT', at: 784_111_777_000 },
    { text: 'Saturday, 01-Jan-76 00:00:00 GMT', at: 3_345_062_400_000 },
    { text: 'Saturday, 01-Jan-77 00:00:00 GMT', at: 220_924_800_000 },
    { text: 'Fri, 24 May 2013 00:00:00 CEST', at: undefined },
    { text: 'Fri, 24 Mai 2013 00:00:00 GMT', at: undefined },
    { text: 'Fri, 31 Apr 2013 00:00:00 GMT', at: undefined },
    { text: 'Fri, 24 May 2013 24:00:00 GMT', at: undefined },
    { text: '2013-05-24T00:00:00Z', at: undefined },
    { text: '', at: undefined },
  ];
  for (const c of cases) {
    it(`${c.at === undefined ? 'refuses' : 'reads'} '${c.text}'`, () => assert.equal(parseHttpDate(c.text, now), c.at));
  }

  it('are written as the language writes them, and read again', () => {
    const seconds = fc.integer({ min: -62_167_219_200, max: 253_402_300_799 });
    fc.assert(
      fc.property(seconds, (second) => {
        const text = httpDate(wallMs(second * 1000 + 999));
        // oxlint-disable-next-line no-restricted-globals -- of an instant given it reads no clock
        assert.equal(text, new Date(second * 1000).toUTCString());
        assert.equal(parseHttpDate(text, now), second * 1000);
      }),
    );
  });
});
