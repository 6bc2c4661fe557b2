import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ByteReader } from '../../base/byte-reader.js';
import { ByteWriter } from '../../base/byte-writer.js';
import { hexText } from '../../base/bytes.js';
import { CairnError } from '../../base/errors.js';
import { InvariantError } from '../../base/invariant.js';

type Value =
  | { readonly kind: 'u8' | 'u32' | 'f64' | 'varint'; readonly value: number }
  | { readonly kind: 'u64'; readonly value: bigint }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'blob'; readonly value: Uint8Array };

const value: fc.Arbitrary<Value> = fc.oneof(
  fc.integer({ min: 0, max: 255 }).map((value): Value => ({ kind: 'u8', value })),
  fc.integer({ min: 0, max: 0xffffffff }).map((value): Value => ({ kind: 'u32', value })),
  fc.maxSafeNat().map((value): Value => ({ kind: 'varint', value })),
  fc.integer({ min: 0, max: 300 }).map((value): Value => ({ kind: 'varint', value })),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value): Value => ({ kind: 'f64', value })),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value): Value => ({ kind: 'u64', value })),
  fc.boolean().map((value): Value => ({ kind: 'bool', value })),
  fc.string({ unit: 'grapheme' }).map((value): Value => ({ kind: 'text', value })),
  fc.uint8Array().map((value): Value => ({ kind: 'blob', value })),
);

function write(out: ByteWriter, item: Value): void {
  switch (item.kind) {
    case 'u8':
    case 'u32':
    case 'f64':
    case 'varint':
      return out[item.kind](item.value);
    case 'u64':
      return out.u64(item.value);
    case 'bool':
      return out.bool(item.value);
    case 'text':
      return out.text(item.value);
    case 'blob':
      return out.blob(item.value);
  }
}

function read(input: ByteReader, kind: Value['kind']): Value['value'] {
  if (kind === 'text' || kind === 'blob') return input[kind]('a value', 1 << 20);
  return input[kind]('a value');
}

describe('ByteWriter and ByteReader', () => {
  it('read what was written, whatever the buffer grows through', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 60 }), (values) => {
        const out = new ByteWriter(16);
        for (const item of values) write(out, item);
        const input = new ByteReader(out.bytes());
        for (const item of values) assert.deepEqual(read(input, item.kind), item.value);
        assert.equal(input.isAtEnd, true);
      }),
    );
  });

  it('throw nothing but PARSE_ERROR for bytes of any kind', () => {
    const kinds = fc.constantFrom('u8', 'u32', 'u64', 'f64', 'varint', 'bool', 'text', 'blob');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.array(kinds), (bytes, asked) => {
        const input = new ByteReader(bytes);
        try {
          for (const kind of asked) read(input, kind);
        } catch (error) {
          assert.ok(error instanceof CairnError && error.code === 'PARSE_ERROR', String(error));
        }
        assert.ok(input.offset <= bytes.byteLength);
      }),
    );
  });

  const varints = [
    { value: 0, hex: '00' },
    { value: 127, hex: '7f' },
    { value: 128, hex: '8001' },
    { value: 2 ** 31 - 1, hex: 'ffffffff07' },
    { value: 2 ** 31, hex: '8080808008' },
    { value: 2 ** 32, hex: '8080808010' },
    { value: 2 ** 53 - 1, hex: 'ffffffffffffff0f' },
  ];
  for (const { value, hex } of varints) {
    it(`the varint ${value} is ${hex}`, () => {
      const out = new ByteWriter();
      out.varint(value);
      assert.equal(hexText(out.bytes()), hex);
      assert.equal(new ByteReader(out.bytes()).varint('it'), value);
    });
  }

  it('numbers are little-endian', () => {
    const out = new ByteWriter();
    out.u32(0x01020304);
    out.u64(5n);
    assert.equal(hexText(out.bytes()), '040302010500000000000000');
  });

  it('a held number is filled in later', () => {
    const out = new ByteWriter(16);
    const at = out.holdU32();
    out.raw(new Uint8Array(100));
    out.fillU32(at, 100);
    assert.equal(new ByteReader(out.bytes()).u32('it'), 100);
  });

  it('clear begins anew, and bytes given before stay', () => {
    const out = new ByteWriter();
    out.u8(1);
    const first = out.bytes();
    out.clear();
    out.u8(2);
    assert.deepEqual([...first, ...out.bytes()], [1, 2]);
  });

  it('a writer refuses numbers that do not fit', () => {
    const out = new ByteWriter();
    for (const write of [() => out.u8(256), () => out.u32(-1), () => out.varint(2 ** 53), () => out.varint(0.5)]) {
      assert.throws(write, InvariantError);
    }
  });
});

describe('a ByteReader refuses', () => {
  const bad: readonly { name: string; hex: string; read: (input: ByteReader) => unknown; message: RegExp }[] = [
    { name: 'a number cut off', hex: '0102', read: (input) => input.u32('a size'), message: /byte 0: .* a size/ },
    { name: 'a varint cut off', hex: '8080', read: (input) => input.varint('it'), message: /end within it/ },
    { name: 'a varint of 9 bytes', hex: '808080808080808001', read: (input) => input.varint('it'), message: /huge/ },
    { name: 'a varint of 2^53', hex: '8080808080808010', read: (input) => input.varint('it'), message: /huge/ },
    { name: 'a varint out of range', hex: '05', read: (input) => input.varint('it', 4), message: /0 to 4, found 5/ },
    {
      name: 'a count beyond the bytes',
      hex: '03ffff',
      read: (input) => input.count('pairs', 1),
      message: /do not fit/,
    },
    { name: 'a text longer than allowed', hex: '0541', read: (input) => input.text('it', 4), message: /0 to 4/ },
    { name: 'a text cut off', hex: '0541', read: (input) => input.text('it', 9), message: /end where it/ },
    { name: 'a text that is no UTF-8', hex: '01ff', read: (input) => input.text('it', 9), message: /UTF-8/ },
    { name: 'a bool of 2', hex: '02', read: (input) => input.bool('it'), message: /0 or 1/ },
    { name: 'infinity', hex: '000000000000f07f', read: (input) => input.f64('it'), message: /finite/ },
    {
      name: 'reading beyond a part',
      hex: '010203',
      read: (input) => input.part(1, 'it').u32('x'),
      message: /end where x/,
    },
    { name: 'a part beyond the end', hex: '01', read: (input) => input.part(2, 'it'), message: /end where it/ },
  ];
  for (const { name, hex, read, message } of bad) {
    it(name, () => {
      const input = new ByteReader(Buffer.from(hex, 'hex'));
      assert.throws(() => read(input), { code: 'PARSE_ERROR', message });
    });
  }
});
