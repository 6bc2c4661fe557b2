import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { CairnError } from '../../base/errors.js';
import { decodeCrushBinary, encodeCrushBinary, isCrushBinary } from '../../crush/binary-codec.js';
import { parseCrushText } from '../../crush/text-parser.js';
import { printCrushText } from '../../crush/text-printer.js';
import type { CrushMap } from '../../crush/types.js';
import { crushtoolCompile, hasCrushtool, withFolder } from './crushtool.js';
import { goldenMaps } from './golden-maps.js';
import { randomMap } from './random-map.js';
import { richBinary, richText } from './rich-map.js';

/** Decodes, and passes on anything but a `PARSE_ERROR` that tells its place. */
function decodesOrRefuses(bytes: Uint8Array): CrushMap | undefined {
  try {
    return decodeCrushBinary(bytes);
  } catch (error) {
    assert.ok(error instanceof CairnError && error.code === 'PARSE_ERROR', String(error));
    const offset = Number(error.details['offset']);
    assert.ok(offset >= 0 && offset <= bytes.byteLength, error.message);
    assert.match(error.message, /^byte \d+: /);
    return undefined;
  }
}

function withNumber(offset: number, value: number): Uint8Array {
  const bytes = Buffer.from(richBinary);
  bytes.writeUInt32LE(value, offset);
  return bytes;
}

/** The first bucket slot of rich.txt, bucket -1, starts behind the four numbers of the head. */
const firstBucket = 16;

const refused = [
  { name: 'an empty file', bytes: new Uint8Array(0), says: /byte 0: expected the magic number/ },
  { name: 'another magic number', bytes: withNumber(0, 7), says: /byte 0: expected the magic number/ },
  { name: 'more buckets than bytes', bytes: withNumber(4, 900_000), says: /byte 4: 900000 bucket slots do not fit/ },
  {
    name: 'more buckets than there are ids',
    bytes: withNumber(4, 0xffffffff),
    says: /byte 4: expected at most 1048576/,
  },
  { name: 'too many rules', bytes: withNumber(8, 257), says: /byte 8: expected at most 256 rule slots, found 257/ },
  { name: 'an unknown algorithm', bytes: withNumber(firstBucket, 6), says: /byte 16: expected a bucket algorithm/ },
  { name: 'a bucket in the wrong slot', bytes: withNumber(firstBucket + 4, 3), says: /byte 20: expected bucket id -1/ },
  {
    name: 'a bucket with more items than bytes',
    bytes: withNumber(firstBucket + 16, 1 << 30),
    says: /byte 32: .* items/,
  },
  {
    name: 'an item that does not exist',
    bytes: withNumber(firstBucket + 20, 0xffff0000),
    says: /byte 16: .* item -65536/,
  },
  { name: 'a bucket in itself', bytes: withNumber(firstBucket + 20, 0xffffffff), says: /byte 16: .* bucket -1/ },
  { name: 'a long tail', bytes: Buffer.concat([richBinary, Buffer.alloc(65)]), says: /65 bytes follow the map/ },
];

