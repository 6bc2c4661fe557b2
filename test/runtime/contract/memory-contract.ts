import assert from 'node:assert/strict';
import { InvariantError } from '../../../base/invariant.js';
import { claim, type OpenHarness } from './harness.js';

const sizes = [1, 1000, 5000, 64 * 1024, 100_000, 4 * 1024 * 1024, 33 * 1024 * 1024];

/** What every `Memory` promises. */
export function memoryContract(name: string, open: OpenHarness): void {
  describe(`memory contract: ${name}`, () => {
    claim('what is taken has just so many bytes, and is nobody else’s', open, async ({ runtime: { memory } }) => {
      for (const bytes of sizes) {
        const [one, other] = [memory.take(bytes), memory.take(bytes)];
        assert.equal(one.byteLength, bytes);
        one.fill(1);
        other.fill(2);
        assert.ok(one.every((byte) => byte === 1));
        memory.give(one);
        const third = memory.take(bytes);
        third.fill(3);
        assert.ok(other.every((byte) => byte === 2));
        memory.give(other);
        memory.give(third);
      }
    });

    claim('a large one is given once, and only if it was taken', open, async ({ runtime: { memory } }) => {
      const taken = memory.take(100_000);
      memory.give(taken);
      assert.throws(() => memory.give(taken), InvariantError);
      assert.throws(() => memory.give(new Uint8Array(100_000)), InvariantError);
    });
  });
}
