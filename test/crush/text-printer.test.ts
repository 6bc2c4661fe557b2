import assert from 'node:assert/strict';
import { decodeCrushBinary } from '../../crush/binary-codec.js';
import { parseCrushText } from '../../crush/text-parser.js';
import { printCrushText, printWeight } from '../../crush/text-printer.js';
import { crushtoolCompile, crushtoolDecompile, hasCrushtool, withFolder } from './crushtool.js';
import { goldenMaps } from './golden-maps.js';
import { randomMap } from './random-map.js';
import { richBinary, richDecompiled, richText } from './rich-map.js';

const weights = [
  { weight: 0, text: '0.000' },
  { weight: 1, text: '0.000' },
  { weight: 0x10000, text: '1.000' },
  { weight: 6553, text: '0.100' },
  { weight: 4096, text: '0.062' },
  { weight: 12288, text: '0.188' },
  { weight: 131065, text: '2.000' },
  { weight: 16777217, text: '256.000' },
  { weight: 65535 * 0x10000, text: '65535.000' },
];

describe('the printer of text maps', () => {
  for (const { weight, text } of weights) {
    it(`prints ${weight}/65536 as ${text}`, () => assert.equal(printWeight(weight), text));
  }

  it('prints a decoded map as crushtool -d does', () => {
    assert.equal(printCrushText(decodeCrushBinary(richBinary)), richDecompiled);
  });

  it('prints what it has parsed of its own, letter by letter', () => {
    for (const { name, text } of goldenMaps) {
      const printed = printCrushText(parseCrushText(text));
      assert.equal(printCrushText(parseCrushText(printed)), printed, name);
    }
  });

  it('parses back to the same map when the weights fit into three decimals', () => {
    const map = parseCrushText(richDecompiled);
    assert.deepEqual(parseCrushText(printCrushText(map)), map);
  });

  it('leaves sizes out of rules that have none', () => {
    const text = richText.replaceAll(/min_size \d+ max_size \d+/g, '');
    const printed = printCrushText(parseCrushText(text));
    assert.doesNotMatch(printed, /_size/);
    assert.equal(printed, printCrushText(parseCrushText(printed)));
  });

  if (!hasCrushtool) return;

  it('prints golden and random maps as the installed crushtool does', async () => {
    const random = Array.from({ length: 12 }, (_, seed) => randomMap(700 + seed).text);
    await withFolder((path) => {
      for (const text of [...goldenMaps.filter((_, index) => index % 4 === 0).map((map) => map.text), ...random]) {
        const binary = crushtoolCompile(text, path);
        if (binary === undefined) continue;
        const theirs = crushtoolDecompile(binary, path);
        // Weights of 32768 and more: crushtool prints them as negative numbers.
        if (theirs.includes('weight -')) continue;
        assert.equal(printCrushText(decodeCrushBinary(binary)), theirs);
      }
    });
  });
});
