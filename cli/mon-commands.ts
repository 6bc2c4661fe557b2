/** `cairn mon ...`: the monitors. One file per command. */
import type { Command } from 'commander';
import type { CliContext } from './context.js';
import { addMonAdd } from './mon-add.js';
import { addMonDump } from './mon-dump.js';
import { addMonRm } from './mon-rm.js';
import { addMonStat } from './mon-stat.js';
import { addMonTransfer } from './mon-transfer.js';

export function registerMonCommands(program: Command, context: CliContext): void {
  const mon = program.command('mon').description('Show, add and remove monitors, and choose which one leads.');
  addMonStat(mon, context);
  addMonDump(mon, context);
  addMonAdd(mon, context);
  addMonRm(mon, context);
  addMonTransfer(mon, context);
}
