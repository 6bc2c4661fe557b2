/** `cairn osd upmap` and `rm-upmap`: exceptions from what CRUSH chooses for single PGs. */
import type { Command } from 'commander';
import { CairnError } from '../base/errors.js';
import type { UpmapItem } from '../cluster/upmap.js';
import { osdRmUpmap, osdUpmap } from '../protocol/commands/osd.js';
import { printReport } from './change-report.js';
import { withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { parseOsd, parsePg } from './osd-arguments.js';

export function addOsdUpmap(osd: Command, context: CliContext): void {
  const command = osd.command('upmap').alias('pg-upmap-items');
  command
    .description('Place a PG elsewhere than CRUSH chooses: in each pair the second OSD takes the place of the first.')
    .argument('<pg>', 'such as 1.2f')
    .argument('<osds...>', 'pairs: FROM TO [FROM TO...]')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn osd upmap 1.2f 3 7\n  cairn osd upmap 1.2f osd.3 osd.7 osd.4 osd.8')
    .action(async (pg: string, words: string[], options: { json?: boolean }) => {
      const args = { pg: parsePg(pg), items: parsePairs(words) };
      await withCluster(command, context, async (client, wait) => {
        printReport(context, await client.change(osdUpmap, args, wait), options);
      });
    });
}

export function addOsdRmUpmap(osd: Command, context: CliContext): void {
  const command = osd.command('rm-upmap').alias('rm-pg-upmap-items');
  command
    .description('Place a PG as CRUSH chooses again.')
    .argument('<pg>', 'such as 1.2f')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn osd rm-upmap 1.2f')
    .action(async (pg: string, options: { json?: boolean }) => {
      const args = { pg: parsePg(pg) };
      await withCluster(command, context, async (client, wait) => {
        printReport(context, await client.change(osdRmUpmap, args, wait), options);
      });
    });
}

function parsePairs(words: readonly string[]): UpmapItem[] {
  const items: UpmapItem[] = [];
  for (let index = 0; index < words.length; index += 2) {
    const [from, to] = words.slice(index, index + 2);
    if (from === undefined || to === undefined) {
      throw new CairnError('INVALID_ARGUMENT', `osd ${words.at(-1)} has no partner; write pairs, FROM TO`);
    }
    items.push({ from: parseOsd(from), to: parseOsd(to) });
  }
  return items;
}
