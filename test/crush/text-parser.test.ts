import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { CairnError } from '../../base/errors.js';
import { parseCrushText } from '../../crush/text-parser.js';
import { printCrushText } from '../../crush/text-printer.js';
import { goldenMaps } from './golden-maps.js';

/** Lines 1 to 5; what a case adds starts in line 6. */
const head = `device 0 osd.0 class ssd
device 1 osd.1 class hdd
type 0 osd
type 1 host
type 2 root
`;
const root = 'root a { id -1 alg straw2 item osd.0 item osd.1 }';
const take = 'step take a step emit }';

interface ErrorCase {
  readonly name: string;
  readonly text: string;
  readonly at: string;
  readonly says: RegExp;
}

const errors: readonly ErrorCase[] = [
  { name: 'a letter outside of ASCII', text: 'host é { }', at: '6:6', says: /unexpected character U\+00e9/ },
  { name: 'a comma', text: 'host a, { }', at: '6:7', says: /unexpected character ","/ },
  { name: 'an unknown tunable', text: 'tunable speed 9', at: '6:9', says: /expected a tunable .*found "speed"/ },
  { name: 'a tunable beyond its width', text: 'tunable chooseleaf_stable 256', at: '6:27', says: /0 to 255/ },
  { name: 'a negative tunable', text: 'tunable choose_total_tries -1', at: '6:28', says: /found "-1"; write a whole/ },
  {
    name: 'a device without a name',
    text: 'device 7',
    at: '7:1',
    says: /name of the device, found the end of the text/,
  },
  { name: 'a device number out of range', text: 'device 99999999 x', at: '6:8', says: /0 to 16777215/ },
  {
    name: 'a device number of a thousand digits',
    text: `device ${'9'.repeat(1000)} x`,
    at: '6:8',
    says: /"9{40}\.{3}/,
  },
  {
    name: 'a device number twice',
    text: 'device 1 osd.7',
    at: '6:8',
    says: /device 1 stands here for the second time/,
  },
  { name: 'a device name twice', text: 'device 7 osd.1', at: '6:10', says: /second time; rename one/ },
  { name: 'a name with a tilde', text: 'device 7 osd~7', at: '6:10', says: /names are made of letters/ },
  { name: 'a type twice', text: 'type 1 rack', at: '6:6', says: /type 1 stands here for the second time/ },
  { name: 'a device after a bucket', text: `${root}\ndevice 3 osd.3`, at: '7:1', says: /come before the first bucket/ },
  { name: 'a bucket of an unknown type', text: 'rack r { alg straw2 }', at: '6:1', says: /no type is called "rack"/ },
  {
    name: 'a bucket of the type of devices',
    text: 'osd r { alg straw2 }',
    at: '6:1',
    says: /type 0 is that of devices/,
  },
  { name: 'a bucket without algorithm', text: 'host h { item osd.0 }', at: '6:10', says: /expected "id" or "alg"/ },
  {
    name: 'an unknown algorithm',
    text: 'host h { alg straw3 }',
    at: '6:14',
    says: /uniform, list, tree, straw, straw2/,
  },
  { name: 'an unknown hash', text: 'host h { alg straw2 hash 1 }', at: '6:26', says: /expected 0 or rjenkins1/ },
  { name: 'a positive bucket id', text: 'host h { id 1 alg straw2 }', at: '6:13', says: /-1048576 to -1/ },
  {
    name: 'a bucket id out of range',
    text: 'host h { id -9999999 alg list }',
    at: '6:13',
    says: /choose one in this range/,
  },
  { name: 'a bucket id twice', text: `${root}\nroot b { id -1 alg list }`, at: '7:13', says: /bucket id -1 .* second/ },
  {
    name: 'a shadow id that is taken',
    text: 'root b { id -1 id -1 class ssd alg list }',
    at: '6:19',
    says: /second time/,
  },
  {
    name: 'a class twice',
    text: 'root b { id -3 class x id -4 class x alg list }',
    at: '6:36',
    says: /class "x" .* second/,
  },
  {
    name: 'a bucket that never ends',
    text: 'host h { alg straw2 item osd.0',
    at: '7:1',
    says: /expected "item" or "}"/,
  },
  {
    name: 'an unknown item',
    text: 'host h { alg straw2 item osd.9 }',
    at: '6:26',
    says: /no device or bucket is called/,
  },
  { name: 'a negative weight', text: 'host h { alg list item osd.0 weight -1 }', at: '6:37', says: /0 to 65535/ },
  {
    name: 'a weight that is no number',
    text: 'host h { alg list item osd.0 weight x }',
    at: '6:37',
    says: /such as 1\.000/,
  },
  { name: 'a device too heavy', text: 'host h { alg list item osd.0 weight 101 }', at: '6:37', says: /at most 100/ },
  {
    name: 'a position twice',
    text: 'host h { alg tree item osd.0 pos 1 item osd.1 pos 1 }',
    at: '6:51',
    says: /pos 1/,
  },
  { name: 'a position too high', text: 'host h { alg tree item osd.0 pos 1 }', at: '6:34', says: /beyond the 1 items/ },
  {
    name: 'unequal weights in a uniform bucket',
    text: 'host h { alg uniform item osd.0 item osd.1 weight 2 }',
    at: '6:51',
    says: /uniform bucket weigh the same/,
  },
  { name: 'a bucket in itself', text: 'host h { alg list item h }', at: '6:24', says: /contains this bucket/ },
  {
    name: 'buckets in a circle',
    text: 'host a { alg list item b }\nhost b { alg list item c }\nhost c { alg list item a }',
    at: '6:24',
    says: /buckets form a tree/,
  },
  {
    name: 'a sum of weights beyond 32 bits',
    text: 'host h { alg list item osd.0 }\nroot r { alg list item h weight 65535 item h weight 65535 }',
    at: '7:44',
    says: /add up to more than 65535/,
  },
  { name: 'a rule without steps', text: 'rule r { id 0 type replicated }', at: '6:31', says: /"max_size" or "step"/ },
  {
    name: 'a rule of an unknown type',
    text: 'rule r { id 0 type fast',
    at: '6:20',
    says: /replicated, erasure or a number/,
  },
  { name: 'a rule number beyond a byte', text: `rule r { id 256 type 1 ${take}`, at: '6:13', says: /0 to 255/ },
  { name: 'an unknown step', text: 'rule r { id 0 type 1 step jump }', at: '6:27', says: /expected a step/ },
  {
    name: 'a choose without a mode',
    text: 'rule r { id 0 type 1 step choose 3 }',
    at: '6:34',
    says: /firstn or indep/,
  },
  {
    name: 'a take of an unknown class',
    text: `${root}\nrule r { id 0 type 1 step take a class tape step emit }`,
    at: '7:40',
    says: /no device is of class "tape"/,
  },
  {
    name: 'a take of a device by class',
    text: `${root}\nrule r { id 0 type 1 step take osd.0 class ssd step emit }`,
    at: '7:44',
    says: /builds no tree of class "ssd" for "osd\.0"/,
  },
  {
    name: 'a bucket after a rule',
    text: `${root}\nrule r { id 0 type 1 ${take}\nroot b { alg list }`,
    at: '8:1',
    says: /before the first rule/,
  },
  {
    name: 'a rule number twice',
    text: `${root}\nrule r { id 0 type 1 ${take}\nrule s { id 0 type 1 ${take}`,
    at: '8:13',
    says: /rule 0 .* second/,
  },
  { name: 'choose_args of an unknown bucket', text: 'choose_args 0 { { bucket_id -9 } }', at: '6:29', says: /id -9/ },
  {
    name: 'a weight-set of the wrong length',
    text: `${root}\nchoose_args 0 { { bucket_id -1 weight_set [ [ 1 2 ] [ 1 ] ] } }`,
    at: '7:53',
    says: /expected 2 weights, one per item, found 1/,
  },
  {
    name: 'ids of the wrong length',
    text: `${root}\nchoose_args 0 { { bucket_id -1 ids [ 1 2 3 ] } }`,
    at: '7:32',
    says: /expected 2 ids, one per item, found 3/,
  },
  {
    name: 'ids before the weight-set',
    text: `${root}\nchoose_args 0 { { bucket_id -1 ids [ 1 2 ] weight_set [ ] } }`,
    at: '7:44',
    says: /in this order/,
  },
];

