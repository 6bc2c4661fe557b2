/**
 * The keys of a bucket shard's omap (DESIGN.md section 7). Omap keys are latin1 texts, one character a byte, in byte order.
 *
 *     o/KEY                   current version, unless that is a delete marker
 *     v/KEY 00 01 ~SEQUENCE   other versions and markers, the newest first
 *     n/KEY                   where the null version is, while it is among `v/`
 *     u/KEY 00 01 UPLOAD      uploads of parts: open, completed, aborted
 *     p/KEY 00 01 UPLOAD PART their parts
 *     i/KEY 00 01 BLOB        intents of writes in progress
 *     g/DUE SEQUENCE          what the collector has to do, and when: what was released, uploads that have ended
 *     h/BLOB                  until when somebody reads a blob that may have been released
 *     f/SEQUENCE              change feed (reserved)
 *
 * KEY is the object's key in UTF-8 with every byte 00 written as 00 FF: so keys keep their byte order, a prefix of a key is a
 * prefix here too, and 00 01 is where the key ends.
 */
import { utf8Text } from '../../base/bytes.js';
import { CairnError } from '../../base/errors.js';
import { invariant } from '../../base/invariant.js';

/** Records that belong to one object key, and move with it when a shard splits. */
export const keyedSpaces = ['o/', 'v/', 'n/', 'u/', 'p/', 'i/'] as const;
export type KeyedSpace = (typeof keyedSpaces)[number];

export const blobIdBytes = 16;
export const uploadIdBytes = 16;
const sequenceChars = 8;
const terminator = '\0\x01';
const escapedNul = '\0\xff';

/** An object's key as the omap has it. */
export function escapeKey(key: string): string {
  const bytes = Buffer.from(key, 'utf8').toString('latin1');
  return bytes.includes('\0') ? bytes.replaceAll('\0', escapedNul) : bytes;
}

/** The inverse. `CORRUPT` for what is no escaped UTF-8. */
export function unescapeKey(escaped: string): string {
  const plain = escaped.includes('\0') ? escaped.replaceAll(escapedNul, '\0') : escaped;
  try {
    return utf8Text(Buffer.from(plain, 'latin1'));
  } catch (cause) {
    throw new CairnError('CORRUPT', 'a key of a shard is not UTF-8; run a deep scrub of its PG', { cause });
  }
}

export function currentKey(escaped: string): string {
  return `o/${escaped}`;
}

export function nullKey(escaped: string): string {
  return `n/${escaped}`;
}

/** Before every version of that key, the newest first. */
export function versionsOf(escaped: string): string {
  return `v/${escaped}${terminator}`;
}

export function versionKey(escaped: string, sequence: number): string {
  return `${versionsOf(escaped)}${inverted(sequence)}`;
}

export function uploadsOf(escaped: string): string {
  return `u/${escaped}${terminator}`;
}

/** `upload` has `uploadIdBytes` bytes, as latin1. */
export function uploadKey(escaped: string, upload: string): string {
  return `${uploadsOf(escaped)}${upload}`;
}

export function partsOf(escaped: string, upload: string): string {
  return `p/${escaped}${terminator}${upload}`;
}

export function partKey(escaped: string, upload: string, part: number): string {
  invariant(Number.isInteger(part) && part >= 1 && part <= 0xffff, 'a part has a number of two bytes', { part });
  return `${partsOf(escaped, upload)}${String.fromCharCode(part >>> 8, part & 0xff)}`;
}

/** `blob` has `blobIdBytes` bytes, as latin1. */
export function intentKey(escaped: string, blob: string): string {
  return `i/${escaped}${terminator}${blob}`;
}

export function holdKey(blob: string): string {
  return `h/${blob}`;
}

/** Ordered by when it is due, ms since the epoch. */
export function garbageKey(dueMs: number, sequence: number): string {
  return `g/${bigEndian(dueMs)}${bigEndian(sequence)}`;
}

export function readGarbageKey(omapKey: string): { readonly dueMs: number; readonly sequence: number } {
  return { dueMs: readBigEndian(omapKey, 2), sequence: readBigEndian(omapKey, 2 + sequenceChars) };
}

/** The first key that does not begin with `prefix`; `undefined`: there is none. */
export function endOf(prefix: string): string | undefined {
  for (let at = prefix.length - 1; at >= 0; at--) {
    const code = prefix.charCodeAt(at);
    if (code < 0xff) return prefix.slice(0, at) + String.fromCharCode(code + 1);
  }
  return undefined;
}

/** What stands in a keyed record's omap key: whose it is, and what follows the terminator (nothing for `o/` and `n/`). */
export function splitOmapKey(omapKey: string): { readonly escaped: string; readonly rest: string } {
  const at = omapKey.indexOf(terminator, 2);
  if (at < 0) return { escaped: omapKey.slice(2), rest: '' };
  return { escaped: omapKey.slice(2, at), rest: omapKey.slice(at + terminator.length) };
}

export function readVersionSequence(rest: string): number {
  return sequenceMax - readBigEndian(rest, 0);
}

const sequenceMax = Number.MAX_SAFE_INTEGER;

function inverted(sequence: number): string {
  return bigEndian(sequenceMax - sequence);
}

export function bigEndian(value: number): string {
  invariant(Number.isSafeInteger(value) && value >= 0, 'a number in a key is a safe integer from 0', { value });
  const high = Math.floor(value / 2 ** 32);
  const low = value >>> 0;
  return String.fromCharCode(
    high >>> 24,
    (high >>> 16) & 0xff,
    (high >>> 8) & 0xff,
    high & 0xff,
    low >>> 24,
    (low >>> 16) & 0xff,
    (low >>> 8) & 0xff,
    low & 0xff,
  );
}

/** `CORRUPT` for what has fewer than eight characters there, or a number that none writes. */
export function readBigEndian(text: string, at: number): number {
  let value = 0;
  for (let i = at; i < at + sequenceChars; i++) value = value * 256 + text.charCodeAt(i);
  if (Number.isSafeInteger(value)) return value;
  throw new CairnError('CORRUPT', 'a key of a shard holds no number where one stands; run a deep scrub of its PG');
}
