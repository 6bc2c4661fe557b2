/** `cairn crush add` and `create-or-move`: a place in the hierarchy for an OSD that has none. */
import type { Command } from 'commander';
import { crushAdd, crushCreateOrMove } from '../protocol/commands/crush.js';
import { printReport } from './change-report.js';
import { withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { parseOsd, parseWeight } from './osd-arguments.js';

interface PlaceWords {
  readonly verb: string;
  readonly description: string;
  readonly example: string;
}

export function addCrushAdd(crush: Command, context: CliContext): void {
  addPlacing(crush, context, crushAdd, {
    verb: 'add',
    description:
      'Put an OSD that is in the map and not in CRUSH back there.\n\n' +
      'One that starts gets its place by itself. One that has a place is left there: `move` and `reweight` change it.',
    example: 'osd.3 1.81940 host=h2 rack=r1 root=default',
  });
}

export function addCrushCreateOrMove(crush: Command, context: CliContext): void {
  addPlacing(crush, context, crushCreateOrMove, {
    verb: 'create-or-move',
    description:
      'Have an OSD stand there: it is added with this weight if it stands nowhere, else moved with the weight that it has.',
    example: '3 1.81940 host=h2 root=default',
  });
}

function addPlacing(
  crush: Command,
  context: CliContext,
  change: typeof crushAdd,
  { verb, description, example }: PlaceWords,
): void {
  const command = crush.command(verb).description(description);
  command
    .argument('<osd>', 'osd.3 or 3')
    .argument('<weight>', 'from 0 to 100, by custom its size in TiB')
    .argument('<location...>', 'where it shall stand, as TYPE=NAME')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `\nBuckets of the location that do not exist are made.\n\nExamples:\n  cairn crush ${verb} ${example}`,
    )
    .action(async (osd: string, weight: string, location: string[], options: { readonly json?: boolean }) => {
      const args = { osd: parseOsd(osd), weight: parseWeight(weight, 100), location };
      await withCluster(command, context, async (client, wait) => {
        printReport(context, await client.change(change, args, wait), options);
      });
    });
}
