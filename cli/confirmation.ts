/** `--yes` of the commands that destroy something or move much data; without it the monitors say what would happen. */
import { type Command, Option } from 'commander';

export interface Confirmation {
  readonly yes?: boolean;
  readonly yesIReallyMeanIt?: boolean;
}

export function addConfirmation(command: Command): Command {
  return command
    .option('--yes', 'do it; without this, only say what it would do')
    .addOption(new Option('--yes-i-really-mean-it', 'as in Ceph').hideHelp());
}

export function isConfirmed(options: Confirmation): boolean {
  return options.yes === true || options.yesIReallyMeanIt === true;
}
