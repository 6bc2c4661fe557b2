/**
 * Reads the XML of request bodies: XML 1.0 with namespaces, strictly, as far as such bodies go. A document type is refused, so
 * there are no entities but the five of XML, nothing external, and nothing that expands. Why not a library:
 * docs/decisions/0004-xml-reader.md. Whatever is wrong is S3's MalformedXML.
 */
import { S3Error } from '../s3-error.js';
import type { XmlAttribute, XmlElement } from './element.js';
import { malformed } from './malformed.js';
import { nameAt } from './names.js';
import type { NamespaceScope } from './namespaces.js';
import { localNameOf, outermostScope } from './namespaces.js';

export interface XmlLimits {
  /** Of the document as it arrived. */
  readonly bytesMax: number;
  readonly elementsMax: number;
}

/** Documents of S3 nest at most seven deep (lifecycle filters). */
const depthMax = 16;
const attributesMax = 16;
/** The longest name in documents of S3 has 34 characters. */
const nameLengthMax = 128;

const none: readonly never[] = [];
const decoder = new TextDecoder('utf-8', { fatal: true });

/** The root of the document. Throws MalformedXML, MaxMessageLengthExceeded. */
export function readXml(bytes: Uint8Array, limits: XmlLimits): XmlElement {
  if (bytes.byteLength > limits.bytesMax) {
    throw new S3Error('MaxMessageLengthExceeded', { fields: { MaxMessageLengthBytes: String(limits.bytesMax) } });
  }
  let text;
  try {
    text = decoder.decode(bytes);
  } catch (cause) {
    throw malformed('it is not UTF-8', cause);
  }
  return new Reader(text, limits.elementsMax).document();
}

