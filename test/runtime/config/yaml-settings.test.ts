/** What is made of the documents of the package `yaml`, by documents of its shape. */
import assert from 'node:assert/strict';
import { isCairnError } from '../../../base/errors.js';
import { readSettingsFile, type FileEntry } from '../../../runtime/config/settings-file.js';
import { yamlSettings } from '../../../runtime/config/yaml-settings.js';
import { claim, withCode } from '../contract/harness.js';
import { openNodeHarness } from '../node/harness.js';

/** Ten characters to a line. */
class LineCounter {
  linePos(offset: number): { line: number } {
    return { line: 1 + Math.floor(offset / 10) };
  }
}

interface Document {
  readonly errors: { message: string; pos: [number, number] }[];
  readonly contents: unknown;
}

function parse(contents: unknown, text = '', errors: Document['errors'] = []): readonly FileEntry[] {
  const library = { LineCounter, parseDocument: (): Document => ({ errors, contents }) };
  return yamlSettings(library)(text, 'cairn.yaml');
}

const scalar = (source: string, start = 0): object => ({ value: source, source, range: [start, start + 1, start + 1] });
const map = (...items: { key: unknown; value: unknown }[]): object => ({ items, range: [0, 9, 9] });

function refuses(says: string, contents: unknown, text?: string, errors?: Document['errors']): void {
  assert.throws(
    () => parse(contents, text, errors),
    (error) => isCairnError(error, 'PARSE_ERROR') && error.message === says,
  );
}

describe('settings in YAML', () => {
  it('are keys with their lines and values as written', () => {
    const alias = { source: 'anchor' };
    const contents = map(
      { key: scalar('a'), value: { value: 16, source: '0x10' } },
      { key: scalar('b', 25), value: { items: [scalar('x'), scalar('y')] } },
      { key: scalar('c', 30), value: null },
      { key: scalar('d', 31), value: { value: null } },
      { key: scalar('e', 32), value: map({ key: scalar('x'), value: scalar('y') }) },
      { key: scalar('f', 33), value: alias },
      { key: scalar('g', 34), value: { items: [scalar('x'), { items: [] }] } },
    );
    assert.deepEqual(parse(contents), [
      { key: 'a', line: 1, value: '0x10' },
      { key: 'b', line: 3, value: ['x', 'y'] },
      { key: 'c', line: 4, value: '' },
      { key: 'd', line: 4, value: '' },
      { key: 'e', line: 4, value: undefined, nested: [{ key: 'x', line: 1, value: 'y' }] },
      { key: 'f', line: 4, value: undefined },
      { key: 'g', line: 4, value: undefined },
    ]);
  });

  it('may have groups, one level deep', () => {
    const deeper = map({ key: scalar('z', 55), value: map({ key: scalar('y'), value: scalar('1') }) });
    const contents = map({ key: scalar('tls', 40), value: deeper });
    assert.deepEqual(parse(contents), [
      { key: 'tls', line: 5, value: undefined, nested: [{ key: 'z', line: 6, value: undefined }] },
    ]);
  });

  it('may be none', () => {
    assert.deepEqual([parse(null), parse({ value: null })], [[], []]);
  });

  it('are refused with the line when they are no YAML', () => {
    const errors: Document['errors'] = [{ message: 'Map keys must be unique\nmore', pos: [15, 16] }];
    refuses('cairn.yaml line 2 is not YAML: Map keys must be unique', null, '', errors);
  });

  it('are refused when they are no map of names', () => {
    refuses('cairn.yaml is not a list of settings; write lines such as "name: value"', scalar('text'));
    const sequence = { items: [scalar('a')], range: [20, 25, 25] };
    refuses('cairn.yaml line 3 begins no settings; write lines such as "name: value"', sequence);
    const oddKey = map({ key: { items: [] }, value: scalar('x') });
    refuses('cairn.yaml line 1 begins no settings; write lines such as "name: value"', oddKey);
  });

  it('are refused before they are parsed when they could nest too deeply', () => {
    refuses('cairn.yaml has 501 brackets, more than 500; remove nested values', null, '[{'.repeat(250) + '[');
    refuses('cairn.yaml line 2 has over 2048 characters; split it', null, `a: 1\n${'- '.repeat(1_025)}`);
    assert.deepEqual(parse(null, `${'['.repeat(500)}\n${'x'.repeat(2_048)}`), []);
  });

  claim('are read from a file, which is UTF-8 and not too large', openNodeHarness, async ({ runtime, directory }) => {
    const { disk } = runtime;
    const write = async (name: string, bytes: Uint8Array): Promise<string> => {
      const opened = await disk.open(`${directory}/${name}`, { mode: 'create' });
      await opened.write(bytes, 0);
      await opened.close();
      return opened.path;
    };
    const keep = (text: string, path: string): FileEntry[] => [{ key: text, line: 1, value: path }];
    const good = await write('good.yaml', Buffer.from('ü'));
    assert.deepEqual(await readSettingsFile(disk, good, keep), {
      path: good,
      entries: [{ key: 'ü', line: 1, value: good }],
    });
    const latin = await write('latin.yaml', Uint8Array.of(0xfc));
    await assert.rejects(readSettingsFile(disk, latin, keep), withCode('PARSE_ERROR', 'is not UTF-8 text'));
    const large = await write('large.yaml', new Uint8Array(2 ** 20 + 1));
    await assert.rejects(readSettingsFile(disk, large, keep), withCode('INVALID_ARGUMENT'));
    await assert.rejects(readSettingsFile(disk, `${directory}/none`, keep), withCode('NOT_FOUND'));
  });
});
