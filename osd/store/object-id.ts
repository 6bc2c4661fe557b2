/**
 * Names of objects as the index orders them: pool, bit-reversed hash, namespace, locator, name. The objects of a PG are
 * one range, and those of its children by a split parts of that range (cluster/object-placement.ts), so a split moves no
 * key.
 *
 *     pool (u32)  order (u32)  namespace NUL  locator NUL  name NUL        each text escaped, see `escapeText`
 */
import { flatLatin1, isWellFormed, latin1Bytes, latin1Text, utf8Bytes, utf8Text } from '../../base/bytes.js';
import { CairnError } from '../../base/errors.js';
import { objectHash, orderKey, type ObjectName } from '../../cluster/object-placement.js';
import { poolId, type PoolId } from '../../cluster/ids.js';
import { xxh64OfLatin1 } from '../../base/xxh64.js';
import { nameBytesMax, namespaceBytesMax } from './limits.js';

export interface ObjectId {
  readonly pool: PoolId;
  readonly name: ObjectName;
  /** What its PG follows from (`objectHash`). */
  readonly hash: number;
  /** The object's part of every index key: latin1, one character a byte, prefix of no other object's. */
  readonly key: string;
  /** Of its head in the index, which everything begins with. */
  readonly headKey: string;
  /** xxh64 of `key`: what the checksums of the object's payloads are bound to. */
  readonly owner: bigint;
}

/** `INVALID_ARGUMENT` for an empty name and for texts beyond the limits. */
export function objectId(pool: PoolId, name: ObjectName): ObjectId {
  const namespace = checkText('namespace', name.namespace, namespaceBytesMax);
  const locator = checkText('locator', name.locator, nameBytesMax);
  const own = checkText('object name', name.name, nameBytesMax);
  if (own === '') throw new CairnError('INVALID_ARGUMENT', 'an object name has at least one byte');
  const hash = objectHash(pool, name);
  const key = `${u32Text(pool)}${u32Text(orderKey(hash))}${escapeText(namespace)}\0${escapeText(locator)}\0${escapeText(own)}\0`;
  return { pool, name, hash, key, headKey: flatLatin1(`o${key}`), owner: xxh64OfLatin1(key) };
}

/** Back from an index key's object part. `PARSE_ERROR` when it is none. */
export function parseObjectKey(key: string): ObjectId {
  const namespaceEnd = endOfText(key, 8);
  const locatorEnd = endOfText(key, namespaceEnd + 1);
  const nameEnd = endOfText(key, locatorEnd + 1);
  if (nameEnd + 1 !== key.length) throw malformed(key);
  const namespace = readText(key, 8, namespaceEnd);
  const locator = readText(key, namespaceEnd + 1, locatorEnd);
  const name = readText(key, locatorEnd + 1, nameEnd);
  const pool = readU32(key, 0);
  if (pool < 1 || pool >= 2 ** 31 || name === '') throw malformed(key);
  const hash = orderKey(readU32(key, 4));
  const headKey = flatLatin1(`o${key}`);
  return { pool: poolId(pool), name: { namespace, locator, name }, hash, key, headKey, owner: xxh64OfLatin1(key) };
}

/** Where the object part that begins at `start` ends: behind its third NUL. `PARSE_ERROR` when there is none. */
export function objectKeyEnd(key: string, start: number): number {
  let at = start + 8;
  for (let part = 0; part < 3; part++) at = endOfText(key, at) + 1;
  return at;
}

/** Of the NUL that ends the text at `start`. */
function endOfText(key: string, start: number): number {
  const end = key.indexOf('\0', start);
  if (end < 0) throw malformed(key);
  return end;
}

/** Object parts of keys from here to before the range of the next order: `u32Text(pool) + u32Text(order)`. */
export function orderPrefix(pool: PoolId, order: number): string {
  // An order of 2^32 ends the pool's last PG.
  return order >= 2 ** 32 ? u32Text(pool + 1) : `${u32Text(pool)}${u32Text(order)}`;
}

/** For messages: `namespace/name`, with the locator where there is one. */
export function showObject({ pool, name }: ObjectId): string {
  const namespace = name.namespace === '' ? '' : `${name.namespace}/`;
  const locator = name.locator === '' ? '' : ` (locator ${JSON.stringify(name.locator)})`;
  return `pool ${pool} object ${JSON.stringify(`${namespace}${name.name}`)}${locator}`;
}

/** Big-endian, so that `<` on keys is the order of the numbers. */
export function u32Text(value: number): string {
  return String.fromCharCode(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

export function readU32(key: string, at: number): number {
  if (at + 4 > key.length) throw malformed(key);
  const high = (key.charCodeAt(at) << 24) | (key.charCodeAt(at + 1) << 16);
  return (high | (key.charCodeAt(at + 2) << 8) | key.charCodeAt(at + 3)) >>> 0;
}

/** A safe integer in eight bytes, big-endian. */
export function u64Text(value: number): string {
  return u32Text(Math.floor(value / 2 ** 32)) + u32Text(value % 2 ** 32);
}

export function readU64(key: string, at: number): number {
  return readU32(key, at) * 2 ** 32 + readU32(key, at + 4);
}

/**
 * Bytes 0 and 1 become 1 1 and 1 2, so that NUL ends a text and sorts before everything in it: `a` before `a` + anything.
 * The order of escaped texts is the order of the texts.
 */
function escapeText(bytes: string): string {
  if (isPlain(bytes)) return bytes;
  // eslint-disable-next-line no-control-regex
  return bytes.replaceAll(/[\0\x01]/g, (c) => (c === '\0' ? '\x01\x01' : '\x01\x02'));
}

/** ASCII that needs no escape, as nearly all names are. A loop: each test of an expression costs more than a name. */
function isPlain(text: string, start = 0, end = text.length): boolean {
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code < 2 || code > 0x7f) return false;
  }
  return true;
}

function readText(key: string, start: number, end: number): string {
  const escaped = key.slice(start, end);
  if (isPlain(key, start, end)) return escaped;
  // eslint-disable-next-line no-control-regex
  const bytes = escaped.replaceAll(/\x01([\s\S]?)/g, (_, code: string) => {
    if (code === '\x01') return '\0';
    if (code === '\x02') return '\x01';
    throw malformed(key);
  });
  try {
    return utf8Text(latin1Bytes(bytes));
  } catch {
    throw malformed(key);
  }
}

/** The text's UTF-8 as latin1. */
function checkText(what: string, text: string, bytesMax: number): string {
  if (text.length <= bytesMax && isPlain(text)) return text;
  const bytes = utf8Bytes(text);
  if (bytes.byteLength > bytesMax) {
    throw new CairnError('INVALID_ARGUMENT', `a ${what} has at most ${bytesMax} bytes, this one ${bytes.byteLength}`);
  }
  // A lone surrogate would be stored as another character, and never be found again.
  if (!isWellFormed(text)) throw new CairnError('INVALID_ARGUMENT', `the ${what} is not well-formed Unicode`);
  return latin1Text(bytes);
}

function malformed(key: string): CairnError {
  return new CairnError('PARSE_ERROR', `an index key names no object: ${JSON.stringify(key.slice(0, 100))}`);
}
