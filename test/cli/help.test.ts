/** What holds for every command: it is described, its examples are right, and its tables are for programs too. */
import assert from 'node:assert/strict';
import { createProgram } from '../../cli/program.js';
import { leavesOf, shellWords } from './command-leaves.js';
import { cli } from './fake-context.js';
import { noContext } from './no-context.js';

/** They change something and say so on stderr, write files, or print what is a format of its own. */
const printNoTable = new Set([
  'auth rm',
  'completion',
  'config rm',
  'crush compile',
  'crush decompile',
  'crush get',
  'crush test',
  'health mute',
  'health unmute',
  'dev',
  'map get',
  'monitor run',
  'mon rm',
  'mon transfer',
  'osd run',
]);

async function examplesOf(path: string): Promise<string[]> {
  const { stdout } = await cli([...path.split(' '), '--help']);
  const [, block = ''] = /\nExamples:\n((?: {2}.*\n?)+)\s*$/.exec(stdout) ?? [];
  return block.split('\n').filter((line) => line !== '');
}

/** Which command a line runs; throws what commander says when it runs none. */
async function commandOf(words: readonly string[]): Promise<string | undefined> {
  const program = createProgram(noContext);
  let ran: string | undefined;
  for (const { path, command } of leavesOf(program)) command.action(() => void (ran = path));
  await program.parseAsync([...words], { from: 'user' });
  return ran;
}

describe('every command', () => {
  const leaves = leavesOf(createProgram(noContext));

  it('is found', () => {
    const paths = new Set(leaves.map(({ path }) => path));
    for (const path of ['status', 'crush test', 'auth add', 'health mute']) assert.ok(paths.has(path), path);
  });

  for (const { path, command } of leaves) {
    it(`${path}: says what it does, with examples that run it`, async () => {
      assert.match(command.description(), /^[A-Z].*[.)]$/s);
      for (const argument of command.registeredArguments) assert.notEqual(argument.description, '', argument.name());
      for (const option of command.options.filter(({ hidden }) => !hidden)) {
        assert.notEqual(option.description, '', option.flags);
      }
      const examples = await examplesOf(path);
      assert.notEqual(examples.length, 0, 'there are examples');
      for (const line of examples) {
        // What stands before a pipe is somebody else's program.
        const [program, ...words] = shellWords(line.split(' | ').at(-1) ?? '');
        assert.equal(program, 'cairn', line);
        assert.equal(await commandOf(words), path, line);
      }
    });

    it(`${path}: ${printNoTable.has(path) ? 'prints no table' : 'has --json'}`, () => {
      const hasJson = command.options.some(({ long }) => long === '--json');
      assert.equal(hasJson, !printNoTable.has(path));
    });
  }

  it('is listed above only while it exists', () => {
    const paths = new Set(leaves.map(({ path }) => path));
    assert.deepEqual(
      [...printNoTable].filter((path) => !paths.has(path)),
      [],
    );
  });
});
