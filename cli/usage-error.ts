/** What commander says of a command line that it does not understand, in the words and the form of all other errors. */
import { printable } from './log-line.js';

interface Rewriting {
  readonly pattern: RegExp;
  readonly say: (groups: Readonly<Record<string, string>>) => string;
}

/** The first that fits is taken. What names its choices needs no hint at --help. */
const rewritings: readonly Rewriting[] = [
  {
    pattern: /^option '(?:-\w, )?(?<option>--[\w-]+).*?' argument '(?<value>.*)' is invalid\. (?<hint>.*)$/s,
    say: ({ option = '', value = '', hint = '' }) => `${option} cannot be "${short(value)}"; ${whatToWrite(hint)}`,
  },
  {
    pattern: /^command-argument value '(?<value>.*)' is invalid for argument '(?<name>.*?)'\. (?<hint>.*)$/s,
    say: ({ name = '', value = '', hint = '' }) => `<${name}> cannot be "${short(value)}"; ${whatToWrite(hint)}`,
  },
  {
    pattern:
      /^too many arguments(?: for '(?<name>.*?)')?\. Expected (?<expected>\d+) arguments? but got (?<given>\d+)$/,
    say: ({ name = 'cairn', expected = '', given = '' }) =>
      `${name} takes ${argumentCount(Number(expected))}, and was given ${given}; ${seeHelp}`,
  },
];

const seeHelp = 'add --help to see how';

/** One line, with its newline. `text` is commander's, as it comes. */
export function usageError(text: string): string {
  const sentence = text
    .trim()
    .replace(/^error: /, '')
    .replace(/\.?\s*\(Did you mean/, ' (did you mean')
    .replace(/\.$/, '');
  for (const { pattern, say } of rewritings) {
    const found = pattern.exec(sentence);
    if (found !== null) return `cairn: ${say(found.groups ?? {})}\n`;
  }
  return `cairn: ${sentence}; ${seeHelp}\n`;
}

function argumentCount(count: number): string {
  return count === 0 ? 'no arguments' : `at most ${count} argument${count === 1 ? '' : 's'}`;
}

function whatToWrite(hint: string): string {
  const choices = hint.replace(/^Allowed choices are /, 'choose one of ');
  return `${choices.slice(0, 1).toLowerCase()}${choices.slice(1)}`;
}

/** What somebody typed or pasted, as part of one line. */
function short(value: string): string {
  return printable(value.replaceAll(/\s+/g, ' ')).slice(0, 40);
}
