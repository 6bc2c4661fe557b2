import type { WallMs } from './instants.js';
import { wallMs } from './instants.js';

/** In UTC. Month and day count from 1; 60 seconds are a leap second, which counts as the first of the next minute. */
export interface UtcFields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/**
 * The instant of a date of the Gregorian calendar, years 0 to 9999, or undefined where there is no such date: the counterpart of
 * `utcText`. After Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
 */
export function utcInstant({ year, month, day, hour, minute, second }: UtcFields): WallMs | undefined {
  if (year < 0 || year > 9999 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return undefined;
  // March is the first month, so that the day of leap years comes last; 400 years (an era) have 146,097 days.
  const marchYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  const days = era * 146_097 + dayOfEra - 719_468;
  return wallMs(days * 86_400_000 + ((hour * 60 + minute) * 60 + second) * 1000);
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
