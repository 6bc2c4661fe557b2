/** The process side: real files, real streams. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processContext } from '../../cli/main.js';
import { projectRoot } from '../tidy/source-tree.js';

const map = `${projectRoot}examples/crush/three-racks.txt`;

function cairn(args: readonly string[], stdout: number | 'pipe' = 'pipe') {
  return spawnSync(process.execPath, [`${projectRoot}bin/cairn`, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', stdout, 'pipe'],
  });
}

describe('cairn as a process', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'cairn-cli-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('leaves a neighbour alone whose name is that of the output with .new', () => {
    writeFileSync(join(folder, 'crushmap.new'), 'precious');
    assert.equal(cairn(['crush', 'compile', map, '-o', join(folder, 'crushmap')]).status, 0);
    assert.equal(readFileSync(join(folder, 'crushmap.new'), 'utf8'), 'precious');
    assert.deepEqual(readdirSync(folder).sort(), ['crushmap', 'crushmap.new']);
  });

  it('writes to what a link points at', () => {
    writeFileSync(join(folder, 'target'), '');
    symlinkSync('target', join(folder, 'link'));
    assert.equal(cairn(['crush', 'compile', map, '-o', join(folder, 'link')]).status, 0);
    assert.ok(lstatSync(join(folder, 'link')).isSymbolicLink());
    assert.ok(readFileSync(join(folder, 'target')).byteLength > 0);
  });

  it('refuses an output without a name', () => {
    const run = cairn(['crush', 'compile', map, '-o', '']);
    assert.equal(run.status, 1);
    assert.equal(run.stderr, 'cairn: the output has an empty name; name a file\n');
  });

  it('makes a private file that nobody else can read, also in place of one that others could', async () => {
    const context = processContext();
    for (const name of ['new', 'old']) {
      const path = join(folder, name);
      if (name === 'old') writeFileSync(path, 'public', { mode: 0o644 });
      await context.writeFile(path, new TextEncoder().encode('secret'), { isPrivate: true });
      assert.equal(lstatSync(path).mode & 0o777, 0o600);
      assert.equal(readFileSync(path, 'utf8'), 'secret');
    }
    assert.deepEqual(readdirSync(folder).sort(), ['new', 'old']);
  });

  it('says in one line why a private file cannot be written', async () => {
    const path = join(folder, 'gone', 'f');
    const doing = processContext().writeFile(path, new Uint8Array(1), { isPrivate: true });
    await assert.rejects(doing, {
      name: 'CairnError',
      code: 'NOT_FOUND',
      message: /f cannot be written: there is no directory .*gone; make it/,
    });
  });

  // Linux only.
  if (existsSync('/dev/full')) {
    it('says in one line that the result cannot be written', () => {
      const full = openSync('/dev/full', 'w');
      const run = cairn(['crush', 'decompile', map], full);
      closeSync(full);
      assert.equal(run.status, 1);
      assert.match(run.stderr, /^cairn: cannot write the result \(ENOSPC.*\); send it elsewhere\n$/);
    });
  }
});
