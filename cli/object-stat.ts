/** `cairn object stat` and `rm`. */
import type { Command } from 'commander';
import { CairnError, isCairnError } from '../base/errors.js';
import { printPgId } from '../cluster/ids.js';
import { objectHash, pgOfHash } from '../cluster/object-placement.js';
import type { ReadResult } from '../protocol/osd-methods.js';
import { bytesText } from './bytes-text.js';
import type { CliContext } from './context.js';
import { printable } from './log-line.js';
import { addObjectOptions, type ObjectOptions, withPool } from './object-client.js';
import { printJson } from './print-json.js';

export function addObjectStat(object: Command, context: CliContext): void {
  const command = addObjectOptions(object.command('stat'));
  command
    .description('Show the size, the version and the attributes of an object.')
    .argument('<name>', 'of the object')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn object stat backup.tar --pool data')
    .action(async (name: string, options: ObjectOptions) => {
      const { namespace } = options;
      await withPool(command, context, options, async ({ client, pool, wait }) => {
        const reads = [{ kind: 'stat' }, { kind: 'attributes' }] as const;
        const guards = [{ kind: 'exists' } as const];
        const { results } = await pool
          .operate({ name, namespace }, { guards, reads }, wait())
          .catch((error: unknown) => rethrowAsAbsent(error, name, pool.name));
        const hash = objectHash(pool.id, { name, namespace, locator: '' });
        const pgNum = client.map.pools.get(pool.id)?.pgNum ?? 1;
        const pg = printPgId({ pool: pool.id, pg: pgOfHash(hash, pgNum) });
        const { size, term, seq, attributes } = factsOf(results);
        if (options.json === true) {
          printJson(context, { pool: pool.name, namespace, name, size, version: { term, seq }, pg, attributes });
          return;
        }
        const names = attributes.length === 0 ? 'none' : attributes.map(printable).join(', ');
        context.print(
          `${printable(name)} in pool ${pool.name}: ${size} bytes (${bytesText(size)}), version ${term}.${seq}, pg ${pg}\n` +
            `attributes: ${names}\n`,
        );
      });
    });
}

/** It names what it destroys, word by word, as rm(1) does: there is no flag for what was just written out. */
export function addObjectRm(object: Command, context: CliContext): void {
  const command = addObjectOptions(object.command('rm'));
  command
    .description('Remove objects, with their attributes and omaps.')
    .argument('<names...>', 'of the objects')
    .option('-f, --force', 'say nothing of those that are not there')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  cairn object rm backup.tar --pool data\n  cairn object rm a b c -f --pool data',
    )
    .action(async (names: string[], options: ObjectOptions & { readonly force?: boolean }) => {
      const { namespace, force = false } = options;
      await withPool(command, context, options, async ({ pool, wait }) => {
        const guards = force ? [] : [{ kind: 'exists' } as const];
        for (const name of names) {
          await pool
            .remove({ name, namespace }, { ...wait(), guards })
            .catch((error: unknown) => rethrowAsAbsent(error, name, pool.name));
        }
        if (options.json === true) printJson(context, { pool: pool.name, namespace, removed: names });
        else context.note(`removed ${names.length} object${names.length === 1 ? '' : 's'} of pool ${pool.name}\n`);
      });
    });
}

function rethrowAsAbsent(error: unknown, name: string, pool: string): never {
  if (!isCairnError(error) || error.details['refusal'] !== 'guard') throw error;
  const sentence = `there is no object "${printable(name)}" in pool ${pool}; see \`cairn object ls --pool ${pool}\``;
  throw new CairnError('NOT_FOUND', sentence, { applied: error.applied, cause: error });
}

function factsOf([first, second]: readonly ReadResult[]) {
  if (first?.kind !== 'stat' || first.stat === undefined || second?.kind !== 'attributes') {
    throw new CairnError('PROTOCOL_ERROR', 'the OSD answered what was not asked');
  }
  const { size, version } = first.stat;
  return { size, ...version, attributes: second.attributes.map(([name]) => name) };
}
