/** Room that is shared in order, with a line that is not endless. */
import assert from 'node:assert/strict';
import { CairnError } from '../../base/errors.js';
import { monotonicMs } from '../../base/instants.js';
import { Gate } from '../../client/gate.js';
import { World } from '../../runtime/sim/world.js';
import { coded } from '../monitor/daemon/sim-cluster.js';

async function inWorld(body: (gate: Gate, now: () => number, world: World) => Promise<void>): Promise<void> {
  const world = new World({ seed: 1 });
  await world.main(async () => {
    const process = world.machine('a').start('a', async ({ clock }) => {
      await body(new Gate(clock, { what: 'bytes', capacity: 10, waitersMax: 3 }), () => clock.now(), world);
    });
    await process.finished;
  });
}

describe('a gate', () => {
  it('lets in what there is room for, and the others in their order', () =>
    inWorld(async (gate, _now, world) => {
      const entered: string[] = [];
      const enter = (name: string, amount: number) => gate.enter(amount, {}).then(() => entered.push(name));
      await enter('a', 8);
      const others = [enter('large', 9), enter('small', 1)];
      await world.sleep(10);
      assert.deepEqual(entered, ['a'], 'the small one does not pass the large one by');
      gate.leave(8);
      await Promise.all(others);
      assert.deepEqual(entered, ['a', 'large', 'small']);
      gate.leave(9);
      gate.leave(1);
      assert.equal(gate.used, 0);
    }));

  it('lets in what is larger than all of it, alone', () =>
    inWorld(async (gate) => {
      await gate.enter(1_000, {});
      assert.equal(gate.used, 10);
      gate.leave(1_000);
      assert.equal(gate.used, 0);
    }));

  it('refuses when the line is long, and forgets whoever leaves it', () =>
    inWorld(async (gate, now) => {
      await gate.enter(10, {});
      const abort = new AbortController();
      const late = assert.rejects(gate.enter(10, { deadline: monotonicMs(now() + 5) }), coded('DEADLINE_EXCEEDED'));
      const withdrawn = assert.rejects(gate.enter(10, { signal: abort.signal }), coded('CANCELLED'));
      const patient = gate.enter(1, {});
      await assert.rejects(gate.enter(1, {}), coded('OVERLOADED'));
      assert.equal(gate.refusals, 1);
      abort.abort();
      await Promise.all([late, withdrawn]);
      assert.equal(gate.waiting, 1);
      gate.leave(10);
      await patient;
    }));

  it('tells whoever waits, or comes later, that it was closed', () =>
    inWorld(async (gate) => {
      await gate.enter(10, {});
      const waiting = assert.rejects(gate.enter(1, {}), coded('CLOSED'));
      gate.close(new CairnError('CLOSED', 'closed'));
      await waiting;
      await assert.rejects(gate.enter(1, {}), coded('CLOSED'));
    }));
});
