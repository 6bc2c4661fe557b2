/**
 * The `cairn` command: one file per command group adds its commands to the program made here. A command prints its
 * result on stdout and ends with 0, or fails with one line on stderr that says what is wrong and what to do, and 1.
 */
import { Command, CommanderError } from 'commander';
import { type CairnError, isCairnError } from '../base/errors.js';
import type { CliContext } from './context.js';
import { version } from './version.js';
import { addClusterOptions } from './cluster-command.js';
import { addDev } from './dev.js';
import { registerMonitorCommands } from './monitor-commands.js';
import { registerAuditCommand } from './audit.js';
import { registerAuthCommands } from './auth-commands.js';
import { registerCompletionCommand } from './completion.js';
import { registerConfigCommands } from './config-commands.js';
import { registerCrushCommands } from './crush-commands.js';
import { registerDfCommand } from './df.js';
import { registerFeaturesCommand } from './features.js';
import { registerFsidCommand } from './fsid.js';
import { registerHealthCommands } from './health-commands.js';
import { registerLogCommand } from './log.js';
import { registerMapCommands } from './map-commands.js';
import { registerMonCommands } from './mon-commands.js';
import { registerObjectCommands } from './object-commands.js';
import { registerOsdCommands } from './osd-commands.js';
import { registerPgCommands } from './pg-commands.js';
import { registerPoolCommands } from './pool-commands.js';
import { registerStatusCommand } from './status.js';
import { usageError } from './usage-error.js';
import { registerVersionsCommand } from './versions.js';

/** Runs one command line (without `node` and the script) and returns its exit code. */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
  const program = createProgram(context);
  if (args.length === 0) {
    program.outputHelp();
    return 0;
  }
  try {
    await program.parseAsync(expandShorthand(args), { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has printed its own message, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1;
    if (!isCairnError(error)) throw error;
    context.note(`cairn: ${failureText(error, context)}\n`);
    return 1;
  }
}

/**
 * Who does not know whether a change was made must look before it is made again. A deadline that passed below says what
 * was waited for, and not what to do.
 */
function failureText({ code, message, applied }: CairnError, { interrupted }: CliContext): string {
  const isBare = code === 'DEADLINE_EXCEEDED' && !message.includes(';');
  const late = isBare ? `${message}; see \`cairn mon stat\`, or wait longer with --timeout` : message;
  const what = code === 'CANCELLED' && interrupted.aborted ? 'interrupted' : late;
  return applied === 'maybe' ? `${what}; it may have been done all the same: look before you repeat it` : what;
}

/** Exported for the tests that hold all commands to the same rules. */
export function createProgram(context: CliContext): Command {
  const program = new Command('cairn')
    .description(
      'Runs and operates a Cairn storage cluster.\n\n' +
        'This version has the monitors, which hold the cluster map, and CRUSH. `cairn dev` runs a cluster on this machine; ' +
        'README.md has a five-minute tour.',
    )
    .version(version, '-V, --version', 'print the version')
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => context.print(text),
      writeErr: (text) => context.note(text),
      outputError: (text, write) => write(usageError(text)),
    });
  addClusterOptions(program);
  registerStatusCommand(program, context);
  registerHealthCommands(program, context);
  registerDfCommand(program, context);
  addDev(program, context);
  registerMonitorCommands(program, context);
  registerCrushCommands(program, context);
  registerOsdCommands(program, context);
  registerPoolCommands(program, context);
  registerPgCommands(program, context);
  registerObjectCommands(program, context);
  registerMonCommands(program, context);
  registerConfigCommands(program, context);
  registerAuthCommands(program, context);
  registerMapCommands(program, context);
  registerLogCommand(program, context);
  registerAuditCommand(program, context);
  registerVersionsCommand(program, context);
  registerFeaturesCommand(program, context);
  registerFsidCommand(program, context);
  registerCompletionCommand(program, context);
  return program;
}

/** `ceph -s` and `ceph -w` are in many fingers. Commander's own `help` goes one level deep: `help osd tree` would be that of `osd`. */
function expandShorthand(args: readonly string[]): string[] {
  const [first, ...rest] = args;
  if (first === 'help' && rest.length > 1) return [...rest, '--help'];
  if (first === '-s') return ['status', ...rest];
  if (first === '-w') return ['status', '-w', ...rest];
  return [...args];
}
