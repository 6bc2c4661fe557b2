import assert from 'node:assert/strict';
import { serviceKeyOf } from '../../wire/service-key.js';

describe('wire: service keys', () => {
  const key = new Uint8Array(32).fill(7);

  it('are these bytes, on both ends, in every version', () => {
    const golden = '6174ac05d6788f42922fd6a04152d2432a847721cd8270d1795d2715d8bb692b';
    assert.equal(Buffer.from(serviceKeyOf(key, 'osd')).toString('hex'), golden);
  });

  it('of one kind of daemon are of no use to another, nor is the key itself', () => {
    assert.notDeepEqual(serviceKeyOf(key, 'osd'), serviceKeyOf(key, 'volume'));
    assert.notDeepEqual(Buffer.from(serviceKeyOf(key, 'osd')), Buffer.from(key));
  });
});
