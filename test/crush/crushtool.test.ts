/**
 * Random maps, placed by Cairn and by the `crushtool` that is installed: every mapping and the histogram of tries must be
 * equal. `SEEDS=1000` tries a thousand maps, `SEED=17` only that one.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileCrushMap } from '../../crush/compiled-map.js';
import { parseCrushText } from '../../crush/text-parser.js';
import { type MappingCase, mappingLines, testerWeights } from './mapping-lines.js';
import { randomMap } from './random-map.js';

const installed = spawnSync('crushtool', ['-h']).error === undefined;

if (installed) {
  describe('crush: random maps', () => {
    // About 5 s of crushtool's time on one core.
    const seedCount = Number(process.env['SEEDS'] ?? 40);
    const only = process.env['SEED'];
    const seeds = only === undefined ? Array.from({ length: seedCount }, (_, i) => i + 1) : [Number(only)];
    const folder = mkdtempSync(join(tmpdir(), 'cairn-crush-'));
    after(() => rmSync(folder, { recursive: true }));

    it(`are placed as crushtool does (${seeds.length} maps)`, function () {
      this.timeout(20_000 + seeds.length * 1000);
      for (const seed of seeds) compare(seed, folder);
    });
  });
}

function compare(seed: number, folder: string): void {
  const { text, totalTries, cases } = randomMap(seed);
  const source = join(folder, 'map.txt');
  const binary = join(folder, 'map.bin');
  writeFileSync(source, text);
  execFileSync('crushtool', ['-c', source, '--enable-unsafe-tunables', '-o', binary]);
  const map = parseCrushText(text);
  const compiled = compileCrushMap(map);
  for (const question of cases) {
    // With all devices out, crushtool prints nothing.
    if (testerWeights(map, question.weights).every((weight) => weight === 0)) continue;
    const retryCounts = new Uint32Array(countsTries(totalTries) ? totalTries : 0);
    const found = mappingLines(compiled, map, question, retryCounts);
    const expected = ask(binary, question, retryCounts.length > 0);
    const failed = `SEED=${seed} npx mocha -g 'crush: random maps': ${JSON.stringify(question)}\n${text}`;
    assert.deepEqual(found, expected.lines, failed);
    assert.deepEqual([...retryCounts], expected.retryCounts, failed);
  }
}

/**
 * `crushtool` writes one entry beyond its histogram of `totalTries` entries. Where that is not in the slack of `malloc`,
 * it overwrites the heap and dies.
 */
function countsTries(totalTries: number): boolean {
  return totalTries > 0 && (totalTries * 4) % 16 !== 8;
}

function ask(
  binary: string,
  { rule, replicas, minX, maxX, weights }: MappingCase,
  counting: boolean,
): { lines: string[]; retryCounts: number[] } {
  const options = ['-i', binary, '--test', '--show-mappings', ...(counting ? ['--show-choose-tries'] : [])];
  const question = ['--rule', rule, '--num-rep', replicas, '--min-x', minX, '--max-x', maxX];
  const overrides = Object.entries(weights).flatMap(([device, weight]) => ['--weight', device, weight]);
  const output = execFileSync('crushtool', [...options, ...question, ...overrides].map(String)).toString();
  const mappings = [...output.matchAll(/^CRUSH rule \d+ x \d+ \[(.*)\]$/gm)].map((match) => match[1] ?? '');
  const counts = [...output.matchAll(/^ *\d+: +(\d+)$/gm)].map((match) => Number(match[1]));
  return { lines: mappings.map((items) => items.replaceAll('2147483647', '-') || '.'), retryCounts: counts };
}
