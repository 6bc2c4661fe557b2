import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { crushtool, crushtoolCompile, hasCrushtool, withFolder } from '../crush/crushtool.js';
import { randomMap } from '../crush/random-map.js';
import { richBinary, richDecompiled, richTest, richText, richTree } from '../crush/rich-map.js';
import { cli } from './fake-context.js';

const files = { 'map.txt': richText, map: richBinary };

const failures = [
  {
    name: 'a file that is not there',
    args: ['tree', 'gone'],
    says: /^cairn: there is no file gone; check the path\n$/,
  },
  {
    name: 'a text with an error, with file, line and column',
    args: ['compile', 'bad.txt'],
    says: /^cairn: bad\.txt: line 1, column 8: expected the number of the device, found "x"; write a whole number\n$/,
  },
  { name: 'a damaged binary, with the byte', args: ['decompile', 'bad'], says: /^cairn: bad: byte 4: .*cut off\n$/ },
  { name: 'what is neither text nor binary', args: ['tree', 'junk'], says: /^cairn: junk: this is neither .*\n$/ },
  {
    name: 'compiling a binary',
    args: ['compile', 'map'],
    says: /^cairn: map is a binary map already; .*decompile.*\n$/,
  },
  {
    name: 'a test without a map',
    args: ['test'],
    says: /^cairn: required option '--map <file>' not specified; add --help to see how\n$/,
  },
  {
    name: 'an unknown rule',
    args: ['test', '--map', 'map', '--rule', 'bar'],
    says: /^cairn: no rule is called bar; choose one of foo \(1\), 3\n$/,
  },
  { name: 'a number that is none', args: ['test', '--map', 'map', '--num-rep', 'x'], says: /--num-rep.*whole number/ },
  {
    name: 'a weight without a device',
    args: ['test', '--map', 'map', '--weight', '7'],
    says: /^cairn: --weight takes .*\n$/,
  },
  {
    name: 'half a range of replicas',
    args: ['test', '--map', 'map', '--min-rep', '7'],
    says: /^cairn: --min-rep and .*\n$/,
  },
  {
    name: 'a million replicas',
    args: ['test', '--map', 'map', '--num-rep', '1000000'],
    says: /^cairn: ask for at most 10000/,
  },
  {
    name: 'rules without sizes, and no --num-rep',
    args: ['test', '--map', 'sizeless.txt', '--show-mappings'],
    says: /^cairn: rule foo does not say .*give --num-rep/,
  },
  {
    name: 'a range of inputs upside down',
    args: [
      'diff',
      '--before',
      'map',
      '--after',
      'map',
      '--rule',
      'foo',
      '--num-rep',
      '2',
      '--min-x',
      '9',
      '--max-x',
      '1',
    ],
    says: /^cairn: --max-x 1 is below --min-x 9; swap them\n$/,
  },
  {
    name: 'a rule that one of two maps lacks',
    args: ['diff', '--before', 'map', '--after', 'map', '--rule', '7', '--num-rep', '2'],
    says: /^cairn: one of the maps has no rule 7/,
  },
  { name: 'an unknown command', args: ['tset'], says: /^cairn: unknown command 'tset'/ },
];

const ring = (weight: number, extra = '') => `tunable chooseleaf_stable 1
tunable choose_total_tries 50
device 0 osd.0
device 1 osd.1
device 2 osd.2
device 3 osd.3
type 0 osd
type 1 root
root default { alg straw2 item osd.0 item osd.1 item osd.2 item osd.3 weight ${weight} }
rule r { id 0 type ${extra === '' ? 'replicated' : 'erasure'} min_size 1 max_size 3 step take default step choose ${extra || 'firstn'} 0 type osd step emit }
`;

