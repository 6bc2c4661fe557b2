import assert from 'node:assert/strict';
import fc from 'fast-check';
import { utf8Bytes } from '../../../base/bytes.js';
import { poolId } from '../../../cluster/ids.js';
import { objectHash, orderKey, type ObjectName } from '../../../cluster/object-placement.js';
import { objectId, orderPrefix, parseObjectKey, readU64, u64Text } from '../../../osd/store/object-id.js';

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({ unit: fc.constantFrom('\0', '\x01', '\x02', 'a', 'b', 'ÿ', '€'), maxLength: 6 }),
);
const objectName = fc.record(
  { namespace: text, locator: text, name: text.filter((name) => name !== '') },
  { noNullPrototype: true },
);
const pools = fc.integer({ min: 1, max: 2 ** 31 - 1 }).map(poolId);

function sign(number: number): number {
  return Math.sign(number);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** As the index has to order them. */
function compareNames(pool: ReturnType<typeof poolId>, a: ObjectName, b: ObjectName): number {
  return (
    orderKey(objectHash(pool, a)) - orderKey(objectHash(pool, b)) ||
    Buffer.compare(utf8Bytes(a.namespace), utf8Bytes(b.namespace)) ||
    Buffer.compare(utf8Bytes(a.locator), utf8Bytes(b.locator)) ||
    Buffer.compare(utf8Bytes(a.name), utf8Bytes(b.name))
  );
}

describe('osd/store: the key of an object', () => {
  it('leads back to the object', () => {
    fc.assert(
      fc.property(pools, objectName, (pool, name) => {
        const object = objectId(pool, name);
        assert.deepEqual(parseObjectKey(object.key), object);
      }),
    );
  });

  it('is ordered by pool, hash, namespace, locator, name, byte by byte', () => {
    fc.assert(
      fc.property(pools, objectName, objectName, fc.boolean(), (pool, a, other, isNear) => {
        // One locator: one hash, so that the texts decide.
        const b = isNear ? { ...other, namespace: a.namespace, locator: 'l' } : other;
        const first = isNear ? { ...a, locator: 'l' } : a;
        const keys = [objectId(pool, first).key, objectId(pool, b).key] as const;
        assert.equal(compare(...keys), sign(compareNames(pool, first, b)));
      }),
      { numRuns: 500 },
    );
  });

  it('is no prefix of the key of another', () => {
    fc.assert(
      fc.property(pools, text, text, text, (pool, locator, name, more) => {
        fc.pre(name !== '' && more !== '');
        const short = objectId(pool, { namespace: '', locator: `l${locator}`, name }).key;
        const long = objectId(pool, { namespace: '', locator: `l${locator}`, name: name + more }).key;
        assert.equal(long.startsWith(short), false);
        assert.ok(short < long);
      }),
    );
  });

  it('lies in the range of its PG', () => {
    fc.assert(
      fc.property(pools, objectName, (pool, name) => {
        const order = orderKey(objectHash(pool, name));
        const { key } = objectId(pool, name);
        assert.ok(orderPrefix(pool, order) <= key && key < orderPrefix(pool, order + 1));
      }),
    );
  });

  const refused = [
    { name: 'an empty name', of: { name: '' }, message: /at least one byte/ },
    {
      name: 'a name of 2,049 bytes',
      of: { name: `${'€'.repeat(682)}abc` },
      message: /at most 2048 bytes, this one 2049/,
    },
    { name: 'a namespace of 257 bytes', of: { namespace: 'n'.repeat(257) }, message: /at most 256 bytes/ },
    { name: 'a lone surrogate', of: { name: '\ud800' }, message: /not well-formed/ },
  ];
  for (const { name, of, message } of refused) {
    it(`is refused for ${name}`, () => {
      const names = { namespace: '', locator: '', name: 'n', ...of };
      assert.throws(() => objectId(poolId(1), names), { code: 'INVALID_ARGUMENT', message });
    });
  }

  it('is refused where it names none', () => {
    const { key } = objectId(poolId(1), { namespace: 'a', locator: 'b', name: 'c' });
    const { length } = key;
    const bad = [
      '',
      key.slice(0, 5),
      key.slice(0, length - 1),
      `${key}x`,
      `\0\0\0\0${key.slice(4)}`,
      `${key.slice(0, 8)}\0\0\0`,
    ];
    for (const escape of ['\x01', '\x01\x03']) bad.push(`${key.slice(0, 8)}${escape}\0\0c\0`);
    bad.push(`${key.slice(0, 8)}\0\0\xff\0`);
    for (const one of bad) assert.throws(() => parseObjectKey(one), { code: 'PARSE_ERROR' }, JSON.stringify(one));
  });

  it('holds numbers in their order', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (a, b) => {
        assert.equal(readU64(u64Text(a), 0), a);
        assert.equal(compare(u64Text(a), u64Text(b)), sign(a - b));
      }),
    );
  });
});
