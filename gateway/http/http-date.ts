/** The three formats of dates that HTTP allows (RFC 9110, 5.6.7): servers read all, and write the first. */
import type { WallMs } from '../../base/instants.js';
import { wallMs } from '../../base/instants.js';
import { utcInstant } from '../../base/utc-instant.js';
import { utcText } from '../../base/utc-text.js';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** `Fri, 24 May 2013 00:00:00 GMT`; instead of GMT some clients write UTC, +0000 or -0000. */
const fixdate = /^[A-Z][a-z]{2}, (\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) (?:GMT|UTC|[+-]0000)$/;
/** RFC 850: `Friday, 24-May-13 00:00:00 GMT`. */
const rfc850 = /^[A-Z][a-z]{5,8}, (\d\d)-([A-Z][a-z]{2})-(\d\d) (\d\d):(\d\d):(\d\d) (?:GMT|UTC)$/;
/** C's asctime: `Fri May 24 00:00:00 2013`, a day of one digit after two spaces. */
const asctime = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})$/;

/** Undefined where the text is no date. The name of the weekday is not compared. `now` tells the century of two-digit years. */
export function parseHttpDate(text: string, now: WallMs): WallMs | undefined {
  const fixed = fixdate.exec(text);
  if (fixed !== null) {
    const [, day = '', month = '', year = '', ...time] = fixed;
    return instant(year, month, day, time);
  }
  const ansi = asctime.exec(text);
  if (ansi !== null) {
    const [, month = '', day = '', hour = '', minute = '', second = '', year = ''] = ansi;
    return instant(year, month, day, [hour, minute, second]);
  }
  const old = rfc850.exec(text);
  if (old === null) return undefined;
  const [, day = '', month = '', twoDigits = '', ...time] = old;
  return instant(String(yearOf(Number(twoDigits), now)), month, day, time);
}

/** `Fri, 24 May 2013 00:00:00 GMT`: whole seconds, fractions cut. */
export function httpDate(at: WallMs): string {
  const text = utcText(at);
  // The epoch was a Thursday.
  const weekday = weekdays[(((Math.floor(at / 86_400_000) + 4) % 7) + 7) % 7];
  const month = months[Number(text.slice(5, 7)) - 1];
  return `${weekday}, ${text.slice(8, 10)} ${month} ${text.slice(0, 4)} ${text.slice(11, 19)} GMT`;
}

function instant(year: string, month: string, day: string, time: readonly string[]): WallMs | undefined {
  const [hour, minute, second] = time.map(Number);
  if (hour === undefined || minute === undefined || second === undefined) return undefined;
  return utcInstant({ year: Number(year), month: months.indexOf(month) + 1, day: Number(day), hour, minute, second });
}

/** RFC 9110: what seems to be more than 50 years ahead is the last year in the past with these two digits. */
function yearOf(twoDigits: number, now: WallMs): number {
  const present = Number(utcText(wallMs(now)).slice(0, 4));
  const year = present - (present % 100) + twoDigits;
  return year > present + 50 ? year - 100 : year;
}
