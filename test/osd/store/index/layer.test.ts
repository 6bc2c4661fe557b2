import assert from 'node:assert/strict';
import { latin1Bytes, latin1Text } from '../../../../base/bytes.js';
import { Layer } from '../../../../osd/store/index/layer.js';

/** `+k` puts, `-k` deletes, `a..c` removes the range from a to before c. */
function layerOf(...steps: readonly string[]): { layer: Layer; dropped: string[] } {
  const layer = new Layer();
  const dropped: string[] = [];
  for (const step of steps) {
    const [gte = '', lt] = step.split('..');
    if (lt !== undefined) layer.removeRange({ gte, lt }, (key, value) => dropped.push(`${key}=${latin1Text(value)}`));
    else if (step.startsWith('+')) layer.put(step.slice(1), latin1Bytes(step));
    else layer.delete(step.slice(1));
  }
  return { layer, dropped };
}

/** What the layer says of a key: its value, `gone`, or `below`. */
function say(layer: Layer, key: string): string {
  const value = layer.get(key);
  return value === undefined ? 'below' : value === null ? 'gone' : latin1Text(value);
}

const points = [
  { steps: ['+b'], says: { a: 'below', b: '+b', c: 'below' }, dropped: [], uncounted: '' },
  { steps: ['+b', '-b'], says: { b: 'gone' }, dropped: [], uncounted: '' },
  { steps: ['a..c'], says: { a: 'gone', b: 'gone', c: 'below' }, dropped: [], uncounted: '' },
  { steps: ['+b', 'a..c'], says: { a: 'gone', b: 'gone' }, dropped: ['b=+b'], uncounted: '' },
  { steps: ['-b', 'a..c'], says: { b: 'gone' }, dropped: [], uncounted: '' },
  // What lies below a point that came after the range was not counted by anybody yet…
  { steps: ['a..c', '+b'], says: { a: 'gone', b: '+b' }, dropped: [], uncounted: 'b' },
  { steps: ['a..c', '-b'], says: { b: 'gone' }, dropped: [], uncounted: 'b' },
  // … and stays so, whatever follows.
  { steps: ['a..c', '+b', 'a..c'], says: { b: 'gone' }, dropped: ['b=+b'], uncounted: 'b' },
  { steps: ['a..c', '+b', '-b', '+b'], says: { b: '+b' }, dropped: [], uncounted: 'b' },
  // A point that was there before has counted what it hides.
  { steps: ['+b', 'a..c', '+b'], says: { b: '+b' }, dropped: ['b=+b'], uncounted: '' },
  { steps: ['c..a', 'b..b'], says: { a: 'below', b: 'below' }, dropped: [], uncounted: '' },
] as const;

const joins = [
  { steps: ['a..c', 'e..g'], ranges: 'a..c e..g' },
  { steps: ['a..c', 'c..e'], ranges: 'a..e' },
  { steps: ['c..e', 'a..c'], ranges: 'a..e' },
  { steps: ['a..e', 'b..c'], ranges: 'a..e' },
  { steps: ['b..c', 'a..e'], ranges: 'a..e' },
  { steps: ['a..b', 'c..d', 'e..f', 'b..e'], ranges: 'a..f' },
  { steps: ['a..c', 'b..d', 'f..g'], ranges: 'a..d f..g' },
];

describe('osd/store: a layer of the index', () => {
  for (const { steps, says, dropped, uncounted } of points) {
    it(`after ${steps.join(' ')}`, () => {
      const made = layerOf(...steps);
      for (const [key, expected] of Object.entries(says)) assert.equal(say(made.layer, key), expected, key);
      assert.deepEqual(made.dropped, dropped);
      assert.equal(['a', 'b', 'c'].filter((key) => made.layer.isUncounted(key)).join(''), uncounted);
    });
  }

  for (const { steps, ranges } of joins) {
    it(`keeps ranges apart that do not touch: ${steps.join(' ')}`, () => {
      const { layer } = layerOf(...steps);
      assert.equal(
        layer
          .ranges()
          .map(({ gte, lt }) => `${gte}..${lt}`)
          .join(' '),
        ranges,
      );
    });
  }

  it('counts the bytes of points that are replaced once', () => {
    const { layer } = layerOf('+b');
    const { bytes } = layer;
    layer.put('b', new Uint8Array(100));
    assert.equal(layer.bytes, bytes + 98);
    layer.put('b', new Uint8Array(2));
    assert.equal(layer.bytes, bytes);
    layer.delete('b');
    assert.equal(layer.bytes, bytes - 2);
  });
});
