/** `cairn crush decompile`: a map as text, as `crushtool -d` prints it. */
import type { Command } from 'commander';
import { utf8Bytes } from '../base/bytes.js';
import { printCrushText } from '../crush/text-printer.js';
import type { CliContext } from './context.js';
import { readCrushMap } from './crush-map-file.js';

export function addCrushDecompile(crush: Command, context: CliContext): void {
  crush
    .command('decompile')
    .description('Turn a binary map into text. A text map comes out in the standard form, with all ids written out.')
    .argument('<file>', 'binary or text map, - for stdin')
    .option('-o, --output <file>', 'where to write the text; default stdout')
    .addHelpText(
      'after',
      '\nExamples:\n  ceph osd getcrushmap | cairn crush decompile -\n  cairn crush decompile crushmap -o crush.txt',
    )
    .action(async (file: string, options: { output?: string }) => {
      const text = printCrushText(await readCrushMap(context, file));
      if (options.output === undefined) context.print(text);
      else await context.writeFile(options.output, utf8Bytes(text));
    });
}
