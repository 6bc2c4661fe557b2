/** `cairn pool ls`, `get` and `stats`. */
import { Argument, type Command } from 'commander';
import { CairnError } from '../base/errors.js';
import { showBytes } from '../base/parse-bytes.js';
import { showDuration } from '../base/parse-duration.js';
import { poolFlags } from '../cluster/pool.js';
import { type PoolInfo, type PoolStats, poolLs, poolStats } from '../protocol/commands/pool.js';
import { noteStale, withCluster } from './cluster-command.js';
import { bytesText } from './bytes-text.js';
import type { CliContext } from './context.js';
import { printJson } from './print-json.js';
import { type Column, formatTable } from './table.js';

export function addPoolLs(pool: Command, context: CliContext): void {
  const command = pool.command('ls').description('List the pools.');
  command
    .addArgument(new Argument('[detail]', 'with their settings').choices(['detail']))
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn pool ls\n  cairn pool ls detail\n  cairn pool ls --json')
    .action(async (detail: string | undefined, options: { json?: boolean }) => {
      await withCluster(command, context, async (client, wait) => {
        const answer = await client.query(poolLs, {}, { ...wait, mayBeStale: true });
        noteStale(context, answer);
        const { pools } = answer.result;
        if (options.json === true) printJson(context, detail === undefined ? namesOf(pools) : pools.map(poolJson));
        else
          context.print(
            detail === undefined
              ? namesOf(pools)
                  .map((name) => `${name}\n`)
                  .join('')
              : table(pools),
          );
      });
    });
}

export function addPoolGet(pool: Command, context: CliContext): void {
  const command = pool.command('get').description('Show the settings of a pool, or one of them.');
  command
    .argument('<name>', 'of the pool')
    .argument('[setting]', 'one of them', 'all')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn pool get data\n  cairn pool get data size')
    .action(async (name: string, setting: string, options: { json?: boolean }) => {
      await withCluster(command, context, async (client, wait) => {
        const answer = await client.query(poolLs, {}, { ...wait, mayBeStale: true });
        noteStale(context, answer);
        const pool = answer.result.pools.find((one) => one.name === name);
        if (pool === undefined)
          throw new CairnError('NOT_FOUND', `no pool is called ${name}; \`cairn pool ls\` lists them`);
        const shown = settingsOf(pool).filter(([key]) => setting === 'all' || key === setting);
        if (shown.length === 0) {
          const known = settingsOf(pool).map(([key]) => key);
          throw new CairnError(
            'INVALID_ARGUMENT',
            `pools have no setting "${setting}"; choose one of ${known.join(', ')}`,
          );
        }
        if (options.json === true)
          printJson(
            context,
            pickJson(
              poolJson(pool),
              shown.map(([key]) => key),
            ),
          );
        else context.print(shown.map(([key, value]) => `${key}: ${value}\n`).join(''));
      });
    });
}

export function addPoolStats(pool: Command, context: CliContext): void {
  const command = pool.command('stats').description('Show how the PGs of pools are doing, by their records.');
  command
    .argument('[name]', 'of one pool')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn pool stats\n  cairn pool stats data --json')
    .action(async (name: string | undefined, options: { json?: boolean }) => {
      await withCluster(command, context, async (client, wait) => {
        const answer = await client.query(poolStats, name === undefined ? {} : { name }, { ...wait, mayBeStale: true });
        noteStale(context, answer);
        const { pools } = answer.result;
        if (options.json === true) printJson(context, pools.map(statsJson));
        else context.print(statsTable(pools));
      });
    });
}

function namesOf(pools: readonly PoolInfo[]): string[] {
  return pools.map(({ name }) => name);
}

const right = 'right' as const;
const detailColumns: readonly Column[] = [
  { title: 'ID', align: right },
  { title: 'NAME' },
  { title: 'SIZE', align: right },
  { title: 'MIN', align: right },
  { title: 'PGS', align: right },
  { title: 'RULE' },
  { title: 'MODE' },
  { title: 'BLOCK', align: right },
  { title: 'QUOTA' },
  { title: 'APPLICATION' },
  { title: 'FLAGS' },
];

function table(pools: readonly PoolInfo[]): string {
  const rows = pools.map((pool) => [
    String(pool.id),
    pool.name,
    String(pool.size),
    String(pool.minSize),
    String(pool.pgNum),
    pool.ruleName,
    modeText(pool),
    showBytes(pool.checksumBlockBytes),
    quotaText(pool),
    pool.application === '' ? '-' : pool.application,
    pool.flags.length === 0 ? '-' : pool.flags.join(','),
  ]);
  return formatTable(detailColumns, rows);
}

