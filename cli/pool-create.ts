/** `cairn pool create`. */
import type { Command } from 'commander';
import { CairnError } from '../base/errors.js';
import { poolCreate } from '../protocol/commands/pool.js';
import { printReport } from './change-report.js';
import { withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { countOption } from './option-values.js';
import { type AsyncOptions, asyncMode, parseSize } from './pool-arguments.js';
import { type YesOptions, addYesOption, saidYes } from './yes-option.js';

interface Options extends YesOptions, AsyncOptions {
  readonly size?: number;
  readonly minSize?: number;
  readonly pgNum?: number;
  readonly rule?: string;
  readonly async?: boolean;
  readonly checksumBlock?: string;
  readonly application?: string;
  readonly json?: boolean;
}

export function addPoolCreate(pool: Command, context: CliContext): void {
  const command = addYesOption(pool.command('create').description('Make a pool.'));
  command
    .argument('<name>', 'letters, digits, ".", "-" and "_"')
    .option('--size <n>', 'copies (default: osd_pool_default_size)', countOption)
    .option('--min-size <n>', 'copies without which it does not serve (default: size less half of it)', countOption)
    .option('--pg-num <n>', 'PGs, a power of two (default: osd_pool_default_pg_num)', countOption)
    .option('--rule <rule>', 'CRUSH rule, by name or number (default: the first replicated one)')
    .option('--async', 'acknowledge writes before all copies have them')
    .option('--ack-copies <n>', 'with --async: copies on stable storage before a write is acknowledged', countOption)
    .option('--max-lag <time/size>', 'with --async: writes wait while a copy lags by more (default: 5s/64MiB)')
    .option('--checksum-block <size>', 'bytes per checksum, for life: 4KiB for volumes, 64KiB for large objects')
    .option('--application <name>', 'what it is for: s3, volume')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  cairn pool create data --application s3\n' +
        '  cairn pool create vms --pg-num 256 --checksum-block 4KiB --application volume\n' +
        '  cairn pool create logs --async --ack-copies 1 --max-lag 5s/64MiB',
    )
    .action(async (name: string, options: Options) => {
      const args = createArgs(name, options);
      await withCluster(command, context, async (client, wait) => {
        printReport(context, await client.change(poolCreate, args, wait), options);
      });
    });
}

function createArgs(name: string, options: Options) {
  const { size, minSize, pgNum, rule, application } = options;
  if (options.async !== true && (options.ackCopies !== undefined || options.maxLag !== undefined)) {
    throw new CairnError('INVALID_ARGUMENT', '--ack-copies and --max-lag are for async pools; add --async');
  }
  return {
    name,
    size,
    minSize,
    pgNum,
    rule,
    application,
    mode: options.async === true ? asyncMode(options) : undefined,
    checksumBlockBytes: options.checksumBlock === undefined ? undefined : parseSize(options.checksumBlock),
    confirmed: saidYes(options),
  };
}
