import assert from 'node:assert/strict';
import { ReadCache } from '../../../../osd/store/index/read-cache.js';

const value = new Uint8Array(849);
/** Of an entry with a key of one byte. */
const entryBytes = 1_000;

describe('osd/store: the read cache', () => {
  it('knows values, and keys that are absent, from keys it knows nothing of', () => {
    const cache = new ReadCache(10 * entryBytes);
    cache.add('a', value);
    cache.add('b', null);
    assert.deepEqual([cache.get('a'), cache.get('b'), cache.get('c')], [value, null, undefined]);
    cache.drop('a');
    cache.drop('c');
    assert.equal(cache.get('a'), undefined);
    cache.clear();
    assert.equal(cache.get('b'), undefined);
  });

  it('keeps the half that was used last, and drops the other at once', () => {
    const cache = new ReadCache(8 * entryBytes);
    for (const key of 'abcdefgh') cache.add(key, value);
    cache.get('a');
    const kept = Array.from('hgfedcba').filter((key) => cache.get(key) === value);
    assert.equal(kept.join(''), 'hgfea');
  });

  it('has the value that was added last, whichever generation had one before', () => {
    const cache = new ReadCache(4 * entryBytes);
    const newer = value.slice();
    for (const key of 'abcd') cache.add(key, value);
    cache.add('a', newer);
    assert.equal(cache.get('a'), newer);
    cache.drop('a');
    assert.equal(cache.get('a'), undefined);
  });

  it('counts a value that is replaced, dropped or cleared no longer', () => {
    const cache = new ReadCache(6 * entryBytes);
    // The oldest of six goes first, if anything else is counted.
    const isWhole = (): boolean => Array.from('feda').every((key) => cache.get(key) === value);
    for (let i = 0; i < 2; i++) cache.add('x', value);
    for (let i = 0; i < 2; i++) cache.drop('x');
    for (const key of 'abcdef') cache.add(key, value);
    assert.ok(isWhole());
    cache.clear();
    for (const key of 'abcdef') cache.add(key, value);
    assert.ok(isWhole());
  });

  it('keeps nothing that is larger than itself', () => {
    const cache = new ReadCache(0);
    cache.add('a', value);
    assert.equal(cache.get('a'), undefined);
  });
});
