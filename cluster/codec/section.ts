/**
 * The unit of all formats here, so that monitors of two versions can share a cluster while it is upgraded:
 *
 *     kind u8 | version u8 | compat u8 | length u32 | body
 *
 * `version` is that of the writer's structure; `compat` is the oldest version whose reader may read it, ignoring the
 * fields that it does not know, which stand at the end of the body. A reader that knows no such kind counts as version
 * 0: compat 0 lets it skip the section, anything else is a `VERSION_MISMATCH`. (Ceph's encoding works with the same two
 * numbers.)
 *
 * Who skips a field forgets it, and passes on a map without it. So a newer version writes a new field only once
 * `requiredFeatures` says that every reader keeps it, unless losing it does no harm.
 */
import type { ByteReader } from '../../base/byte-reader.js';
import type { ByteWriter } from '../../base/byte-writer.js';
import { CairnError } from '../../base/errors.js';

export interface SectionHeader {
  /** 1 to 255; unique within what holds the section. 0 where only one kind is possible. */
  readonly kind: number;
  readonly version: number;
  readonly compat: number;
}

export interface Section extends SectionHeader {
  /** Of the body only. What it leaves unread is from a later version. */
  readonly body: ByteReader;
}

/** What most structures are as yet. */
export const version1 = { version: 1, compat: 1 } as const;

/** kind, version, compat, length. */
export const sectionHeaderBytes = 7;

export function writeSection(out: ByteWriter, header: SectionHeader, body: () => void): void {
  const start = beginSection(out, header);
  body();
  endSection(out, start);
}

/** For bodies that take several steps: `endSection` wants what this returns. */
export function beginSection(out: ByteWriter, { kind, version, compat }: SectionHeader): number {
  out.u8(kind);
  out.u8(version);
  out.u8(compat);
  return out.holdU32();
}

export function endSection(out: ByteWriter, start: number): void {
  out.fillU32(start, out.length - start - 4);
}

export function readSection(input: ByteReader, what: string): Section {
  const kind = input.u8(`the kind of ${what}`);
  const version = input.u8(`the version of ${what}`);
  const compat = input.u8(`the oldest reader of ${what}`);
  if (compat > version) throw input.error(`${what} has version ${version} but wants readers of ${compat}`);
  const length = input.u32(`the length of ${what}`);
  return { kind, version, compat, body: input.part(length, what) };
}

/** Throws `VERSION_MISMATCH` unless this program, which knows `known` (0: not even the kind), may read the section. */
export function checkReadable({ version, compat }: SectionHeader, known: number, what: string): void {
  if (compat <= known) return;
  const message = `${what} is of version ${version}, for readers of ${compat} and above; upgrade this daemon, which knows ${known}`;
  throw new CairnError('VERSION_MISMATCH', message, { details: { what, version, compat, known } });
}

/** Reads one structure of the only kind possible here, in version 1 or what is compatible. */
export function readStructure<T>(input: ByteReader, what: string, read: (body: ByteReader, version: number) => T): T {
  const section = readSection(input, what);
  if (section.kind !== 0) throw input.error(`expected ${what}, found kind ${section.kind}`);
  checkReadable(section, 1, what);
  return read(section.body, section.version);
}

/** The counterpart of `readStructure`. */
export function writeStructure(out: ByteWriter, body: () => void): void {
  writeSection(out, { kind: 0, ...version1 }, body);
}
