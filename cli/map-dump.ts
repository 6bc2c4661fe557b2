/** `cairn map dump`: all that the cluster map says, as JSON. */
import type { Command } from 'commander';
import { CairnError, isCairnError } from '../base/errors.js';
import { utcText } from '../base/utc-text.js';
import { decodeMap } from '../cluster/codec/map-codec.js';
import { printPgId } from '../cluster/ids.js';
import type { ClusterMap } from '../cluster/map.js';
import type { OsdInfo } from '../cluster/osd.js';
import type { Member } from '../cluster/pg-record.js';
import type { Pool } from '../cluster/pool.js';
import { printCrushText } from '../crush/text-printer.js';
import { printAddress } from '../protocol/address-text.js';
import { noteStale, withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { fetchMap } from './fetch-map.js';
import { countOption } from './option-values.js';
import { printJson } from './print-json.js';
import { ChunkedPrinter } from './printer.js';

interface Options {
  readonly epoch: number;
  readonly input?: string;
  readonly pgs?: boolean;
}

const mapBytesMax = 128 * 1024 * 1024;

export function addMapDump(map: Command, context: CliContext): void {
  map
    .command('dump')
    .description('Print the cluster map as JSON, the CRUSH map within it as text. Keys are not part of it.')
    .option('--json', 'print JSON (the default: there is no other form)')
    .option('--epoch <n>', 'an epoch that the monitors still keep (default: the newest)', countOption, 0)
    .option('--input <file>', 'a file of `cairn map get` instead of the cluster, - for stdin')
    .option('--pgs', 'with the record of every PG, one per line')
    .addHelpText(
      'after',
      '\nExamples:\n  cairn map dump --json\n  cairn map dump --epoch 120\n  cairn map dump --input map.bin --pgs',
    )
    .action(async (options: Options, command: Command) => {
      const clusterMap = await readOrFetch(options, command, context);
      if (options.pgs === true) printWithRecords(context, clusterMap);
      else printJson(context, plainMap(clusterMap));
    });
}

async function readOrFetch({ input, epoch }: Options, command: Command, context: CliContext): Promise<ClusterMap> {
  if (input !== undefined) return decodeFile(input, await context.readFile(input, mapBytesMax));
  const answer = await withCluster(command, context, (client, wait) => fetchMap(client, epoch, wait));
  noteStale(context, answer);
  return decodeMap(answer.result);
}

function decodeFile(path: string, bytes: Uint8Array): ClusterMap {
  try {
    return decodeMap(bytes);
  } catch (error) {
    if (!isCairnError(error)) throw error;
    const what = `${path} is not the whole of a cluster map (${error.message})`;
    throw new CairnError(error.code, `${what}; name a file that \`cairn map get\` wrote`, { cause: error });
  }
}

function plainMap(map: ClusterMap) {
  return {
    epoch: map.epoch,
    fsid: map.fsid,
    created: utcText(map.createdAt),
    modified: utcText(map.changedAt),
    required_features: map.requiredFeatures,
    flags: [...map.flags],
    mons: [...map.monitors.values()].map(({ name, member, role, address }) => ({
      name,
      member,
      role,
      address: printAddress(address),
    })),
    osds: [...map.osds.values()].map(plainOsd),
    pools: [...map.pools.values()],
    upmaps: [...map.upmaps].flatMap(([pool, byPg]) =>
      [...byPg].map(([pg, items]) => ({ pg: printPgId({ pool, pg }), items })),
    ),
    // Pairs would be safer for names that people choose; the map's checks leave no such names.
    config: Object.fromEntries(map.config),
    entities: [...map.entities.values()].map(({ name, caps }) => ({ name, caps: Object.fromEntries(caps) })),
    num_pgs: map.records.count,
    crush: printCrushText(map.crush),
  };
}

function plainOsd(osd: OsdInfo) {
  const { publicAddress, clusterAddress, downSince } = osd;
  return {
    ...osd,
    publicAddress: publicAddress === undefined ? undefined : printAddress(publicAddress),
    clusterAddress: clusterAddress === undefined ? undefined : printAddress(clusterAddress),
    downSince: downSince === 0 ? undefined : utcText(downSince),
  };
}

/** Line by line: a hundred thousand records are no string to build in one piece. */
function printWithRecords(context: CliContext, map: ClusterMap): void {
  const printer = new ChunkedPrinter(context);
  printer.print(`${JSON.stringify(plainMap(map), undefined, 2).slice(0, -2)},\n  "pgs": [`);
  let separator = '\n';
  for (const pool of map.pools.values()) {
    for (const line of recordsOf(map, pool)) {
      printer.print(`${separator}    ${line}`);
      separator = ',\n';
    }
  }
  printer.print('\n  ]\n}\n');
  printer.flush();
}

function* recordsOf({ records }: ClusterMap, { id, pgNum }: Pool): Generator<string> {
  const member = ({ osd, store }: Member): string => `osd.${osd}/${store}`;
  for (let pg = 0; pg < pgNum; pg++) {
    const record = records.get({ pool: id, pg });
    if (record === undefined) continue;
    const { term, acting, eligible, mode } = record;
    const pgid = printPgId({ pool: id, pg });
    yield JSON.stringify({ pgid, term, acting: acting.map(member), eligible: eligible.map(member), mode: mode.kind });
  }
}
