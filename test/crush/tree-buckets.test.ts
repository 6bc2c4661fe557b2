import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { decodeCrushBinary, encodeCrushBinary } from '../../crush/binary-codec.js';
import { compileCrushMap } from '../../crush/compiled-map.js';
import { withItems } from '../../crush/shadow-trees.js';
import { parseCrushText } from '../../crush/text-parser.js';
import { testCrushMap } from '../../crush/tester.js';
import type { Bucket, CrushMap } from '../../crush/types.js';
import { crushtool, hasCrushtool, withFolder } from './crushtool.js';

const one = 0x10000;

const text = `tunable allowed_bucket_algs 62
device 0 osd.0
device 1 osd.1
device 2 osd.2
device 3 osd.3
device 4 osd.4
type 0 osd
type 1 root
root default { id -1 alg tree item osd.0 item osd.1 item osd.2 item osd.3 item osd.4 }
rule r { id 0 type replicated min_size 1 max_size 3 step take default step choose firstn 0 type osd step emit }
`;

/** As the inner nodes of binary maps from some releases of Ceph are: not the sums of what is below. */
function withOddNodes(map: CrushMap, nodes: Readonly<Record<number, number>>): CrushMap {
  const bucket = treeOf(map);
  const sums = [0, 1, 2, 1, 4, 1, 2, 1, 5, 1, 1, 0, 1, 0, 0, 0].map((weight) => weight * one);
  const nodeWeights = sums.map((weight, node) => nodes[node] ?? weight);
  return { ...map, buckets: new Map([[bucket.id, { ...bucket, nodeWeights }]]) };
}

function treeOf(map: CrushMap): Bucket & { readonly algorithm: 'tree' } {
  const bucket = map.buckets.get(-1);
  assert.ok(bucket?.algorithm === 'tree');
  return bucket;
}

function mappings(map: CrushMap): string {
  let printed = '';
  const show = { showBadMappings: false, showStatistics: false, showUtilization: false, showUtilizationAll: false };
  const range = { minX: 0, maxX: 299, minRep: 3, maxRep: 3, weights: new Map<number, number>() };
  const print = (line: string): void => void (printed += line);
  testCrushMap(map, { ...show, ...range, showMappings: true, showChooseTries: false }, { print, note: print });
  return printed;
}

describe('a tree bucket', () => {
  const map = parseCrushText(text);
  const odd = withOddNodes(map, { 4: 9 * one, 2: one / 2, 12: 3 * one });

  it('keeps node weights that are not the sums through the binary format, and places by them', () => {
    const binary = encodeCrushBinary(odd);
    const decoded = decodeCrushBinary(binary);
    assert.deepEqual(treeOf(decoded).nodeWeights, treeOf(odd).nodeWeights);
    assert.deepEqual(encodeCrushBinary(decoded), binary);
    assert.notEqual(mappings(decoded), mappings(map));
  });

  it('has no node weights of its own where they are the sums', () => {
    assert.equal(treeOf(decodeCrushBinary(encodeCrushBinary(map))).nodeWeights, undefined);
  });

  it('keeps a tree that is taller than its items need', () => {
    const sums = [0, 1, 2, 1, 4, 1, 2, 1, 5, 1, 1, 0, 1, 0, 0, 0].map((weight) => weight * one);
    const tall = [...sums, 5 * one, ...new Array<number>(15).fill(0)];
    const bucket = treeOf(map);
    const taller = { ...map, buckets: new Map([[-1, { ...bucket, nodeWeights: tall }]]) };
    assert.deepEqual(treeOf(decodeCrushBinary(encodeCrushBinary(taller))).nodeWeights, tall);
    assert.equal(mappings(taller).split('\n').length, 301);
  });

  it('sums its nodes anew when its items change', () => {
    const bucket = treeOf(odd);
    assert.equal('nodeWeights' in withItems(bucket, bucket.items, odd.tunables), false);
  });

  it('is refused with nodes that are no tree', () => {
    const bucket = treeOf(map);
    for (const nodeWeights of [[1, 2, 3], new Array<number>(8).fill(one), new Array<number>(256).fill(0)]) {
      const broken = { ...map, buckets: new Map([[-1, { ...bucket, nodeWeights }]]) };
      assert.throws(() => compileCrushMap(broken), { code: 'INVALID_ARGUMENT', message: /odd tree nodes/ });
    }
  });

  if (hasCrushtool) {
    it('places by its node weights as the installed crushtool does', async () => {
      await withFolder((path) => {
        writeFileSync(path('odd.map'), encodeCrushBinary(odd));
        const range = ['--num-rep', '3', '--min-x', '0', '--max-x', '299', '--show-mappings'];
        assert.equal(mappings(odd), crushtool('-i', path('odd.map'), '--test', ...range).stdout);
      });
    });
  }
});
