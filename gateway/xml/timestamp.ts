/** Times in documents. `Date` is ambient (DESIGN.md section 2), and slower than what a listing of 1,000 keys may cost. */
import type { WallMs } from '../../base/instants.js';
import { wallMs } from '../../base/instants.js';
import { utcText } from '../../base/utc-text.js';

const dayMs = 86_400_000;

/** `00` to `59`. */
const twoDigits = Array.from({ length: 60 }, (_, value) => String(value).padStart(2, '0'));

/** Keys of one listing were mostly written on a few days: the last day's text is kept. */
let cachedDay = Number.NaN;
let cachedDayText = '';

/** `2026-11-20T22:26:39.000Z`: whole seconds, rounded down. `at` in ms since the Unix epoch. */
export function timestampText(at: number): string {
  const day = Math.floor(at / dayMs);
  if (day !== cachedDay) {
    cachedDayText = utcText(wallMs(day * dayMs)).slice(0, 10);
    cachedDay = day;
  }
  const second = Math.floor((at - day * dayMs) / 1000);
  const hour = twoDigits[Math.floor(second / 3600)];
  return `${cachedDayText}T${hour}:${twoDigits[Math.floor(second / 60) % 60]}:${twoDigits[second % 60]}.000Z`;
}

const isoForm = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:?\d{2})$/;
const httpForm = /^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) (?:GMT|UTC)$/;
const monthNames = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** ISO 8601 with seconds and a zone, or the form of HTTP (`Wed, 21 Oct 2015 07:28:00 GMT`); `undefined` for anything else. */
export function parseTimestamp(text: string): WallMs | undefined {
  const iso = isoForm.exec(text);
  if (iso !== null) {
    const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = iso;
    const at = instant([year, month, day, hour, minute, second].map(Number));
    const offset = zoneMs(zone);
    if (at === undefined || offset === undefined) return undefined;
    return wallMs(at + Number(fraction.padEnd(3, '0').slice(0, 3)) - offset);
  }
  const http = httpForm.exec(text);
  if (http === null) return undefined;
  const [, day, month = '', year, hour, minute, second] = http;
  const at = instant([Number(year), monthNames.indexOf(month) + 1, ...[day, hour, minute, second].map(Number)]);
  return at === undefined ? undefined : wallMs(at);
}

/** In ms, of `Z` or `+02:00`; `undefined` for zones that do not exist. */
function zoneMs(zone: string): number | undefined {
  if (zone === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2));
  if (hours > 14 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/** Of year, month (1 to 12), day, hour, minute, second; `undefined` when there is no such instant. A leap second is the next one. */
function instant(parts: readonly number[]): number | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
  if (month < 1 || month > 12 || day < 1 || day > daysOfMonth(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  return daysFromCivil(year, month, day) * dayMs + ((hour * 60 + minute) * 60 + second) * 1000;
}

function daysOfMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Days since 1970-01-01, as in Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"; `base/utc-text.ts` goes back. */
function daysFromCivil(year: number, month: number, day: number): number {
  const shiftedYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(shiftedYear / 400);
  const yearOfEra = shiftedYear - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return (
    era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
  );
}
