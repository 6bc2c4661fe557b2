/** Dates of headers (RFC 9110, section 5.6.7) and of XML documents (ISO 8601), without `Date`. */
import { civilDateOf, dayMs, daysOf, isCivilDate, weekdayOf } from '../../base/civil-date.js';
import { type WallMs, wallMs } from '../../base/instants.js';
import { utcText } from '../../base/utc-text.js';

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT`. Parts of a second are cut; years 0000 to 9999. */
export function httpDate(at: WallMs): string {
  const days = Math.floor(at / dayMs);
  const time = utcText(at).slice(11, 19);
  const { year, month, day } = civilDateOf(days);
  const weekday = weekdays[weekdayOf(days)] ?? '';
  return `${weekday}, ${pad(day, 2)} ${months[month - 1] ?? ''} ${pad(year, 4)} ${time} GMT`;
}

/** For XML: whole seconds, as S3 says them: `2009-10-12T17:50:30.000Z`. */
export function isoSeconds(at: WallMs): string {
  return utcText(wholeSeconds(at));
}

/** S3 knows objects' times to the second. */
export function wholeSeconds(at: WallMs): WallMs {
  return wallMs(Math.floor(at / 1000) * 1000);
}

const imfFixdate = /^(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat), (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/;
const rfc850 =
  /^(?:Sun|Mon|Tues|Wednes|Thurs|Fri|Satur)day, (\d{2})-([A-Z][a-z]{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) GMT$/;
const asctime = /^(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat) ([A-Z][a-z]{2}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/;

/**
 * One of the three formats that RFC 9110 has; anything else is `undefined`. A weekday that is another than the date's is let pass.
 * Years of two digits, which nobody sends any more, are 1970 to 2069: what RFC 9110 says depends on the time of reading.
 */
export function parseHttpDate(text: string): WallMs | undefined {
  const imf = imfFixdate.exec(text);
  if (imf !== null) return instantOf(imf[3], imf[2], imf[1], imf.slice(4, 7));
  const old = rfc850.exec(text);
  if (old !== null) return instantOf(fullYear(old[3]), old[2], old[1], old.slice(4, 7));
  const c = asctime.exec(text);
  if (c !== null) return instantOf(c[6], c[1], c[2], c.slice(3, 6));
  return undefined;
}

const iso8601 = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2}))?$/;

/** `2009-10-12T17:50:30.000Z`, `2009-10-12T19:50:30+02:00`, `2009-10-12`; anything else is `undefined`. To the millisecond. */
export function parseIsoDate(text: string): WallMs | undefined {
  const match = iso8601.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = match;
  const offsetMs = zoneOffsetMs(zone);
  const at = instantAt({ year: Number(year), month: Number(month), day: Number(day) }, [hour, minute, second]);
  if (at === undefined || offsetMs === undefined) return undefined;
  return wallMs(at + Number(fraction.padEnd(3, '0').slice(0, 3)) - offsetMs);
}

function zoneOffsetMs(zone: string): number | undefined {
  if (zone === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2));
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

function fullYear(two: string | undefined): string {
  const year = Number(two);
  return String(year + (year < 70 ? 2000 : 1900));
}

function instantOf(
  year: string | undefined,
  monthName: string | undefined,
  day: string | undefined,
  time: readonly string[],
): WallMs | undefined {
  const month = months.findIndex((name) => name === monthName) + 1;
  return instantAt({ year: Number(year), month, day: Number(day) }, time);
}

function instantAt(date: { year: number; month: number; day: number }, time: readonly string[]): WallMs | undefined {
  const [hour = Number.NaN, minute = Number.NaN, second = Number.NaN] = time.map(Number);
  // 60 is a leap second; Unix time gives it the number of the second that follows.
  if (!isCivilDate(date) || !(hour <= 23 && minute <= 59 && second <= 60)) return undefined;
  return wallMs(daysOf(date) * dayMs + ((hour * 60 + minute) * 60 + second) * 1000);
}

function pad(value: number, count: number): string {
  return String(value).padStart(count, '0');
}
