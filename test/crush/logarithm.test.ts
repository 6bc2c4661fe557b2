import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { lastInputRanksWith, logarithmDeficits } from '../../crush/logarithm.js';

describe('crush: the logarithm of straw2', () => {
  it('equals that of Ceph for all 65,536 inputs', () => {
    assert.equal(logarithmDeficits.length, 0x10000);
    // Of 2^48 minus crush_ln(u), u from 0 up, as little-endian 64-bit integers. crush_ln was worked out in 64-bit integers
    // from the tables in Ceph's src/crush/crush_ln_table.h.
    const integers = BigInt64Array.from(logarithmDeficits, BigInt);
    assert.equal(
      createHash('sha256').update(new Uint8Array(integers.buffer)).digest('hex'),
      'd21e98b8c915a7644d9a3be77742c22cdc8a51088c74f542b2324fdda56c1411',
    );
  });

  it('holds integers from 1 to 2^48, which divide exactly in doubles', () => {
    for (const deficit of logarithmDeficits) assert.ok(Number.isInteger(deficit) && deficit >= 1 && deficit <= 2 ** 48);
  });

  it('never rises with the hash, but for the last', () => {
    for (let u = 1; u < 0xffff; u++) assert.ok(deficit(u) <= deficit(u - 1), `at ${u}`);
    assert.ok(deficit(0xffff) > deficit(0xfffe));
  });

  it('ranks the last hash with the one named', () => {
    for (let u = 0; u <= lastInputRanksWith; u++) assert.ok(deficit(u) >= deficit(0xffff), `at ${u}`);
    assert.ok(deficit(lastInputRanksWith + 1) < deficit(0xffff));
  });
});

function deficit(u: number): number {
  const value = logarithmDeficits[u];
  assert.ok(value !== undefined);
  return value;
}