function quotaText({ quotaBytes, quotaObjects }: PoolInfo): string {
  const parts = [
    ...(quotaBytes === 0 ? [] : [showBytes(quotaBytes)]),
    ...(quotaObjects === 0 ? [] : [`${quotaObjects} objects`]),
  ];
  return parts.length === 0 ? '-' : parts.join(', ');
}

function modeText({ mode }: PoolInfo): string {
  if (mode.kind === 'sync') return 'sync';
  return `async ${mode.ackCopies} ${showDuration(mode.maxLagMs)}/${showBytes(mode.maxLagBytes)}`;
}

/** By the names that `pool set` takes. */
function settingsOf(pool: PoolInfo): (readonly [string, string])[] {
  const { mode } = pool;
  const lag = mode.kind === 'sync' ? [] : [`${showDuration(mode.maxLagMs)}/${showBytes(mode.maxLagBytes)}`];
  return [
    ['size', String(pool.size)],
    ['min_size', String(pool.minSize)],
    ['pg_num', String(pool.pgNum)],
    ['rule', pool.ruleName],
    ['mode', mode.kind],
    ...(mode.kind === 'sync' ? [] : [['ack_copies', String(mode.ackCopies)] as const]),
    ...lag.map((text) => ['max_lag', text] as const),
    ['checksum_block', showBytes(pool.checksumBlockBytes)],
    ['quota_bytes', pool.quotaBytes === 0 ? 'none' : showBytes(pool.quotaBytes)],
    ['quota_objects', pool.quotaObjects === 0 ? 'none' : String(pool.quotaObjects)],
    ['application', pool.application === '' ? 'none' : pool.application],
    ...poolFlags.map((flag) => [flag, String(pool.flags.includes(flag))] as const),
  ];
}

/** With Ceph's names where it has the setting. */
function poolJson(pool: PoolInfo): Record<string, unknown> {
  const { mode } = pool;
  return {
    pool_id: pool.id,
    pool_name: pool.name,
    size: pool.size,
    min_size: pool.minSize,
    pg_num: pool.pgNum,
    rule: pool.ruleName,
    crush_rule: pool.rule,
    mode: mode.kind,
    ...(mode.kind === 'sync'
      ? {}
      : { ack_copies: mode.ackCopies, max_lag: { ms: mode.maxLagMs, bytes: mode.maxLagBytes } }),
    checksum_block: pool.checksumBlockBytes,
    quota_bytes: pool.quotaBytes,
    quota_objects: pool.quotaObjects,
    application: pool.application,
    ...Object.fromEntries(poolFlags.map((flag) => [flag, pool.flags.includes(flag)])),
    create_epoch: pool.createdAt,
  };
}

function pickJson(all: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
  const names = ['pool_id', 'pool_name', ...keys];
  return Object.fromEntries(names.filter((key) => key in all).map((key) => [key, all[key]]));
}

function statsTable(pools: readonly PoolStats[]): string {
  const columns: readonly Column[] = [
    { title: 'ID', align: right },
    { title: 'NAME' },
    { title: 'PGS', align: right },
    { title: 'OBJECTS', align: right },
    { title: 'STORED', align: right },
    { title: 'COPIES MISSING', align: right },
    { title: 'MISPLACED', align: right },
    { title: 'STATES' },
  ];
  const rows = pools.map(({ id, name, pgs, objects, storedBytes, states, missingCopies, misplacedCopies }) => [
    ...[id, name, pgs, objects].map(String),
    bytesText(storedBytes),
    ...[missingCopies, misplacedCopies].map(String),
    states.map((one) => `${one.pgs} ${one.state}`).join(', '),
  ]);
  return formatTable(columns, rows);
}

function statsJson({ id, name, pgs, objects, storedBytes, states, missingCopies, misplacedCopies }: PoolStats) {
  return {
    pool_id: id,
    pool_name: name,
    num_pgs: pgs,
    num_objects: objects,
    stored_bytes: storedBytes,
    states: Object.fromEntries(states.map((one) => [one.state, one.pgs])),
    missing_copies: missingCopies,
    misplaced_copies: misplacedCopies,
  };
}
