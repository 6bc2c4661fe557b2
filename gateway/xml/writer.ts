/** Writes the XML of answers. Names of elements are the caller's constants; only text is escaped. */
import { invariant } from '../../base/invariant.js';
import { escapeText } from './escape.js';
import { timestampText } from './timestamp.js';

export const xmlDeclaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
export const s3Namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** Characters between two writes to the buffer: a long chain of concatenations costs more to take apart than small ones. */
const flushLength = 2_048;

/**
 * One document. `start` and `end` nest; `text` is for what clients chose, `plain` for what needs no escaping, `verbatim` for what a page
 * has by the thousand.
 */
export class XmlWriter {
  #text: string;
  readonly #open: string[] = [];
  #buffer: Buffer = Buffer.allocUnsafe(16 * 1024);
  #bytes = 0;

  /** `namespace` is '' for `<Error>`, which AWS sends without one. */
  constructor(root: string, namespace = s3Namespace) {
    const attribute = namespace === '' ? '' : ` xmlns="${namespace}"`;
    this.#text = `${xmlDeclaration}<${root}${attribute}>`;
    this.#open.push(root);
  }

  start(name: string): this {
    this.#text += `<${name}>`;
    this.#open.push(name);
    return this;
  }

  end(): this {
    invariant(this.#open.length > 1, 'an element other than the root is open');
    return this.verbatim(`</${this.#open.pop()}>`);
  }

  /** An element with text; nothing for `undefined`. */
  text(name: string, value: string | undefined): this {
    this.#text += textElement(name, value);
    return this;
  }

  /** As `text`, of what holds no markup whatever its value: numbers, booleans, words of the protocol. */
  plain(name: string, value: string | number | boolean | undefined): this {
    this.#text += plainElement(name, value);
    return this;
  }

  /** `etag` without quotes; they are part of the value on the wire. */
  etag(name: string, etag: string): this {
    this.#text += `<${name}>&quot;${escapeText(etag)}&quot;</${name}>`;
    return this;
  }

  /** In whole seconds, as AWS shows times. `at` in ms since the Unix epoch. */
  time(name: string, at: number | undefined): this {
    if (at !== undefined) this.#text += `<${name}>${timestampText(at)}</${name}>`;
    return this;
  }

  /** Text of the root itself. */
  content(value: string): this {
    this.#text += escapeText(value);
    return this;
  }

  /** Whole elements, escaped by the caller. */
  verbatim(xml: string): this {
    this.#text += xml;
    if (this.#text.length > flushLength) this.#flush();
    return this;
  }

  /** The whole document, which is then the caller's; nothing is written afterwards. */
  bytes(): Uint8Array {
    invariant(this.#open.length === 1, 'every element but the root was ended', { open: this.#open.length });
    this.verbatim(`</${this.#open.pop()}>`);
    this.#flush();
    return this.#buffer.subarray(0, this.#bytes);
  }

  /**
   * Without `<?xml…?>`: for answers that began long before their outcome was known. They send `xmlDeclaration`, then white space
   * from time to time, then this.
   */
  bytesAfterDeclaration(): Uint8Array {
    return this.bytes().subarray(xmlDeclaration.length);
  }

  #flush(): void {
    // A character of UTF-16 takes at most three bytes.
    const needed = this.#bytes + this.#text.length * 3;
    if (needed > this.#buffer.byteLength) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.byteLength * 4));
      this.#buffer.copy(larger, 0, 0, this.#bytes);
      this.#buffer = larger;
    }
    this.#bytes += this.#buffer.write(this.#text, this.#bytes);
    this.#text = '';
  }
}

/** For `verbatim`; '' for `undefined`. */
export function textElement(name: string, value: string | undefined): string {
  return value === undefined ? '' : `<${name}>${escapeText(value)}</${name}>`;
}

/** As `textElement`, of what holds no markup whatever its value. */
export function plainElement(name: string, value: string | number | boolean | undefined): string {
  return value === undefined ? '' : `<${name}>${value}</${name}>`;
}
