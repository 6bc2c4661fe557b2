/** `cairn pg ls` and `pg dump`. */
import type { Command } from 'commander';
import { type PgInfo, pgLs } from '../protocol/commands/pg.js';
import type { MonitorClient, QueryOptions } from '../protocol/monitor-client.js';
import { type OsdId, type PgId, poolId } from '../cluster/ids.js';
import { wallMs } from '../base/instants.js';
import { utcText } from '../base/utc-text.js';
import { bytesText } from './bytes-text.js';
import { noteStale, withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { parseOsd } from './osd-arguments.js';
import { printJson } from './print-json.js';
import { type Column, formatTable } from './table.js';

interface Options {
  readonly pool?: string;
  readonly osd?: string;
  readonly state?: string;
  readonly json?: boolean;
}

export function addPgLs(pg: Command, context: CliContext): void {
  const command = pg.command('ls').description('List PGs: their state, where they should be and where they are.');
  command
    .option('--pool <name>', 'only of this pool')
    .option('--osd <osd>', 'only those that are or should be on this OSD')
    .option(
      '--state <state>',
      'only in this state, or with these words of one: active, undersized, peering, down, lost, creating',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nUntil its primary reports, the state of a PG is what its record tells: never `clean`, which only the primary knows.\n' +
        '\nExamples:\n  cairn pg ls --pool data\n  cairn pg ls --osd 3\n  cairn pg ls --state active+undersized\n  cairn pg ls --state lost --json',
    )
    .action(async (options: Options) => {
      const { pool, state } = options;
      const osd = options.osd === undefined ? undefined : parseOsd(options.osd);
      await withCluster(command, context, async (client, wait) => {
        const filter = { pool, osd, state };
        const pgs = await allPages(client, filter, context, { ...wait, mayBeStale: true });
        if (options.json === true) printJson(context, { pg_stats: pgs.map(pgJson) });
        else context.print(formatTable(columns, pgs.map(row)));
      });
    });
}

/** All PGs with all that is known of them, as `ceph pg dump` has it. */
export function addPgDump(pg: Command, context: CliContext): void {
  const command = pg.command('dump').description('Show all that is known of every PG: size, log, state, where it is.');
  command
    .option('--pool <name>', 'only of this pool')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\n"-" stands for what its primary has not said since its term began; sizes are those that were reported last.\n' +
        '\nExamples:\n  cairn pg dump\n  cairn pg dump --pool data --json',
    )
    .action(async ({ pool, json }: Options) => {
      await withCluster(command, context, async (client, wait) => {
        const filter = { pool, osd: undefined, state: undefined };
        const pgs = await allPages(client, filter, context, { ...wait, mayBeStale: true });
        if (json === true) printJson(context, { pg_stats: pgs.map(pgJson) });
        else context.print(formatTable(dumpColumns, pgs.map(dumpRow)));
      });
    });
}

interface Filter {
  readonly pool: string | undefined;
  readonly osd: OsdId | undefined;
  readonly state: string | undefined;
}

/** Pages may be of different epochs: each PG is shown as it was when its page was read. */
async function allPages(
  client: MonitorClient,
  filter: Filter,
  context: CliContext,
  options: QueryOptions,
): Promise<PgInfo[]> {
  const pgs: PgInfo[] = [];
  let from: PgId | undefined;
  for (;;) {
    const answer = await client.query(pgLs, { ...filter, from }, options);
    if (from === undefined) noteStale(context, answer);
    pgs.push(...answer.result.pgs);
    const { next } = answer.result;
    if (next === undefined) return pgs;
    from = { pool: poolId(next.pool), pg: next.pg };
  }
}

const columns: readonly Column[] = [
  { title: 'PG' },
  { title: 'STATE' },
  { title: 'TERM', align: 'right' },
  { title: 'UP' },
  { title: 'UP_PRIMARY', align: 'right' },
  { title: 'ACTING' },
  { title: 'ACTING_PRIMARY', align: 'right' },
  { title: 'ELIGIBLE' },
  { title: 'MODE' },
];

const right = 'right';

const dumpColumns: readonly Column[] = [
  { title: 'PG' },
  { title: 'OBJECTS', align: right },
  { title: 'DEGRADED', align: right },
  { title: 'MISPLACED', align: right },
  { title: 'BYTES', align: right },
  { title: 'LEFT', align: right },
  { title: 'LOG', align: right },
  { title: 'VERSION', align: right },
  { title: 'JOINING', align: right },
  ...columns.slice(1),
  { title: 'LAST_SCRUB' },
  { title: 'LAST_DEEP_SCRUB' },
];

function dumpRow(info: PgInfo): string[] {
  const { objects, degradedObjects, misplacedObjects, bytes, leftBytes, reported } = info;
  const [pg = '', ...rest] = row(info);
  return [
    pg,
    ...[objects, degradedObjects, misplacedObjects].map(String),
    bytesText(bytes),
    leftBytes === 0 ? '-' : bytesText(leftBytes),
    reported === undefined ? '-' : String(reported.logEntries),
    reported === undefined ? '-' : versionText(reported.last),
    reported?.joiner === undefined ? '-' : String(reported.joiner),
    ...rest,
    stampText(info.scrubbedAt) ?? '-',
    stampText(info.deepScrubbedAt) ?? '-',
  ];
}

function row({ pg, state, term, up, acting, eligible, ackCopies }: PgInfo): string[] {
  const list = (ids: readonly number[]): string => `[${ids.join(',')}]`;
  const first = (ids: readonly number[]): string => (ids.length === 0 ? '-' : String(ids[0]));
  const mode = ackCopies === 0 ? 'sync' : `async ${ackCopies}`;
  return [pg, state, String(term), list(up), first(up), list(acting), first(acting), list(eligible), mode];
}

/** With the names of `ceph pg dump`, where it has the thing. */
export function pgJson(info: PgInfo) {
  const { pg, state, term, up, acting, eligible, ackCopies, objects, bytes, reported } = info;
  return {
    pgid: pg,
    state,
    term,
    up,
    up_primary: up[0] ?? -1,
    acting,
    acting_primary: acting[0] ?? -1,
    eligible,
    mode: ackCopies === 0 ? 'sync' : 'async',
    ack_copies: ackCopies === 0 ? null : ackCopies,
    objects,
    bytes,
    degraded_objects: info.degradedObjects,
    misplaced_objects: info.misplacedObjects,
    left_objects: info.leftObjects,
    left_bytes: info.leftBytes,
    // Whether state and numbers are the primary's, of now; else they are what its record, and its last report, tell.
    reported: reported !== undefined,
    log_size: reported?.logEntries ?? null,
    version: reported === undefined ? null : versionText(reported.last),
    committed: reported?.committed ?? null,
    joining: reported?.joiner ?? null,
    num_scrub_errors: info.scrubErrors,
    last_scrub_stamp: stampText(info.scrubbedAt) ?? null,
    last_deep_scrub_stamp: stampText(info.deepScrubbedAt) ?? null,
  };
}

/** In UTC; `undefined` when it is not known. */
function stampText(at: number): string | undefined {
  return at === 0 ? undefined : utcText(wallMs(at));
}

/** As Ceph writes the place in a log, with the term in place of the epoch: `3'41`. */
export function versionText({ term, seq }: { readonly term: number; readonly seq: number }): string {
  return `${term}'${seq}`;
}
