/** `cairn monitor …`: the monitor daemon itself, and how its directory and its file come to be. */
import type { Command } from 'commander';
import { addMonitorInit } from './monitor-init.js';
import { addMonitorJoin } from './monitor-join.js';
import { addMonitorRun } from './monitor-run.js';
import type { CliContext } from './context.js';

export function registerMonitorCommands(program: Command, context: CliContext): void {
  const monitor = program
    .command('monitor')
    .description('Make, join and run monitors: the daemons that hold the cluster map.');
  addMonitorInit(monitor, context);
  addMonitorJoin(monitor, context);
  addMonitorRun(monitor, context);
}
