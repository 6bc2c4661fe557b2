import assert from 'node:assert/strict';
import { hexText, utf8Bytes } from '../../../base/bytes.js';
import { wallMs } from '../../../base/instants.js';
import { InvariantError } from '../../../base/invariant.js';
import { decodeTransaction, encodeTransaction, type Transaction } from '../../../monitor/state/transaction.js';

const smallest: Transaction = {
  expects: 4,
  wall: wallMs(1_000),
  wallLimit: wallMs(6_000),
  incremental: new Uint8Array(0),
  replies: [],
  ends: [],
  keys: [],
  mutes: [],
  log: [],
  audit: [],
};

const full: Transaction = {
  expects: 5,
  wall: wallMs(1_700_000_000_000.5),
  wallLimit: wallMs(1_700_000_005_000.5),
  incremental: utf8Bytes('map'),
  replies: [{ session: 's', number: 2, floor: 1, result: Uint8Array.of(1, 2) }],
  ends: [],
  keys: [
    { name: 'osd.1', key: Uint8Array.of(7) },
    { name: 'osd.2', key: undefined },
  ],
  mutes: [
    { code: 'A', until: wallMs(0), isSticky: false, count: 1 },
    { code: 'B', unmuted: true },
  ],
  log: [{ source: 'mon.a', severity: 'warn', message: 'x' }],
  audit: [{ who: 'w', from: 'f', command: 'c', args: '{}', outcome: { kind: 'refused', code: 'CONFLICT' } }],
};

const ending: Transaction = { ...smallest, ends: ['client.a s', 'client.b s'] };

const meta = {
  smallest: '83a76578706563747304a477616c6ccd03e8a977616c6c4c696d6974cd1770',
};

describe('transactions', () => {
  it('have these bytes', () => {
    assert.equal(hexText(encodeTransaction(smallest)), `011f000000${meta.smallest}`);
    const bytes = encodeTransaction({ ...smallest, incremental: utf8Bytes('map') });
    assert.equal(hexText(bytes), `011f000000${meta.smallest}6d6170`);
  });

  it('of every part have these bytes', () => {
    assert.equal(hexText(encodeTransaction(full)), fullHex);
  });

  it('that end sessions have these bytes, in a format that programs without ends do not take', () => {
    assert.equal(hexText(encodeTransaction(ending)), endingHex);
  });

  for (const [name, transaction] of Object.entries({ smallest, full, ending })) {
    it(`come back as they were (${name})`, () => {
      const { incremental, ...decoded } = decodeTransaction(encodeTransaction(transaction));
      const plain = (value: unknown): unknown =>
        JSON.parse(JSON.stringify(value, (_key, one: unknown) => (one instanceof Uint8Array ? [...one] : one)));
      const { incremental: expected, ...rest } = transaction;
      assert.deepEqual(plain(decoded), plain(rest));
      assert.deepEqual([...incremental], [...expected]);
    });
  }

  it('of a later format stop an older program, with a word about what to do', () => {
    const bytes = encodeTransaction(smallest);
    bytes[0] = 3;
    assert.throws(() => decodeTransaction(bytes), { code: 'VERSION_MISMATCH', message: /start a newer version/ });
  });

  it('that are cut off are a bug: the store and the wire have checked them', () => {
    const bytes = encodeTransaction(smallest);
    assert.throws(() => decodeTransaction(bytes.subarray(0, 3)), InvariantError);
    assert.throws(() => decodeTransaction(bytes.subarray(0, 12)), InvariantError);
  });
});

const endingHex =
  '023b00000084a76578706563747304a477616c6ccd03e8a977616c6c4c696d6974cd1770a4656e647392aa636c69656e742e612073aa636c69656e742e622073';

const fullHex =
  '013101000088a76578706563747305a477616c6ccb4278bcfe56800800a977616c6c4c696d6974cb4278bcfe57b88800a77265706c6965739184a773657373696f6ea173a66e756d62657202a5666c6f6f7201a6726573756c74c4020102a46b6579739282a46e616d65a56f73642e31a36b6579c4010782a46e616d65a56f73642e32a36b6579c0a56d757465739284a4636f6465a141a5756e74696c00a86973537469636b79c2a5636f756e740182a4636f6465a142a7756e6d75746564c3a36c6f679183a6736f75726365a56d6f6e2e61a87365766572697479a47761726ea76d657373616765a178a561756469749185a377686fa177a466726f6da166a7636f6d6d616e64a163a461726773a27b7da76f7574636f6d6582a46b696e64a772656675736564a4636f6465a8434f4e464c4943546d6170';
