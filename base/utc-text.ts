import type { WallMs } from './instants.js';

const dayMs = 86_400_000;

/**
 * ISO 8601 in UTC with milliseconds: `2026-11-20T22:26:39.123Z`. Years 0000 to 9999; other instants are cut to those.
 * Calculated here, since `Date` is ambient (DESIGN.md section 2): days to year, month and day as in Howard Hinnant,
 * "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
 */
export function utcText(at: WallMs): string {
  const ms = Math.min(Math.max(Math.floor(at), firstMs), lastMs);
  const days = Math.floor(ms / dayMs);
  const ofDay = ms - days * dayMs;
  // March is the first month, so that the day of leap years comes last; 400 years (an era) have 146,097 days.
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const date = `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`;
  const seconds = Math.floor(ofDay / 1000);
  const time = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `${date}T${time.map((part) => digits(part, 2)).join(':')}.${digits(ofDay % 1000, 3)}Z`;
}

/** 0000-01-01 and the last millisecond of 9999. */
const firstMs = -62_167_219_200_000;
const lastMs = 253_402_300_799_999;

function digits(value: number, count: number): string {
  return String(value).padStart(count, '0');
}
