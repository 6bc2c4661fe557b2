import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { Packr } from 'msgpackr/pack';
import { isCairnError } from '../../base/errors.js';
import { headerDepthMax } from '../../wire/header-check.js';
import { decodeHeader, encodeHeader } from '../../wire/header-codec.js';

const decode = (bytes: Uint8Array): unknown => decodeHeader(bytes, 0, bytes.byteLength);
const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('wire: headers', () => {
  const values: { name: string; value: unknown }[] = [
    { name: 'nothing', value: undefined },
    { name: 'null and booleans', value: [null, true, false] },
    { name: 'integers up to 2^53', value: [0, -1, 127, 128, 65536, 2 ** 32, 2 ** 53 - 1, -(2 ** 53) + 1] },
    { name: 'fractions', value: [0.5, -1e300] },
    { name: 'bigint', value: [0n, 2n ** 64n - 1n, -(2n ** 63n)] },
    { name: 'text', value: ['', 'a', 'ü', '😀', 'x'.repeat(300), 'x'.repeat(70_000)] },
    { name: 'maps', value: { a: { b: { c: [1, { d: 2 }] } }, constructor: 1, toString: 2 } },
    { name: 'a missing field', value: { a: undefined, b: 1 } },
  ];
  for (const { name, value } of values) {
    it(`${name} come back as they were`, () => assert.deepEqual(decode(encodeHeader(value)), value));
  }

  it('byte strings are copied out of the frame', () => {
    const bytes = encodeHeader({ key: new Uint8Array([1, 2, 3]) });
    const value = decode(bytes) as { key: Uint8Array };
    bytes.fill(0);
    assert.deepEqual([...value.key], [1, 2, 3]);
  });

  it('what would arrive as something else is refused where it is sent', () => {
    const buffer = new ArrayBuffer(8);
    const opaque = [
      new Float64Array(2),
      new Uint16Array(3),
      new DataView(buffer),
      buffer,
      new Set([1]),
      /x/,
      new Error('x'),
    ];
    for (const value of opaque) {
      assert.throws(
        () => encodeHeader({ value }),
        (error) => isCairnError(error, 'INVALID_ARGUMENT'),
      );
    }
    assert.deepEqual(decode(encodeHeader({ value: Buffer.from('ab') })), { value: new Uint8Array([97, 98]) });
  });

  const refused: { name: string; bytes: Uint8Array }[] = [
    { name: 'two values', bytes: hex('0101') },
    { name: 'half a value', bytes: hex('cd01') },
    { name: 'a string longer than the header', bytes: hex('db ffffffff 61') },
    { name: 'bytes longer than the header', bytes: hex('c6 7fffffff 61') },
    { name: 'an array of 4 billion', bytes: hex('dd ffffffff c0') },
    { name: 'a map of 4 billion', bytes: hex('df ffffffff a161c0') },
    { name: 'the unused token', bytes: hex('c1') },
    { name: 'a record definition, which would compile code', bytes: hex('d4 72 40 91 a161 01') },
    { name: 'a record definition of two bytes', bytes: hex('d5 72 40 00 91 a161 01') },
    { name: 'a timestamp', bytes: hex('d6 ff 00000000') },
    { name: 'an Error', bytes: hex('d4 65 00 93 a54572726f72 a161 c0') },
    { name: 'a Set', bytes: hex('d4 73 00 91 01') },
    { name: 'a RegExp', bytes: hex('d4 78 00 92 a161 a0') },
    { name: 'a typed array', bytes: hex('c7 05 74 01 00000000') },
    { name: 'an ArrayBuffer', bytes: hex('c7 02 74 10 00') },
    { name: 'a big integer as extension', bytes: hex('c7 01 42 01') },
    { name: 'bundled strings', bytes: hex('d6 62 00000001 a0 a0') },
    { name: 'a reference', bytes: hex('d6 69 00000001 90') },
    { name: 'a key that is no text', bytes: hex('81 01 01') },
    { name: 'a key that is a map', bytes: hex('81 80 01') },
    { name: 'the key __proto__', bytes: hex('81 a9 5f5f70726f746f5f5f 80') },
    { name: 'the key __proto__ with a long length', bytes: hex('81 d9 09 5f5f70726f746f5f5f 80') },
    { name: 'nesting that would end the stack', bytes: Buffer.alloc(1_000_000, 0x91) },
    { name: 'nesting of maps', bytes: Buffer.alloc(1_000_000, Buffer.from('81a161', 'hex')) },
    { name: 'a million empty maps', bytes: Buffer.concat([hex('dd 000f4240'), Buffer.alloc(1_000_000, 0x80)]) },
  ];
  for (const { name, bytes } of refused) {
    it(`${name}: refused with PROTOCOL_ERROR`, () => {
      assert.throws(
        () => decode(bytes),
        (error) => isCairnError(error, 'PROTOCOL_ERROR'),
      );
    });
  }

  it('nesting up to the limit is fine', () => {
    let value: unknown = 1;
    for (let i = 0; i < headerDepthMax; i++) value = [value];
    assert.deepEqual(decode(encodeHeader(value)), value);
  });

  it('what cannot be encoded is INVALID_ARGUMENT', () => {
    assert.throws(
      () => encodeHeader({ a: Symbol('x') }),
      (error) => isCairnError(error, 'INVALID_ARGUMENT'),
    );
  });

  it('any bytes give a plain value or PROTOCOL_ERROR (20,000 headers)', () => {
    const packr = new Packr({ moreTypes: true, structuredClone: true });
    const anything = fc.anything({ withDate: true, withSet: true, withMap: true, withBigInt: false, maxDepth: 3 });
    const hostile = anything.map((value) => {
      try {
        return new Uint8Array(packr.pack(value));
      } catch {
        return new Uint8Array(0);
      }
    });
    const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 3 });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), hostile), flips, (bytes, changes) => {
        for (const [at, value] of changes) if (bytes.byteLength > 0) bytes[at % bytes.byteLength] = value;
        try {
          assertPlain(decode(bytes));
        } catch (error) {
          if (!isCairnError(error, 'PROTOCOL_ERROR')) throw error;
        }
      }),
      { numRuns: 20_000 },
    );
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  });
});

function assertPlain(value: unknown): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  if (Array.isArray(value)) {
    for (const item of value) assertPlain(item);
    return;
  }
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  for (const item of Object.values(value)) assertPlain(item);
}
