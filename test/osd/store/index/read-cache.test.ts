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

  it('drops what was used longest ago, a tenth at once', () => {
    const cache = new ReadCache(20 * entryBytes);
    const keys = Array.from('abcdefghijklmnopqrst');
    for (const key of keys) cache.add(key, value);
    cache.get('a');
    cache.add('u', value);
    const kept = [...keys, 'u'].filter((key) => cache.get(key) === value);
    assert.equal(kept.join(''), 'aefghijklmnopqrstu');
  });

  it('counts a value that is replaced, dropped or cleared no longer', () => {
    const cache = new ReadCache(3 * entryBytes);
    const isWhole = (): boolean => ['a', 'b', 'c'].every((key) => cache.get(key) === value);
    for (let i = 0; i < 2; i++) cache.add('x', value);
    for (let i = 0; i < 2; i++) cache.drop('x');
    for (const key of ['a', 'b', 'c']) cache.add(key, value);
    assert.ok(isWhole());
    cache.clear();
    for (const key of ['a', 'b', 'c']) cache.add(key, value);
    assert.ok(isWhole());
  });

  it('keeps nothing that is larger than itself', () => {
    const cache = new ReadCache(0);
    cache.add('a', value);
    assert.equal(cache.get('a'), undefined);
  });
});
