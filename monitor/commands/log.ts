/** The newest records of the cluster log and of the audit trail. */
import { auditLast, type LogPage, logLast, recordsMax, severities } from '../../protocol/commands/log.js';
import { answerPage } from './answer-page.js';
import type { CommandTable } from './types.js';

export function registerLogCommands(table: CommandTable): void {
  table
    .onQuery(logLast, ({ count, after, level }, { state }) => {
      const least = severities.indexOf(level);
      const matches = ({ severity }: { readonly severity: (typeof severities)[number] }): boolean =>
        severities.indexOf(severity) >= least;
      // Those that do not match count too: what lies more than `recordsMax` back is not looked for.
      return page(state.log({ after, count: recordsMax }), count, matches);
    })
    .onQuery(auditLast, ({ count, after, who }, { state }) =>
      page(state.audit({ after, count: recordsMax }), count, (record) => who === undefined || record.who === who),
    );
}

function page<Record extends { readonly number: number }>(
  all: readonly Record[],
  count: number,
  matches: (record: Record) => boolean,
): LogPage<Record> {
  const newestFirst = all.filter(matches).reverse();
  return { records: answerPage(newestFirst, count).page.reverse(), newest: all.at(-1)?.number ?? 0 };
}
