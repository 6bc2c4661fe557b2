import fc from 'fast-check';
import assert from 'node:assert/strict';
import { parseTimestamp, timestampText } from '../../../gateway/xml/timestamp.js';
import { dateOf } from '../date-of.js';
import { boxed } from '../random-inputs.js';

describe('gateway/xml/timestamp', () => {
  const read = [
    { text: '1970-01-01T00:00:00Z', ms: 0 },
    { text: '2030-01-02T03:04:05Z', ms: 1_893_553_445_000 },
    { text: '2030-01-02T03:04:05.678Z', ms: 1_893_553_445_678 },
    { text: '2030-01-02T03:04:05.6789999Z', ms: 1_893_553_445_678 },
    { text: '2030-01-02T03:04:05.6Z', ms: 1_893_553_445_600 },
    { text: '2030-01-02T05:04:05+02:00', ms: 1_893_553_445_000 },
    { text: '2030-01-01T23:34:05-0330', ms: 1_893_553_445_000 },
    { text: '2024-02-29T00:00:00Z', ms: 1_709_164_800_000 },
    { text: '2016-12-31T23:59:60Z', ms: 1_483_228_800_000 },
    { text: 'Wed, 02 Jan 2030 03:04:05 GMT', ms: 1_893_553_445_000 },
  ];
  for (const c of read) it(`reads ${c.text}`, () => assert.equal(parseTimestamp(c.text), c.ms));

  const refused = [
    '',
    '2030-01-02',
    '2030-01-02T03:04:05',
    '2030-01-02 03:04:05Z',
    '2030-1-2T03:04:05Z',
    '2023-02-29T00:00:00Z',
    '2100-02-29T00:00:00Z',
    '2030-00-02T03:04:05Z',
    '2030-13-02T03:04:05Z',
    '2030-04-31T03:04:05Z',
    '2030-01-00T03:04:05Z',
    '2030-01-02T24:00:00Z',
    '2030-01-02T03:60:05Z',
    '2030-01-02T03:04:61Z',
    '2030-01-02T03:04:05+25:00',
    '2030-01-02T03:04:05+02:60',
    'Wed, 02 Foo 2030 03:04:05 GMT',
    'Wed, 32 Jan 2030 03:04:05 GMT',
    '1893553445',
  ];
  for (const text of refused) it(`refuses ${text || 'nothing'}`, () => assert.equal(parseTimestamp(text), undefined));

  it('writes whole seconds, rounded down, as Date does, and reads them back', () => {
    fc.assert(
      fc.property(fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 }), (ms) => {
        const seconds = Math.floor(ms / 1000) * 1000;
        assert.equal(timestampText(ms), dateOf(seconds).toISOString());
        assert.equal(parseTimestamp(timestampText(ms)), seconds);
      }),
      boxed(5_000),
    );
  });
});
