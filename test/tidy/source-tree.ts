/** The project's own sources as the tidiness rules see them: every TypeScript file with what it imports. */
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Compiled tests run from dist/test/tidy/. */
export const projectRoot = fileURLToPath(new URL('../../../', import.meta.url));

export interface ImportLine {
  /** As written: `../base/errors.js`, `node:fs`, `level`. */
  readonly specifier: string;
  /** The imported names, without `type`; empty for `import '…'` and for `import * as x`. */
  readonly names: readonly string[];
  /** True when nothing of it is left at run time. */
  readonly typeOnly: boolean;
}

export interface SourceFile {
  /** From the root of the project, with slashes: `crush/mapper.ts`. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly ImportLine[];
}

/** All `.ts` files below `folder`, in byte order; none when the folder does not exist yet. */
export function sourceFiles(folder: string): SourceFile[] {
  let entries;
  try {
    entries = readdirSync(projectRoot + folder, { withFileTypes: true });
  } catch {
    return [];
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return sourceFiles(path);
    if (!entry.name.endsWith('.ts')) return [];
    const text = readFileSync(projectRoot + path, 'utf8');
    return [{ path, text, imports: importsOf(text) }];
  });
}

/** The file that a relative import names: `crush/mapper.ts`; `undefined` for packages. */
export function importedPath(file: SourceFile, line: ImportLine): string | undefined {
  if (!line.specifier.startsWith('.')) return undefined;
  return posix.join(posix.dirname(file.path), line.specifier).replace(/\.js$/, '.ts');
}

/**
 * Reads import and export-from statements and `import()` calls with literal names. The formatter has made their shape
 * regular: each starts a line.
 */
export function importsOf(text: string): ImportLine[] {
  const lines: ImportLine[] = [];
  const statement = /^(?:import|export)\s+(type\s+)?(?:([\w*\s{},$]+?)\s+from\s+)?'([^']+)';/gm;
  for (const [, type, clause = '', specifier = ''] of text.matchAll(statement)) {
    const named = /\{([^}]*)\}/.exec(clause)?.[1] ?? '';
    const names = named
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '');
    lines.push({
      specifier,
      names: names.map((name) => name.replace(/^type\s+/, '').replace(/\s+as\s+.*$/, '')),
      typeOnly: type !== undefined || (names.length > 0 && names.every((name) => name.startsWith('type '))),
    });
  }
  for (const [, specifier = ''] of text.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g)) {
    lines.push({ specifier, names: [], typeOnly: false });
  }
  return lines;
}
