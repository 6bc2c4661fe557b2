/**
 * For commands that work on an OSD's data directory while no process has it open. There `--dir` names that directory, not
 * a cluster: nothing is asked of the monitors.
 */
import type { Command } from 'commander';
import { CairnError } from '../base/errors.js';
import type { CliContext } from './context.js';

/** Absolute. `INVALID_ARGUMENT` without `--dir`: the environment's cluster is none of an OSD's directories. */
export function storeDirectory(command: Command, context: CliContext): string {
  const { dir } = command.optsWithGlobals<{ dir?: string }>();
  if (dir !== undefined) return context.absolute(dir);
  throw new CairnError('INVALID_ARGUMENT', "name the OSD's data directory with --dir DIR, as /var/lib/cairn/osd.3");
}