describe('the binary codec', () => {
  it('writes what crushtool 16.2.15 writes, byte for byte', () => {
    assert.deepEqual(encodeCrushBinary(parseCrushText(richText)), richBinary);
  });

  it('reads it back to the same map', () => {
    const map = parseCrushText(richText);
    const decoded = decodeCrushBinary(richBinary);
    assert.deepEqual(decoded, map);
    assert.deepEqual(encodeCrushBinary(decoded), richBinary);
  });

  it('keeps every golden map through binary and back', () => {
    for (const { name, text } of goldenMaps) {
      const bytes = encodeCrushBinary(parseCrushText(text));
      assert.ok(isCrushBinary(bytes));
      assert.deepEqual(encodeCrushBinary(decodeCrushBinary(bytes)), bytes, name);
    }
  });

  it('tells binary from text', () => {
    assert.ok(isCrushBinary(richBinary));
    assert.ok(!isCrushBinary(Buffer.from(richText)));
    assert.ok(!isCrushBinary(new Uint8Array(3)));
  });

  it('refuses to write a tree of more nodes than a byte counts', () => {
    const items = Array.from({ length: 65 }, (_, id) => ({ id, weight: 1 }));
    const map = parseCrushText(richText);
    const buckets = new Map([[-1, { id: -1, name: 't', type: 1, algorithm: 'tree' as const, items }]]);
    assert.throws(() => encodeCrushBinary({ ...map, buckets }), { code: 'INVALID_ARGUMENT', message: /use straw2/ });
  });

  it('writes the sizes 1 and 100 for rules of later versions', () => {
    const text = richText.replaceAll(/min_size \d+ max_size \d+/g, '');
    const { rules } = decodeCrushBinary(encodeCrushBinary(parseCrushText(text)));
    for (const { minSize, maxSize } of rules.values()) assert.deepEqual([minSize, maxSize], [1, 100]);
  });

  it('accepts maps of older releases, which stop after the names or any tunable', () => {
    const map = parseCrushText('device 0 osd.0\ntype 0 osd\n');
    const bytes = encodeCrushBinary({
      ...map,
      tunables: { ...map.tunables, chooseTotalTries: 50, chooseleafStable: 1 },
    });
    // Behind the tunables: three empty parts of the classes, and no choose_args.
    const tunablesEnd = bytes.byteLength - 16;
    const older = [
      { bytes: tunablesEnd, totalTries: 50, stable: 1 },
      { bytes: tunablesEnd - 1, totalTries: 50, stable: 0 },
      { bytes: tunablesEnd - 11, totalTries: 50, stable: 0 },
      { bytes: tunablesEnd - 23, totalTries: 19, stable: 0 },
    ];
    for (const one of older) {
      const { tunables, devices } = decodeCrushBinary(bytes.subarray(0, one.bytes));
      assert.equal(tunables.chooseTotalTries, one.totalTries);
      assert.equal(tunables.chooseleafStable, one.stable);
      assert.equal(devices.get(0)?.name, 'osd.0');
    }
  });

  it('accepts a short tail of fields that later releases add', () => {
    assert.deepEqual(decodeCrushBinary(Buffer.concat([richBinary, Buffer.alloc(8)])), decodeCrushBinary(richBinary));
  });

  it('drops choose_args of buckets that are not straw2, which Ceph never reads', () => {
    const text = `device 0 a\ntype 0 osd\ntype 1 host\nhost h { alg list item a }\n
      choose_args 1 { { bucket_id -1 ids [ 5 ] } }`;
    const args = decodeCrushBinary(encodeCrushBinary(parseCrushText(text))).chooseArgs;
    assert.deepEqual(
      [...args].map(([name, buckets]) => [name, buckets.size]),
      [[1n, 0]],
    );
  });

  for (const { name, bytes, says } of refused) {
    it(`refuses ${name}`, () => assert.throws(() => decodeCrushBinary(bytes), { code: 'PARSE_ERROR', message: says }));
  }

  it('refuses a map cut off anywhere, or reads the part that older releases wrote', () => {
    for (let length = 0; length < richBinary.byteLength; length += 1) decodesOrRefuses(richBinary.subarray(0, length));
  });

  it('throws nothing but PARSE_ERROR on damaged bytes, and what it reads can be printed and written', () => {
    const damage = fc.array(fc.tuple(fc.nat({ max: richBinary.byteLength - 1 }), fc.nat({ max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(damage, (changes) => {
        const bytes = richBinary.slice();
        for (const [at, value] of changes) bytes[at] = value;
        const map = decodesOrRefuses(bytes);
        if (map === undefined) return;
        printCrushText(map);
        encodeCrushBinary(map);
      }),
      { numRuns: 1000 },
    );
  });

  if (!hasCrushtool) return;

  it('writes every golden map and random ones as the installed crushtool does', async () => {
    const random = Array.from({ length: 20 }, (_, seed) => randomMap(1100 + seed).text);
    await withFolder((path) => {
      for (const text of [...goldenMaps.map((map) => map.text), ...random]) {
        const theirs = crushtoolCompile(text, path);
        if (theirs === undefined) continue;
        assert.deepEqual(encodeCrushBinary(parseCrushText(text)), new Uint8Array(theirs), text.slice(0, 2000));
      }
    });
  });
});
