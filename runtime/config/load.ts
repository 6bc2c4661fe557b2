/** Settings from a file, overridden by the environment, overridden by flags (DESIGN.md §8). Pure: its inputs are given. */
import { CairnError } from '../../base/errors.js';
import { invariant } from '../../base/invariant.js';
import { nearest } from '../../base/nearest.js';
import { environmentName, type Option, type OptionTable, type OptionValue, type Settings } from './option.js';
import { parseOptionValue, type WrittenValue } from './option-value.js';
import { pathBeside } from './path-beside.js';
import type { FileEntry, SettingsFile } from './settings-file.js';

export interface SettingsSources {
  readonly file?: SettingsFile | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** By name, as given on the command line, without the dashes in front. */
  readonly flags: Readonly<Record<string, string | undefined>>;
}

export interface LoadedSettings<Table extends OptionTable> {
  readonly settings: Settings<Table>;
  /** Where each value came from, by name: `cairn.yaml line 3: memory-target`, `CAIRN_MEMORY_TARGET`, `--memory-target`, `default`. */
  readonly origins: Readonly<Record<string, string>>;
  /** Sentences about what was probably not meant, to be logged. */
  readonly warnings: readonly string[];
}

interface Found {
  readonly written: WrittenValue;
  readonly where: string;
  /** The settings file that it comes from: a path in it is meant from there. */
  readonly file?: string;
}

/** Throws `INVALID_ARGUMENT` that names the place, the value, what is allowed, and the nearest known name. */
export function loadSettings<Table extends OptionTable>(table: Table, sources: SettingsSources): LoadedSettings<Table> {
  checkTable(table);
  const found = new Map<string, Found>();
  if (sources.file !== undefined) addFile(found, table, sources.file);
  const warnings = addEnvironment(found, table, sources.environment);
  addFlags(found, table, sources.flags);
  const values: Record<string, OptionValue | undefined> = {};
  const origins: Record<string, string> = {};
  for (const [name, option] of Object.entries(table)) {
    const given = found.get(name) ?? defaultOf(name, option);
    if (given === undefined) continue;
    const value = parseOptionValue(option, given.written, given.where);
    const isBeside = option.type === 'path' && given.file !== undefined && typeof value === 'string';
    values[name] = isBeside ? pathBeside(given.file, value) : value;
    origins[name] = given.where;
  }
  // Each value was parsed by the option of its name, and those required were there: what `Settings` says.
  return { settings: values as Settings<Table>, origins, warnings };
}

function addFile(found: Map<string, Found>, table: OptionTable, file: SettingsFile): void {
  for (const { key, shown, line, value } of file.entries.flatMap((entry) => inGroups(table, entry))) {
    const place = `${file.path} line ${line}`;
    if (!Object.hasOwn(table, key)) throw unknown(`${place}: there is no setting "${shown}"`, key, table, '');
    if (value === undefined) {
      throw new CairnError('INVALID_ARGUMENT', `${place}: ${shown} is neither a value nor a list of values; write one`);
    }
    // The parser refuses double keys; if one does not, the reader of the file must not guess which counts.
    if (found.has(key)) throw new CairnError('INVALID_ARGUMENT', `${place}: ${shown} is set twice; remove one`);
    found.set(key, { written: value, where: `${place}: ${shown}`, file: file.path });
  }
}

/** `ca` below `tls` is `tls-ca`, when the table has a setting whose name begins so. */
function inGroups(table: OptionTable, entry: FileEntry): (FileEntry & { readonly shown: string })[] {
  const { key, nested } = entry;
  const isGroup = !Object.hasOwn(table, key) && Object.keys(table).some((name) => name.startsWith(`${key}-`));
  if (nested === undefined || !isGroup) return [{ ...entry, shown: key }];
  return nested.map((one) => {
    const { line, value } = one;
    return { key: `${key}-${one.key}`, shown: `${key}.${one.key}`, line, value };
  });
}

/**
 * Unknown variables are no error: the prefix is not ours alone (Kubernetes adds `CAIRN_MON_SERVICE_HOST` and the like for a
 * service named `cairn-mon`). A probable misspelling is a warning.
 */
function addEnvironment(
  found: Map<string, Found>,
  table: OptionTable,
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  const known = new Map(Object.keys(table).map((name) => [environmentName(name), name]));
  const warnings: string[] = [];
  for (const variable of Object.keys(environment).sort()) {
    const written = environment[variable];
    if (written === undefined || !variable.startsWith('CAIRN_')) continue;
    const name = known.get(variable);
    if (name !== undefined) {
      found.set(name, { written, where: variable });
      continue;
    }
    const meant = nearest(variable, [...known.keys()]);
    if (meant !== undefined) warnings.push(`${variable} is not used by this daemon; did you mean ${meant}?`);
  }
  return warnings;
}

function addFlags(
  found: Map<string, Found>,
  table: OptionTable,
  flags: Readonly<Record<string, string | undefined>>,
): void {
  for (const [name, written] of Object.entries(flags)) {
    if (written === undefined) continue;
    if (!Object.hasOwn(table, name)) throw unknown(`there is no option --${name}`, name, table, '--');
    found.set(name, { written, where: `--${name}` });
  }
}

function defaultOf(name: string, option: Option): Found | undefined {
  if (option.default !== undefined) return { written: option.default, where: 'default' };
  if (option.required !== true) return undefined;
  const places = `in the settings file, as ${environmentName(name)}, or as --${name}`;
  throw new CairnError('INVALID_ARGUMENT', `${name} is not set; set it ${places}`);
}

function unknown(sentence: string, name: string, table: OptionTable, prefix: string): CairnError {
  const meant = nearest(name, Object.keys(table));
  const hint = meant === undefined ? 'see --help for those there are' : `did you mean ${prefix}${meant}?`;
  return new CairnError('INVALID_ARGUMENT', `${sentence}; ${hint}`);
}

/** The table itself is code: its mistakes are bugs, found by whichever test loads it. */
function checkTable(table: OptionTable): void {
  for (const [name, option] of Object.entries(table)) {
    invariant(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name), 'a setting is named in kebab-case', { name });
    invariant(option.default === undefined || option.required === undefined, 'what has a default is not required', {
      name,
    });
    if (option.default !== undefined) parseOptionValue(option, option.default, `the default of ${name}`);
  }
}
