/**
 * The rules of the tree (DESIGN.md §2): layers, cycles, ambient modules, dead files, file length. Ambient globals
 * (`Date`, timers, `Math.random`, `process`…) are oxlint's to find: `.oxlintrc.json`.
 */
import assert from 'node:assert/strict';
import { importedPath, importsOf, sourceFiles, type SourceFile } from './source-tree.js';

const below: Readonly<Record<string, readonly string[]>> = {
  base: [],
  crush: ['base'],
  cluster: ['base', 'crush'],
  runtime: ['base'],
  wire: ['base', 'runtime'],
  protocol: ['base', 'crush', 'cluster', 'runtime', 'wire'],
  monitor: ['base', 'crush', 'cluster', 'runtime', 'wire', 'protocol'],
  osd: ['base', 'crush', 'cluster', 'runtime', 'wire', 'protocol'],
  client: ['base', 'crush', 'cluster', 'runtime', 'wire', 'protocol'],
  gateway: ['base', 'crush', 'cluster', 'runtime', 'wire', 'protocol', 'client'],
  volume: ['base', 'crush', 'cluster', 'runtime', 'wire', 'protocol', 'client'],
};
const layers = [...Object.keys(below), 'cli'];

/** What a layer outside runtime/ may take from outside the project, and the names it may take where not all are pure. */
const packages: Readonly<Record<string, Readonly<Record<string, readonly string[] | 'all'>>>> = {
  base: { 'xxhash-wasm': 'all' },
  wire: { 'msgpackr/pack': 'all', 'node:crypto': ['createHash', 'createHmac', 'timingSafeEqual'] },
  protocol: { 'zod/mini': 'all' },
  // Digests and signatures: S3 names the algorithms.
  gateway: { 'node:crypto': ['createHash', 'createHmac', 'timingSafeEqual'] },
  cli: { commander: 'all', yaml: 'all', 'zod/mini': 'all' },
};

const product = layers.flatMap((layer) => sourceFiles(layer));
const others = ['test', 'bench'].flatMap((folder) => sourceFiles(folder));

function layerOf(path: string): string {
  return path.slice(0, path.indexOf('/'));
}

/** Imports of `file` that its layer must not make, in words. */
function forbiddenImports(file: SourceFile): string[] {
  const layer = layerOf(file.path);
  return file.imports.flatMap((line) => {
    const target = importedPath(file, line);
    if (target !== undefined) {
      const other = layerOf(target);
      const allowed = layer === 'cli' || other === layer || below[layer]?.includes(other) === true;
      return allowed && layers.includes(other) ? [] : [`${file.path}: ${layer}/ must not import ${target}`];
    }
    if (layer === 'runtime' || file.path === 'cli/main.ts') return [];
    const names = packages[layer]?.[line.specifier];
    if (names === 'all' || (names !== undefined && line.names.every((name) => names.includes(name)))) return [];
    return [
      `${file.path}: ${layer}/ must not import ${line.specifier}${line.names.map((name) => ` ${name}`).join('')}`,
    ];
  });
}

