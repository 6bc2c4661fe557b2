import assert from 'node:assert/strict';
import { isCairnError } from '../../../base/errors.js';
import { monotonicMs } from '../../../base/instants.js';
import { ReadBarriers } from '../../../monitor/consensus/read-barriers.js';
import { logIndex } from '../../../monitor/raft/types.js';
import { World } from '../../../runtime/sim/world.js';

describe('monitor/consensus: read barriers', () => {
  it('are forgotten after their deadline, though nothing is applied for long', async () => {
    const world = new World({ seed: 1 });
    const process = world.machine('m').start('test', async (runtime) => {
      const barriers = new ReadBarriers(runtime.clock, () => undefined);
      const late = barriers.add({ deadline: monotonicMs(runtime.clock.now() + 10) });
      const patient = barriers.add({});
      barriers.answered(barriers.take() ?? 0, logIndex(100));
      await assert.rejects(late, (error) => isCairnError(error, 'DEADLINE_EXCEEDED'));
      barriers.onTick();
      assert.equal(barriers.size, 1);
      barriers.onApplied(100);
      await patient;
      assert.equal(barriers.size, 0);
    });
    await world.main(() => process.finished);
  });
});
