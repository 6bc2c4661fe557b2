/**
 * Body 0 of an entry: what a GET sends beside the head.
 *
 *     format u8   headers and metadata (a blob)   kind u8   payload, or manifest (the rest)
 *
 * A gateway makes it for an object put at once; for a completed upload the class puts the upload's headers before a manifest.
 */
import { ByteReader } from '../../base/byte-reader.js';
import { ByteWriter } from '../../base/byte-writer.js';
import { metadataBytesMax } from './limits.js';
import { type Manifest, readManifest, writeManifest } from './manifest.js';

/** Stored as they came: codes in stored records, never renumbered. */
export const storedHeaderCodes = {
  'content-type': 1,
  'content-encoding': 2,
  'cache-control': 3,
  'content-disposition': 4,
  'content-language': 5,
  expires: 6,
  'x-amz-website-redirect-location': 7,
} as const;
export type StoredHeader = keyof typeof storedHeaderCodes;

const headerOfCode = new Map<number, StoredHeader>(
  Object.entries(storedHeaderCodes).map(([name, code]) => [code, name as StoredHeader]),
);

export interface StoredHeaders {
  readonly headers: ReadonlyMap<StoredHeader, string>;
  /** `x-amz-meta-*` without that prefix, in lower case. */
  readonly metadata: ReadonlyMap<string, string>;
}

const format = 1;
const kindInline = 0;
const kindManifest = 1;

/** What stands in the body of an upload until it is completed, and within a content. */
export function encodeStoredHeaders({ headers, metadata }: StoredHeaders): Uint8Array {
  const writer = new ByteWriter(256);
  writer.varint(headers.size);
  for (const [name, value] of headers) {
    writer.u8(storedHeaderCodes[name]);
    writer.text(value);
  }
  writer.varint(metadata.size);
  for (const [name, value] of metadata) {
    writer.text(name);
    writer.text(value);
  }
  return writer.bytes();
}

export function decodeStoredHeaders(bytes: Uint8Array): StoredHeaders {
  const reader = new ByteReader(bytes);
  const headers = new Map<StoredHeader, string>();
  for (let left = reader.count('headers', 2); left > 0; left--) {
    const at = reader.offset;
    const name = headerOfCode.get(reader.u8('a header'));
    if (name === undefined) throw reader.error('an unknown header', at);
    headers.set(name, reader.text('the value of a header', metadataBytesMax));
  }
  const metadata = new Map<string, string>();
  for (let left = reader.count('metadata', 2); left > 0; left--) {
    const name = reader.text('the name of a metadatum', metadataBytesMax);
    metadata.set(name, reader.text('a metadatum', metadataBytesMax));
  }
  if (!reader.isAtEnd) throw reader.error('bytes behind the end of headers');
  return { headers, metadata };
}

/** What stands before an inline payload: two pieces make a content without copying the payload. */
export function contentPrefix(storedHeaders: Uint8Array): Uint8Array {
  const writer = new ByteWriter(storedHeaders.byteLength + 16);
  writePrefix(writer, storedHeaders, kindInline);
  return writer.bytes();
}

export function contentOfManifest(storedHeaders: Uint8Array, manifest: Manifest): Uint8Array {
  const writer = new ByteWriter(storedHeaders.byteLength + 32 * manifest.blobs.length + 64);
  writePrefix(writer, storedHeaders, kindManifest);
  writeManifest(writer, manifest);
  return writer.bytes();
}

function writePrefix(writer: ByteWriter, storedHeaders: Uint8Array, kind: number): void {
  writer.u8(format);
  writer.blob(storedHeaders);
  writer.u8(kind);
}

export interface Content {
  readonly storedHeaders: Uint8Array;
  /** Views of the bytes given. */
  readonly data:
    | { readonly kind: 'inline'; readonly payload: Uint8Array }
    | { readonly kind: 'manifest'; readonly manifest: Manifest };
}

/** `PARSE_ERROR` for what is no content of a known format. */
export function decodeContent(bytes: Uint8Array): Content {
  const reader = new ByteReader(bytes);
  const version = reader.u8('the format of a content');
  if (version !== format) throw reader.error(`a content of unknown format ${version}`, 0);
  const headersBytes = reader.varint('the length of headers', 2 * metadataBytesMax);
  const storedHeaders = reader.viewRaw(headersBytes, 'headers');
  const at = reader.offset;
  const kind = reader.u8('the kind of a content');
  if (kind === kindInline) {
    return { storedHeaders, data: { kind: 'inline', payload: reader.viewRaw(reader.left, 'a payload') } };
  }
  if (kind !== kindManifest) throw reader.error(`a content of unknown kind ${kind}`, at);
  return { storedHeaders, data: { kind: 'manifest', manifest: readManifest(reader) } };
}
