import assert from 'node:assert/strict';
import { Reservations, type Reservation } from '../../../osd/recovery/reservations.js';

describe('osd/recovery: who may move data', () => {
  it('so many at a time, the most urgent first, then who waits longest', () => {
    const reservations = new Reservations(2);
    const started: string[] = [];
    const held = new Map<string, Reservation>();
    const ask = (name: string, urgency: number): void => {
      held.set(
        name,
        reservations.request(urgency, () => started.push(name)),
      );
    };
    ask('a', 3);
    ask('b', 3);
    ask('c', 2);
    ask('d', 1);
    ask('e', 2);
    assert.deepEqual(started, ['a', 'b']);
    held.get('a')?.release();
    held.get('a')?.release();
    assert.deepEqual(started, ['a', 'b', 'd']);
    held.get('c')?.release();
    held.get('b')?.release();
    assert.deepEqual(started, ['a', 'b', 'd', 'e']);
    assert.deepEqual([reservations.running, reservations.waiting], [2, 0]);
  });
});
