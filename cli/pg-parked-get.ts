/** `cairn pg parked get`: one object as the writes left it that a failover cut off. */
import type { Command } from 'commander';
import { hexText } from '../base/bytes.js';
import { CairnError } from '../base/errors.js';
import type { CairnClient, ReadParked } from '../client/client.js';
import { parkedReadBytesMax, type ParkedReadRequest } from '../protocol/parked.js';
import type { WaitOptions } from '../runtime/clock.js';
import { bytesText } from './bytes-text.js';
import type { CliContext } from './context.js';
import { withClient } from './object-client.js';
import { parseOsd, parsePg } from './osd-arguments.js';
import {
  checkPg,
  findParked,
  nameOf,
  noteSilent,
  notParked,
  type ParkedCopy,
  parkedJson,
  parseVersion,
  versionOf,
} from './parked-copies.js';
import { printJson } from './print-json.js';

interface Options {
  readonly osd?: string;
  readonly json?: boolean;
}

export function addPgParkedGet(parked: Command, context: CliContext): void {
  const command = parked.command('get');
  command
    .description(
      'Show an object that is parked: what is known of it, its attributes and keys; its data go into a file.',
    )
    .argument('<pg>', 'such as 1.2f')
    .argument('<version>', 'of the object, as `cairn pg parked ls` shows it')
    .argument('[file]', 'to write its data to, - for stdout')
    .option('--osd <osd>', 'as this OSD keeps it; default: the first that has it, as a whole if one has')
    .option('--json', 'print JSON; not with -')
    .addHelpText(
      'after',
      '\nOf its keys those are kept that the cut writes set. To take it over, store the file: `cairn object put`.\n' +
        '\nExamples:\n  cairn pg parked get 1.2f 12.345\n  cairn pg parked get 1.2f 12.345 /tmp/orders.csv\n  cairn pg parked get 1.2f 12.345 --osd 3 --json',
    )
    .action(async (name: string, text: string, file: string | undefined, options: Options) => {
      const pg = parsePg(name);
      const version = parseVersion(text);
      const osd = options.osd === undefined ? undefined : parseOsd(options.osd);
      await withClient(command, context, async (client, wait) => {
        await checkPg(client, pg, wait);
        const found = await findParked(client, { pools: [pg.pool], pg: pg.pg, osd }, wait);
        noteSilent(context, found);
        const copies = found.copies.filter(({ term, seq }) => term === version.term && seq === version.seq);
        const copy = copies.find(({ isWhole }) => isWhole) ?? copies[0];
        if (copy === undefined) throw notParked(pg, text);
        const facts = await client.readParked(copy.osd, { ...placeOf(copy), offset: 0, bytes: 0 }, wait());
        if (file !== undefined) {
          if (!copy.exists) {
            throw new CairnError('NOT_FOUND', `the cut writes removed ${nameOf(copy)}: there are no data to fetch`);
          }
          await context.writeStream(file, piecesOf(client, copy, wait));
        }
        if (file === '-') return;
        if (options.json === true)
          printJson(context, { ...parkedJson(copy), ...contentJson(facts), file: file ?? null });
        else context.print(factsText(copy, facts));
        if (file !== undefined) context.note(`wrote ${bytesText(copy.bytes)} to ${file}\n`);
      });
    });
}

function placeOf({ pool, pg, term, seq }: ParkedCopy): Pick<ParkedReadRequest, 'pool' | 'pg' | 'term' | 'seq'> {
  return { pool, pg, term, seq };
}

async function* piecesOf(client: CairnClient, copy: ParkedCopy, wait: () => WaitOptions): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < copy.bytes; offset += parkedReadBytesMax) {
    const bytes = Math.min(parkedReadBytesMax, copy.bytes - offset);
    const { data } = await client.readParked(copy.osd, { ...placeOf(copy), offset, bytes }, wait());
    if (data.byteLength !== bytes) throw new CairnError('CORRUPT', `osd.${copy.osd} sent less than it has parked`);
    yield data;
  }
}

function contentJson({ attributes, keys, hasMoreKeys }: ReadParked) {
  return {
    attributes: Object.fromEntries(attributes.map(([name, value]) => [name, base64(value)])),
    keys: keys.map(([key, head]) => ({ key_hex: hexText(key), head: base64(head) })),
    has_more_keys: hasMoreKeys,
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function factsText(copy: ParkedCopy, { attributes, keys, hasMoreKeys }: ReadParked): string {
  const { osd, exists, isWhole, bytes, writes, acknowledged } = copy;
  const rows: (readonly [string, string])[] = [
    ['object', nameOf(copy)],
    ['version', `${versionOf(copy)} at osd.${osd}`],
    ['size', exists ? bytesText(bytes) : 'none: the cut writes removed it'],
    ['writes cut', `${writes}, ${acknowledged} of them acknowledged for certain`],
    ['whole', isWhole ? 'yes' : 'no: this OSD had not copied all of it'],
    ['attributes', attributes.length === 0 ? 'none' : attributes.map(([name]) => name).join(', ')],
    ['keys', keys.length === 0 ? 'none' : `${keys.length}${hasMoreKeys ? ' and more' : ''} that the cut writes set`],
  ];
  return rows.map(([title, text]) => `${title.padEnd(12)}${text}\n`).join('');
}
