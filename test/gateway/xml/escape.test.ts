import assert from 'node:assert/strict';
import { escapeText, urlEncodeKey } from '../../../gateway/xml/escape.js';

describe('gateway/xml/escape', () => {
  const texts = [
    { text: 'plain/key-1.jpg', escaped: 'plain/key-1.jpg' },
    { text: '', escaped: '' },
    { text: '<a href="x">&amp;\'', escaped: "&lt;a href=&quot;x&quot;&gt;&amp;amp;'" },
    { text: 'tab\tline\ncarriage\rreturn', escaped: 'tab\tline\ncarriage&#13;return' },
    { text: '\u0000\u0001\b\u000b\u001f', escaped: '&#x0;&#x1;&#x8;&#xb;&#x1f;' },
    { text: '\u007f\u0085\u2028', escaped: '\u007f\u0085\u2028' },
    { text: '\ufffe\uffff', escaped: '&#xfffe;&#xffff;' },
    { text: 'größe 😀', escaped: 'größe 😀' },
  ];
  for (const c of texts) {
    it(`writes ${JSON.stringify(c.text)} as text`, () => assert.equal(escapeText(c.text), c.escaped));
  }

  const keys = [
    { name: 'what stays', key: 'AZaz09-_.*/', encoded: 'AZaz09-_.*/' },
    { name: 'a space', key: 'a b', encoded: 'a+b' },
    { name: 'a plus', key: 'a+b', encoded: 'a%2Bb' },
    { name: 'a percent', key: '%2F', encoded: '%252F' },
    { name: "AWS's own example", key: 'test_file(3).png', encoded: 'test_file%283%29.png' },
    { name: 'what encodeURIComponent leaves', key: "!'()~", encoded: '%21%27%28%29%7E' },
    {
      name: 'other marks',
      key: ':@&=$,;?#[]"<>\\^`{|}',
      encoded: '%3A%40%26%3D%24%2C%3B%3F%23%5B%5D%22%3C%3E%5C%5E%60%7B%7C%7D',
    },
    { name: 'control characters', key: '\u0000\u0001\n\r', encoded: '%00%01%0A%0D' },
    { name: 'UTF-8', key: 'é😀', encoded: '%C3%A9%F0%9F%98%80' },
    { name: 'a lone surrogate', key: 'a\ud800', encoded: 'a%EF%BF%BD' },
  ];
  for (const c of keys) {
    it(`encodes ${c.name} for encoding-type=url, and form decoding gives it back`, () => {
      assert.equal(urlEncodeKey(c.key), c.encoded);
      assert.equal(new URLSearchParams(`k=${c.encoded}`).get('k'), new URLSearchParams({ k: c.key }).get('k'));
    });
  }
});
