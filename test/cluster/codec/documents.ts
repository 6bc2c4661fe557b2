/** Takes documents apart and puts them together again with valid checksums, as a later version or a bug would write them. */
import { ByteReader } from '../../../base/byte-reader.js';
import { ByteWriter } from '../../../base/byte-writer.js';
import { concatBytes } from '../../../base/bytes.js';
import { xxh64 } from '../../../base/xxh64.js';

export interface RawSection {
  readonly kind: number;
  readonly version: number;
  readonly compat: number;
  readonly body: Uint8Array;
}

const headBytes = 6;
const endKind = 255;

export function sectionsOf(document: Uint8Array): RawSection[] {
  const input = new ByteReader(document, headBytes, document.byteLength - 8);
  const sections: RawSection[] = [];
  while (!input.isAtEnd) {
    const [kind, version, compat] = [input.u8('kind'), input.u8('version'), input.u8('compat')];
    const body = input.viewRaw(input.u32('length'), 'body');
    if (kind !== endKind) sections.push({ kind, version, compat, body });
  }
  return sections;
}

export function documentOf(
  magic: string,
  sections: readonly RawSection[],
  head: readonly number[] = [1, 1],
): Uint8Array {
  const out = new ByteWriter();
  out.raw(Buffer.from(magic, 'latin1'));
  out.raw(Uint8Array.from(head));
  for (const { kind, version, compat, body } of [
    ...sections,
    { kind: endKind, version: 0, compat: 0, body: new Uint8Array(0) },
  ]) {
    out.u8(kind);
    out.u8(version);
    out.u8(compat);
    out.u32(body.byteLength);
    out.raw(body);
  }
  return resealed(concatBytes([out.bytes(), new Uint8Array(8)]));
}

/** With the checksum that its bytes have now. */
export function resealed(document: Uint8Array): Uint8Array {
  const out = new ByteWriter(document.byteLength);
  const content = document.subarray(0, document.byteLength - 8);
  out.raw(content);
  out.u64(xxh64(content));
  return out.bytes();
}

/** A later version of the section, with fields that are not known yet. */
export function extended(section: RawSection): RawSection {
  return { ...section, version: section.version + 1, body: concatBytes([section.body, Uint8Array.of(1, 2, 3, 250)]) };
}
