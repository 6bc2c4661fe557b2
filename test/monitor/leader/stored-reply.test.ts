/** The answers that the monitors keep for retries. */
import assert from 'node:assert/strict';
import { wallMs } from '../../../base/instants.js';
import { Batch } from '../../../monitor/leader/batch.js';
import type { ChangeRequest } from '../../../monitor/leader/change-request.js';
import { clusterOf } from '../commands/run-commands.js';
import { emptyClusterMap } from '../commands/local-map.js';

function request(result: unknown, isRetried: boolean): { readonly request: ChangeRequest } {
  return {
    request: {
      name: 'osd.out',
      id: isRetried ? { session: '0'.repeat(32), number: 1, floor: 1 } : undefined,
      deadline: undefined,
      audit: undefined,
      evaluate: () => ({ result, changes: [{ kind: 'flag', flag: 'noout', isSet: true }] }),
    },
  };
}

describe('stored replies', () => {
  const { state } = clusterOf(emptyClusterMap());

  it('an answer of a normal size is kept with its change', async () => {
    const batch = new Batch(state, wallMs(5_000), () => Promise.resolve());
    await batch.decide(request({ changed: ['noout'] }, true));
    assert.equal(batch.outcomes[0]?.kind, 'done');
    assert.equal((await batch.transaction(wallMs(6_000))).replies.length, 1);
  });

  it('a change whose answer would have to be kept and is too large is refused and changes nothing', async () => {
    const batch = new Batch(state, wallMs(5_000), () => Promise.resolve());
    await batch.decide(request({ changed: 'x'.repeat(300 * 1024) }, true));
    const [outcome] = batch.outcomes;
    assert.ok(outcome?.kind === 'refused');
    assert.equal(outcome.error.code, 'UNSUPPORTED');
    assert.ok(batch.isEmpty);
  });

  it('what the leader decides by itself keeps no answer and has no such bound', async () => {
    const batch = new Batch(state, wallMs(5_000), () => Promise.resolve());
    await batch.decide(request('x'.repeat(300 * 1024), false));
    assert.equal(batch.outcomes[0]?.kind, 'done');
  });
});
