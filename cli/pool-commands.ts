/** `cairn pool …`: one file per command, or few of one shape. */
import type { Command } from 'commander';
import type { CliContext } from './context.js';
import { addPoolCreate } from './pool-create.js';
import { addPoolGet, addPoolLs, addPoolStats } from './pool-ls.js';
import { addPoolRename, addPoolRm } from './pool-rm.js';
import { addPoolSet } from './pool-set.js';

export function registerPoolCommands(program: Command, context: CliContext): void {
  const pool = program.command('pool').description('Make pools, look at them and change them.');
  addPoolLs(pool, context);
  addPoolCreate(pool, context);
  addPoolGet(pool, context);
  addPoolSet(pool, context);
  addPoolRename(pool, context);
  addPoolRm(pool, context);
  addPoolStats(pool, context);
}
