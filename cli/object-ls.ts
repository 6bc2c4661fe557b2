/** `cairn object ls`: as they are stored, page by page, so that a million of them take no memory. */
import type { Command } from 'commander';
import type { ListedObject } from '../protocol/osd-methods.js';
import type { CliContext } from './context.js';
import { printable } from './log-line.js';
import { addObjectOptions, type ObjectOptions, withPool } from './object-client.js';
import { ChunkedPrinter } from './printer.js';

export function addObjectLs(object: Command, context: CliContext): void {
  const command = addObjectOptions(object.command('ls'));
  command
    .description('List the objects of a pool, in the order of their placement.')
    .option('-a, --all', 'of all namespaces: NAMESPACE, a tab, NAME')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn object ls --pool data\n  cairn object ls --all --pool data --json')
    .action(async (options: ObjectOptions & { readonly all?: boolean }) => {
      const { namespace, all = false, json = false } = options;
      const printer = new ChunkedPrinter(context);
      await withPool(command, context, options, async ({ pool, wait }) => {
        let count = 0;
        let missing = 0;
        for await (const one of pool.list({ waitForPage: wait })) {
          if (!all && one.namespace !== namespace) continue;
          printer.print(json ? `${count === 0 ? '[' : ','}\n  ${JSON.stringify(named(one))}` : line(one, all));
          count += 1;
          if (one.isMissing === true) missing += 1;
        }
        if (json) printer.print(count === 0 ? '[]\n' : '\n]\n');
        if (missing > 0) context.note(missingNote(missing));
      }).finally(() => printer.flush());
    });
}

function named({ namespace, locator, name, isMissing }: ListedObject) {
  return { namespace, ...(locator === '' ? {} : { locator }), name, ...(isMissing === true ? { missing: true } : {}) };
}

/** Names go to whoever reads them by line: what is wrong with some is said beside. */
function missingNote(count: number): string {
  const who =
    count === 1 ? 'one of them has no good copy at its primary' : `${count} of them have no good copy at their primary`;
  return `cairn: ${who} (--json tells which): a read mends it from another, or says that it is lost; see \`cairn pg scrub-report\`\n`;
}

function line({ namespace, name }: ListedObject, all: boolean): string {
  return all ? `${printable(namespace)}\t${printable(name)}\n` : `${printable(name)}\n`;
}
