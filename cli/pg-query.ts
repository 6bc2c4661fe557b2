/** `cairn pg query`: what the primary itself says of a PG. */
import type { Command } from 'commander';
import { pgMap } from '../protocol/commands/pg.js';
import type { PgQuery, PgQueryMember } from '../protocol/pg-query.js';
import { bytesText } from './bytes-text.js';
import type { CliContext } from './context.js';
import { withClient } from './object-client.js';
import { parsePg } from './osd-arguments.js';
import { versionText } from './pg-ls.js';
import { printJson } from './print-json.js';
import { type Column, formatTable } from './table.js';

export function addPgQuery(pg: Command, context: CliContext): void {
  const command = pg.command('query');
  command
    .description(
      'Ask the OSD that leads a PG what it knows of it: members, their logs and leases, who joins, sessions of clients.',
    )
    .argument('<pg>', 'such as 1.2f')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn pg query 1.2f\n  cairn pg query 1.2f --json')
    .action(async (name: string, options: { json?: boolean }) => {
      const id = parsePg(name);
      await withClient(command, context, async (client, wait) => {
        // The monitors say what is wrong with a PG that there is none of.
        await client.monitors.query(pgMap, { pg: id }, { ...wait(), mayBeStale: true });
        const found = await client.queryPg(id, wait());
        if (options.json === true) printJson(context, queryJson(name, found));
        else context.print(queryText(name, found));
      });
    });
}

const columns: readonly Column[] = [
  { title: 'OSD' },
  { title: 'ROLE' },
  { title: 'STORE', align: 'right' },
  { title: 'LOG UP TO', align: 'right' },
  { title: 'BEHIND', align: 'right' },
  { title: 'LEASE' },
];

function queryText(name: string, query: PgQuery): string {
  const { log, sessions } = query;
  const rows: (readonly [string, string])[] = [
    ['pg', `${name}, as osd.${query.osd} sees it at map e${query.epoch}`],
    ['state', query.state],
    ['term', `${query.term}, ${query.isConfirmed ? 'confirmed' : 'not confirmed yet'}`],
    ['copies', `${query.size}, served from ${query.minSize} on; ${modeText(query)}`],
    ['up', `[${query.up.join(',')}]`],
    ['objects', `${query.objects}, ${bytesText(query.bytes)}${missingText(query)}`],
    ['log', `${versionText(log.last)}, ${log.entries} entries behind ${log.trimmedTo}`],
    ['committed', log.committed === undefined ? 'unknown until it is active' : `${log.committed}${waitText(log)}`],
    ...lagRows(query),
    ['reads', readsText(query)],
    ['joining', joinText(query)],
    [
      'sessions',
      `${sessions.count}, ${sessions.answers} answers of ${bytesText(sessions.answerBytes)} kept, ${sessions.running} requests running`,
    ],
  ];
  const facts = rows.map(([title, text]) => `${title.padEnd(11)}${text}\n`).join('');
  return `${facts}\n${formatTable(
    columns,
    query.members.map((member) => memberRow(member, query)),
  )}`;
}

function memberRow({ osd, role, store, durable, lease }: PgQueryMember, { log }: PgQuery): string[] {
  const behind = durable === undefined ? '-' : String(Math.max(0, log.last.seq - durable));
  return [`osd.${osd}`, role, String(store), durable === undefined ? '-' : String(durable), behind, lease ?? '-'];
}

function modeText({ ackCopies }: PgQuery): string {
  return ackCopies === 0 ? 'sync' : `async, acknowledged by ${ackCopies}`;
}

function missingText({ degradedObjects: degraded, misplacedObjects: misplaced }: PgQuery): string {
  const parts = [
    ...(degraded === 0 ? [] : [`${degraded} copies missing`]),
    ...(misplaced === 0 ? [] : [`${misplaced} misplaced`]),
  ];
  return parts.map((part) => `, ${part}`).join('');
}

function waitText({ underWay }: PgQuery['log']): string {
  return underWay === 0 ? '' : `, ${underWay} entries under way`;
}

function lagRows({ lag }: PgQuery): (readonly [string, string])[] {
  if (lag === undefined) return [];
  const wait = lag.isTooMuch ? '; writes wait, as that is max_lag' : '';
  return [['lag', `the slowest is ${Math.round(lag.ms)} ms and ${bytesText(lag.bytes)} behind${wait}`]];
}

function readsText({ isServing, leaseMs, members }: PgQuery): string {
  const missing = members.filter(({ lease }) => lease === 'missing').map(({ osd }) => `osd.${osd}`);
  if (missing.length > 0) return `wait for a lease of ${missing.join(', ')}`;
  if (!isServing) return 'not served';
  return leaseMs === undefined ? 'served; nobody else holds a copy' : `served; leases hold ${leaseMs} ms yet`;
}

function joinText({ joining }: PgQuery): string {
  if (joining === undefined) return 'nobody';
  const { osd, kind, attempt, leftObjects, leftBytes } = joining;
  const left =
    leftObjects === undefined ? '' : `, at most ${leftObjects} objects and ${bytesText(leftBytes ?? 0)} left`;
  return `osd.${osd}, ${kind}${left}${attempt === 1 ? '' : ` (attempt ${attempt})`}`;
}

function queryJson(name: string, query: PgQuery) {
  const { log, joining, sessions } = query;
  return {
    pgid: name,
    state: query.state,
    term: query.term,
    confirmed: query.isConfirmed,
    serving: query.isServing,
    epoch: query.epoch,
    primary: query.osd,
    size: query.size,
    min_size: query.minSize,
    mode: query.ackCopies === 0 ? 'sync' : 'async',
    ack_copies: query.ackCopies === 0 ? null : query.ackCopies,
    lag:
      query.lag === undefined
        ? null
        : { ms: Math.round(query.lag.ms), bytes: query.lag.bytes, at_max_lag: query.lag.isTooMuch },
    up: query.up,
    members: query.members.map(({ osd, store, role, durable, lease }) => ({
      osd,
      store,
      role,
      durable: durable ?? null,
      lease: lease ?? null,
    })),
    joining:
      joining === undefined
        ? null
        : {
            osd: joining.osd,
            store: joining.store,
            state: joining.kind,
            attempt: joining.attempt,
            left_objects: joining.leftObjects ?? null,
            left_bytes: joining.leftBytes ?? null,
          },
    log: {
      last: versionText(log.last),
      trimmed_to: log.trimmedTo,
      entries: log.entries,
      committed: log.committed ?? null,
      under_way: log.underWay,
    },
    objects: query.objects,
    bytes: query.bytes,
    degraded_objects: query.degradedObjects,
    misplaced_objects: query.misplacedObjects,
    lease_ms: query.leaseMs ?? null,
    sessions: {
      count: sessions.count,
      answers: sessions.answers,
      answer_bytes: sessions.answerBytes,
      running: sessions.running,
    },
  };
}
