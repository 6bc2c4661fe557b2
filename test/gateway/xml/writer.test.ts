import fc from 'fast-check';
import assert from 'node:assert/strict';
import type { XmlElement } from '../../../gateway/xml/element.js';
import { readXml } from '../../../gateway/xml/reader.js';
import { XmlWriter, xmlDeclaration } from '../../../gateway/xml/writer.js';
import { boxed } from '../random-inputs.js';

const text = (bytes: Uint8Array): string => new TextDecoder('utf-8', { fatal: true }).decode(bytes);
const read = (bytes: Uint8Array): XmlElement => readXml(bytes, { bytesMax: 1 << 24, elementsMax: 100_000 });

describe('gateway/xml/writer', () => {
  it('nests, and leaves out what is undefined', () => {
    const out = new XmlWriter('a', '').start('b').text('c', undefined).plain('d', undefined).time('e', undefined);
    assert.equal(text(out.end().plain('f', 0).bytes()), `${xmlDeclaration}<a><b></b><f>0</f></a>`);
  });

  it('writes the document without its beginning', () => {
    assert.equal(text(new XmlWriter('a', '').bytesAfterDeclaration()), '<a></a>');
  });

  it('grows far beyond its first buffer, with characters of one to four bytes', () => {
    const values = Array.from({ length: 20_000 }, (_, i) => `${i} é – 😀`);
    const out = new XmlWriter('a');
    for (const value of values) out.start('b').text('c', value).end();
    assert.deepEqual(
      read(out.bytes()).children.map((child) => child.children[0]?.text),
      values,
    );
  });

  it('takes one text larger than all buffers', () => {
    const value = '😀'.repeat(100_000);
    assert.equal(read(new XmlWriter('a').text('b', value).bytes()).children[0]?.text, value);
  });

  it('writes nothing that is not well-formed: it refuses to end early or late', () => {
    assert.throws(() => new XmlWriter('a').start('b').bytes(), /every element but the root was ended/);
    assert.throws(() => new XmlWriter('a').end(), /other than the root is open/);
    const out = new XmlWriter('a');
    out.bytes();
    assert.throws(() => out.bytes(), /every element but the root was ended/);
  });

  it('writes text that reads back as it was', () => {
    const character = fc.oneof(
      fc.constantFrom('<', '>', '&', '"', "'", '\r', '\n', '\t', ';', '#', 'x', ']'),
      fc.string({ minLength: 1, maxLength: 1, unit: 'grapheme' }),
    );
    fc.assert(
      fc.property(fc.array(character, { maxLength: 30 }), (characters) => {
        const value = characters.join('');
        assert.equal(read(new XmlWriter('a').content(value).bytes()).text, value);
      }),
      boxed(5_000),
    );
  });
});
