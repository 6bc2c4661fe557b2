/**
 * ETags. Of an object put whole it is the MD5 of its bytes in hex, of one made of parts `md5(MD5s of the parts)-N`: clients verify
 * what they sent by it. Kept and compared without quotes; quoted in headers and documents.
 */
import { createHash } from 'node:crypto';
import { hexText } from '../../base/bytes.js';
import { invariant } from '../../base/invariant.js';

/** `md5`: 16 bytes. */
export function etagOfMd5(md5: Uint8Array): string {
  invariant(md5.byteLength === 16, 'an MD5 has 16 bytes');
  return hexText(md5);
}

/** `partMd5s`: of the parts in order, 16 bytes each, at least one. */
export function etagOfParts(partMd5s: readonly Uint8Array[]): string {
  invariant(partMd5s.length > 0, 'an upload has a part');
  const hash = createHash('md5');
  for (const md5 of partMd5s) {
    invariant(md5.byteLength === 16, 'an MD5 has 16 bytes');
    hash.update(md5);
  }
  return `${hash.digest('hex')}-${partMd5s.length}`;
}

export function quotedEtag(etag: string): string {
  return `"${etag}"`;
}

/** What a client wrote where exactly one ETag goes (`<ETag>` of a part): without its quotes, if it has them. */
export function unquotedEtag(text: string): string {
  const trimmed = text.trim();
  return trimmed.length >= 2 && trimmed.startsWith('"') && trimmed.endsWith('"') ? trimmed.slice(1, -1) : trimmed;
}

export interface EntityTag {
  /** Without quotes. */
  readonly value: string;
  /** `W/"..."`: what proxies make of ETags when they compress. It never passes for the bytes themselves. */
  readonly isWeak: boolean;
}

/** `*` (any that exists), or the tags of a list; an empty list stands for a header without any. */
export type EtagPattern = '*' | readonly EntityTag[];

/** How many a header may list; the rest of a longer one is not looked at. More than the length of headers lets through. */
const listedMax = 1_000;

/** Reads `If-Match` and `If-None-Match`: `*`, `"a"`, `W/"a"`, lists, and, as S3 does, tags without their quotes. */
export function parseEtagPattern(text: string): EtagPattern {
  if (text.trim() === '*') return '*';
  const tags: EntityTag[] = [];
  // Either a tag in quotes, in which commas are allowed, or whatever there is up to the next comma.
  const item = /\s*(?:(W\/)?"([^"]*)"\s*(?=,|$)|([^,]*))(?:,|$)/gy;
  while (item.lastIndex < text.length && tags.length < listedMax) {
    const match = item.exec(text);
    if (match === null) break;
    const [, weak, quoted, bare = ''] = match;
    const value = quoted ?? bare.trim();
    if (quoted !== undefined || value !== '') tags.push({ value, isWeak: weak !== undefined });
  }
  return tags;
}

/** The strong comparison of RFC 9110, section 8.8.3.2, as `If-Match` wants it: weak tags match nothing. */
export function matchesStrongly(pattern: EtagPattern, etag: string): boolean {
  return pattern === '*' || pattern.some((tag) => !tag.isWeak && tag.value === etag);
}

/** The weak comparison, as `If-None-Match` wants it. */
export function matchesWeakly(pattern: EtagPattern, etag: string): boolean {
  return pattern === '*' || pattern.some((tag) => tag.value === etag);
}
