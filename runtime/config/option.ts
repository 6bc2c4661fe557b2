/**
 * The table from which a daemon's settings are read, checked, and explained. One line of it says all there is to say about
 * a setting, so the parser, `--help` and the manual cannot differ.
 *
 *     const table = {
 *       'public-address': { type: 'address', description: 'Where clients connect.', required: true },
 *       'memory-target': { type: 'bytes', default: '2GiB', min: '256MiB', description: 'Memory to use.' },
 *     } as const satisfies OptionTable;
 */
import type { Address } from '../network.js';

interface Described {
  /** A sentence or two for `--help` and the manual, with the effect of raising it. */
  readonly description: string;
  /** As one would write it in the file; it is parsed like any other value. */
  readonly default?: string;
  /** Without a default: must be given. */
  readonly required?: true;
}

export type Option = Described &
  (
    | { readonly type: 'string'; readonly oneOf?: readonly string[] }
    /** `unit` is for people: `messages`. */
    | { readonly type: 'int'; readonly unit?: string; readonly min?: number; readonly max?: number }
    | { readonly type: 'bool' }
    /** Its value is in ms. */
    | { readonly type: 'duration'; readonly min?: string; readonly max?: string }
    | { readonly type: 'bytes'; readonly min?: string; readonly max?: string }
    | { readonly type: 'address' }
    /** Of a file or directory; one in the settings file is meant beside that file. */
    | { readonly type: 'path' }
    /** Of strings; in the environment and flags separated by commas. At least one. */
    | { readonly type: 'list'; readonly countMax?: number }
  );

/**
 * By name in kebab-case, which is the key in the file and the flag; in the environment `CAIRN_PUBLIC_ADDRESS`. In the file,
 * `tls-ca` and `tls-key` may as well stand as `ca` and `key` below `tls`.
 */
export type OptionTable = Readonly<Record<string, Option>>;

interface ValueTypes {
  readonly string: string;
  readonly int: number;
  readonly bool: boolean;
  readonly duration: number;
  readonly bytes: number;
  readonly address: Address;
  readonly path: string;
  readonly list: readonly string[];
}

export type OptionValue = ValueTypes[Option['type']];

/** The value of each setting; `undefined` only where the table has neither a default nor `required`. */
export type Settings<Table extends OptionTable> = {
  readonly [Name in keyof Table]:
    | ValueTypes[Table[Name]['type']]
    | (Table[Name] extends { readonly default: string } | { readonly required: true } ? never : undefined);
};

/** `CAIRN_PUBLIC_ADDRESS` of `public-address`. */
export function environmentName(name: string): string {
  return `CAIRN_${name.toUpperCase().replaceAll('-', '_')}`;
}
