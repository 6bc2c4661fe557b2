/** `cairn map ...`: the cluster map as a whole. One file per command. */
import type { Command } from 'commander';
import type { CliContext } from './context.js';
import { addMapDump } from './map-dump.js';
import { addMapGet } from './map-get.js';

export function registerMapCommands(program: Command, context: CliContext): void {
  const map = program.command('map').description('Get the cluster map as a whole, to keep or to read.');
  addMapGet(map, context);
  addMapDump(map, context);
}
