/**
 * Plants one bug at a time in a copy of the compiled store and runs the crash test until it fails: proof that the test would
 * find such a bug. A bug is a replacement in one file, so it also fails when the code it was written for has changed.
 *
 *     npm run sim:store-bugs                        every bug with its known seed
 *     npm run sim:store-bugs -- --search 2000       looks for a seed for each
 *     npm run sim:store-bugs -- --bug ack-before-sync --search 500
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { plantedBugs, type PlantedBug } from './planted-bug-list.js';

const dist = fileURLToPath(new URL('../../../', import.meta.url));

export interface PlantedRun {
  readonly found: boolean;
  /** The seed that found it. */
  readonly seed: number | undefined;
  readonly output: string;
}

/** Runs seeds `first` to `first + count - 1` with the bug in place. */
export function runPlanted(bug: PlantedBug, first: number, count: number): PlantedRun {
  const copy = mkdtempSync(join(tmpdir(), 'cairn-planted-'));
  try {
    cpSync(dist, join(copy, 'dist'), { recursive: true });
    symlinkSync(join(dist, '../node_modules'), join(copy, 'node_modules'));
    cpSync(join(dist, '../package.json'), join(copy, 'package.json'));
    for (const { file, from, to } of bug.changes) {
      const path = join(copy, 'dist', file);
      const text = readFileSync(path, 'utf8');
      if (text.split(from).length !== 2) throw new Error(`${bug.name}: ${file} does not have "${from}" exactly once`);
      writeFileSync(
        path,
        text.replace(from, () => to),
      );
    }
    const script = join(copy, 'dist/test/osd/store/sim-store.js');
    const args = [script, '--first', String(first), '--seeds', String(count)];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    const seed = /seed (\d+) failed/.exec(stderr)?.[1];
    return { found: status === 1, seed: seed === undefined ? undefined : Number(seed), output: `${stdout}${stderr}` };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function main(): void {
  const { values } = parseArgs({ options: { bug: { type: 'string' }, search: { type: 'string' } } });
  const chosen = plantedBugs.filter(({ name }) => values.bug === undefined || values.bug === name);
  let missed = 0;
  for (const bug of chosen) {
    const count = values.search === undefined ? 1 : Number(values.search);
    const run = runPlanted(bug, values.search === undefined ? bug.seed : 1, count);
    const reason = /(?:Error|AssertionError)[^\n]*/.exec(run.output)?.[0] ?? '';
    process.stdout.write(
      `${bug.name.padEnd(34)} ${run.found ? `seed ${run.seed ?? '?'}  ${reason.slice(0, 120)}` : 'NOT FOUND'}\n`,
    );
    if (!run.found) missed += 1;
  }
  if (missed > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
