/** `cairn pg parked …`: writes of async pools that failovers cut off, which OSDs keep aside. */
import type { Command } from 'commander';
import { wallMs } from '../base/instants.js';
import { utcText } from '../base/utc-text.js';
import { printPgId } from '../cluster/ids.js';
import { bytesText } from './bytes-text.js';
import type { CliContext } from './context.js';
import { withClient } from './object-client.js';
import { parseOsd, parsePg } from './osd-arguments.js';
import {
  checkPg,
  findParked,
  nameOf,
  noteSilent,
  type ParkedCopy,
  parkedJson,
  pgOf,
  versionOf,
} from './parked-copies.js';
import { addPgParkedDrop } from './pg-parked-drop.js';
import { addPgParkedGet } from './pg-parked-get.js';
import { printJson } from './print-json.js';
import { type Column, formatTable } from './table.js';

export function addPgParked(pg: Command, context: CliContext): void {
  const parked = pg
    .command('parked')
    .description('Look at writes of async pools that a failover cut off, and give them up.');
  addPgParkedLs(parked, context);
  addPgParkedGet(parked, context);
  addPgParkedDrop(parked, context);
}

interface Options {
  readonly pool?: string;
  readonly osd?: string;
  readonly json?: boolean;
}

function addPgParkedLs(parked: Command, context: CliContext): void {
  const command = parked.command('ls');
  command
    .description('List objects with writes that a failover cut off, as the OSDs keep them that had these writes.')
    .argument('[pg]', 'only of this one, such as 1.2f')
    .option('--pool <pool>', 'only of this pool, by name')
    .option('--osd <osd>', 'only what this OSD keeps')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nACKED are the writes that a client was told of for certain, of all that were cut; of the others nobody knows. WHOLE is no\n' +
        'where the OSD had not copied all of the object when it lost its part.\n' +
        '\nExamples:\n  cairn pg parked ls\n  cairn pg parked ls 1.2f\n  cairn pg parked ls --pool logs --osd 3 --json',
    )
    .action(async (name: string | undefined, { pool, osd: only, json }: Options) => {
      const osd = only === undefined ? undefined : parseOsd(only);
      const pg = name === undefined ? undefined : parsePg(name);
      await withClient(command, context, async (client, wait) => {
        if (pg !== undefined) await checkPg(client, pg, wait);
        const named = pool === undefined ? undefined : (await client.pool(pool, wait())).id;
        const pools = [named, pg?.pool].filter((id) => id !== undefined);
        const all = pools.length === 0 ? [...client.map.pools.keys()].sort((a, b) => a - b) : [...new Set(pools)];
        const found = await findParked(client, { pools: all, pg: pg?.pg, osd }, wait);
        noteSilent(context, found);
        const { copies, silent } = found;
        if (json !== true) context.print(formatTable(columns, copies.map(row)));
        else printJson(context, { parked: copies.map(parkedJson), not_asked: silent.map((one) => one.osd) });
      });
    });
}

const columns: readonly Column[] = [
  { title: 'PG' },
  { title: 'VERSION' },
  { title: 'OSD' },
  { title: 'SIZE', align: 'right' },
  { title: 'WRITES', align: 'right' },
  { title: 'ACKED', align: 'right' },
  { title: 'WHOLE' },
  { title: 'PARKED' },
  { title: 'OBJECT' },
];

function row(copy: ParkedCopy): string[] {
  const { osd, exists, isWhole, bytes, writes, acknowledged, parkedAt } = copy;
  return [
    printPgId(pgOf(copy)),
    versionOf(copy),
    `osd.${osd}`,
    exists ? bytesText(bytes) : 'removed',
    String(writes),
    String(acknowledged),
    isWhole ? 'yes' : 'no',
    utcText(wallMs(parkedAt)),
    nameOf(copy),
  ];
}
