import assert from 'node:assert/strict';
import { InvariantError } from '../../../base/invariant.js';
import { claim, type OpenHarness } from './harness.js';

const draws = 20_000;

/** What every `Random` promises. The bounds on chance are ten standard deviations wide: they never fail by chance. */
export function randomContract(name: string, open: OpenHarness): void {
  describe(`random contract: ${name}`, () => {
    claim('uint32 covers 0 to 2^32-1 with every bit as often set as not', open, async ({ runtime: { random } }) => {
      const set = new Array<number>(32).fill(0);
      for (let draw = 0; draw < draws; draw += 1) {
        const value = random.uint32();
        assert.ok(Number.isInteger(value) && value >= 0 && value < 2 ** 32);
        for (let bit = 0; bit < 32; bit += 1) set[bit] = (set[bit] ?? 0) + ((value >>> bit) & 1);
      }
      for (const count of set) assertNear(count, draws / 2, draws * 0.25);
    });

    claim('float is at least 0, below 1, and even', open, async ({ runtime: { random } }) => {
      let sum = 0;
      for (let draw = 0; draw < draws; draw += 1) {
        const value = random.float();
        assert.ok(value >= 0 && value < 1);
        sum += value;
      }
      assertNear(sum, draws / 2, draws / 12);
    });

    claim('float has bits beyond the 32nd', open, async ({ runtime: { random } }) => {
      const values = Array.from({ length: 100 }, () => random.float());
      assert.ok(values.some((value) => !Number.isInteger(value * 2 ** 32)));
      assert.ok(values.every((value) => Number.isInteger(value * 2 ** 53)));
    });

    claim('below gives every integer under the bound equally often', open, async ({ runtime: { random } }) => {
      for (const bound of [1, 2, 3, 7, 10]) {
        const counts = new Array<number>(bound).fill(0);
        for (let draw = 0; draw < draws; draw += 1) {
          const value = random.below(bound);
          assert.ok(Number.isInteger(value) && value >= 0 && value < bound);
          counts[value] = (counts[value] ?? 0) + 1;
        }
        for (const count of counts) assertNear(count, draws / bound, (draws / bound) * (1 - 1 / bound));
      }
    });

    claim('below is unbiased for a bound that does not divide 2^32', open, async ({ runtime: { random } }) => {
      // Taking the remainder of 32 bits would make the lower third of 3 * 2^30 twice as likely as the others.
      const third = 2 ** 30;
      let low = 0;
      for (let draw = 0; draw < draws; draw += 1) if (random.below(3 * third) < third) low += 1;
      assertNear(low, draws / 3, (draws * 2) / 9);
    });

    claim('below takes bounds from 1 to 2^32 and no others', open, async ({ runtime: { random } }) => {
      assert.equal(random.below(1), 0);
      assert.ok(random.below(2 ** 32) < 2 ** 32);
      for (const bound of [0, -1, 1.5, 2 ** 32 + 1, Number.NaN])
        assert.throws(() => random.below(bound), InvariantError);
    });

    claim('bytes gives as many as asked, fresh each time, for the caller to keep', open, async ({ runtime }) => {
      const { random } = runtime;
      for (const count of [0, 1, 16, 256, 257, 8191, 65_536]) assert.equal(random.bytes(count).byteLength, count);
      const first = random.bytes(16);
      const kept = first.slice();
      const others = Array.from({ length: 2000 }, () => random.bytes(16));
      assert.deepEqual(first, kept);
      assert.equal(new Set(others.map((bytes) => Buffer.from(bytes).toString('hex'))).size, 2000);
    });

    claim('bytes refuses counts outside of 0 to 65536', open, async ({ runtime: { random } }) => {
      for (const count of [-1, 0.5, 65_537, Number.NaN]) assert.throws(() => random.bytes(count), InvariantError);
    });

    claim('uuid is a version 4 UUID in lower case, new each time', open, async ({ runtime: { random } }) => {
      const ids = Array.from({ length: 1000 }, () => random.uuid());
      for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      assert.equal(new Set(ids).size, ids.length);
    });
  });
}

/** Within ten standard deviations of what is expected. */
function assertNear(count: number, expected: number, variance: number): void {
  const off = Math.abs(count - expected);
  assert.ok(off <= 10 * Math.sqrt(variance), `${count} is too far from ${expected}`);
}
