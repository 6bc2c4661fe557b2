/** `cairn crush ...`: work on CRUSH maps in files, without a cluster. One file per command. */
import type { Command } from 'commander';
import type { CliContext } from './context.js';
import { addCrushCompile } from './crush-compile.js';
import { addCrushDecompile } from './crush-decompile.js';
import { addCrushDiff } from './crush-diff.js';
import { addCrushTest } from './crush-test.js';
import { addCrushTree } from './crush-tree.js';

export function registerCrushCommands(program: Command, context: CliContext): void {
  const crush = program.command('crush').description('Read, test and compare CRUSH maps, in the formats of Ceph.');
  addCrushCompile(crush, context);
  addCrushDecompile(crush, context);
  addCrushTest(crush, context);
  addCrushTree(crush, context);
  addCrushDiff(crush, context);
}
