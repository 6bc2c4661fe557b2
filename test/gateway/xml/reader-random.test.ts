/** The reader beside `saxes`, a full parser of XML 1.0 with namespaces, on random documents; and on random bytes. */
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { SaxesParser } from 'saxes';
import { isS3Error } from '../../../gateway/s3-error.js';
import type { XmlElement } from '../../../gateway/xml/element.js';
import { readXml } from '../../../gateway/xml/reader.js';
import { boxed } from '../random-inputs.js';

const limits = { bytesMax: 1 << 20, elementsMax: 1_000 };

interface Node {
  readonly name: string;
  readonly namespace: string;
  readonly attributes: readonly string[];
  readonly children: Node[];
  text: string;
}

const notALocalName = /^(?:[-.\d·‿⁀]|[\u{300}-\u{36f}])/u;

/** As `saxes` reads it; `undefined` when it finds it malformed, 'more' when it is more than our reader takes. */
function bySaxes(text: string): Node | 'more' | undefined {
  const parser = new SaxesParser({ xmlns: true });
  const open: Node[] = [];
  let root: Node | undefined;
  let isMore = false;
  parser.on('doctype', () => (isMore = true));
  parser.on('opentag', (tag) => {
    const all = Object.values(tag.attributes);
    const isDeclaration = ({ uri }: { readonly uri: string }): boolean => uri === 'http://www.w3.org/2000/xmlns/';
    // It trims names of namespaces; ours refuses them.
    if (all.some((attribute) => isDeclaration(attribute) && attribute.value !== attribute.value.trim())) isMore = true;
    const attributes = all
      .filter((attribute) => !isDeclaration(attribute))
      .map((attribute) => `${attribute.uri} ${attribute.local} ${attribute.value}`);
    const node: Node = { name: tag.local, namespace: tag.uri, attributes, children: [], text: '' };
    // It does not look at how a name begins behind its prefix.
    if ([tag, ...all].some(({ local }) => notALocalName.test(local))) isMore = true;
    if (all.length > 16 || open.length >= 16) isMore = true;
    open.at(-1)?.children.push(node);
    root ??= node;
    open.push(node);
  });
  const addText = (chunk: string): void => {
    const node = open.at(-1);
    if (node !== undefined) node.text += chunk;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const node = open.pop();
    if (node === undefined || node.children.length === 0) return;
    if (/[^ \t\n]/.test(node.text)) isMore = true;
    node.text = '';
  });
  try {
    parser.write(text).close();
  } catch {
    return undefined;
  }
  return isMore ? 'more' : root;
}

function ours(bytes: Uint8Array): Node | undefined {
  try {
    return plain(readXml(bytes, limits));
  } catch (error) {
    assert.ok(isS3Error(error, 'MalformedXML'), String(error));
    return undefined;
  }
}

function plain(element: XmlElement): Node {
  const attributes = element.attributes.map(({ namespace, name, value }) => `${namespace} ${name} ${value}`);
  return { ...element, attributes, children: element.children.map(plain) };
}

/** Pieces that documents are made of, right and wrong. */
const piece = fc.oneof(
  fc.constantFrom(
    '<a>',
    '</a>',
    '<b>',
    '</b>',
    '<a/>',
    '<b c="d">',
    "<p:a xmlns:p='u'>",
    '</p:a>',
    '<a xmlns="v">',
    '<p:b/>',
  ),
  fc.constantFrom(
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<?p',
    '?>',
    '<?xml version="1.0"?>',
    '<!DOCTYPE a>',
    '&lt;',
    '&#65;',
    '&#x1;',
  ),
  fc.constantFrom(
    '<',
    '>',
    '&',
    '"',
    "'",
    '=',
    '/',
    ' ',
    '\n',
    '\r',
    '\t',
    ':',
    '-',
    '?',
    '!',
    ';',
    'xmlns',
    'x',
    'é',
    '\u0000',
  ),
  fc.string({ maxLength: 4, unit: 'grapheme' }),
);
const soup = fc.array(piece, { maxLength: 24 }).map((pieces) => pieces.join(''));

/** Documents that are well-formed more often than not. */
const name = fc.constantFrom('a', 'Key', 'p:a', 'ä-1', 'x.y');
const content = fc.oneof(
  fc.string({ maxLength: 6 }).map((text) => text.replace(/[<&]/g, (c) => (c === '<' ? '&lt;' : '&amp;'))),
  fc.constantFrom('<![CDATA[<&]]>', '<!-- x -->', '<?p i?>', '&quot;', '&#x1F600;', '\r\n', ''),
);
const attribute = fc.constantFrom('', ' c="d"', ' p:c="&lt;"', ' xmlns="w"', " xmlns:p='w' c='\t'", ' c="1" c="2"');
const { element } = fc.letrec<{ element: string }>((tie) => ({
  element: fc
    .tuple(
      name,
      attribute,
      fc.oneof(
        content,
        fc.array(tie('element'), { maxLength: 3 }).map((all) => all.join('\n')),
      ),
    )
    .map(([tag, attributes, inner]) => `<${tag}${attributes}>${inner}</${tag}>`),
}));
const document = element.map((text) => text.replace(/^<([^ >]+)/, '<$1 xmlns:p="u"'));
const mutated = fc
  .tuple(document, fc.nat(), fc.nat(8), piece)
  .map(
    ([text, at, cut, inserted]) =>
      text.slice(0, at % (text.length + 1)) + inserted + text.slice((at % (text.length + 1)) + cut),
  );

describe('gateway/xml/reader, on random documents', () => {
  it('reads what saxes reads, and refuses what it refuses', () => {
    let read = 0;
    fc.assert(
      fc.property(fc.oneof(soup, document, mutated), (text) => {
        const bytes = new TextEncoder().encode(text);
        // What the bytes say: without lone surrogates and the byte order mark.
        const expected = bySaxes(new TextDecoder().decode(bytes));
        const actual = ours(bytes);
        if (expected === 'more') return;
        assert.deepEqual(actual, expected, text);
        if (actual !== undefined) read += 1;
      }),
      boxed(20_000),
    );
    assert.ok(read > 0, 'no document was well-formed');
  });

  it('answers any bytes with a tree or MalformedXML', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => void ours(bytes)),
      boxed(20_000),
    );
  });
});
