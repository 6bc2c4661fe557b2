import assert from 'node:assert/strict';
import { deriveSigningKey, SigningKeyCache } from '../../../gateway/auth/signing-key.js';

const scope = { date: '20261120', region: 'r', service: 's3' };

describe('the cache of signing keys', () => {
  it('hands the same key out again', () => {
    const cache = new SigningKeyCache();
    const key = cache.keyFor('A', 'secret', scope);
    assert.equal(cache.keyFor('A', 'secret', scope), key);
    assert.deepEqual(key, deriveSigningKey('secret', scope));
  });

  it('notices a secret that changed under its access key', () => {
    const cache = new SigningKeyCache();
    cache.keyFor('A', 'old', scope);
    assert.deepEqual(cache.keyFor('A', 'new', scope), deriveSigningKey('new', scope));
    assert.equal(cache.size, 1);
  });

  it('tells access keys, dates, regions and services apart', () => {
    const cache = new SigningKeyCache();
    const scopes = [scope, { ...scope, date: '20261121' }, { ...scope, region: 'q' }, { ...scope, service: 'iam' }];
    const keys = ['A', 'A/B'].flatMap((name) => scopes.map((one) => cache.keyFor(name, `secret of ${name}`, one)));
    assert.equal(new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size, 8);
    assert.equal(cache.size, 8);
  });

  it('holds no more than its bound: the one not used for longest goes', () => {
    const cache = new SigningKeyCache(3);
    const [a, b, c] = ['A', 'B', 'C'].map((name) => cache.keyFor(name, 's', scope));
    assert.equal(cache.keyFor('A', 's', scope), a);
    cache.keyFor('D', 's', scope);
    assert.equal(cache.size, 3);
    assert.equal(cache.keyFor('A', 's', scope), a);
    assert.equal(cache.keyFor('C', 's', scope), c);
    assert.notEqual(cache.keyFor('B', 's', scope), b);
  });
});
