/** `cairn config get`: what options come to, and where that comes from. */
import type { Command } from 'commander';
import { configGet } from '../protocol/commands/config.js';
import { noteStale, withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { printJson } from './print-json.js';
import { formatTable } from './table.js';

export function addConfigGet(config: Command, context: CliContext): void {
  config
    .command('get')
    .description(
      'Show what options come to for a daemon or a section, and which section they come from.\n\n' +
        'With an option only its value is printed on stdout, for scripts.',
    )
    .argument('<who>', 'global, mon, osd, gateway, client, or one daemon such as osd.3')
    .argument('[option]', 'all that it reads, if none is given')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  cairn config get osd.3\n  cairn config get mon mon_osd_down_out_interval\n  cairn config get global --json',
    )
    .action(async (section: string, option: string | undefined, options: { json?: boolean }, command: Command) => {
      const args = { section, ...(option === undefined ? {} : { option }) };
      const answer = await withCluster(command, context, (client, wait) =>
        client.query(configGet, args, { ...wait, mayBeStale: true }),
      );
      noteStale(context, answer);
      const { lines, problems } = answer.result;
      for (const problem of problems) context.note(`cairn: ${problem}\n`);
      const [only] = lines;
      if (options.json === true) {
        printJson(context, { who: section, options: lines, stale: answer.isStale });
      } else if (option !== undefined && only !== undefined) {
        context.note(only.source === 'default' ? 'the default\n' : `set for ${only.source}\n`);
        context.print(`${only.value}\n`);
      } else {
        const rows = lines.map((line) => [line.option, line.value, line.source, line.defaultValue]);
        context.print(
          formatTable([{ title: 'OPTION' }, { title: 'VALUE' }, { title: 'FROM' }, { title: 'DEFAULT' }], rows),
        );
      }
    });
}
