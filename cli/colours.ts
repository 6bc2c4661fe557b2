/** Colours of a terminal (ECMA-48, SGR). Elsewhere text stays as it is, so that output can be searched and compared. */
import type { CliContext } from './context.js';

export type Colour = 'red' | 'yellow' | 'green' | 'dim';

const codes: Readonly<Record<Colour, string>> = { red: '31', yellow: '33', green: '32', dim: '2' };

export function paint(context: Pick<CliContext, 'isTerminal'>, colour: Colour, text: string): string {
  return context.isTerminal ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text;
}
