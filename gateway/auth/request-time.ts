/** When a request was signed, as it says itself. */
import { dayMs, daysOf, isCivilDate } from '../../base/civil-date.js';
import type { WallMs } from '../../base/instants.js';
import { wallMs } from '../../base/instants.js';
import { utcText } from '../../base/utc-text.js';
import type { HeaderMap } from '../http/request.js';
import { parseHttpDate } from '../s3/http-date.js';
import { S3Error } from '../s3-error.js';

export interface RequestTime {
  readonly at: WallMs;
  /** `20130524T000000Z`, as it stands in strings to sign. */
  readonly stamp: string;
  /** As the client wrote it. */
  readonly text: string;
}

const basicFormat = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/** ISO 8601 in its basic format, `20130524T000000Z`; undefined where it is not that. */
export function parseStamp(text: string): RequestTime | undefined {
  const fields = basicFormat.exec(text);
  if (fields === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = fields.slice(1).map(Number);
  const date = { year, month, day };
  if (!isCivilDate(date) || hour > 23 || minute > 59 || second > 60) return undefined;
  return { at: wallMs(daysOf(date) * dayMs + ((hour * 60 + minute) * 60 + second) * 1000), stamp: text, text };
}

/** Of `x-amz-date`, otherwise of `date`, either in the basic format or in one of HTTP's. Throws `AccessDenied` without a date. */
export function requestTimeOf(headers: HeaderMap): RequestTime {
  const text = headers.get('x-amz-date') ?? headers.get('date');
  const time = text === undefined ? undefined : (parseStamp(text) ?? parseHttpTime(text));
  if (time !== undefined) return time;
  throw new S3Error('AccessDenied', { message: 'A signed request needs a valid x-amz-date or Date header.' });
}

/** Throws `RequestTimeTooSkewed` when the request was signed more than `maxSkewMs` away from `now`. */
export function checkSkew(time: RequestTime, now: WallMs, maxSkewMs: number): void {
  if (Math.abs(time.at - now) <= maxSkewMs) return;
  throw new S3Error('RequestTimeTooSkewed', {
    fields: {
      RequestTime: time.text,
      ServerTime: secondsText(now),
      MaxAllowedSkewMilliseconds: String(maxSkewMs),
    },
  });
}

/** `2013-05-24T00:00:00Z`. */
export function secondsText(at: WallMs): string {
  return `${utcText(at).slice(0, 19)}Z`;
}

function parseHttpTime(text: string): RequestTime | undefined {
  const at = parseHttpDate(text);
  return at === undefined ? undefined : { at, stamp: secondsText(at).replace(/[:-]/g, ''), text };
}
