/** Settings of daemons as options of their commands: flags over `CAIRN_*` over the file (DESIGN.md section 8). */
import { parseDocument, LineCounter } from 'yaml';
import type { Command } from 'commander';
import { CairnError } from '../base/errors.js';
import { describeOptions } from '../runtime/config/describe.js';
import { loadSettings, type LoadedSettings } from '../runtime/config/load.js';
import type { OptionTable } from '../runtime/config/option.js';
import { readSettingsFile } from '../runtime/config/settings-file.js';
import { yamlSettings } from '../runtime/config/yaml-settings.js';
import type { Disk } from '../runtime/disk.js';

export function addSettingOptions(command: Command, table: OptionTable): void {
  for (const { name, flag, description, default: fallback } of describeOptions(table)) {
    // Those of the whole program may stand anywhere: a second one of that name would be shadowed.
    if (isOfProgram(command, `--${name}`)) continue;
    const note = fallback === undefined ? '' : ` (default: ${fallback})`;
    command.option(flag.replace(/ (\S+)$/, ' <$1>'), `${description.replace(/\.$/, '')}${note}`);
  }
}

function isOfProgram({ parent }: Command, flag: string): boolean {
  if (parent === null) return false;
  return parent.options.some(({ long }) => long === flag) || isOfProgram(parent, flag);
}

export interface SettingSources {
  readonly conf: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Errors: those of the file and of `loadSettings`. */
export async function settingsOf<Table extends OptionTable>(
  disk: Disk,
  command: Command,
  table: Table,
  { conf, env }: SettingSources,
): Promise<LoadedSettings<Table>> {
  const path = conf ?? env['CAIRN_CONF'];
  const file =
    path === undefined ? undefined : await readSettingsFile(disk, path, yamlSettings({ parseDocument, LineCounter }));
  const given = command.optsWithGlobals<Record<string, unknown>>();
  const flags: Record<string, string> = {};
  for (const name of Object.keys(table)) {
    const value = given[camelCase(name)];
    if (typeof value === 'string') flags[name] = value;
  }
  if (file === undefined && Object.keys(flags).length === 0) {
    throw new CairnError(
      'INVALID_ARGUMENT',
      'name the settings file with --conf FILE; add --help for what goes into it',
    );
  }
  // What the command line itself takes from the environment is no setting of a daemon.
  const { CAIRN_CONF: _conf, CAIRN_DIR: _dir, ...environment } = env;
  return loadSettings(table, { file, environment, flags });
}

/** As commander names the option `--admin-address`. */
function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}
