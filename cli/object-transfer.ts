/** `cairn object put` and `get`: files to objects and back. */
import type { Command } from 'commander';
import { readLargeObject, writeLargeObject } from '../client/large-object.js';
import { BytesProgress } from './bytes-progress.js';
import { bytesText } from './bytes-text.js';
import type { CliContext } from './context.js';
import { addObjectOptions, type ObjectOptions, withPool } from './object-client.js';
import { printJson } from './print-json.js';

export function addObjectPut(object: Command, context: CliContext): void {
  const command = addObjectOptions(object.command('put'));
  command
    .description(
      'Store a file as an object, at most 1 GiB. What the object was before is replaced, with its attributes.',
    )
    .argument('<name>', 'of the object')
    .argument('<file>', 'to read, - for stdin')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nWhile a file of more than 4 MiB is written, the object is smaller than the file.\n' +
        '\nExamples:\n  cairn object put backup.tar backup.tar --pool data\n  tar c /etc | cairn object put etc.tar - --pool data',
    )
    .action(async (name: string, path: string, options: ObjectOptions) => {
      const { bytes: total = 0, chunks } = await context.openInput(path);
      const bytes = await withPool(command, context, options, async ({ pool, transfer }) => {
        const progress = new BytesProgress(context, 'writing');
        const onProgress = (done: number): void => progress.update(done, total);
        const ref = { name, namespace: options.namespace };
        return writeLargeObject(pool, ref, chunks, { ...transfer, onProgress }).finally(() => progress.end());
      });
      if (options.json === true) printJson(context, { name, namespace: options.namespace, bytes });
      else context.note(`wrote ${bytesText(bytes)} to ${name}\n`);
    });
}

export function addObjectGet(object: Command, context: CliContext): void {
  const command = addObjectOptions(object.command('get'));
  command
    .description('Fetch an object into a file, which is replaced as a whole.')
    .argument('<name>', 'of the object')
    .argument('<file>', 'to write, - for stdout')
    .option('--json', 'print JSON when it is done; not with -')
    .addHelpText(
      'after',
      '\nExamples:\n  cairn object get backup.tar /tmp/backup.tar --pool data\n  cairn object get notes - --pool data --namespace home',
    )
    .action(async (name: string, path: string, options: ObjectOptions) => {
      let bytes = 0;
      await withPool(command, context, options, async ({ pool, wait, transfer }) => {
        const ref = { name, namespace: options.namespace };
        const progress = new BytesProgress(context, 'reading');
        const total = path === '-' ? 0 : ((await pool.stat(ref, wait()))?.size ?? 0);
        const onProgress = (done: number): void => {
          bytes = done;
          if (path !== '-') progress.update(done, total);
        };
        const pieces = readLargeObject(pool, ref, { ...transfer, onProgress });
        await context.writeStream(path, pieces).finally(() => progress.end());
      });
      if (path === '-') return;
      if (options.json === true) printJson(context, { name, namespace: options.namespace, bytes, file: path });
      else context.note(`wrote ${bytesText(bytes)} to ${path}\n`);
    });
}
