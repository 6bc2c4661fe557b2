/** `cairn audit`: who asked for what. */
import type { Command } from 'commander';
import { utcText } from '../base/utc-text.js';
import type { AuditRecord } from '../protocol/cluster-log.js';
import { auditLast, recordsMax } from '../protocol/commands/log.js';
import { noteStale, withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { printable } from './log-line.js';
import { recordCount } from './option-values.js';
import { printJson } from './print-json.js';
import { formatTable } from './table.js';

interface Options {
  readonly count: number;
  readonly who?: string;
  readonly json?: boolean;
}

export function registerAuditCommand(program: Command, context: CliContext): void {
  program
    .command('audit')
    .description('Show the newest changes that somebody asked for: who, when, from where, what, and how it ended.')
    .option('-n, --count <n>', `how many, at most ${recordsMax}`, recordCount, 20)
    .option('--who <name>', 'only those of this name, such as client.admin')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  cairn audit\n  cairn audit -n 200 --who client.admin\n  cairn audit -n 1000 --json',
    )
    .action(async ({ count, who, json }: Options, command: Command) => {
      const args = { count, after: 0, ...(who === undefined ? {} : { who }) };
      const answer = await withCluster(command, context, (client, wait) =>
        client.query(auditLast, args, { ...wait, mayBeStale: true }),
      );
      noteStale(context, answer);
      const { records } = answer.result;
      if (json === true) printJson(context, { records: records.map(plain), stale: answer.isStale });
      else context.print(auditTable(records));
    });
}

function auditTable(records: readonly AuditRecord[]): string {
  const rows = records.map(({ at, who, from, command, args, outcome }) => [
    utcText(at),
    who,
    from,
    outcome.kind === 'done' ? `epoch ${outcome.epoch}` : outcome.code,
    printable(`${command} ${args}`),
  ]);
  return formatTable(
    [{ title: 'TIME' }, { title: 'WHO' }, { title: 'FROM' }, { title: 'OUTCOME' }, { title: 'COMMAND' }],
    rows,
  );
}

function plain(record: AuditRecord) {
  return { ...record, at: utcText(record.at), wallMs: record.at, args: parsed(record.args) };
}

/** Arguments longer than the record holds are cut, and no JSON any more. */
function parsed(args: string): unknown {
  try {
    return JSON.parse(args);
  } catch {
    return args;
  }
}
