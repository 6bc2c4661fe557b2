/** A settings file as the loader wants it: a flat list of keys with their lines, whatever parsed the YAML. */
import { CairnError } from '../../base/errors.js';
import { utf8Text } from '../../base/bytes.js';
import type { Disk } from '../disk.js';
import { readWholeFile } from '../whole-file.js';
import type { WrittenValue } from './option-value.js';

export interface FileEntry {
  readonly key: string;
  /** Counted from 1. */
  readonly line: number;
  /** `undefined` for what is neither a value nor a list of values (a nested map, an alias). */
  readonly value: WrittenValue | undefined;
  /** Of a map below the key. */
  readonly nested?: readonly FileEntry[] | undefined;
}

export interface SettingsFile {
  readonly path: string;
  readonly entries: readonly FileEntry[];
}

/** The entries of a YAML document that is one map. Throws `PARSE_ERROR` with `path` and the line. */
export type ParseSettings = (text: string, path: string) => readonly FileEntry[];

/** A settings file has some dozens of lines. */
const fileBytesMax = 2 ** 20;

/** Errors: those of `Disk.open`, `INVALID_ARGUMENT` for a file over 1 MiB, `PARSE_ERROR`. */
export async function readSettingsFile(disk: Disk, path: string, parse: ParseSettings): Promise<SettingsFile> {
  const bytes = await readWholeFile(disk, path, fileBytesMax);
  return { path, entries: parse(decode(bytes, path), path) };
}

function decode(bytes: Uint8Array, path: string): string {
  try {
    return utf8Text(bytes);
  } catch (error) {
    throw new CairnError('PARSE_ERROR', `${path} is not UTF-8 text; save it as such`, { cause: error });
  }
}
