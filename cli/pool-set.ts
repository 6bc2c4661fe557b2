/** `cairn pool set`: one setting at a time, by the names that Ceph has for them. */
import type { Command } from 'commander';
import { CairnError } from '../base/errors.js';
import { type PoolFlag, type PoolMode, poolFlags } from '../cluster/pool.js';
import type { WaitOptions } from '../runtime/clock.js';
import type { MonitorClient } from '../protocol/monitor-client.js';
import { poolLs, poolSet } from '../protocol/commands/pool.js';
import { printReport } from './change-report.js';
import { withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { asyncMode, parseCount, parseSize, parseSwitch } from './pool-arguments.js';
import { type YesOptions, addYesOption, saidYes } from './yes-option.js';

/** What a setting changes, given its text and the pool's present mode. */
type Setting = (text: string, mode: PoolMode | undefined) => Partial<Settings>;

interface Settings {
  readonly size: number;
  readonly minSize: number;
  readonly pgNum: number;
  readonly rule: string;
  readonly mode: PoolMode;
  readonly quotaBytes: number;
  readonly quotaObjects: number;
  readonly application: string;
  readonly flags: { readonly flag: PoolFlag; readonly isSet: boolean }[];
}

const settings: Readonly<Record<string, Setting>> = {
  size: (text) => ({ size: parseCount(text, 'size') }),
  min_size: (text) => ({ minSize: parseCount(text, 'min_size') }),
  pg_num: (text) => ({ pgNum: parseCount(text, 'pg_num') }),
  rule: (text) => ({ rule: text }),
  mode: (text, mode) => ({ mode: parseMode(text, mode) }),
  ack_copies: (text, mode) => ({ mode: asyncMode({ ackCopies: parseCount(text, 'ack_copies') }, requireAsync(mode)) }),
  max_lag: (text, mode) => ({ mode: asyncMode({ maxLag: text }, requireAsync(mode)) }),
  quota_bytes: (text) => ({ quotaBytes: parseSize(text) }),
  quota_objects: (text) => ({ quotaObjects: parseCount(text, 'quota_objects') }),
  application: (text) => ({ application: text === 'none' ? '' : text }),
  ...Object.fromEntries(
    poolFlags.map((flag): [string, Setting] => [
      flag,
      (text) => ({ flags: [{ flag, isSet: parseSwitch(text, flag) }] }),
    ]),
  ),
};

/** Names of Ceph's for the same. */
const synonyms: Readonly<Record<string, string>> = {
  crush_rule: 'rule',
  max_bytes: 'quota_bytes',
  max_objects: 'quota_objects',
};

export function addPoolSet(pool: Command, context: CliContext): void {
  const command = addYesOption(pool.command('set').description('Change a setting of a pool.'));
  command
    .argument('<name>', 'of the pool')
    .argument('<setting>', Object.keys(settings).join(', '))
    .argument('<value>', 'a number, a size such as 10GiB, true or false; 0 for no quota')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\npg_num only grows. Each PG is split where it stands, into 16 at most at a time; nothing is copied for that.\n' +
        'The new PGs then move to where CRUSH wants them, as after any other change; see cairn status.\n' +
        '\nExamples:\n  cairn pool set data size 3\n  cairn pool set data rule by-rack\n  cairn pool set data pg_num 128\n' +
        '  cairn pool set logs mode async --yes\n  cairn pool set logs max_lag 10s/256MiB\n' +
        '  cairn pool set data quota_bytes 10TiB\n  cairn pool set data nodelete true',
    )
    .action(async (name: string, setting: string, value: string, options: YesOptions & { json?: boolean }) => {
      const parse = settingNamed(setting);
      await withCluster(command, context, async (client, wait) => {
        const changes = parse(value, await modeOf(client, wait, name, setting));
        const report = await client.change(poolSet, { name, ...changes, confirmed: saidYes(options) }, wait);
        printReport(context, report, options);
      });
    });
}

function settingNamed(name: string): Setting {
  const setting = settings[synonyms[name] ?? name];
  if (setting !== undefined && Object.hasOwn(settings, synonyms[name] ?? name)) return setting;
  const known = Object.keys(settings).join(', ');
  throw new CairnError('INVALID_ARGUMENT', `pools have no setting "${name.slice(0, 40)}"; choose one of ${known}`);
}

/** Only where it matters: the parts of a mode are given one by one, and sent together. */
async function modeOf(
  client: MonitorClient,
  wait: WaitOptions,
  name: string,
  setting: string,
): Promise<PoolMode | undefined> {
  if (!['mode', 'ack_copies', 'max_lag'].includes(setting)) return undefined;
  const { result } = await client.query(poolLs, {}, wait);
  return result.pools.find((pool) => pool.name === name)?.mode;
}

function parseMode(text: string, mode: PoolMode | undefined): PoolMode {
  if (text === 'sync') return { kind: 'sync' };
  if (text === 'async') return asyncMode({}, mode);
  throw new CairnError('INVALID_ARGUMENT', `mode cannot be "${text.slice(0, 40)}"; write sync or async`);
}

/** An unknown pool is the monitors' to report. */
function requireAsync(mode: PoolMode | undefined): PoolMode | undefined {
  if (mode?.kind !== 'sync') return mode;
  throw new CairnError('INVALID_ARGUMENT', 'the pool is sync and has no lag; set its mode to async first');
}
