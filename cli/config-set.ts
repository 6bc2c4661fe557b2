/** `cairn config set`: a setting of all daemons, of one kind, or of one. */
import type { Command } from 'commander';
import { type ConfigChanged, configSet } from '../protocol/commands/config.js';
import { withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { printJson } from './print-json.js';

export function addConfigSet(config: Command, context: CliContext): void {
  config
    .command('set')
    .description('Set an option for all (global), for one kind of daemon (osd), or for one (osd.3); that wins.')
    .argument('<who>', 'global, mon, osd, gateway, client, or one daemon')
    .argument('<option>', 'see `cairn config ls`')
    .argument('<value>', 'see `cairn config help OPTION`')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  cairn config set global log_level debug\n' +
        '  cairn config set mon mon_osd_down_out_interval 20m\n  cairn config set osd.3 osd_heartbeat_grace 8s --json',
    )
    .action(async (section: string, option: string, value: string, options: { json?: boolean }, command: Command) => {
      const changed = await withCluster(command, context, (client, wait) =>
        client.change(configSet, { section, option, value }, wait),
      );
      if (options.json === true) printJson(context, changed);
      else context.note(sentence(changed, value));
    });
}

function sentence({ section, option, isChanged, overriddenBy }: ConfigChanged, value: string): string {
  const lines = [`${section}/${option} is ${isChanged ? 'now' : 'already'} ${value}`];
  for (const other of overriddenBy) lines.push(`${other.section} keeps its own, ${other.value}`);
  return lines.map((line) => `${line}\n`).join('');
}
