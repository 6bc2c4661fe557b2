import assert from 'node:assert/strict';
import { SimMemory } from '../../../runtime/sim/sim-memory.js';

describe('runtime/sim: memory', () => {
  it('overwrites what was given back, whatever its size, and never uses it again', () => {
    const memory = new SimMemory();
    for (const bytes of [1, 3000, 100_000]) {
      const taken = memory.take(bytes).fill(7);
      memory.give(taken);
      assert.ok(taken.every((byte) => byte === 0xdd));
      assert.notEqual(memory.take(bytes).buffer, taken.buffer);
    }
  });
});
