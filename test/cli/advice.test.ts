/** Whatever tells somebody to run a command names one that there is: advice of health checks, errors, documents. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { createProgram } from '../../cli/program.js';
import { healthCodes } from '../../monitor/health/codes.js';
import { projectRoot, sourceFiles } from '../tidy/source-tree.js';
import { noContext } from './no-context.js';

/** Words that are hashed into a proof. */
const noCommands = 'wire/proof.ts';
const layers = ['base', 'crush', 'cluster', 'runtime', 'wire', 'protocol', 'monitor', 'cli'];
const documents = [
  'README.md',
  'CONTRIBUTING.md',
  'docs/health-checks.md',
  'docs/tls.md',
  'cli/README.md',
  'monitor/README.md',
];

/** What stands behind `cairn` between backticks; in the sources these may be escaped, and values filled in. */
function commandsIn(text: string): string[] {
  return [...text.matchAll(/\\?`(?:\.\/bin\/)?cairn ([^`\\]+)\\?`/g)].map(([, words = '']) => words.trim());
}

/** What is wrong with it, if anything. Words that are not names of commands are arguments once there is a command to run. */
function wrongWith(program: Command, line: string): string | undefined {
  let command = program;
  const [own = ''] = line.split('|');
  for (const word of own.split(/\s+/).filter((one) => one !== '' && one !== '…' && one !== '...')) {
    if (word.startsWith('-')) {
      const name = word.replace(/[=.,].*$/, '');
      const known = [command, program, ...defaultOf(command)].some(({ options }) =>
        options.some(({ long, short }) => [long, short].includes(name)),
      );
      if (!known && !['--help', '-s', '-w'].includes(name)) return `\`cairn ${line}\`: there is no option ${name}`;
      continue;
    }
    const next = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
    if (next !== undefined) command = next;
    else if (command.commands.length > 0) {
      const isPlaceholder = /^[A-Z$<{[]/.test(word);
      if (defaultOf(command).length === 0 && !isPlaceholder) return `\`cairn ${line}\`: there is no command ${word}`;
    }
  }
  return undefined;
}

/** The one that runs when none is named (`cairn health`). Commander keeps its name here, and offers no way to ask. */
function defaultOf(command: Command): Command[] {
  const { _defaultCommandName: name } = command as Command & { _defaultCommandName?: string | null };
  return command.commands.filter((one) => one.name() === name);
}

describe('advice', () => {
  const program = createProgram(noContext);

  it('of a health check names commands that run', () => {
    const wrong = Object.entries(healthCodes).flatMap(([code, { advice }]) =>
      commandsIn(advice).flatMap((line) => {
        const problem = wrongWith(program, line);
        return problem === undefined ? [] : [`${code}: ${problem}`];
      }),
    );
    assert.deepEqual(wrong, []);
  });

  it('in errors, help and documents names commands that there are', () => {
    const texts = [...layers.flatMap((layer) => sourceFiles(layer)).map(({ path }) => path), ...documents].map(
      (path) => ({ path, text: readFileSync(`${projectRoot}${path}`, 'utf8') }),
    );
    const found = texts.flatMap(({ path, text }) => commandsIn(text).map((line) => ({ path, line })));
    assert.ok(found.length > 100, 'the sources are looked at');
    const wrong = found
      .filter(({ path }) => path !== noCommands)
      .flatMap(({ path, line }) => {
        const problem = wrongWith(program, line);
        return problem === undefined ? [] : [`${path}: ${problem}`];
      });
    assert.deepEqual(wrong, []);
  });

  it('with a mistake is noticed', () => {
    for (const line of ['crash ls', 'pg rapair PG', 'osd tre', 'fd', 'osd tree --jsno']) {
      assert.notEqual(wrongWith(program, line), undefined, line);
    }
    for (const line of [
      'osd tree',
      'health detail',
      'pg ls',
      'osd set noout',
      'status --json',
      'auth get NAME -o FILE',
    ]) {
      assert.equal(wrongWith(program, line), undefined, line);
    }
  });
});
