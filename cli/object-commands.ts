/** `cairn object …`: one file per command, or few of one shape. The words are those of `rados`. */
import type { Command } from 'commander';
import type { CliContext } from './context.js';
import { addObjectBench } from './object-bench.js';
import { addObjectLocate } from './object-locate.js';
import { addObjectLs } from './object-ls.js';
import { addObjectRm, addObjectStat } from './object-stat.js';
import { addObjectGet, addObjectPut } from './object-transfer.js';

export function registerObjectCommands(program: Command, context: CliContext): void {
  const object = program.command('object').alias('rados');
  object.description('Store, fetch and look at single objects, find where they are, and measure a pool.');
  addObjectPut(object, context);
  addObjectGet(object, context);
  addObjectRm(object, context);
  addObjectLs(object, context);
  addObjectStat(object, context);
  addObjectLocate(object, context);
  addObjectBench(object, context);
}
