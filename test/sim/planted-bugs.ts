/**
 * Plants one bug at a time in a copy of what was compiled, and runs a simulation until it fails: proof that it would find such
 * a bug. A bug is a replacement in a file, so it also fails when the code it was written for has changed.
 *
 *     npm run sim:… -bugs                        every bug with its known seed
 *     npm run sim:… -bugs -- --search 2000       looks for a seed for each
 *     npm run sim:… -bugs -- --bug ack-before-sync --search 500 [--jobs 1]
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const dist = fileURLToPath(new URL('../../', import.meta.url));

export interface PlantedBug {
  readonly name: string;
  /** That finds it; `undefined`: none is known yet. */
  readonly seed: number | undefined;
  /** More words for the simulation's command line: it finds the bug sooner with these. */
  readonly words?: readonly string[];
  readonly changes: readonly { readonly file: string; readonly from: string; readonly to: string }[];
}

export interface PlantedRun {
  readonly found: boolean;
  /** The seed that found it. */
  readonly seed: number | undefined;
  readonly output: string;
}

/**
 * Runs seeds `first` to `first + count - 1` with the bug in place.
 *
 * @param script below `dist/`: one that `runSeedCommand` runs
 */
export function runPlanted(
  script: string,
  bug: PlantedBug,
  { first, count, jobs }: { readonly first: number; readonly count: number; readonly jobs?: string | undefined },
): PlantedRun {
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
    const seeds = ['--first', String(first), '--seeds', String(count), '--failures', '1'];
    const words = [...seeds, ...(jobs === undefined ? [] : ['--jobs', jobs]), ...(bug.words ?? [])];
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(copy, 'dist', script), ...words], {
      encoding: 'utf8',
    });
    const seed = /seed (\d+) failed/.exec(stderr)?.[1];
    return { found: status === 1, seed: seed === undefined ? undefined : Number(seed), output: `${stdout}${stderr}` };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Runs what `process.argv` asks for, and says of each bug which seed found it, and by what. */
export function runPlantedCommand(script: string, bugs: readonly PlantedBug[]): void {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { bug: text, search: text, jobs: text } });
  const chosen = bugs.filter(({ name }) => values.bug === undefined || values.bug === name);
  let missed = 0;
  for (const bug of chosen) {
    const isSearch = values.search !== undefined || bug.seed === undefined;
    const count = isSearch ? Number(values.search ?? '20') : 1;
    const run = runPlanted(script, bug, { first: isSearch ? 1 : (bug.seed ?? 1), count, jobs: values.jobs });
    const reason = /(?:Error|NotLinearizable)[^\n]*/.exec(run.output)?.[0] ?? '';
    process.stdout.write(
      `${bug.name.padEnd(34)} ${run.found ? `seed ${run.seed ?? '?'}  ${reason.slice(0, 140)}` : 'NOT FOUND'}\n`,
    );
    if (!run.found) missed += 1;
  }
  if (missed > 0) process.exitCode = 1;
}
