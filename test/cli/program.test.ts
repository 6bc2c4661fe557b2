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
});