/** Parses, and passes on anything but a `PARSE_ERROR` that tells its place. */
function parsesOrRefuses(text: string): void {
  try {
    parseCrushText(text);
  } catch (error) {
    assert.ok(error instanceof CairnError && error.code === 'PARSE_ERROR', String(error));
    const { line, column } = error.details;
    assert.ok(Number(line) >= 1 && Number(column) >= 1, error.message);
    assert.match(error.message, /^line \d+, column \d+: /);
    assert.ok(error.message.length < 600, 'the message fits on a line');
  }
}

describe('the parser of text maps', () => {
  for (const { name, text, at, says } of errors) {
    it(`points at ${name}`, () => {
      const [line, column] = at.split(':').map(Number);
      assert.throws(
        () => parseCrushText(`${head}${text}\n`),
        (error) => {
          assert.ok(error instanceof CairnError, String(error));
          assert.equal(error.code, 'PARSE_ERROR');
          assert.match(error.message, says);
          assert.deepEqual(error.details, { line, column });
          return true;
        },
      );
    });
  }

  it('takes legacy tunables where the text is silent', () => {
    const { tunables } = parseCrushText('tunable chooseleaf_stable 1\n');
    assert.equal(tunables.chooseTotalTries, 19);
    assert.equal(tunables.chooseleafStable, 1);
  });

  it('rounds weights through a 32-bit float and cuts, as Ceph does', () => {
    const map = parseCrushText(`${head}host h { alg list item osd.0 weight .1 item osd.1 weight 2.5e0 }`);
    assert.deepEqual(map.buckets.get(-1)?.items, [
      { id: 0, weight: 6553 },
      { id: 1, weight: 163840 },
    ]);
  });

  it('gives items without a weight 1.0, and buckets the sum of theirs', () => {
    const map = parseCrushText(
      `${head}host h { alg list item osd.0 item osd.1 }\nroot r { alg list item h item osd.0 }`,
    );
    assert.deepEqual(map.buckets.get(-2)?.items, [
      { id: -1, weight: 0x20000 },
      { id: 0, weight: 0x10000 },
    ]);
  });

  it('puts items with a position there and the others into the gaps', () => {
    const map = parseCrushText(`${head}host h { alg tree item osd.0 pos 1 item osd.1 }`);
    assert.deepEqual(
      map.buckets.get(-1)?.items.map(({ id }) => id),
      [1, 0],
    );
  });

  it('sorts out buckets that stand before their items, and numbers them as crushtool does', () => {
    const map = parseCrushText(`${head}root a { alg straw2 item b }\nhost b { alg straw2 item osd.0 }`);
    assert.equal(map.buckets.get(-1)?.name, 'b');
    assert.equal(map.buckets.get(-2)?.name, 'a');
  });

  it('reads rules of later versions, without sizes', () => {
    const map = parseCrushText(`${head}${root}\nrule r { id 3 type replicated ${take}`);
    assert.deepEqual(map.rules.get(3), {
      id: 3,
      name: 'r',
      type: 1,
      steps: [{ op: 'take', item: -1 }, { op: 'emit' }],
    });
  });

  it('reads -1 and the unsigned number that crushtool prints for it as the default choose_args', () => {
    for (const name of ['-1', '18446744073709551615']) {
      assert.deepEqual([...parseCrushText(`choose_args ${name} { }`).chooseArgs.keys()], [-1n]);
    }
  });

  it('throws nothing but PARSE_ERROR on words in any order', () => {
    const words = [
      ...head.split(/\s+/),
      ...root.split(' '),
      'rule',
      'step',
      'take',
      'choose_args',
      '[',
      ']',
      '-1',
      '#',
      '\n',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 60 }), (list) => {
        parsesOrRefuses(head + list.join(' '));
      }),
      { numRuns: 500 },
    );
  });

  it('throws nothing but PARSE_ERROR on any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => parsesOrRefuses(text)),
      { numRuns: 500 },
    );
  });

  it('throws nothing but PARSE_ERROR on maps with a stretch cut out, doubled or overwritten', () => {
    const small = goldenMaps.filter(({ text }) => text.length < 5000).map(({ text }) => text);
    const edit = fc.record({
      text: fc.constantFrom(...small),
      from: fc.nat({ max: 5000 }),
      length: fc.nat({ max: 40 }),
      instead: fc.oneof(
        fc.constant(''),
        fc.string({ maxLength: 8 }),
        fc.constantFrom('-1', '{', '}', '99999999999', '\n'),
      ),
      twice: fc.boolean(),
    });
    fc.assert(
      fc.property(edit, ({ text, from, length, instead, twice }) => {
        const cut = text.slice(from, from + length);
        parsesOrRefuses(text.slice(0, from) + instead + (twice ? cut + cut : '') + text.slice(from + length));
      }),
      { numRuns: 600 },
    );
  });

  it('refuses more device classes than the hierarchy can be copied for', () => {
    const devices = Array.from({ length: 4000 }, (_, i) => `device ${i + 2} d${i} class c${i}`).join('\n');
    const items = Array.from({ length: 4000 }, (_, i) => `item d${i}`).join(' ');
    const bomb = `${devices}\n${head}host h { alg straw2 ${items} }\nrule r { id 0 type 1 step take h step emit }`;
    assert.throws(() => parseCrushText(bomb), { code: 'PARSE_ERROR', message: /4002 device classes are too many/ });
  });

  // What is not linear here takes minutes, and the runner's own limit ends the test.
  it('is linear, and as deep as the map, for 30,000 nested buckets, brackets and words', () => {
    const count = 30_000;
    const nested = Array.from(
      { length: count },
      (_, i) => `host h${i} { alg list item ${i === 0 ? 'osd.0' : `h${i - 1}`} }`,
    );
    assert.equal(parseCrushText(`${head}${nested.join('\n')}`).buckets.size, count);
    assert.equal(parseCrushText(`${head}${nested.reverse().join('\n')}`).buckets.size, count);
    parsesOrRefuses('['.repeat(count));
    parsesOrRefuses('{ '.repeat(count));
    parsesOrRefuses('x'.repeat(10 * count));
    parsesOrRefuses(`${head}host h { alg list ${'item osd.0 '.repeat(count)}`);
    const wide = Array.from({ length: count }, (_, i) => `item osd.0 weight ${i / 1000}`).join(' ');
    for (const algorithm of ['straw', 'straw2', 'list']) {
      const map = parseCrushText(`${head}host h { alg ${algorithm} ${wide.replaceAll(/ \d+\.?\d* /g, ' 0.5 ')} }`);
      assert.equal(map.buckets.get(-1)?.items.length, count);
      assert.equal(printCrushText(map).split('\n').length, count + 23);
    }
    parsesOrRefuses(`${head}host h { alg straw ${wide} }`);
  });
});
