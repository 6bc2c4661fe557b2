/** Times in documents. `Date` is ambient (DESIGN.md section 2), and slower than what a listing of 1,000 keys may cost. */
import { dayMs } from '../../base/civil-date.js';
import { type WallMs, wallMs } from '../../base/instants.js';
import { utcText } from '../../base/utc-text.js';
import { parseHttpDate, parseIsoDate } from '../s3/http-date.js';

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

/** ISO 8601 with seconds and a zone, or the form of HTTP (`Wed, 21 Oct 2015 07:28:00 GMT`); `undefined` for anything else. */
export function parseTimestamp(text: string): WallMs | undefined {
  return /T\d{2}:\d{2}:\d{2}/.test(text) ? parseIsoDate(text) : parseHttpDate(text);
}