/** The first import cycle found, as the paths along it; type imports count, since they tie files together as well. */
function findCycle(files: readonly SourceFile[]): string[] | undefined {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const finished = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string): string[] | undefined => {
    const file = byPath.get(path);
    if (file === undefined || finished.has(path)) return undefined;
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    trail.push(path);
    for (const line of file.imports) {
      const target = importedPath(file, line);
      const cycle = target === undefined ? undefined : visit(target);
      if (cycle !== undefined) return cycle;
    }
    trail.pop();
    finished.add(path);
    return undefined;
  };
  for (const file of files) {
    const cycle = visit(file.path);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

function sample(path: string, text: string): SourceFile {
  return { path, text, imports: importsOf(text) };
}

describe('tidy', () => {
  it('finds the tree', () => {
    assert.ok(product.some((file) => file.path === 'base/errors.ts'));
    assert.ok(others.some((file) => file.path === 'test/tidy/tidy.test.ts'));
  });

  it('lets layers import only what lies below them', () => {
    assert.deepEqual(product.flatMap(forbiddenImports), []);
  });

  it('has no import cycles', () => {
    assert.equal(findCycle([...product, ...others]), undefined);
  });

  it('resolves every relative import', () => {
    const known = new Set([...product, ...others].map((file) => file.path));
    const dangling = [...product, ...others].flatMap((file) =>
      file.imports
        .map((line) => importedPath(file, line))
        .filter((target) => target !== undefined && !known.has(target))
        .map((target) => `${file.path} imports ${target}`),
    );
    assert.deepEqual(dangling, []);
  });

  it('has no dead files: each is imported by another, or is an entry point', () => {
    const entries = new Set(['cli/main.ts']);
    const imported = new Set([...product, ...others].flatMap((f) => f.imports.map((line) => importedPath(f, line))));
    const dead = product.filter((file) => !imported.has(file.path) && !entries.has(file.path));
    assert.deepEqual(
      dead.map((file) => file.path),
      [],
    );
  });

  it('keeps files under 500 lines: one concept each', () => {
    const long = [...product, ...others].filter((file) => file.text.split('\n').length > 500);
    assert.deepEqual(
      long.map((file) => file.path),
      [],
    );
  });

  it('leaves no unfinished words behind', () => {
    // Spelt with character classes so that this line does not find itself.
    const words = /\b(?:TO[D]O|FIX[M]E|X[X]X|HA[C]K)\b/;
    const unfinished = [...product, ...others].filter((file) => words.test(file.text));
    assert.deepEqual(
      unfinished.map((file) => file.path),
      [],
    );
  });
});

describe('the tidiness rules themselves', () => {
  const cases = [
    { name: 'an upward import', path: 'base/a.ts', text: "import { b } from '../crush/b.js';\n", fails: true },
    { name: 'an upward type import', path: 'base/a.ts', text: "import type { B } from '../wire/b.js';\n", fails: true },
    { name: 'a sideways import', path: 'osd/a.ts', text: "export { b } from '../monitor/b.js';\n", fails: true },
    { name: 'a downward import', path: 'osd/a.ts', text: "import { b } from '../base/b.js';\n", fails: false },
    {
      name: 'a test imported by the product',
      path: 'osd/a.ts',
      text: "import { b } from '../test/b.js';\n",
      fails: true,
    },
    { name: 'files outside the seam', path: 'osd/a.ts', text: "import { open } from 'node:fs';\n", fails: true },
    { name: 'sockets outside the seam', path: 'wire/a.ts', text: "import net from 'node:net';\n", fails: true },
    { name: 'LevelDB outside the seam', path: 'osd/a.ts', text: "import { Level } from 'level';\n", fails: true },
    {
      name: 'files inside the seam',
      path: 'runtime/node/a.ts',
      text: "import { open } from 'node:fs';\n",
      fails: false,
    },
    {
      name: 'pure hashing in wire',
      path: 'wire/a.ts',
      text: "import { createHmac } from 'node:crypto';\n",
      fails: false,
    },
    { name: 'entropy in wire', path: 'wire/a.ts', text: "import { randomBytes } from 'node:crypto';\n", fails: true },
    { name: 'a dynamic import', path: 'osd/a.ts', text: "const fs = await import('node:fs');\n", fails: true },
    {
      name: 'an import over several lines',
      path: 'base/a.ts',
      text: "import {\n  b,\n} from '../cli/b.js';\n",
      fails: true,
    },
  ];
  for (const c of cases) {
    it(`${c.fails ? 'refuse' : 'accept'} ${c.name}`, () => {
      assert.equal(forbiddenImports(sample(c.path, c.text)).length > 0, c.fails);
    });
  }

  it('find a cycle of three files', () => {
    const files = [
      sample('base/a.ts', "import { b } from './b.js';\n"),
      sample('base/b.ts', "import { c } from './c.js';\n"),
      sample('base/c.ts', "import type { A } from './a.js';\n"),
    ];
    assert.deepEqual(findCycle(files), ['base/a.ts', 'base/b.ts', 'base/c.ts', 'base/a.ts']);
  });
});
