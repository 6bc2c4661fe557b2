import assert from 'node:assert/strict';
import fc from 'fast-check';
import { civilDateOf, dayMs, daysOf, isCivilDate, weekdayOf } from '../../base/civil-date.js';

describe('the calendar', () => {
  const cases = [
    { name: 'the epoch', days: 0, date: { year: 1970, month: 1, day: 1 }, weekday: 4 },
    { name: 'the day before it', days: -1, date: { year: 1969, month: 12, day: 31 }, weekday: 3 },
    { name: 'a leap day', days: 11_016, date: { year: 2000, month: 2, day: 29 }, weekday: 2 },
    { name: 'the first day of the year 0', days: -719_528, date: { year: 0, month: 1, day: 1 }, weekday: 6 },
  ];
  for (const c of cases) {
    it(`knows ${c.name}`, () => {
      assert.equal(daysOf(c.date), c.days);
      assert.deepEqual(civilDateOf(c.days), c.date);
      assert.equal(weekdayOf(c.days), c.weekday);
    });
  }

  it('agrees with the language on every day, there and back', () => {
    fc.assert(
      fc.property(fc.integer({ min: -719_528, max: 2_932_896 }), (days) => {
        // oxlint-disable-next-line no-restricted-globals -- of an instant given it reads no clock
        const expected = new Date(days * dayMs);
        const date = civilDateOf(days);
        assert.deepEqual(date, {
          year: expected.getUTCFullYear(),
          month: expected.getUTCMonth() + 1,
          day: expected.getUTCDate(),
        });
        assert.equal(daysOf(date), days);
        assert.equal(weekdayOf(days), expected.getUTCDay());
        assert.ok(isCivilDate(date));
      }),
    );
  });

  for (const [year, month, day] of [
    [2023, 2, 29],
    [2100, 2, 29],
    [2024, 2, 30],
    [2024, 4, 31],
    [2024, 13, 1],
    [2024, 0, 1],
    [2024, 1, 0],
    [2024, 1, 32],
  ] as const) {
    it(`has no ${year}-${month}-${day}`, () => assert.equal(isCivilDate({ year, month, day }), false));
  }
});
