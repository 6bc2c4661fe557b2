/** What becomes of a proposal is said exactly as far as it is known. */
import assert from 'node:assert/strict';
import { CairnError, isCairnError, type ErrorCode } from '../../../base/errors.js';
import { monotonicMs } from '../../../base/instants.js';
import { Proposals } from '../../../monitor/consensus/proposals.js';
import { logIndex, term } from '../../../monitor/raft/types.js';
import { World } from '../../../runtime/sim/world.js';

function code(expected: ErrorCode, applied: CairnError['applied']): (error: unknown) => boolean {
  return (error) => isCairnError(error, expected) && error.applied === applied;
}

/** A proposal that stands in the log at 5, of term 2. */
async function onAppended(body: (proposals: Proposals, outcome: Promise<unknown>) => Promise<void>): Promise<void> {
  const world = new World({ seed: 1 });
  const process = world.machine('m').start('test', async (runtime) => {
    const proposals = new Proposals(runtime.clock, () => undefined);
    const outcome = proposals.add({ data: new Uint8Array(1), membership: undefined }, {});
    proposals.appended(proposals.take(1_000), logIndex(5), term(2));
    await body(proposals, outcome);
  });
  await world.main(() => process.finished);
}

describe('monitor/consensus: proposals', () => {
  it('resolve when their place is applied in their term', () =>
    onAppended(async (proposals, outcome) => {
      proposals.onApplied({ index: logIndex(4), term: term(1) });
      proposals.onApplied({ index: logIndex(5), term: term(2) });
      assert.deepEqual(await outcome, { index: 5, term: 2 });
    }));

  it('took no effect when their place is applied in another term', () =>
    onAppended(async (proposals, outcome) => {
      // Leadership is lost, and that index committed: what it is will be known in a moment.
      proposals.onStatus({ role: 'follower', term: term(3), commit: logIndex(5) });
      proposals.onApplied({ index: logIndex(5), term: term(3) });
      await assert.rejects(outcome, code('CONFLICT', 'no'));
    }));

  it('may have taken effect when leadership is lost before their place is committed', async () => {
    for (const status of [{ role: 'follower', term: term(2) } as const, { role: 'leader', term: term(4) } as const]) {
      await onAppended(async (proposals, outcome) => {
        proposals.onStatus({ role: 'leader', term: term(2), commit: logIndex(4) });
        proposals.onStatus({ ...status, commit: logIndex(4) });
        await assert.rejects(outcome, code('CANCELLED', 'maybe'));
      });
    }
  });

  it('are told when the core fails over them', async () => {
    const world = new World({ seed: 1 });
    const process = world.machine('m').start('test', async (runtime) => {
      const proposals = new Proposals(runtime.clock, () => undefined);
      const deadline = monotonicMs(runtime.clock.now() + 1_000);
      const propose = (): Promise<unknown> =>
        proposals.add({ data: new Uint8Array(1), membership: undefined }, { deadline });
      const outcomes = [propose(), propose()];
      proposals.take(1);
      proposals.close(new CairnError('CLOSED', 'the member has failed'));
      const checks = [code('CLOSED', 'maybe'), code('CLOSED', 'no')];
      await Promise.all(outcomes.map((outcome, i) => assert.rejects(outcome, checks[i] ?? /none/)));
    });
    await world.main(() => process.finished);
  });

  it('may have taken effect when a snapshot covers their place', () =>
    onAppended(async (proposals, outcome) => {
      const membership = { voters: [], learners: [] };
      proposals.onRestored({ index: logIndex(9), term: term(3), membership, bytes: 0, chunks: 1, checksum: '' });
      await assert.rejects(outcome, code('CANCELLED', 'maybe'));
    }));
});
