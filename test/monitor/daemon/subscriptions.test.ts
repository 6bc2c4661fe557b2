import assert from 'node:assert/strict';
import { pushesPerTurn, Subscriptions } from '../../../monitor/daemon/subscriptions.js';
import type { MonitorState } from '../../../monitor/state/state.js';
import type { Runtime } from '../../../runtime/runtime.js';
import type { Peer } from '../../../wire/peer.js';
import { World } from '../../../runtime/sim/world.js';
import { emptyState, transactionFor } from '../state/some-state.js';

const followerCount = 2 * pushesPerTurn + 50;

/** Counts what it is sent, and says at once that it has it. */
function follower(pushed: string[], name: string): Peer {
  const call = (_method: unknown, header: { readonly to: number }) => {
    pushed.push(name);
    return Promise.resolve({ header: { have: header.to }, payload: new Uint8Array(0) });
  };
  // Nothing else of a peer is looked at.
  return { name, call } as unknown as Peer;
}

function nextEpoch(state: MonitorState): void {
  const isSet = !state.map.flags.has('noout');
  assert.ok(state.apply(transactionFor(state, { changes: [{ kind: 'flag', flag: 'noout', isSet }] })));
}

async function inWorld(body: (runtime: Runtime) => Promise<void>): Promise<void> {
  const world = new World({ seed: 1 });
  const process = world.machine('a').start('monitor', body);
  await world.main(() => process.finished);
}

describe('the followers of a monitor', () => {
  it('are told of a new epoch in several turns of the event loop, each once', async () => {
    await inWorld(async (runtime) => {
      const state = emptyState();
      const parts = { state, wall: () => state.wall, hasLeader: () => true, mayFollow: () => true };
      const subscriptions = new Subscriptions(runtime, parts);
      const pushed: string[] = [];
      for (let i = 0; i < followerCount; i += 1) {
        subscriptions.subscribe(follower(pushed, `client.${i}`), { what: 'map', have: state.map.epoch });
      }
      nextEpoch(state);
      subscriptions.changed();
      // Whoever changes the state again meanwhile makes the turn no longer.
      subscriptions.changed();
      assert.equal(pushed.length, pushesPerTurn);
      await runtime.clock.yieldTurn();
      assert.equal(pushed.length, 2 * pushesPerTurn);
      await runtime.clock.yieldTurn();
      assert.equal(pushed.length, followerCount);
      await runtime.clock.yieldTurn();
      assert.equal(new Set(pushed).size, followerCount);
      assert.equal(pushed.length, followerCount);
    });
  });

  it('who have gone before their turn are sent nothing', async () => {
    await inWorld(async (runtime) => {
      const state = emptyState();
      const parts = { state, wall: () => state.wall, hasLeader: () => true, mayFollow: () => true };
      const subscriptions = new Subscriptions(runtime, parts);
      const pushed: string[] = [];
      const peers = Array.from({ length: pushesPerTurn + 1 }, (_, i) => follower(pushed, `client.${i}`));
      for (const peer of peers) subscriptions.subscribe(peer, { what: 'map', have: state.map.epoch });
      nextEpoch(state);
      subscriptions.changed();
      const last = peers.at(-1);
      assert.ok(last !== undefined);
      subscriptions.forget(last);
      await runtime.clock.yieldTurn();
      assert.equal(pushed.length, pushesPerTurn);
    });
  });
});
