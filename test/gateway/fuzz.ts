/** Fuzzing of what reads requests: whatever a client sends, it is understood or refused with an `S3Error`. */
import { env } from 'node:process';
import fc from 'fast-check';
import { isS3Error } from '../../gateway/s3-error.js';

/** Inputs for each parser: `FUZZ=100000` for many. */
const inputs = Number(env['FUZZ'] ?? 400);

/** Any code point, those of surrogates among them. (fast-check's own unit of that kind takes a second to make.) */
const anyUnit = fc.oneof(fc.nat(0x7f), fc.nat(0x10_ffff)).map((point) => String.fromCodePoint(point));

/** Any character that UTF-8 can express. */
export const anyCharacter = anyUnit.filter((unit) => !/\p{Cs}/u.test(unit));

/** Texts like `examples`: pieces of them, put together at random, with other characters among them. */
export function textsLike(...examples: readonly string[]): fc.Arbitrary<string> {
  const pieces = examples.flatMap((example) => example.split(/(?<=\W)|(?=\W)/u)).filter((piece) => piece !== '');
  const piece = fc.oneof(
    { arbitrary: fc.constantFrom(...pieces, ...examples), weight: 6 },
    { arbitrary: fc.string({ unit: anyUnit, maxLength: 3 }), weight: 1 },
    {
      arbitrary: fc.constantFrom(
        ' ',
        ',',
        '"',
        '%',
        '%00',
        '%ff',
        '+',
        '=',
        '&',
        '?',
        '/',
        '-',
        '*',
        '\0',
        '\r\n',
        '\ud800',
      ),
      weight: 2,
    },
  );
  const spoilt = fc.tuple(fc.constantFrom(...examples), fc.nat(), fc.nat(3), piece).map(([text, at, cut, put]) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + put + text.slice(place + cut);
  });
  return fc.oneof(
    spoilt,
    fc.array(piece, { maxLength: 12 }).map((all) => all.join('')),
  );
}

/** A map of some of these headers. */
export function headersLike(examples: Readonly<Record<string, readonly string[]>>): fc.Arbitrary<Map<string, string>> {
  const fields = Object.entries(examples).map(([name, values]) => fc.tuple(fc.constant(name), textsLike(...values)));
  return fc.array(fc.oneof(...fields), { maxLength: 5 }).map((entries) => new Map(entries));
}

/** Gives each input to `read`; a result goes to `check`. Anything thrown but an `S3Error` fails. */
export function fuzz<I, R>(
  arbitrary: fc.Arbitrary<I>,
  read: (input: I) => R,
  check: (result: R, input: I) => void,
): void {
  fc.assert(
    fc.property(arbitrary, (input) => {
      let result;
      try {
        result = read(input);
      } catch (error) {
        if (isS3Error(error)) return;
        throw error;
      }
      check(result, input);
    }),
    { numRuns: inputs },
  );
}
