/**
 * The one spelling of a path or of a part of a query that signatures cover: every byte but `A-Z a-z 0-9 - . _ ~` as `%` and two
 * digits in upper case. What clients send may be spelt otherwise (`%7e`, a raw `(`, a `+` for a space), so it is decoded and
 * encoded again, byte by byte: nothing has to be UTF-8.
 */
import { S3Error } from '../s3-error.js';

const plainPath = /^[\w.~/-]*$/;
const plainQuery = /^[\w.~-]*$/;
/** Spelt so already, as most clients do: their `%` stand only before bytes that need them, a path's not before a slash. */
const spelt = '%(?:[0189A-F][\\dA-F]|2[\\dA-CF]|3[A-F]|40|5[B-E]|60|7[BCDF])';
const speltPath = new RegExp(`^(?:[\\w.~/-]|(?!%2F)${spelt})*$`);
const speltQuery = new RegExp(`^(?:[\\w.~-]|${spelt})*$`);
const plus = 0x2b;
const percent = 0x25;

/** By byte; a path keeps its slashes. */
const pathSpelling = Array.from({ length: 256 }, (_, byte) => spelling(byte, plainPath));
const querySpelling = Array.from({ length: 256 }, (_, byte) => spelling(byte, plainQuery));

/** `raw` percent-encoded in whatever way; encoded once, and `//`, `.` and `..` stay: keys of objects may hold them. */
export function canonicalPath(raw: string): string {
  return speltPath.test(raw) ? raw : spellAgain(raw, pathSpelling, false);
}

/** A name or a value of the query; there `+` is a space. */
export function canonicalQueryText(raw: string): string {
  return speltQuery.test(raw) ? raw : spellAgain(raw, querySpelling, true);
}

/** The text that a canonical name or value stands for, or undefined when it is not UTF-8. */
export function queryTextOf(canonical: string): string | undefined {
  // Credentials have no other character to decode, and the general way is slow.
  const text = canonical.replaceAll('%2F', '/');
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function spellAgain(raw: string, spellings: readonly string[], plusIsSpace: boolean): string {
  let spelt = '';
  for (let i = 0; i < raw.length; i++) {
    let byte = raw.charCodeAt(i);
    if (byte === percent) {
      const digits = raw.slice(i + 1, i + 3);
      if (!/^[\dA-Fa-f]{2}$/.test(digits)) throw badUri('a % is not followed by two hexadecimal digits');
      byte = Number.parseInt(digits, 16);
      i += 2;
    } else if (byte === plus && plusIsSpace) {
      byte = 0x20;
    }
    const text = spellings[byte];
    // Request lines are latin1: one character is one byte.
    if (text === undefined) throw badUri('it holds characters that are not percent-encoded');
    spelt += text;
  }
  return spelt;
}

function spelling(byte: number, plain: RegExp): string {
  const character = String.fromCharCode(byte);
  return plain.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

function badUri(why: string): S3Error {
  return new S3Error('InvalidURI', { message: `The URI cannot be parsed: ${why}.` });
}
