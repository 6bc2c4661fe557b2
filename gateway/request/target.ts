/**
 * The request target: path and query, decoded once. Nothing is normalised: `//`, `.`, `..`, and an encoded slash or NUL are parts of keys
 * (S3-compatible clients store such keys, and signatures cover the path as it was sent).
 */
import { S3Error } from '../s3-error.js';

export interface RequestTarget {
  /** As the client sent it, from its first `/` to the query. */
  readonly rawPath: string;
  readonly query: Query;
}

/** In characters. The longest that clients need: a list whose prefix, marker and delimiter are keys of 1,024 bytes, all encoded, presigned. */
const targetLengthMax = 32 * 1024;
/** The longest list of a presigned request has about twenty. */
const parametersMax = 256;

/** The parameters of a query, in their order. Names are case-sensitive. */
export class Query {
  readonly #parameters: readonly (readonly [string, string])[];
  readonly #first: ReadonlyMap<string, string>;

  constructor(parameters: readonly (readonly [string, string])[]) {
    this.#parameters = parameters;
    const first = new Map<string, string>();
    for (const [name, value] of parameters) if (!first.has(name)) first.set(name, value);
    this.#first = first;
  }

  /** The first value of that name; '' for `?name` and `?name=` alike. */
  get(name: string): string | undefined {
    return this.#first.get(name);
  }

  has(name: string): boolean {
    return this.#first.has(name);
  }

  /** Each name once, in the order of the query. */
  names(): IterableIterator<string> {
    return this.#first.keys();
  }

  /** As sent, names repeated where the client did so. */
  parameters(): readonly (readonly [string, string])[] {
    return this.#parameters;
  }
}

/** Throws InvalidURI. The path is decoded where it is taken apart (`addressing.ts`). */
export function parseTarget(target: string): RequestTarget {
  if (target.length > targetLengthMax) throw invalidUri(`it is longer than ${targetLengthMax} characters`);
  if (!target.startsWith('/')) throw invalidUri('it does not begin with /');
  const question = target.indexOf('?');
  if (question < 0) return { rawPath: target, query: new Query([]) };
  return { rawPath: target.slice(0, question), query: parseQuery(target.slice(question + 1)) };
}

function parseQuery(raw: string): Query {
  const pairs = raw.split('&').filter((pair) => pair !== '');
  if (pairs.length > parametersMax) throw invalidUri(`it has more than ${parametersMax} parameters`);
  return new Query(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      const name = equals < 0 ? pair : pair.slice(0, equals);
      const value = equals < 0 ? '' : pair.slice(equals + 1);
      return [decode(name.replaceAll('+', ' ')), decode(value.replaceAll('+', ' '))];
    }),
  );
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const plain = /^[\u0021-\u0024\u0026-\u007e ]*$/;

/**
 * Percent-decoded bytes as UTF-8. A character from U+0080 to U+00FF is a byte that the client did not encode: Node gives request lines as
 * latin1. Throws InvalidURI for what is neither, and for bytes that are not UTF-8.
 */
export function decode(raw: string): string {
  if (plain.test(raw)) return raw;
  const bytes = Buffer.allocUnsafe(raw.length);
  let length = 0;
  for (let i = 0; i < raw.length; i += 1) {
    let byte = raw.charCodeAt(i);
    if (byte === 0x25) {
      byte = hexByte(raw.slice(i + 1, i + 3));
      i += 2;
    } else if (byte > 0xff) {
      throw invalidUri('it has characters that are not percent-encoded');
    }
    bytes[length] = byte;
    length += 1;
  }
  try {
    return decoder.decode(bytes.subarray(0, length));
  } catch (cause) {
    throw invalidUri('it is not UTF-8', cause);
  }
}

function hexByte(digits: string): number {
  if (!/^[0-9A-Fa-f]{2}$/.test(digits)) throw invalidUri('a % is not followed by two hexadecimal digits');
  return Number.parseInt(digits, 16);
}

/** `why` is a clause. */
export function invalidUri(why: string, cause?: unknown): S3Error {
  return new S3Error('InvalidURI', { message: `The URI cannot be parsed: ${why}.`, cause });
}
