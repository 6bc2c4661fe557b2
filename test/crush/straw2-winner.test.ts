import assert from 'node:assert/strict';
import { logarithmDeficits } from '../../crush/logarithm.js';
import { straw2Winner } from '../../crush/straw2-winner.js';
import { Random } from './random-map.js';

/** As Ceph words it: 64-bit integers, the highest of draws rounded towards zero wins, of equals the first. */
function plainWinner(hashes: Int32Array, weights: Uint32Array): number {
  let winner = 0;
  let highest: bigint | undefined;
  weights.forEach((weight, i) => {
    const draw = weight === 0 ? -(2n ** 63n) : -BigInt(logarithmDeficits[hashes[i] ?? 0] ?? 0) / BigInt(weight);
    if (highest !== undefined && draw <= highest) return;
    highest = draw;
    winner = i;
  });
  return winner;
}

describe('crush: the winner of a straw2 draw', () => {
  const weightChoices: readonly ((random: Random) => number)[] = [
    () => 0x10000,
    (random) => random.pick([0, 0x10000]),
    (random) => random.between(0, 3),
    (random) => random.between(1, 0xffffffff),
    (random) => random.pick([0xffffffff, 0xfffffffe, 1 << 30, 1 << 28, 1, 0]),
    (random) => Math.floor(2 ** (random.next() * 32)),
  ];
  const hashChoices: readonly ((random: Random) => number)[] = [
    (random) => random.between(0, 0xffff),
    (random) => random.between(0xfff0, 0xffff),
    (random) => random.pick([0xfffd, 0xfffe, 0xffff]),
    (random) => random.between(0x8000, 0x8010),
    (random) => random.between(0, 2),
  ];

  it('is that of 64-bit integers, whatever the hashes and weights', () => {
    const random = new Random(2);
    for (const weight of weightChoices) {
      for (const hash of hashChoices) {
        for (let round = 0; round < 400; round++) {
          const count = random.between(1, 12);
          const hashes = Int32Array.from({ length: count }, () => hash(random));
          const weights = Uint32Array.from({ length: count }, () => weight(random));
          const shown = `hashes ${hashes.join()} weights ${weights.join()}`;
          assert.equal(straw2Winner(hashes, weights, 0, count), plainWinner(hashes, weights), shown);
        }
      }
    }
  });

  it('divides every logarithm by hard weights as 64-bit integers do', () => {
    const weights = [1, 2, 3, 7, 0x10000, 0x10001, 6553600, 0x7fffffff, 0x80000001, 0xfffffffe, 0xffffffff];
    for (let u = 0; u < 0x10000; u += 5) {
      const deficit = logarithmDeficits[u] ?? 0;
      for (const weight of weights) {
        // A divisor of the deficit, plus and minus one, would show a quotient that is rounded up to an integer.
        for (const divisor of [weight, Math.floor(deficit / weight), Math.floor(deficit / weight) + 1]) {
          if (divisor < 1 || divisor > 0xffffffff) continue;
          assert.equal(BigInt(Math.floor(deficit / divisor)), BigInt(deficit) / BigInt(divisor));
        }
      }
    }
  });

  it('is the first when none has a weight', () => {
    assert.equal(straw2Winner(Int32Array.of(5, 9, 7), Uint32Array.of(1, 0, 0, 0), 1, 3), 0);
  });
});
