/**
 * Proof by reading: every `*.txt` here tells a story of a cluster. Commands, `----`, what they printed, an empty line;
 * `UPDATE=1` rewrites what they print, to be reviewed as a diff. Lines that begin with `#` say what is shown.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { projectRoot } from '../../tidy/source-tree.js';
import { Interaction } from './interaction.js';

const folder = `${projectRoot}test/monitor/raft/`;
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.txt'))
  .sort((a, b) => (a < b ? -1 : 1));
const isUpdate = process.env['UPDATE'] === '1';

describe('raft transcripts', () => {
  it('are there', () => assert.ok(names.length > 20, `${names.length} transcripts`));

  for (const name of names) {
    it(`${name.replace('.txt', '').replaceAll('-', ' ')} goes as written`, () => {
      const expected = readFileSync(folder + name, 'utf8');
      assert.ok(expected.startsWith('# '), 'a transcript opens with what it shows');
      const actual = replay(expected);
      if (isUpdate) writeFileSync(folder + name, actual);
      else assert.equal(actual, expected);
    });
  }
});

/** The transcript with what its commands print now. */
function replay(transcript: string): string {
  const interaction = new Interaction();
  const blocks = transcript.trimEnd().split(/\n\n+/);
  return `${blocks.map((block) => replayBlock(interaction, block)).join('\n\n')}\n`;
}

function replayBlock(interaction: Interaction, block: string): string {
  const [commands = ''] = block.split('\n----');
  const lines = commands.split('\n').filter((line) => !line.startsWith('#'));
  if (lines.length === 0) return block;
  const printed = lines.map((line) => interaction.run(line)).filter((text) => text !== '');
  return [commands, '----', ...printed].join('\n');
}
