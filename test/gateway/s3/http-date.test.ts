import assert from 'node:assert/strict';
import fc from 'fast-check';
import { httpDate, isoSeconds, parseHttpDate, parseIsoDate, wholeSeconds } from '../../../gateway/s3/http-date.js';
import { wallMs } from '../../../base/instants.js';
import { fuzz, textsLike } from '../fuzz.js';

/** RFC 9110, section 5.6.7. */
const example = wallMs(784_111_777_000);
const instants = fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 });

describe('dates in headers', () => {
  const cases = [
    { name: 'IMF-fixdate', text: 'Sun, 06 Nov 1994 08:49:37 GMT', at: example },
    { name: 'RFC 850', text: 'Sunday, 06-Nov-94 08:49:37 GMT', at: example },
    { name: 'asctime', text: 'Sun Nov  6 08:49:37 1994', at: example },
    { name: 'asctime with two digits of a day', text: 'Wed Nov 16 08:49:37 1994', at: example + 864_000_000 },
    { name: 'RFC 850 after the turn of the century', text: 'Friday, 01-Jan-69 00:00:00 GMT', at: 3_124_224_000_000 },
    { name: 'RFC 850 from 1970 on', text: 'Thursday, 01-Jan-70 00:00:00 GMT', at: 0 },
    { name: 'a weekday that is another', text: 'Mon, 06 Nov 1994 08:49:37 GMT', at: example },
    { name: 'a leap day', text: 'Tue, 29 Feb 2000 00:00:00 GMT', at: 951_782_400_000 },
    { name: 'a leap second', text: 'Sat, 31 Dec 2016 23:59:60 GMT', at: 1_483_228_800_000 },
    { name: 'no such day', text: 'Mon, 29 Feb 2100 00:00:00 GMT', at: undefined },
    { name: 'no such month', text: 'Sun, 06 Nev 1994 08:49:37 GMT', at: undefined },
    { name: 'no such weekday', text: 'Sam, 06 Nov 1994 08:49:37 GMT', at: undefined },
    { name: 'no such hour', text: 'Sun, 06 Nov 1994 24:49:37 GMT', at: undefined },
    { name: 'no such minute', text: 'Sun, 06 Nov 1994 08:60:37 GMT', at: undefined },
    { name: 'no such second', text: 'Sun, 06 Nov 1994 08:49:61 GMT', at: undefined },
    { name: 'another zone', text: 'Sun, 06 Nov 1994 08:49:37 CET', at: undefined },
    { name: 'seconds of Unix', text: '784111777', at: undefined },
    { name: 'nothing', text: '', at: undefined },
  ];
  for (const c of cases) it(`are read: ${c.name}`, () => assert.equal(parseHttpDate(c.text), c.at));

  it('are written', () => assert.equal(httpDate(wallMs(example + 999)), 'Sun, 06 Nov 1994 08:49:37 GMT'));

  it('are written as the language does, and read again', () => {
    fc.assert(
      fc.property(instants, (ms) => {
        const text = httpDate(wallMs(ms));
        // oxlint-disable-next-line no-restricted-globals -- of an instant given it reads no clock
        assert.equal(text, new Date(ms).toUTCString());
        assert.equal(parseHttpDate(text), wholeSeconds(wallMs(ms)));
      }),
    );
  });

  it('of any text are an instant or none', () => {
    const texts = textsLike(
      'Sun, 06 Nov 1994 08:49:37 GMT',
      'Sunday, 06-Nov-94 08:49:37 GMT',
      'Sun Nov  6 08:49:37 1994',
    );
    fuzz(texts, parseHttpDate, (at) => assert.ok(at === undefined || Number.isSafeInteger(at)));
  });
});

describe('dates in documents', () => {
  const cases = [
    { name: 'as S3 writes', text: '1994-11-06T08:49:37.000Z', at: example },
    { name: 'milliseconds', text: '1994-11-06T08:49:37.250Z', at: example + 250 },
    { name: 'a decimal comma', text: '1994-11-06T08:49:37,25Z', at: example + 250 },
    { name: 'nanoseconds, cut', text: '1994-11-06T08:49:37.250999999Z', at: example + 250 },
    { name: 'no fraction', text: '1994-11-06T08:49:37Z', at: example },
    { name: 'no seconds', text: '1994-11-06T08:49Z', at: example - 37_000 },
    { name: 'another zone', text: '1994-11-06T10:49:37+02:00', at: example },
    { name: 'another zone, without a colon', text: '1994-11-06T05:19:37-0330', at: example },
    { name: 'a day', text: '1994-11-06', at: 784_080_000_000 },
    { name: 'no zone', text: '1994-11-06T08:49:37', at: undefined },
    { name: 'no such zone', text: '1994-11-06T08:49:37+24:00', at: undefined },
    { name: 'no such minute of a zone', text: '1994-11-06T08:49:37+01:60', at: undefined },
    { name: 'no such day', text: '1994-11-31', at: undefined },
    { name: 'no such hour', text: '1994-11-06T25:49:37Z', at: undefined },
    { name: 'two digits of a year', text: '94-11-06', at: undefined },
    { name: 'nothing', text: '', at: undefined },
  ];
  for (const c of cases) it(`are read: ${c.name}`, () => assert.equal(parseIsoDate(c.text), c.at));

  it('are written in whole seconds and read again', () => {
    assert.equal(isoSeconds(wallMs(example + 999)), '1994-11-06T08:49:37.000Z');
    fc.assert(
      fc.property(instants, (ms) => assert.equal(parseIsoDate(isoSeconds(wallMs(ms))), wholeSeconds(wallMs(ms)))),
    );
  });

  it('of any text are an instant or none', () => {
    const texts = textsLike('1994-11-06T08:49:37.000Z', '1994-11-06T10:49:37+02:00', '1994-11-06');
    fuzz(texts, parseIsoDate, (at) => assert.ok(at === undefined || Number.isSafeInteger(at)));
  });
});
