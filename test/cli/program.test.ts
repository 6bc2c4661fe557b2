import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { version } from '../../cli/version.js';
import { projectRoot } from '../tidy/source-tree.js';
import { cli } from './fake-context.js';

describe('cairn', () => {
  it('without a command says what this version can do, and ends well', async () => {
    const run = await cli([]);
    assert.equal(run.code, 0);
    assert.match(run.stdout, /`cairn\s+dev` runs a cluster on this machine/);
    assert.equal(run.stderr, '');
  });

  it('has the version of its package', async () => {
    const { version: packaged } = JSON.parse(readFileSync(`${projectRoot}package.json`, 'utf8')) as { version: string };
    assert.equal(version, packaged);
    assert.equal((await cli(['--version'])).stdout, `${version}\n`);
  });

  it('says in one line what is wrong with a command that does not exist', async () => {
    const run = await cli(['crsh']);
    assert.equal(run.code, 1);
    assert.match(run.stderr, /^cairn: unknown command 'crsh' \(did you mean crush\?\); add --help to see how\n$/);
  });

  const lines = [
    { args: ['osd', 'set', 'noiut'], says: '<flag> cannot be "noiut"; choose one of noup, nodown, noin, noout, ' },
    { args: ['log', '-n', '0'], says: '--count cannot be "0"; write a whole number from 1 to 10000\n' },
    { args: ['log', '--level', 'x'], says: '--level cannot be "x"; choose one of debug, info, warn, error\n' },
    { args: ['log', '--level', 'a\nb'], says: '--level cannot be "a b"; choose one of' },
    {
      args: ['--timeout', '0', 'status'],
      says: '--timeout cannot be "0"; give seconds, more than 0 and at most 86400\n',
    },
    { args: ['status', 'now'], says: 'status takes no arguments, and was given 1; add --help to see how\n' },
    {
      args: ['osd', 'find', '1', '2'],
      says: 'find takes at most 1 argument, and was given 2; add --help to see how\n',
    },
    { args: ['osd', 'find'], says: "missing required argument 'osd'; add --help to see how\n" },
    { args: ['status', '--jsn'], says: "unknown option '--jsn' (did you mean --json?); add --help to see how\n" },
  ];
  for (const { args, says } of lines) {
    it(`says what to write instead of: ${args.join(' ')}`, async () => {
      const { code, stdout, stderr } = await cli(args);
      assert.deepEqual([code, stdout], [1, '']);
      assert.ok(stderr.startsWith(`cairn: ${says}`), stderr);
      assert.match(stderr, /^[^\n]+\n$/);
    });
  }

  it('help goes down to a command of a group', async () => {
    const { code, stdout } = await cli(['help', 'osd', 'tree']);
    assert.equal(code, 0);
    assert.match(stdout, /^Usage: cairn osd tree /);
    assert.match((await cli(['help', 'osd'])).stdout, /^Usage: cairn osd \[/);
  });
});
