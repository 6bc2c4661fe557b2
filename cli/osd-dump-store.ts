/** `cairn osd dump-store`: what stands in a store, for whoever has to find out what went wrong. */
import type { Command } from 'commander';
import { CairnError } from '../base/errors.js';
import { poolId } from '../cluster/ids.js';
import { objectId } from '../osd/store/object-id.js';
import { dump, type DumpRequest } from '../osd/store/tools/dump/dump.js';
import type { Plain } from '../osd/store/tools/dump/plain.js';
import type { CliContext } from './context.js';
import { printable } from './log-line.js';
import { countOption } from './option-values.js';
import { parsePg } from './osd-arguments.js';
import { storeDirectory } from './osd-store-directory.js';
import { ChunkedPrinter } from './printer.js';

interface DumpCommandOptions {
  readonly segments?: boolean;
  readonly segment?: number;
  readonly pgs?: boolean;
  readonly parked?: boolean;
  readonly pgLog?: string;
  readonly object?: string;
  readonly pool?: number;
  readonly namespace: string;
  readonly locator: string;
  readonly json?: boolean;
}

export function addOsdDumpStore(osd: Command, context: CliContext): void {
  osd
    .command('dump-store')
    .description(
      "Show what stands in the store in an OSD's data directory, named by --dir, while the OSD does not run: superblock, " +
        'checkpoint and end of the log, or what an option names.',
    )
    .option('--segments', 'the table of segments in use')
    .option('--segment <n>', 'the batches of a segment, with their records', countOption)
    .option('--pgs', 'the PGs, with counts and log blocks')
    .option(
      '--parked',
      'writes that failovers of async pools cut off; the object of each is in the pool that --pgs shows',
    )
    .option('--pg-log <pg>', 'the log of a PG: POOL.PG with the PG in hex')
    .option('--object <name>', 'head, extents, omap and marks of an object; its --pool is needed')
    .option('--pool <n>', 'the number of its pool', countOption)
    .option('--namespace <name>', 'its namespace', '')
    .option('--locator <key>', 'its locator', '')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nBytes are printed in hex. (cairn osd dump shows what the cluster map says of OSDs.)\n' +
        '\nExamples:\n  cairn osd dump-store --dir /var/lib/cairn/osd.3\n  cairn osd dump-store --dir /var/lib/cairn/osd.3 --segment 17 --json\n  cairn osd dump-store --dir /var/lib/cairn/osd.3 --pool 3 --object rbd_data.1 --json',
    )
    .action(async (options: DumpCommandOptions, command: Command) => {
      const request = requestOf(options);
      const facts = dump(context.runtime('cli'), storeDirectory(command, context), request);
      const printer = new ChunkedPrinter(context);
      const isList = request.kind !== 'store';
      let count = 0;
      if (options.json === true && isList) printer.print('[');
      for await (const fact of facts) {
        if (options.json !== true) printer.print(textOf(fact));
        else if (isList) printer.print(`${count === 0 ? '\n' : ',\n'}${JSON.stringify(fact)}`);
        else printer.print(`${JSON.stringify(fact, undefined, 2)}\n`);
        count += 1;
      }
      if (options.json === true && isList) printer.print('\n]\n');
      printer.flush();
    });
}

function requestOf(options: DumpCommandOptions): DumpRequest {
  const { segments, segment, pgs, parked, pgLog, object, pool, namespace, locator } = options;
  const requests: DumpRequest[] = [];
  if (segments === true) requests.push({ kind: 'segments' });
  if (segment !== undefined) requests.push({ kind: 'segment', segment });
  if (pgs === true) requests.push({ kind: 'pgs' });
  if (parked === true) requests.push({ kind: 'parked' });
  if (pgLog !== undefined) requests.push({ kind: 'log', pg: parsePg(pgLog) });
  if (object !== undefined) {
    if (pool === undefined || pool < 1)
      throw new CairnError('INVALID_ARGUMENT', 'name the pool of the object with --pool N');
    requests.push({ kind: 'object', object: objectId(poolId(pool), { namespace, locator, name: object }) });
  }
  const [first = { kind: 'store' as const }, second] = requests;
  if (second === undefined) return first;
  throw new CairnError(
    'INVALID_ARGUMENT',
    'one thing at a time: give only one of --segments, --segment, --pgs, --parked, --pg-log, --object',
  );
}

/** A line for each fact: names and values; what is within others in JSON. Superblock and the like: a line for each field. */
function textOf(fact: Plain): string {
  if (fact === null || typeof fact !== 'object' || Array.isArray(fact)) return `${printable(JSON.stringify(fact))}\n`;
  const words = Object.entries(fact).map(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return `${name}: ${printable(text)}`;
  });
  return `${words.join(isOfStore(fact) ? '\n' : '  ')}\n`;
}

function isOfStore(fact: object): boolean {
  return 'superblock' in fact;
}