/** What XML 1.0 does not have (the decoder lets no surrogate through). */
// oxlint-disable-next-line no-control-regex -- control characters are what it is about
const notCharacters = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
const declaration =
  /^<\?xml[ \t\n]+version[ \t\n]*=[ \t\n]*(?:"1\.0"|'1\.0')(?:[ \t\n]+encoding[ \t\n]*=[ \t\n]*(?:"([A-Za-z][\w.-]*)"|'([A-Za-z][\w.-]*)'))?(?:[ \t\n]+standalone[ \t\n]*=[ \t\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\n]*\?>/;
const notWhiteSpace = /[^ \t\n]/;
const entities = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

const slash = 0x2f;
const exclamation = 0x21;
const question = 0x3f;
const greater = 0x3e;

class Reader {
  readonly #text: string;
  readonly #elementsMax: number;
  #at = 0;
  #elements = 0;

  constructor(text: string, elementsMax: number) {
    if (notCharacters.test(text)) throw malformed('it has characters that XML does not have');
    // XML 1.0, section 2.11. A reference, `&#13;`, stays a carriage return.
    this.#text = text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
    this.#elementsMax = elementsMax;
  }

  document(): XmlElement {
    this.#declaration();
    this.#between();
    if (!this.#lookingAt('<')) throw malformed('it has no root element');
    const root = this.#element(1, outermostScope);
    this.#between();
    if (this.#at !== this.#text.length) throw malformed('something follows the root element');
    return root;
  }

  #declaration(): void {
    if (!/^<\?xml[ \t\n]/.test(this.#text)) return;
    const match = declaration.exec(this.#text);
    if (match === null) throw malformed('its XML declaration is not one of XML 1.0');
    const encoding = (match[1] ?? match[2] ?? 'UTF-8').toUpperCase();
    if (!['UTF-8', 'UTF8', 'US-ASCII', 'ASCII'].includes(encoding)) throw malformed('its encoding is not UTF-8');
    this.#at = match[0].length;
  }

  /** Comments, processing instructions and white space around the root. */
  #between(): void {
    for (;;) {
      this.#space();
      if (this.#lookingAt('<!--')) this.#comment();
      else if (this.#lookingAt('<?')) this.#instruction();
      else return;
    }
  }

  /** From its `<` to behind its end tag. */
  #element(depth: number, outer: NamespaceScope): XmlElement {
    if (depth > depthMax) throw malformed(`its elements nest deeper than ${depthMax}`);
    this.#elements += 1;
    if (this.#elements > this.#elementsMax) throw malformed(`it has more than ${this.#elementsMax} elements`);
    this.#at += 1;
    const qualified = this.#name();
    let scope = outer;
    let attributes: readonly XmlAttribute[] = none;
    if (this.#text.charCodeAt(this.#at) !== greater) {
      const pairs = this.#attributePairs();
      if (pairs.length > 0) ({ scope, attributes } = outer.enter(pairs));
    }
    const namespace = scope.elementNamespace(qualified);
    const name = localNameOf(qualified);
    if (this.#lookingAt('/>')) {
      this.#at += 2;
      return { name, namespace, attributes, children: none, text: '' };
    }
    this.#expect('>');
    const { children, text } = this.#content(depth, scope);
    this.#expect(qualified);
    if (this.#text.charCodeAt(this.#at) !== greater) this.#space();
    this.#expect('>');
    return { name, namespace, attributes, children, text };
  }

  /** To behind `</`. */
  #content(depth: number, scope: NamespaceScope): Pick<XmlElement, 'children' | 'text'> {
    let children: XmlElement[] | undefined;
    let text = '';
    for (;;) {
      const next = this.#text.indexOf('<', this.#at);
      if (next < 0) throw malformed('an element is not closed');
      if (next > this.#at) text += characters(this.#text.slice(this.#at, next));
      this.#at = next;
      const kind = this.#text.charCodeAt(next + 1);
      if (kind === slash) break;
      if (kind === exclamation) text += this.#commentOrCdata();
      else if (kind === question) this.#instruction();
      else (children ??= []).push(this.#element(depth + 1, scope));
    }
    this.#at += 2;
    if (children === undefined) return { children: none, text };
    if (notWhiteSpace.test(text)) throw malformed('there is text between elements');
    return { children, text: '' };
  }

  /** The text that it stands for: nothing for a comment. */
  #commentOrCdata(): string {
    if (this.#lookingAt('<!--')) {
      this.#comment();
      return '';
    }
    this.#expect('<![CDATA[');
    return this.#until(']]>');
  }

  #comment(): void {
    this.#expect('<!--');
    const text = this.#until('-->');
    if (text.includes('--') || text.endsWith('-')) throw malformed('there is -- within a comment');
  }

  /** A processing instruction: allowed, and of no effect. */
  #instruction(): void {
    this.#expect('<?');
    const target = this.#name();
    if (target.toLowerCase() === 'xml') throw malformed('an XML declaration stands elsewhere than at the start');
    if (target.includes(':')) throw malformed('the name of an instruction has a colon');
    if (!this.#lookingAt('?>') && !this.#space()) throw malformed('no white space follows the name of an instruction');
    this.#until('?>');
  }

  /** `[name, value]` each, to the end of the start tag; the `>` or `/>` is left. */
  #attributePairs(): [string, string][] {
    const pairs: [string, string][] = [];
    for (;;) {
      const spaced = this.#space();
      const code = this.#text.charCodeAt(this.#at);
      if (code === greater || code === slash) return pairs;
      if (!spaced) throw malformed('no white space is before an attribute');
      const name = this.#name();
      this.#space();
      this.#expect('=');
      this.#space();
      pairs.push([name, this.#attributeValue()]);
      if (pairs.length > attributesMax) throw malformed(`an element has more than ${attributesMax} attributes`);
    }
  }

  #attributeValue(): string {
    const quote = this.#text[this.#at];
    if (quote !== '"' && quote !== "'") throw malformed('the value of an attribute is not quoted');
    this.#at += 1;
    const value = this.#until(quote);
    if (value.includes('<')) throw malformed('there is < in the value of an attribute');
    return resolved(value.replace(/[\t\n]/g, ' '));
  }

  #name(): string {
    const name = nameAt(this.#text, this.#at);
    if (name === undefined) throw malformed('a name is missing');
    if (name.length > nameLengthMax) throw malformed(`a name is longer than ${nameLengthMax} characters`);
    this.#at += name.length;
    return name;
  }

  /** What stands before `end`; goes behind it. */
  #until(end: string): string {
    const at = this.#text.indexOf(end, this.#at);
    if (at < 0) throw malformed(`${end} is missing`);
    const text = this.#text.slice(this.#at, at);
    this.#at = at + end.length;
    return text;
  }

  #lookingAt(expected: string): boolean {
    return this.#text.startsWith(expected, this.#at);
  }

  #expect(expected: string): void {
    if (!this.#lookingAt(expected)) throw malformed(`${expected} is missing`);
    this.#at += expected.length;
  }

  /** Whether there was any white space. */
  #space(): boolean {
    const from = this.#at;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x09) return this.#at > from;
      this.#at += 1;
    }
  }
}

/** Text between tags. */
function characters(text: string): string {
  if (text.includes(']]>')) throw malformed('there is ]]> in text');
  return resolved(text);
}

/** With references replaced. */
function resolved(text: string): string {
  let ampersand = text.indexOf('&');
  if (ampersand < 0) return text;
  let result = '';
  let from = 0;
  do {
    const semicolon = text.indexOf(';', ampersand);
    if (semicolon < 0) throw badReference();
    result += text.slice(from, ampersand) + referenced(text.slice(ampersand + 1, semicolon));
    from = semicolon + 1;
    ampersand = text.indexOf('&', from);
  } while (ampersand >= 0);
  return result + text.slice(from);
}

/** What `&…;` stands for. */
function referenced(reference: string): string {
  const entity = entities.get(reference);
  if (entity !== undefined) return entity;
  const [, decimal, hex] = /^#(?:([0-9]{1,7})|x([0-9A-Fa-f]{1,6}))$/.exec(reference) ?? [];
  if (decimal === undefined && hex === undefined) throw badReference();
  const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
  if (!isCharacter(code)) throw badReference();
  return String.fromCodePoint(code);
}

function badReference(): S3Error {
  return malformed('there is a reference to what is not defined, or a bare &');
}

/** XML 1.0, production 2. */
function isCharacter(code: number): boolean {
  if (code < 0x20) return code === 0x9 || code === 0xa || code === 0xd;
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff);
}
