/** `cairn osd ls`, `stat`, `find` and `dump`. */
import type { Command } from 'commander';
import { wallMs } from '../base/instants.js';
import { showAddress } from '../base/parse-address.js';
import { utcText } from '../base/utc-text.js';
import {
  type OsdAddress,
  type OsdDump,
  type OsdDumpEntry,
  type OsdFound,
  osdDump,
  osdFind,
  osdLs,
  osdStat,
} from '../protocol/commands/osd.js';
import { bytesText } from './bytes-text.js';
import { noteStale, withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { parseOsd } from './osd-arguments.js';
import { printJson } from './print-json.js';

export function addOsdLs(osd: Command, context: CliContext): void {
  const command = osd.command('ls').description('List the numbers of all OSDs.');
  command
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn osd ls\n  cairn osd ls --json')
    .action(async (options: { json?: boolean }) => {
      await withCluster(command, context, async (client, wait) => {
        const answer = await client.query(osdLs, {}, { ...wait, mayBeStale: true });
        noteStale(context, answer);
        if (options.json === true) printJson(context, answer.result.ids);
        else context.print(answer.result.ids.map((id) => `${id}\n`).join(''));
      });
    });
}

export function addOsdStat(osd: Command, context: CliContext): void {
  const command = osd.command('stat').description('Count the OSDs, those up, and those in.');
  command
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn osd stat\n  cairn osd stat --json')
    .action(async (options: { json?: boolean }) => {
      await withCluster(command, context, async (client, wait) => {
        const answer = await client.query(osdStat, {}, { ...wait, mayBeStale: true });
        noteStale(context, answer);
        const { epoch, isStale, result } = answer;
        const { total, up, in: inside, flags } = result;
        if (options.json === true) {
          const counts = { num_osds: total, num_up_osds: up, num_in_osds: inside };
          printJson(context, { epoch, ...counts, flags, stale: isStale });
          return;
        }
        const flagText = flags.length === 0 ? '' : `; flags ${flags.join(',')}`;
        context.print(`${total} osds: ${up} up, ${inside} in; epoch: e${epoch}${flagText}\n`);
      });
    });
}

export function addOsdFind(osd: Command, context: CliContext): void {
  const command = osd.command('find').description('Show where an OSD runs, and where it stands in CRUSH.');
  command
    .argument('<osd>', 'osd.3 or 3')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn osd find 3\n  cairn osd find osd.3 --json')
    .action(async (name: string, options: { json?: boolean }) => {
      const id = parseOsd(name);
      await withCluster(command, context, async (client, wait) => {
        const answer = await client.query(osdFind, { id }, { ...wait, mayBeStale: true });
        noteStale(context, answer);
        if (options.json === true) printJson(context, foundJson(answer.result, answer.isStale));
        else context.print(foundText(answer.result));
      });
    });
}

export function addOsdDump(osd: Command, context: CliContext): void {
  const command = osd.command('dump').description('Show all that the map says of OSDs, and the exceptions of PGs.');
  command
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn osd dump\n  cairn osd dump --json')
    .action(async (options: { json?: boolean }) => {
      await withCluster(command, context, async (client, wait) => {
        const answer = await client.query(osdDump, {}, { ...wait, mayBeStale: true });
        noteStale(context, answer);
        const { epoch, isStale, result } = answer;
        if (options.json === true) printJson(context, dumpJson(epoch, result, isStale));
        else context.print(dumpText(epoch, result));
      });
    });
}

function foundText({ id, publicAddress, clusterAddress, hostname, uuid, isUp, location }: OsdFound): string {
  const place = location.map(({ type, name }) => `${type}=${name}`).join(' ');
  const lines = [
    ['osd', `osd.${id}, ${isUp ? 'up' : 'down'}`],
    ['store', uuid ?? 'none registered'],
    ['host', hostname === '' ? 'unknown' : hostname],
    ['public address', addressText(publicAddress)],
    ['cluster address', addressText(clusterAddress)],
    ['crush location', place === '' ? 'none' : place],
  ];
  return lines.map(([what, value]) => `${what}: ${value}\n`).join('');
}

function foundJson({ id, publicAddress, clusterAddress, hostname, uuid, isUp, location }: OsdFound, stale: boolean) {
  return {
    osd: id,
    osd_fsid: uuid ?? null,
    up: isUp,
    public_addr: publicAddress === undefined ? null : addressText(publicAddress),
    cluster_addr: clusterAddress === undefined ? null : addressText(clusterAddress),
    host: hostname,
    crush_location: Object.fromEntries(location.map(({ type, name }) => [type, name])),
    stale,
  };
}

function addressText(address: OsdAddress | undefined): string {
  return address === undefined ? 'unknown' : showAddress(address);
}

function dumpText(epoch: number, { fsid, createdAt, changedAt, flags, osds, upmaps }: OsdDump): string {
  return [
    `epoch ${epoch}`,
    `fsid ${fsid}`,
    `created ${utcText(wallMs(createdAt))}`,
    `modified ${utcText(wallMs(changedAt))}`,
    `flags ${flags.join(',')}`.trimEnd(),
    ...osds.map(osdLine),
    ...upmaps.map(
      ({ pg, items }) => `pg_upmap_items ${pg} [${items.map(({ from, to }) => `${from},${to}`).join(',')}]`,
    ),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

function osdLine(osd: OsdDumpEntry): string {
  const words = [
    `osd.${osd.id} ${osd.isUp ? 'up  ' : 'down'} ${osd.isIn ? 'in ' : 'out'} weight ${osd.isIn ? osd.reweight : 0}`,
    `up_from ${osd.upFrom} down_at ${osd.downAt}`,
    `${addressText(osd.publicAddress)} ${addressText(osd.clusterAddress)}`,
    `store ${osd.store} boot ${osd.boot} ${osd.uuid ?? 'no-store'}`,
    `${bytesText(osd.capacityBytes)} ${osd.hostname}`,
    ...(osd.isAutoOut ? ['autoout'] : []),
  ];
  return words.join(' ').trimEnd();
}

function dumpJson(epoch: number, { fsid, createdAt, changedAt, flags, osds, upmaps }: OsdDump, stale: boolean) {
  return {
    epoch,
    fsid,
    created: utcText(wallMs(createdAt)),
    modified: utcText(wallMs(changedAt)),
    flags,
    osds: osds.map((osd) => ({
      osd: osd.id,
      uuid: osd.uuid ?? null,
      up: osd.isUp ? 1 : 0,
      in: osd.isIn ? 1 : 0,
      weight: osd.isIn ? osd.reweight : 0,
      reweight: osd.reweight,
      auto_out: osd.isAutoOut,
      store: osd.store,
      boot: osd.boot,
      up_from: osd.upFrom,
      down_at: osd.downAt,
      public_addr: osd.publicAddress === undefined ? null : addressText(osd.publicAddress),
      cluster_addr: osd.clusterAddress === undefined ? null : addressText(osd.clusterAddress),
      capacity_bytes: osd.capacityBytes,
      hostname: osd.hostname,
      version: osd.version,
    })),
    pg_upmap_items: upmaps.map(({ pg, items }) => ({ pgid: pg, mappings: items })),
    stale,
  };
}
