/** From an element to typed values: what all request documents share. Whatever does not fit is MalformedXML. */
import type { WallMs } from '../../base/instants.js';
import { S3Error } from '../s3-error.js';
import type { XmlElement } from './element.js';
import { malformed } from './malformed.js';
import type { XmlLimits } from './reader.js';
import { readXml } from './reader.js';
import { parseTimestamp } from './timestamp.js';

/**
 * The root, which must have one of these names. Namespaces are not compared, here and below: clients send S3's, an older one, or none.
 * Throws MissingRequestBodyError for no bytes at all.
 */
export function readDocument(bytes: Uint8Array, roots: readonly string[], limits: XmlLimits): XmlElement {
  if (bytes.byteLength === 0) throw new S3Error('MissingRequestBodyError');
  const root = readXml(bytes, limits);
  if (!roots.includes(root.name)) throw malformed(`its root is not ${roots[0]}`);
  return root;
}

/**
 * The children by name. Each name occurs at most once and is `known`: of a configuration, nothing that the client set may be lost
 * without a word.
 */
export function fieldsOf(element: XmlElement, known: readonly string[]): ReadonlyMap<string, XmlElement> {
  const fields = new Map<string, XmlElement>();
  for (const child of childrenOf(element)) {
    if (!known.includes(child.name)) throw malformed(`${element.name} has an unknown element`);
    if (fields.has(child.name)) throw malformed(`${element.name} has more than one ${child.name}`);
    fields.set(child.name, child);
  }
  return fields;
}

/** Of an element that has children only. */
export function childrenOf(element: XmlElement): readonly XmlElement[] {
  if (element.text.trim() !== '') throw malformed(`there is text in ${element.name}`);
  return element.children;
}

export function required(fields: ReadonlyMap<string, XmlElement>, name: string): XmlElement {
  const field = fields.get(name);
  if (field === undefined) throw malformed(`${name} is missing`);
  return field;
}

/** As the client wrote it, white space included: keys may begin and end with it. */
export function textOf(element: XmlElement): string {
  if (element.children.length > 0) throw malformed(`${element.name} has elements in it`);
  return element.text;
}

/** Without white space around it. */
export function wordOf(element: XmlElement): string {
  return textOf(element).trim();
}

export function oneOf<T extends string>(element: XmlElement, words: readonly T[]): T {
  const text = wordOf(element);
  const word = words.find((candidate) => candidate === text);
  if (word === undefined) throw malformed(`${element.name} is none of ${words.join(', ')}`);
  return word;
}

/** A safe integer. */
export function integerOf(element: XmlElement): number {
  const text = wordOf(element);
  const value = Number(text);
  if (!/^[+-]?[0-9]+$/.test(text) || !Number.isSafeInteger(value)) throw malformed(`${element.name} is not an integer`);
  return value;
}

export function booleanOf(element: XmlElement): boolean {
  const text = wordOf(element).toLowerCase();
  if (text !== 'true' && text !== 'false') throw malformed(`${element.name} is neither true nor false`);
  return text === 'true';
}

export function timestampOf(element: XmlElement): WallMs {
  const at = parseTimestamp(wordOf(element));
  if (at === undefined) throw malformed(`${element.name} is not a time`);
  return at;
}

/** Without its quotes, which clients may leave out. */
export function etagOf(element: XmlElement): string {
  const text = wordOf(element);
  const etag = /^"(.*)"$/s.exec(text)?.[1] ?? text;
  if (etag === '') throw malformed(`${element.name} is empty`);
  return etag;
}
