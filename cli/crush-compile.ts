/** `cairn crush compile`: a text map to Ceph's binary one. */
import type { Command } from 'commander';
import { encodeCrushBinary } from '../crush/binary-codec.js';
import type { CliContext } from './context.js';
import { readCrushText } from './crush-map-file.js';

export function addCrushCompile(crush: Command, context: CliContext): void {
  crush
    .command('compile')
    .description('Turn a text map into the binary one that Ceph takes. Without -o the text is only checked.')
    .argument('<file>', 'text map, - for stdin')
    .option('-o, --output <file>', 'where to write the binary map, - for stdout')
    .addHelpText('after', '\nExamples:\n  cairn crush compile crush.txt -o crushmap\n  cairn crush compile crush.txt')
    .action(async (file: string, options: { output?: string }) => {
      const map = await readCrushText(context, file);
      const bytes = encodeCrushBinary(map);
      if (options.output !== undefined) {
        await context.writeFile(options.output, bytes);
        return;
      }
      // As crushtool does: a map that nobody asked to write is none the less checked.
      const counts = `${map.devices.size} devices, ${map.buckets.size} buckets, ${map.rules.size} rules`;
      context.note(`${file} compiles (${counts}); use -o FILE to write the binary map\n`);
    });
}
