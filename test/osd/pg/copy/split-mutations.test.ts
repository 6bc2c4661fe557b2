import assert from 'node:assert/strict';
import { concatBytes } from '../../../../base/bytes.js';
import { poolId } from '../../../../cluster/ids.js';
import { splitMutations } from '../../../../osd/pg/copy/split-mutations.js';
import { objectId } from '../../../../osd/store/object-id.js';
import { payloadOf, type Mutation } from '../../../../osd/store/transaction.js';

const object = objectId(poolId(1), { namespace: '', locator: '', name: 'a' });

describe('osd/pg/copy: parts as several transactions', () => {
  it('leaves alone what fits', () => {
    const mutations: Mutation[] = [
      { kind: 'create', object },
      { kind: 'write', object, offset: 7, data: payloadOf(new Uint8Array(100)) },
    ];
    assert.deepEqual(splitMutations(mutations, 65_536), [mutations]);
  });

  it('cuts large writes, and loses no byte of them', () => {
    const pieces = [new Uint8Array(70_000).fill(1), new Uint8Array(90_000).fill(2)];
    const lists = splitMutations([{ kind: 'write', object, offset: 10, data: payloadOf(...pieces) }], 65_536);
    assert.ok(lists.length > 2);
    const written = new Uint8Array(10 + 160_000);
    for (const mutation of lists.flat()) {
      assert.ok(mutation.kind === 'write' && mutation.data.bytes <= 65_536);
      written.set(concatBytes(mutation.data.pieces), mutation.offset);
    }
    assert.deepEqual(Buffer.from(written.subarray(10)), Buffer.from(concatBytes(pieces)));
  });

  it('writes the bodies of a large omap value one by one', () => {
    const bodies = ([0, 2] as const).map((slot) => ({ slot, body: payloadOf(new Uint8Array(40_000)) }));
    const set: Mutation = { kind: 'omap-set', object, key: 'k', head: new Uint8Array(10), bodies };
    const flat = splitMutations([set], 65_536).flat();
    assert.deepEqual(
      flat.map((mutation) => mutation.kind === 'omap-set' && [mutation.head?.byteLength, mutation.bodies.length]),
      [
        [10, 0],
        [undefined, 1],
        [undefined, 1],
      ],
    );
  });
});
