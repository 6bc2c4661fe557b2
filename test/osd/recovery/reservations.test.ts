import assert from 'node:assert/strict';
import { monotonicMs } from '../../../base/instants.js';
import { Pace } from '../../../osd/recovery/pace.js';
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

describe('osd/recovery: how long work in the background rests', () => {
  const cases = [
    { name: 'not at all without clients', clientAt: undefined, now: 1_000, took: 10, rest: 0 },
    { name: 'not once clients are idle', clientAt: 0, now: 1_000, took: 10, rest: 0 },
    { name: 'four times what it took beside clients', clientAt: 900, now: 1_000, took: 10, rest: 40 },
    { name: 'never longer than a tenth of a second', clientAt: 900, now: 1_000, took: 1_000, rest: 100 },
  ];
  for (const { name, clientAt, now, took, rest } of cases) {
    it(name, () => {
      const pace = new Pace();
      if (clientAt !== undefined) pace.onClient(monotonicMs(clientAt));
      assert.equal(pace.restAfter(monotonicMs(now), took), rest);
    });
  }
});
