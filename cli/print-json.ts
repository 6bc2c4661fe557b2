import type { CliContext } from './context.js';

/** What every `--json` prints: one document, indented, with a newline at its end. */
export function printJson(context: CliContext, value: unknown): void {
  context.print(`${JSON.stringify(value, undefined, 2)}\n`);
}
