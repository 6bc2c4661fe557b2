/** `cairn log`: what happened in the cluster. */
import { type Command, Option } from 'commander';
import type { WallMs } from '../base/instants.js';
import { utcText } from '../base/utc-text.js';
import type { ClusterLogRecord, ClusterLogSeverity } from '../protocol/cluster-log.js';
import { logLast, recordsMax, severities } from '../protocol/commands/log.js';
import { noteStale, withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { followLog } from './follow-log.js';
import { logLine } from './log-line.js';
import { recordCount } from './option-values.js';
import { printJson } from './print-json.js';

interface Options {
  readonly count: number;
  readonly watch?: boolean;
  readonly level: ClusterLogSeverity;
  readonly json?: boolean;
}

export function registerLogCommand(program: Command, context: CliContext): void {
  program
    .command('log')
    .description('Show the newest records of the cluster log, and with -w those to come, until Ctrl-C. Times are UTC.')
    .option('-n, --count <n>', `how many, at most ${recordsMax}`, recordCount, 20)
    .option('-w, --watch', 'go on with new records as they come')
    .addOption(new Option('--level <level>', 'leave out what is less severe').choices(severities).default('info'))
    .option('--json', 'print JSON; with -w one record per line')
    .addHelpText(
      'after',
      '\nExamples:\n  cairn log\n  cairn log -n 100 --level warn\n  cairn log -w\n  cairn log -n 1000 --json',
    )
    .action((options: Options, command: Command) => showLog(options, command, context));
}

async function showLog(options: Options, command: Command, context: CliContext): Promise<void> {
  const { count, level, watch, json } = options;
  const show = (record: ClusterLogRecord): void =>
    context.print(json === true ? `${JSON.stringify(plain(record))}\n` : logLine(context, record));
  await withCluster(command, context, async (client, wait) => {
    const answer = await client.query(logLast, { count, after: 0, level }, { ...wait, mayBeStale: true });
    noteStale(context, answer);
    const { records, newest } = answer.result;
    if (json === true && watch !== true) {
      printJson(context, { records: records.map(plain), stale: answer.isStale });
      return;
    }
    for (const record of records) show(record);
    if (watch === true) await followLog(client, context, { after: newest, level, show });
  });
}

function plain(record: ClusterLogRecord): Omit<ClusterLogRecord, 'at'> & { at: string; wallMs: WallMs } {
  return { ...record, at: utcText(record.at), wallMs: record.at };
}
