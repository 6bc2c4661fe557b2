/** `cairn crush ...`: the map of the cluster, and maps in files, without a cluster. One file per command, or few. */
import type { Command } from 'commander';
import type { CliContext } from './context.js';
import { addCrushClass, addCrushRmDeviceClass, addCrushSetDeviceClass } from './crush-class.js';
import { addCrushDump, addCrushGet, addCrushSet, addCrushShow } from './crush-cluster-map.js';
import { addCrushCompile } from './crush-compile.js';
import { addCrushDecompile } from './crush-decompile.js';
import { addCrushDiff } from './crush-diff.js';
import { addCrushAddBucket, addCrushMove, addCrushRename, addCrushReweight, addCrushRm } from './crush-edit.js';
import { addCrushAdd, addCrushCreateOrMove } from './crush-place.js';
import { addCrushRule } from './crush-rule.js';
import { addCrushTest } from './crush-test.js';
import { addCrushTree } from './crush-tree.js';

export function registerCrushCommands(program: Command, context: CliContext): void {
  const crush = program
    .command('crush')
    .description('Change where data is placed, and read, test and compare CRUSH maps in the formats of Ceph.');
  crush.commandsGroup('Maps in files:');
  addCrushCompile(crush, context);
  addCrushDecompile(crush, context);
  addCrushTest(crush, context);
  addCrushTree(crush, context);
  addCrushDiff(crush, context);
  crush.commandsGroup('The map of the cluster:');
  addCrushShow(crush, context);
  addCrushDump(crush, context);
  addCrushGet(crush, context);
  addCrushSet(crush, context);
  addCrushAddBucket(crush, context);
  addCrushAdd(crush, context);
  addCrushCreateOrMove(crush, context);
  addCrushMove(crush, context);
  addCrushRename(crush, context);
  addCrushRm(crush, context);
  addCrushReweight(crush, context);
  addCrushClass(crush, context);
  addCrushSetDeviceClass(crush, context);
  addCrushRmDeviceClass(crush, context);
  addCrushRule(crush, context);
}
