/** `cairn crush add-bucket`, `move`, `rename`, `rm` and `reweight`: the hierarchy of the cluster's map. */
import type { Command } from 'commander';
import { crushAddBucket, crushMove, crushRename, crushReweight, crushRm } from '../protocol/commands/crush.js';
import { printReport } from './change-report.js';
import { withCluster } from './cluster-command.js';
import { type YesOptions, addYesOption, saidYes } from './yes-option.js';
import type { CliContext } from './context.js';
import { parseWeight } from './osd-arguments.js';

interface Json {
  readonly json?: boolean;
}

export function addCrushAddBucket(crush: Command, context: CliContext): void {
  const command = crush.command('add-bucket').description('Add an empty bucket to the map of the cluster.');
  command
    .argument('<name>', 'its name')
    .argument('<type>', 'such as host or rack')
    .argument('[location...]', 'where it stands, as TYPE=NAME; without it is a root')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  cairn crush add-bucket r1 rack root=default\n  cairn crush add-bucket archive root',
    )
    .action(async (name: string, type: string, location: string[], options: Json) => {
      await withCluster(command, context, async (client, wait) => {
        printReport(context, await client.change(crushAddBucket, { name, type, location }, wait), options);
      });
    });
}

export function addCrushMove(crush: Command, context: CliContext): void {
  const command = crush.command('move').description('Move a bucket with all in it, or an OSD.');
  command
    .argument('<name>', 'of a bucket, or osd.3')
    .argument('<location...>', 'where it shall stand, as TYPE=NAME')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nBuckets of the location that do not exist are made.\n' +
        '\nExamples:\n  cairn crush move h1 rack=r1\n  cairn crush move osd.3 host=h2 root=default',
    )
    .action(async (name: string, location: string[], options: Json) => {
      await withCluster(command, context, async (client, wait) => {
        printReport(context, await client.change(crushMove, { name, location }, wait), options);
      });
    });
}

export function addCrushRename(crush: Command, context: CliContext): void {
  const command = crush.command('rename').alias('rename-bucket').description('Give a bucket another name.');
  command
    .argument('<name>', 'as it is')
    .argument('<newName>', 'as it shall be')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nNames do not enter the placement: no data moves.\n\nExamples:\n  cairn crush rename h1 alpha',
    )
    .action(async (name: string, newName: string, options: Json) => {
      await withCluster(command, context, async (client, wait) => {
        printReport(context, await client.change(crushRename, { name, newName }, wait), options);
      });
    });
}

export function addCrushRm(crush: Command, context: CliContext): void {
  const command = addYesOption(crush.command('rm').alias('remove'));
  command
    .description('Remove an empty bucket, or the place of an OSD.')
    .argument('<name>', 'of a bucket, or osd.3')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn crush rm r1\n  cairn crush rm osd.3 --yes')
    .action(async (name: string, options: YesOptions & Json) => {
      const args = { name, confirmed: saidYes(options) };
      await withCluster(command, context, async (client, wait) => {
        printReport(context, await client.change(crushRm, args, wait), options);
      });
    });
}

/** Also `cairn osd crush-reweight`. */
export function addCrushReweight(group: Command, context: CliContext, verb = 'reweight'): void {
  const command = group.command(verb).description('Set the CRUSH weight of an OSD, by custom its size in TiB.');
  command
    .argument('<osd>', 'osd.3 or 3')
    .argument('<weight>', 'from 0 to 100')
    .option('--json', 'print JSON')
    .addHelpText('after', `\nExamples:\n  cairn ${group.name()} ${verb} osd.3 1.81940`)
    .action(async (osd: string, weight: string, options: Json) => {
      const name = /^[0-9]+$/.test(osd) ? `osd.${osd}` : osd;
      const args = { name, weight: parseWeight(weight, 100) };
      await withCluster(command, context, async (client, wait) => {
        printReport(context, await client.change(crushReweight, args, wait), options);
      });
    });
}
