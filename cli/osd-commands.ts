/** `cairn osd …`: one file per command, or per few of one shape. */
import type { Command } from 'commander';
import type { CliContext } from './context.js';
import { addCrushReweight } from './crush-edit.js';
import { addOsdChecks } from './osd-checks.js';
import { addOsdDestroy } from './osd-destroy.js';
import { addOsdDf } from './osd-df.js';
import { addOsdDrain } from './osd-drain.js';
import { addOsdFsck } from './osd-fsck.js';
import { addOsdExportPg, addOsdImportPg } from './osd-pg-file.js';
import { addOsdMkfs } from './osd-mkfs.js';
import { addOsdDumpStore } from './osd-dump-store.js';
import { addOsdFlags } from './osd-flags.js';
import { addOsdDump, addOsdFind, addOsdLs, addOsdStat } from './osd-queries.js';
import { addOsdNew } from './osd-new.js';
import { addOsdRun } from './osd-run.js';
import { addOsdReweight } from './osd-reweight.js';
import { addOsdState } from './osd-state.js';
import { addOsdTree } from './osd-tree.js';
import { addOsdRmUpmap, addOsdUpmap } from './osd-upmap.js';

export function registerOsdCommands(program: Command, context: CliContext): void {
  const osd = program.command('osd').description('Look at OSDs and change what the cluster does with them.');
  addOsdTree(osd, context);
  addOsdDf(osd, context);
  addOsdLs(osd, context);
  addOsdStat(osd, context);
  addOsdFind(osd, context);
  addOsdDump(osd, context);
  addOsdState(osd, context);
  addOsdDrain(osd, context);
  addOsdChecks(osd, context);
  addOsdReweight(osd, context);
  addCrushReweight(osd, context, 'crush-reweight');
  addOsdFlags(osd, context);
  addOsdUpmap(osd, context);
  addOsdRmUpmap(osd, context);
  addOsdDestroy(osd, context);
  addOsdNew(osd, context);
  addOsdMkfs(osd, context);
  addOsdRun(osd, context);
  addOsdFsck(osd, context);
  addOsdDumpStore(osd, context);
  addOsdExportPg(osd, context);
  addOsdImportPg(osd, context);
}
