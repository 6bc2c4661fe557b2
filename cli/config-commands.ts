/** `cairn config ...`: settings of the whole cluster. One file per command. */
import type { Command } from 'commander';
import { addConfigDump } from './config-dump.js';
import { addConfigGet } from './config-get.js';
import { addConfigHelp } from './config-help.js';
import { addConfigLs } from './config-ls.js';
import { addConfigRm } from './config-rm.js';
import { addConfigSet } from './config-set.js';
import type { CliContext } from './context.js';

export function registerConfigCommands(program: Command, context: CliContext): void {
  const config = program
    .command('config')
    .description('Show and change the settings that all daemons take from the cluster map.')
    // `help` is about options here, as in Ceph; --help is about commands.
    .helpCommand(false);
  addConfigSet(config, context);
  addConfigGet(config, context);
  addConfigLs(config, context);
  addConfigRm(config, context);
  addConfigHelp(config, context);
  addConfigDump(config, context);
}
