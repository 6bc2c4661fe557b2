/** `cairn completion`, in the shell that is here. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cli } from './fake-context.js';

const hasBash = spawnSync('bash', ['-c', 'true']).status === 0;

describe('cairn completion', () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    it(`for ${shell} knows every command and no hidden option`, async () => {
      const { stdout, code } = await cli(['completion', shell]);
      assert.equal(code, 0);
      for (const word of ['status', 'transfer', 'decompile', 'unmute']) assert.ok(stdout.includes(word), word);
      assert.doesNotMatch(stdout, /yes-i-really-mean-it/);
      assert.match(stdout, shell === 'fish' ? /-s w -l watch/ : /-w\b.*--watch/);
    });
  }

  it('refuses a shell that it does not know', async () => {
    const refused = await cli(['completion', 'tcsh']);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /^cairn: <shell> cannot be "[a-z]+"; choose one of bash, zsh, fish\n$/);
  });

  if (hasBash) {
    describe('in bash', () => {
      let folder: string;
      let script: string;
      before(async () => {
        folder = mkdtempSync(join(tmpdir(), 'cairn-completion-'));
        script = join(folder, 'script');
        writeFileSync(script, (await cli(['completion', 'bash'])).stdout);
        writeFileSync(join(folder, 'map.txt'), '');
      });
      after(() => rmSync(folder, { recursive: true }));

      /** What bash would offer behind these words, the last of which is being written. */
      function complete(...words: string[]): string[] {
        const { stdout, stderr, status } = spawnSync(
          'bash',
          [
            '--norc',
            '-c',
            'set -u; source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _cairn; ' +
              'printf "%s\\n" ${COMPREPLY[@]+"${COMPREPLY[@]}"}; complete -p cairn >&2',
            'bash',
            script,
            'cairn',
            ...words,
          ],
          { encoding: 'utf8', cwd: folder, env: { PATH: process.env['PATH'] ?? '' } },
        );
        assert.equal(status, 0, stderr);
        assert.match(stderr, /^complete .*-F _cairn cairn\n$/);
        return stdout.split('\n').filter((line) => line !== '');
      }

      const cases = [
        { name: 'a command', words: ['sta'], offers: ['status'] },
        { name: 'a command of a group', words: ['auth', 'r'], offers: ['rotate', 'rm'] },
        { name: 'all commands of a group', words: ['health', ''], offers: ['summary', 'detail', 'mute', 'unmute'] },
        { name: 'an option', words: ['log', '--l'], offers: ['--level'] },
        { name: 'an option of the program behind a command', words: ['mon', 'rm', '--ti'], offers: ['--timeout'] },
        { name: 'an option of what runs by default', words: ['health', '--j'], offers: ['--json'] },
        { name: 'the choices of an option', words: ['log', '--level', ''], offers: ['debug', 'info', 'warn', 'error'] },
        { name: 'the choices of an argument', words: ['completion', 'z'], offers: ['zsh'] },
        { name: 'a file', words: ['crush', 'compile', 'ma'], offers: ['map.txt'] },
        { name: 'a file behind an option', words: ['map', 'get', '-o', 'm'], offers: ['map.txt'] },
        {
          name: 'a command behind an option with a value that is a command',
          words: ['--dir', 'auth', 'mon', 'st'],
          offers: ['stat'],
        },
        { name: 'nothing for what only the cluster knows', words: ['auth', 'get', ''], offers: [] },
        { name: 'nothing for a value that it cannot know', words: ['log', '-n', ''], offers: [] },
        { name: 'nothing for the start of no command', words: ['xyz'], offers: [] },
        { name: 'nothing hidden', words: ['mon', 'rm', 'c', '--yes'], offers: ['--yes'] },
      ];
      for (const c of cases) {
        it(`offers ${c.name}`, () => assert.deepEqual(complete(...c.words).sort(), [...c.offers].sort()));
      }

      it('is not confused by what the shell would expand', () => {
        assert.deepEqual(complete('*', '$(false)', 'mon', 'st'), ['stat']);
      });
    });
  }
});
