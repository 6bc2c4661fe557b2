import type { ChangeReport } from '../protocol/commands/fields.js';
import type { CliContext } from './context.js';
import { printJson } from './print-json.js';

/** What a change did, a sentence per line; with `--json` as it is. */
export function printReport(context: CliContext, report: ChangeReport, options: { readonly json?: boolean }): void {
  if (options.json === true) printJson(context, report);
  else for (const message of report.messages) context.print(`${message}\n`);
}
