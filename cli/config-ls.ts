/** `cairn config ls`: every option there is, with its default, and where it is set. */
import type { Command } from 'commander';
import { configNames, configOptions } from '../cluster/config-options.js';
import { printConfigValue } from '../cluster/config-value.js';
import { noteStale, withCluster } from './cluster-command.js';
import { type ConfigEntry, configEntries } from './config-entries.js';
import type { CliContext } from './context.js';
import { printJson } from './print-json.js';
import { formatTable } from './table.js';

interface Line extends ConfigEntry {
  readonly defaultValue: string;
}

export function addConfigLs(config: Command, context: CliContext): void {
  config
    .command('ls')
    .description(
      'List every option with its default, and with each section that sets it. See `cairn config help OPTION`.',
    )
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn config ls\n  cairn config ls --json')
    .action(async (options: { json?: boolean }, command: Command) => {
      const answer = await withCluster(command, context, configEntries);
      noteStale(context, answer);
      const lines = linesOf(answer.result);
      if (options.json === true) {
        printJson(context, { options: lines, stale: answer.isStale });
        return;
      }
      const rows = lines.map(({ section, option, value, defaultValue }) => [section, option, value, defaultValue]);
      const columns = [{ title: 'SECTION' }, { title: 'OPTION' }, { title: 'VALUE' }, { title: 'DEFAULT' }];
      context.print(formatTable(columns, rows));
    });
}

/** By option; those that nobody sets have the section `-` and their default as the value. */
function linesOf(entries: readonly ConfigEntry[]): Line[] {
  const names = new Set<string>(configNames);
  const known = configNames.flatMap((option) => {
    const defaultValue = printConfigValue(option, configOptions[option].defaultValue);
    const set = entries.filter((entry) => entry.option === option);
    if (set.length === 0) return [{ section: '-', option, value: defaultValue, defaultValue }];
    return set.map(({ section, value }) => ({ section, option, value, defaultValue }));
  });
  // Of a later version.
  const unknown = entries.filter(({ option }) => !names.has(option));
  return [...known, ...unknown.map(({ section, option, value }) => ({ section, option, value, defaultValue: '?' }))];
}
