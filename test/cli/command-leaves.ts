/** Every command of the program, and what of a line names it: for tests that hold all of them to the same rules. */
import type { Command } from 'commander';

export interface Leaf {
  /** `crush rule ls` */
  readonly path: string;
  readonly command: Command;
}

/** A command with others below it is a group, and has its help from commander. */
export function leavesOf(command: Command, path = ''): Leaf[] {
  return command.commands.flatMap((one) => {
    const name = `${path} ${one.name()}`.trim();
    return one.commands.length === 0 ? [{ path: name, command: one }] : leavesOf(one, name);
  });
}

/** The leaf that a line runs whose first words name it, by alias too; `health` alone is its summary. */
export function leafOf(program: Command, words: readonly string[]): Leaf {
  const path: string[] = [];
  let command = program;
  for (const word of words) {
    const below = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
    if (below === undefined) break;
    command = below;
    path.push(below.name());
  }
  if (command.commands.length === 0) return { path: path.join(' '), command };
  const summary = command.commands.find((one) => one.name() === 'summary');
  if (summary === undefined) throw new Error(`"${words.join(' ')}" names a group of commands and none of them`);
  return { path: [...path, 'summary'].join(' '), command: summary };
}

/** Words as a shell splits them: quotes of both kinds, no expansion. */
export function shellWords(line: string): string[] {
  return [...line.matchAll(/(?:[^\s'"]+|'[^']*'|"[^"]*")+/g)].map(([word]) =>
    word.replaceAll(/'([^']*)'|"([^"]*)"/g, (_all, single?: string, double?: string) => single ?? double ?? ''),
  );
}
