import { type Command, Option } from 'commander';

export interface YesOptions {
  readonly yes?: boolean;
  readonly yesIReallyMeanIt?: boolean;
}

/** For what cannot be undone: without it the monitors say what would happen, and refuse. Ceph's spelling works too. */
export function addYesOption(command: Command): Command {
  return command
    .option(
      '--yes',
      'do it even if it cannot be undone or stops something: without this the command then only says what would happen',
    )
    .addOption(new Option('--yes-i-really-mean-it').hideHelp());
}

export function saidYes({ yes, yesIReallyMeanIt }: YesOptions): boolean {
  return yes === true || yesIReallyMeanIt === true;
}
