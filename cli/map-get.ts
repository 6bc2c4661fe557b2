/** `cairn map get`: the cluster map as a file. */
import type { Command } from 'commander';
import { noteStale, withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { fetchMap } from './fetch-map.js';
import { countOption } from './option-values.js';

export function addMapGet(map: Command, context: CliContext): void {
  map
    .command('get')
    .description('Write the cluster map to a file, in the format that daemons exchange. `cairn map dump` reads it.')
    .requiredOption('-o, --output <file>', 'where to write it, - for stdout')
    .option('--epoch <n>', 'an epoch that the monitors still keep (default: the newest)', countOption, 0)
    .addHelpText('after', '\nExamples:\n  cairn map get -o map.bin\n  cairn map get --epoch 120 -o map-120.bin')
    .action(async (options: { output: string; epoch: number }, command: Command) => {
      const answer = await withCluster(command, context, (client, wait) => fetchMap(client, options.epoch, wait));
      noteStale(context, answer);
      await context.writeFile(options.output, answer.result);
      if (options.output !== '-') {
        context.note(`wrote epoch ${answer.epoch}, ${answer.result.byteLength} bytes, to ${options.output}\n`);
      }
    });
}
