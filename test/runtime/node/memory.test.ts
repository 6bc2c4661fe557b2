import assert from 'node:assert/strict';
import { NodeMemory } from '../../../runtime/node/memory.js';

const mebibyte = 1024 * 1024;

describe('runtime/node: memory of large buffers', () => {
  it('what was given back is used again, the last one first, for others of its size class too', () => {
    const memory = new NodeMemory();
    const [first, second] = [memory.take(4 * mebibyte), memory.take(4 * mebibyte)];
    memory.give(first);
    memory.give(second);
    assert.equal(memory.take(3.6 * mebibyte).buffer, second.buffer);
    assert.equal(memory.take(4 * mebibyte).buffer, first.buffer);
    assert.notEqual(memory.take(4 * mebibyte).buffer, first.buffer);
  });

  it('keeps at most 64 MiB that nobody uses', () => {
    const memory = new NodeMemory();
    const taken = Array.from({ length: 20 }, () => memory.take(4 * mebibyte));
    for (const one of taken) memory.give(one);
    const known = new Set(taken.map(({ buffer }) => buffer));
    const again = Array.from({ length: 20 }, () => memory.take(4 * mebibyte));
    assert.equal(again.filter(({ buffer }) => known.has(buffer)).length, 16);
  });
});
