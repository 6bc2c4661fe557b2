import assert from 'node:assert/strict';
import type { XmlElement } from '../../../gateway/xml/element.js';
import { readXml } from '../../../gateway/xml/reader.js';
import { refused } from '../errors.js';

const limits = { bytesMax: 100_000, elementsMax: 100 };
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (text: string): XmlElement => readXml(utf8(text), limits);

/** `name(child,child)` or `name=text`: enough to see a tree. */
function shown(element: XmlElement): string {
  if (element.children.length > 0) return `${element.name}(${element.children.map(shown).join(',')})`;
  return element.text === '' ? element.name : `${element.name}=${JSON.stringify(element.text)}`;
}

describe('gateway/xml/reader', () => {
  const taken = [
    { name: 'an empty element', xml: '<a/>', tree: 'a' },
    { name: 'children in their order', xml: '<a><b/><c>x</c><b>y</b></a>', tree: 'a(b,c="x",b="y")' },
    { name: 'a declaration', xml: '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<a/>', tree: 'a' },
    { name: 'a declaration in single quotes', xml: "<?xml version='1.0' encoding='utf-8' ?><a/>", tree: 'a' },
    { name: 'ASCII, which is UTF-8', xml: '<?xml version="1.0" encoding="us-ascii"?><a/>', tree: 'a' },
    { name: 'a byte order mark', xml: '\ufeff<?xml version="1.0"?><a/>', tree: 'a' },
    {
      name: 'comments anywhere',
      xml: '<!-- c --><a><!----><b><!-- <d> & -->x<!-- - --></b></a><!-- e -->',
      tree: 'a(b="x")',
    },
    {
      name: 'instructions, which do nothing',
      xml: '<?pi?><a><?pi ?><b>x<?pi a="?"?>y</b></a><?xml-model?>',
      tree: 'a(b="xy")',
    },
    { name: 'CDATA', xml: '<a>1<![CDATA[<b>&amp;]]]]><![CDATA[>]]>2</a>', tree: 'a="1<b>&amp;]]>2"' },
    { name: 'the five entities', xml: '<a>&lt;&gt;&amp;&quot;&apos;</a>', tree: 'a="<>&\\"\'"' },
    { name: 'references', xml: '<a>&#13;&#xA;&#x1F600;&#228;</a>', tree: 'a="\\r\\n😀ä"' },
    { name: 'text that looks like a reference when read twice', xml: '<a>&amp;lt;</a>', tree: 'a="&lt;"' },
    { name: 'line ends as line feeds', xml: '<a>1\r\n2\r3</a>', tree: 'a="1\\n2\\n3"' },
    { name: 'white space of text as it is', xml: '<a> \t x \n</a>', tree: 'a=" \\t x \\n"' },
    { name: 'white space between elements', xml: ' \n<a>\n  <b />\n</a >\n', tree: 'a(b)' },
    { name: 'a prefix that is declared', xml: '<s:a xmlns:s="urn:s"><s:b/></s:a>', tree: 'a(b)' },
    { name: 'names beyond ASCII', xml: '<größe><ключ-1_.·/></größe>', tree: 'größe(ключ-1_.·)' },
    { name: 'names with digits and dashes', xml: '<a-1.b_2><c3/></a-1.b_2>', tree: 'a-1.b_2(c3)' },
    {
      name: 'sixteen levels',
      xml: '<a>'.repeat(15) + '<b/>' + '</a>'.repeat(15),
      tree: 'a('.repeat(15) + 'b' + ')'.repeat(15),
    },
  ];
  for (const c of taken) it(`takes ${c.name}`, () => assert.equal(shown(read(c.xml)), c.tree));

  const malformed = [
    { name: 'nothing', xml: '' },
    { name: 'white space only', xml: ' \n' },
    { name: 'text only', xml: 'hello' },
    { name: 'a declaration only', xml: '<?xml version="1.0"?>' },
    { name: 'a document type', xml: '<!DOCTYPE a><a/>' },
    { name: 'a document type within', xml: '<a><!DOCTYPE a></a>' },
    {
      name: 'a billion laughs',
      xml: '<!DOCTYPE a [<!ENTITY b "lol"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><a>&c;</a>',
    },
    { name: 'an external entity', xml: '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>' },
    { name: 'an entity of HTML', xml: '<a>&nbsp;</a>' },
    { name: 'an entity by the name of a property', xml: '<a>&constructor;</a>' },
    { name: 'a bare ampersand', xml: '<a>b & c</a>' },
    { name: 'an ampersand at the end', xml: '<a>b &amp</a>' },
    { name: 'a reference to a control character', xml: '<a>&#1;</a>' },
    { name: 'a reference to NUL', xml: '<a>&#x0;</a>' },
    { name: 'a reference to a surrogate', xml: '<a>&#xD83D;&#xDE00;</a>' },
    { name: 'a reference beyond Unicode', xml: '<a>&#x110000;</a>' },
    { name: 'a reference to no number', xml: '<a>&#;</a>' },
    { name: 'a reference with a capital X', xml: '<a>&#X41;</a>' },
    { name: 'a reference of many digits', xml: `<a>&#${'0'.repeat(1000)}65;</a>` },
    { name: 'a control character', xml: '<a>\u0001</a>' },
    { name: 'a character that is none', xml: '<a>\uffff</a>' },
    { name: 'an element left open', xml: '<a><b></a>' },
    { name: 'elements that cross', xml: '<a><b></a></b>' },
    { name: 'an end with more to its name', xml: '<a></ab>' },
    { name: 'an end without a beginning', xml: '</a>' },
    { name: 'two roots', xml: '<a/><b/>' },
    { name: 'text behind the root', xml: '<a/>x' },
    { name: 'text before the root', xml: 'x<a/>' },
    { name: 'text between elements', xml: '<a>x<b/></a>' },
    { name: 'CDATA between elements', xml: '<a><b/><![CDATA[x]]></a>' },
    { name: 'CDATA around the root', xml: '<![CDATA[]]><a/>' },
    { name: 'CDATA left open', xml: '<a><![CDATA[x</a>' },
    { name: '> behind ]] in text', xml: '<a>]]></a>' },
    { name: 'a comment left open', xml: '<a><!-- </a>' },
    { name: 'a comment with two dashes', xml: '<a><!-- -- --></a>' },
    { name: 'a comment that ends with three dashes', xml: '<a><!-- ---></a>' },
    { name: 'a start that ends with the document', xml: '<a' },
    { name: 'an attribute that ends with the document', xml: '<a b="' },
    { name: 'an attribute without quotes', xml: '<a b=c/>' },
    { name: 'an attribute without a value', xml: '<a b/>' },
    { name: 'attributes without white space between', xml: '<a b="1"c="2"/>' },
    { name: 'an attribute twice', xml: '<a b="1" b="2"/>' },
    { name: 'an attribute twice by two prefixes', xml: '<a xmlns:x="urn:u" xmlns:y="urn:u" x:b="1" y:b="2"/>' },
    { name: '< in an attribute', xml: '<a b="<"/>' },
    { name: 'a slash within a start', xml: '<a / >' },
    { name: 'a name that begins with a digit', xml: '<1a/>' },
    { name: 'a space before the name', xml: '< a/>' },
    { name: 'a prefix that is not declared', xml: '<s:a/>' },
    { name: 'a prefix beyond its element', xml: '<a><s:b xmlns:s="urn:s"/><s:b/></a>' },
    { name: 'the prefix of an attribute that is not declared', xml: '<a s:b="1"/>' },
    { name: 'a prefix declared as nothing', xml: '<a xmlns:s=""/>' },
    { name: 'a prefix declared twice', xml: '<a xmlns:s="urn:a" xmlns:s="urn:b"/>' },
    { name: 'the prefix xmlns declared', xml: '<a xmlns:xmlns="urn:a"/>' },
    { name: 'the prefix xmlns used', xml: '<xmlns:a/>' },
    { name: 'the prefix xml for something else', xml: '<a xmlns:xml="urn:a"/>' },
    { name: 'white space around the name of a namespace', xml: '<a xmlns=" urn:a"/>' },
    { name: 'two colons', xml: '<a:b:c xmlns:a="urn:a"/>' },
    { name: 'a colon at the end', xml: '<a: xmlns:a="urn:a"/>' },
    { name: 'a colon at the start', xml: '<:a/>' },
    { name: 'an instruction named xml', xml: '<a><?xml version="1.0"?></a>' },
    { name: 'a declaration behind white space', xml: ' <?xml version="1.0"?><a/>' },
    { name: 'an instruction without a name', xml: '<a><??></a>' },
    { name: 'an instruction left open', xml: '<a/><?pi' },
    { name: 'XML 1.1', xml: '<?xml version="1.1"?><a/>' },
    { name: 'a declaration without a version', xml: '<?xml encoding="UTF-8"?><a/>' },
    { name: 'another encoding', xml: '<?xml version="1.0" encoding="ISO-8859-1"?><a/>' },
    { name: 'UTF-16 by name', xml: '<?xml version="1.0" encoding="UTF-16"?><a/>' },
    { name: 'seventeen levels', xml: '<a>'.repeat(17) + '</a>'.repeat(17) },
    { name: 'a hundred thousand levels', xml: '<a>'.repeat(30_000) },
    { name: 'a name of 129 letters', xml: `<${'a'.repeat(129)}/>` },
    { name: 'seventeen attributes', xml: `<a ${Array.from({ length: 17 }, (_, i) => `b${i}="1"`).join(' ')}/>` },
    { name: 'more elements than allowed', xml: `<a>${'<b/>'.repeat(100)}</a>` },
  ];
  for (const c of malformed) it(`refuses ${c.name}`, () => void refused(() => read(c.xml), 'MalformedXML'));

  const notUtf8 = [
    { name: 'UTF-16, little endian', bytes: Buffer.from('\ufeff<a/>', 'utf16le') },
    { name: 'latin1', bytes: Buffer.from('<a>ä</a>', 'latin1') },
    { name: 'an overlong <', bytes: Buffer.from([0xc0, 0xbc, 0x61, 0x2f, 0x3e]) },
    { name: 'a surrogate', bytes: Buffer.from([0x3c, 0x61, 0x3e, 0xed, 0xa0, 0x80, 0x3c, 0x2f, 0x61, 0x3e]) },
  ];
  for (const c of notUtf8) it(`refuses ${c.name}`, () => void refused(() => readXml(c.bytes, limits), 'MalformedXML'));

  it('refuses a document of more bytes than allowed, before it reads any', () => {
    const error = refused(() => readXml(utf8('<a></a>'), { bytesMax: 6, elementsMax: 1 }), 'MaxMessageLengthExceeded');
    assert.deepEqual(error.fields, { MaxMessageLengthBytes: '6' });
  });

  it('tells what is wrong', () => {
    assert.match(refused(() => read('<a><b></a>'), 'MalformedXML').message, /: b is missing\.$/);
  });

  it('knows namespaces: by default, by prefix, within, and taken back', () => {
    const root = read('<a xmlns="urn:d" xmlns:p="urn:p"><p:b xmlns:p="urn:q" p:c="1" c="2"/><b xmlns=""/><p:c/></a>');
    assert.equal(root.namespace, 'urn:d');
    assert.deepEqual(
      root.children.map(({ name, namespace }) => [name, namespace]),
      [
        ['b', 'urn:q'],
        ['b', ''],
        ['c', 'urn:p'],
      ],
    );
    assert.deepEqual(root.children[0]?.attributes, [
      { namespace: 'urn:q', name: 'c', value: '1' },
      { namespace: '', name: 'c', value: '2' },
    ]);
  });

  it('gives the type of a grantee', () => {
    const grantee = read(
      '<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>x</ID></Grantee>',
    );
    assert.deepEqual(grantee.attributes, [
      { namespace: 'http://www.w3.org/2001/XMLSchema-instance', name: 'type', value: 'CanonicalUser' },
    ]);
  });

  it('reads white space in attributes as spaces, and references in them', () => {
    assert.equal(read("<a b='1\t2\n&#10;&lt;\"'/>").attributes[0]?.value, '1 2 \n<"');
  });
});
