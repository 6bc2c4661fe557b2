/**
 * The lines behind the last chunk: `name:value`, of names that `x-amz-trailer` announced, and the signature over them. They hold
 * checksums, so one that is announced and does not come is refused, too: it would be a check that never happens.
 */
import type { HeaderMap } from '../http/request.js';
import { S3Error } from '../s3-error.js';

export const trailerSignatureName = 'x-amz-trailer-signature';

/** Of `x-amz-trailer`, in lower case. */
export function announcedTrailers(headers: HeaderMap): readonly string[] {
  return (headers.get('x-amz-trailer') ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
}

export class TrailerLines {
  readonly #announced: ReadonlySet<string>;
  readonly #isSigned: boolean;
  readonly #values = new Map<string, string>();
  #signed = '';
  #signature: string | undefined;

  constructor(announced: readonly string[], isSigned: boolean) {
    this.#announced = new Set(announced);
    this.#isSigned = isSigned;
  }

  /** What is signed: `name:value\n` of each, as they came. */
  get signedText(): string {
    return this.#signed;
  }

  get signature(): string | undefined {
    return this.#signature;
  }

  /** A line with or without its end. Blank ones are skipped: clients differ in where they put them. */
  add(line: string): void {
    const text = line.trim();
    if (text === '') return;
    const colon = text.indexOf(':');
    const name = text.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    const value = text.slice(colon + 1).trim();
    if (name === '' || !/^[\x20-\x7e]*$/.test(value)) throw malformed('a line is not of the form name:value');
    if (this.#signature !== undefined) throw malformed(`${name} comes behind the signature`);
    if (this.#isSigned && name === trailerSignatureName) {
      this.#signature = value;
      return;
    }
    if (!this.#announced.has(name)) throw malformed(`${quoted(name)} was not announced in x-amz-trailer`);
    if (this.#values.has(name)) throw malformed(`${name} comes twice`);
    this.#values.set(name, value);
    this.#signed += `${name}:${value}\n`;
  }

  /** All of them, once the body has ended. Throws `MalformedTrailerError` when one is missing. */
  end(): HeaderMap {
    for (const name of this.#announced) {
      if (!this.#values.has(name)) throw malformed(`${quoted(name)} was announced in x-amz-trailer and did not come`);
    }
    if (this.#isSigned && this.#signature === undefined) throw malformed(`${trailerSignatureName} is missing`);
    return this.#values;
  }
}

export function malformed(detail: string): S3Error {
  return new S3Error('MalformedTrailerError', { message: `The trailers of the body are malformed: ${detail}.` });
}

/** Of what a client may have sent instead of a name, so much as tells what it was. */
function quoted(name: string): string {
  return `'${name.slice(0, 64).replace(/[^\x21-\x7e]/g, '?')}'`;
}