describe('cairn crush', () => {
  for (const { name, args, says } of failures) {
    it(`says in one line what to do about ${name}`, async () => {
      const sizeless = richText.replaceAll(/min_size \d+ max_size \d+/g, '');
      const bad = { 'bad.txt': 'device x', bad: richBinary.subarray(0, 6), junk: Buffer.from([0xff]) };
      const run = await cli(['crush', ...args], { ...files, ...bad, 'sizeless.txt': sizeless });
      assert.equal(run.code, 1);
      assert.equal(run.stdout, '');
      assert.match(run.stderr, says);
    });
  }

  for (const command of ['compile', 'decompile', 'test', 'tree', 'diff']) {
    it(`${command} --help shows examples`, async () => {
      const run = await cli(['crush', command, '--help']);
      assert.equal(run.code, 0);
      assert.match(run.stdout, new RegExp(`Examples:\n.*cairn crush ${command} `));
    });
  }

  it('compiles to the bytes of crushtool', async () => {
    const run = await cli(['crush', 'compile', 'map.txt', '-o', 'out'], files);
    assert.equal(run.code, 0);
    assert.equal(run.stdout, '');
    assert.deepEqual(run.files.get('out'), richBinary);
  });

  it('only checks a text when it is not told where to write', async () => {
    const run = await cli(['crush', 'compile', 'map.txt'], files);
    assert.equal(run.code, 0);
    assert.match(run.stderr, /^map\.txt compiles \(6 devices, .*use -o FILE/);
    assert.equal(run.files.size, 2);
  });

  it('decompiles as crushtool -d, to stdout or a file', async () => {
    assert.equal((await cli(['crush', 'decompile', 'map'], files)).stdout, richDecompiled);
    const run = await cli(['crush', 'decompile', 'map', '-o', 'out.txt'], files);
    assert.equal(run.stdout, '');
    assert.equal(new TextDecoder().decode(run.files.get('out.txt')), richDecompiled);
  });

  it('shows the tree as crushtool --tree, of text and binary', async () => {
    assert.equal((await cli(['crush', 'tree', 'map'], files)).stdout, richTree);
    assert.match((await cli(['crush', 'tree', 'map.txt'], files)).stdout, /root default~hdd/);
  });

  it('leaves shadow trees out when asked to, and gives JSON', async () => {
    const run = await cli(['crush', 'tree', '--no-shadow', '--json', 'map'], files);
    assert.doesNotMatch(run.stdout, /~/);
    const { nodes } = JSON.parse(run.stdout) as { nodes: Record<string, unknown>[] };
    const first = nodes.find(({ id }) => id === -3);
    assert.deepEqual([first?.['name'], first?.['type'], first?.['depth']], ['h0', 'host', 2]);
    const child = nodes.find(({ id, depth }) => id === 1 && depth === 3);
    assert.deepEqual(child?.['weightSets'], { '-1': 2.5 });
    assert.equal(child?.['deviceClass'], 'hdd');
  });

  it('tests as crushtool --test, by the name or the number of the rule', async () => {
    const options = ['--num-rep', '3', '--min-x', '0', '--max-x', '40', '--weight', '0', '0.5'];
    const show = ['--show-mappings', '--show-bad-mappings', '--show-utilization-all', '--show-choose-tries'];
    for (const rule of ['1', 'foo']) {
      const run = await cli(['crush', 'test', '--map', 'map', '--rule', rule, ...options, ...show], files);
      assert.equal(run.stdout, richTest);
      assert.match(run.stderr, /^devices weights \(hex\): \[8000,10000,10000,0,0,10000,10000,0?.*\]\n$/);
    }
  });

  it('fails for a rule that does not exist, after the output of crushtool, and says which there are', async () => {
    const run = await cli(['crush', 'test', '--map', 'map', '--rule', '9', '--show-statistics'], files);
    assert.equal(run.code, 1);
    assert.equal(run.stdout, '');
    assert.equal(run.stderr, 'cairn: the map has no rule 9; choose one of foo (1), 3\n');
  });

  it('warns when nothing is shown, and when half a range of inputs is given', async () => {
    const run = await cli(['crush', 'test', '--map', 'map', '--max-x', '3'], files);
    assert.equal(run.code, 0);
    assert.equal(run.stdout, '');
    assert.match(run.stderr, /^cairn: --min-x and --max-x go together; .*\nWARNING: no output selected/);
  });

  it('writes long outputs in large pieces', async () => {
    const args = ['crush', 'test', '--map', 'map', '--rule', 'foo', '--num-rep', '3', '--show-mappings'];
    const run = await cli([...args, '--min-x', '0', '--max-x', '20000'], files);
    assert.equal(run.stdout.split('\n').length, 20002);
    assert.ok(run.writes < 20, `${run.writes} writes`);
  });

  it('tells what a change of weights moves, gains, loses, and must move at least', async () => {
    const maps = { before: ring(1), after: ring(2) };
    const args = ['crush', 'diff', '--before', 'before', '--after', 'after', '--rule', 'r', '--num-rep', '1'];
    const run = await cli([...args, '--max-x', '9999', '--json'], maps);
    const diff = JSON.parse(run.stdout) as {
      placements: number;
      moved: number;
      movedFraction: number;
      least: number;
      devices: { device: number; before: number; after: number; gained: number; lost: number; least: number }[];
    };
    assert.equal(diff.placements, 10000);
    // From a quarter to two fifths; straw2 moves nothing else.
    assert.ok(Math.abs(diff.movedFraction - 0.15) < 0.02, String(diff.movedFraction));
    assert.equal(diff.least, diff.moved);
    for (const { before, after, gained, lost, least } of diff.devices) {
      assert.equal(after - before, gained - lost);
      assert.equal(least, Math.abs(after - before));
    }
    assert.equal(diff.devices[3]?.lost, 0);
    const table = await cli(args, maps);
    assert.match(table.stdout, /^DEVICE  BEFORE  AFTER  GAINED  LOST  LEAST\nosd\.0 +\d+ +\d+ +\d+ +\d+ +\d+\n/);
    assert.match(table.stdout, /\nmoved \d+ of 1024 placements \(1\d\.\d\d %\), least possible \d+ \(1\d\.\d\d %\)\n$/);
  });

  it('counts a shard that changes its position as moved, a replica not', async () => {
    const args = ['crush', 'diff', '--before', 'before', '--after', 'after', '--rule', 'r', '--num-rep', '3', '--json'];
    const moved = async (mode: string) => {
      const run = await cli(args, { before: ring(1, mode), after: ring(0.5, mode) });
      return (JSON.parse(run.stdout) as { moved: number }).moved;
    };
    const none = await cli(args, { before: ring(1), after: ring(1) });
    assert.equal((JSON.parse(none.stdout) as { moved: number }).moved, 0);
    assert.ok((await moved('')) > 0);
    assert.ok((await moved('indep')) > 0);
  });

  if (!hasCrushtool) return;

  const shows = [
    ['--show-mappings', '--show-bad-mappings'],
    ['--show-statistics'],
    ['--show-utilization', '--weight', '1', '0.37', '--weight', '3', '0'],
    ['--show-utilization-all', '--num-rep', '3'],
    ['--show-choose-tries', '--num-rep', '4'],
    ['--show-mappings', '--rule', '0', '--pool-id', '3', '--num-rep', '3'],
  ];

  it('prints what the installed crushtool prints, for random maps and every --show flag', async () => {
    const maps = Array.from({ length: 7 }, (_, seed) => randomMap(2300 + seed).text);
    await withFolder(async (path) => {
      for (const text of maps) {
        const binary = crushtoolCompile(text, path);
        assert.ok(binary !== undefined, text);
        writeFileSync(path('map'), binary);
        const tree = await cli(['crush', 'tree', 'map'], { map: binary });
        assert.equal(tree.stdout, crushtool('-i', path('map'), '--tree').stdout);
        for (const show of shows) {
          const args = ['--min-x', '0', '--max-x', '120', ...show];
          const theirs = crushtool('-i', path('map'), '--test', ...args);
          const ours = await cli(['crush', 'test', '--map', 'map.txt', ...args], { 'map.txt': text });
          assert.equal(ours.stdout, theirs.stdout, `${args.join(' ')}\n${text}`);
          assert.equal(ours.stderr, theirs.stderr);
        }
      }
    });
  });
});
