/**
 * Settings files in YAML. Scalars are taken as they are written (`0x10`, `1_000`, `yes` stay texts), so that a value means
 * the same in a file, in the environment and as a flag. The package `yaml` comes in as a parameter; only what is used of it
 * is named here.
 */
import { CairnError } from '../../base/errors.js';
import type { FileEntry, ParseSettings } from './settings-file.js';
import type { WrittenValue } from './option-value.js';

/** The part of the package `yaml` (version 2) that reads settings. */
export interface YamlLibrary {
  readonly LineCounter: new () => { linePos(offset: number): { readonly line: number } };
  parseDocument(text: string, options: object): YamlDocument;
}

interface YamlDocument {
  readonly errors: readonly { readonly message: string; readonly pos: readonly [number, number] }[];
  readonly contents: unknown;
}

/**
 * The parser recurses, and exhausting the stack can abort the process inside V8 (seen with 50,000 open brackets). Depth
 * needs brackets, or long lines (indentation, `- - -`): settings have few of either.
 */
const bracketsMax = 500;
const lineLengthMax = 2_048;

export function yamlSettings(library: YamlLibrary): ParseSettings {
  return (text, path) => {
    checkShape(text, path);
    const lineCounter = new library.LineCounter();
    const document = library.parseDocument(text, {
      lineCounter,
      prettyErrors: false,
      version: '1.2',
      uniqueKeys: true,
    });
    const lineAt = (offset: number): number => lineCounter.linePos(offset).line;
    const [error] = document.errors;
    if (error !== undefined) {
      const [sentence = ''] = error.message.split('\n');
      throw new CairnError('PARSE_ERROR', `${path} line ${lineAt(error.pos[0])} is not YAML: ${sentence}`);
    }
    return entriesOf(document.contents, path, lineAt);
  };
}

function checkShape(text: string, path: string): void {
  const brackets = text.match(/[[{]/g)?.length ?? 0;
  const longest = text.split('\n').findIndex((line) => line.length > lineLengthMax);
  if (brackets > bracketsMax) {
    throw new CairnError(
      'PARSE_ERROR',
      `${path} has ${brackets} brackets, more than ${bracketsMax}; remove nested values`,
    );
  }
  if (longest !== -1) {
    throw new CairnError('PARSE_ERROR', `${path} line ${longest + 1} has over ${lineLengthMax} characters; split it`);
  }
}

function entriesOf(contents: unknown, path: string, lineAt: (offset: number) => number): FileEntry[] {
  // An empty file, or one of comments.
  if (contents === null || (isNode(contents) && contents.value === null)) return [];
  if (!isNode(contents) || !Array.isArray(contents.items)) {
    throw new CairnError('PARSE_ERROR', `${path} is not a list of settings; write lines such as "name: value"`);
  }
  const firstLine = lineAt(contents.range?.[0] ?? 0);
  return pairsOf(contents.items, path, lineAt, { firstLine, isTop: true });
}

/** One level below the top, and no deeper. `firstLine` is told of a key that is no text: where it stands is not known. */
function pairsOf(
  items: readonly unknown[],
  path: string,
  lineAt: (offset: number) => number,
  { firstLine, isTop }: { readonly firstLine: number; readonly isTop: boolean },
): FileEntry[] {
  return items.map((item: unknown) => {
    const { key, value } = isPair(item) ? item : { key: undefined, value: undefined };
    const name = textOf(key);
    if (name === undefined) {
      throw new CairnError(
        'PARSE_ERROR',
        `${path} line ${firstLine} begins no settings; write lines such as "name: value"`,
      );
    }
    const line = lineAt(isNode(key) ? (key.range?.[0] ?? 0) : 0);
    const below = isNode(value) && Array.isArray(value.items) ? value.items : [];
    if (!isTop || below.length === 0 || !below.every(isPair)) return { key: name, line, value: writtenValue(value) };
    const nested = pairsOf(below, path, lineAt, { firstLine: line, isTop: false });
    return { key: name, line, value: undefined, nested };
  });
}

function writtenValue(node: unknown): WrittenValue | undefined {
  // `name:` with nothing behind it.
  if (node === null) return '';
  const text = textOf(node);
  if (text !== undefined || !isNode(node) || !Array.isArray(node.items)) return text;
  const items = node.items.map(textOf);
  return items.every((item) => item !== undefined) ? items : undefined;
}

/** What `yaml` calls a node, as far as it is looked at: a scalar has `source`, a map or a sequence `items`. */
interface Node {
  readonly value?: unknown;
  readonly source?: unknown;
  readonly items?: unknown;
  readonly range?: readonly number[];
}

function isNode(node: unknown): node is Node {
  return typeof node === 'object' && node !== null;
}

function isPair(item: unknown): item is { readonly key: unknown; readonly value: unknown } {
  return typeof item === 'object' && item !== null && 'key' in item && 'value' in item;
}

/** The text of a scalar as written, without quotes; `undefined` for anything else. Aliases have a `source` too: refused. */
function textOf(node: unknown): string | undefined {
  if (!isNode(node) || !('value' in node) || 'items' in node || 'key' in node) return undefined;
  if (typeof node.source === 'string') return node.source;
  return node.value === null ? '' : undefined;
}
