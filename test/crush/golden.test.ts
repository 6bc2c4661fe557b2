/** Every mapping that `crushtool` 16.2.15 gave for the maps in `golden/` (its README.md says how they were made). */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compileCrushMap } from '../../crush/compiled-map.js';
import { parseCrushText } from '../../crush/text-parser.js';
import { type MappingCase, mappingLines } from './mapping-lines.js';

interface GoldenCase extends MappingCase {
  readonly map: string;
}

// Compiled to dist/test/crush/, while the data stays in test/crush/golden/.
const folder = fileURLToPath(new URL('../../../test/crush/golden/', import.meta.url));
const cases = JSON.parse(readFileSync(`${folder}cases.json`, 'utf8')) as GoldenCase[];
const maps = [...new Set(cases.map((c) => c.map))];

describe('crush: golden mappings', () => {
  for (const name of maps) {
    it(`places ${name} as crushtool does`, () => {
      const map = parseCrushText(readFileSync(`${folder}maps/${name}.txt`, 'utf8'));
      const compiled = compileCrushMap(map);
      const columns = cases.filter((c) => c.map === name).map((c) => mappingLines(compiled, map, c));
      const found = columns[0]?.map((_, i) => columns.map((column) => column[i]).join(' ')) ?? [];
      const golden = readFileSync(`${folder}mappings/${name}.txt`, 'utf8').trimEnd().split('\n');
      assert.ok(found.length >= 1000);
      assert.deepEqual(found, golden);
    });
  }

  it('leaves no golden file untested', () => {
    for (const kind of ['maps', 'mappings']) {
      const files = readdirSync(folder + kind).sort();
      assert.deepEqual(files, maps.map((name) => `${name}.txt`).sort());
    }
  });
});
