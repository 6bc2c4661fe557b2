import assert from 'node:assert/strict';
import fc from 'fast-check';
import { wallMs } from '../../base/instants.js';
import { utcInstant } from '../../base/utc-instant.js';
import { utcText } from '../../base/utc-text.js';

const midnight = { hour: 0, minute: 0, second: 0 };

function fieldsOf(text: string): Parameters<typeof utcInstant>[0] {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = text.split(/[-T:Z.]/).map(Number);
  return { year, month, day, hour, minute, second };
}

describe('utcInstant', () => {
  const valid = [
    { name: 'the epoch', fields: { year: 1970, month: 1, day: 1, ...midnight }, at: 0 },
    { name: 'a leap day', fields: { year: 2000, month: 2, day: 29, ...midnight }, at: 951_782_400_000 },
    { name: 'the year 0', fields: { year: 0, month: 1, day: 1, ...midnight }, at: -62_167_219_200_000 },
    {
      name: 'a leap second as the first of the next minute',
      fields: { year: 2016, month: 12, day: 31, hour: 23, minute: 59, second: 60 },
      at: 1_483_228_800_000,
    },
  ];
  for (const c of valid) it(`knows ${c.name}`, () => assert.equal(utcInstant(c.fields), c.at));

  const invalid = [
    { name: 'the month 0', fields: { year: 2026, month: 0, day: 1, ...midnight } },
    { name: 'the month 13', fields: { year: 2026, month: 13, day: 1, ...midnight } },
    { name: 'the day 0', fields: { year: 2026, month: 1, day: 0, ...midnight } },
    { name: 'the 29th of February of 1900', fields: { year: 1900, month: 2, day: 29, ...midnight } },
    { name: 'the 31st of April', fields: { year: 2026, month: 4, day: 31, ...midnight } },
    { name: 'the 32nd of May', fields: { year: 2026, month: 5, day: 32, ...midnight } },
    { name: 'the hour 24', fields: { year: 2026, month: 5, day: 1, hour: 24, minute: 0, second: 0 } },
    { name: 'the minute 60', fields: { year: 2026, month: 5, day: 1, hour: 0, minute: 60, second: 0 } },
    { name: 'the second 61', fields: { year: 2026, month: 5, day: 1, hour: 0, minute: 0, second: 61 } },
    { name: 'years of five digits', fields: { year: 10_000, month: 1, day: 1, ...midnight } },
    { name: 'years before 0', fields: { year: -1, month: 1, day: 1, ...midnight } },
  ];
  for (const c of invalid) it(`refuses ${c.name}`, () => assert.equal(utcInstant(c.fields), undefined));

  it('reads every second that utcText writes', () => {
    const seconds = fc.integer({ min: -62_167_219_200, max: 253_402_300_799 });
    fc.assert(
      fc.property(seconds, (second) =>
        assert.equal(utcInstant(fieldsOf(utcText(wallMs(second * 1000)))), second * 1000),
      ),
    );
  });
});
