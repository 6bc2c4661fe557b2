/** The same store on LevelDB and files of this machine: what the simulated ones could not show. */
import assert from 'node:assert/strict';
import { isCairnError } from '../../../base/errors.js';
import { logIndex, term } from '../../../monitor/raft/types.js';
import { RaftStore } from '../../../monitor/store/raft-store.js';
import { openNodeHarness } from '../../runtime/node/harness.js';
import { contentOf, entriesOf, command, fsid, historyOf, membership, pieces, self } from './support.js';

describe('monitor/store: on a real disk', () => {
  it('holds its history, deletes what snapshots replaced, and is opened once at a time', async () => {
    const harness = await openNodeHarness();
    try {
      const { runtime } = harness;
      const directory = `${harness.directory}/monitor/store`;
      const snapshot = { index: logIndex(1), term: term(1), membership, pieces: pieces('fou', 'nded') };
      await RaftStore.create(runtime, { directory, fsid, member: self, snapshot });
      const first = await RaftStore.open(runtime, { directory, chunkBytes: 4 });
      await assert.rejects(RaftStore.open(runtime, { directory }), (error) => isCairnError(error, 'LOCKED'));
      for (const step of historyOf(first.store)) await step();
      await first.store.close();
      const second = await RaftStore.open(runtime, { directory, expected: { fsid, member: self } });
      const expected = 'term 3 vote 9; snapshot 4/3 7,8,9+ "state at 4"; 5/3:6335 6/3:6336 7/3:7a';
      assert.equal(await contentOf(second), expected);
      for (let index = 8; index <= 40; index++) await second.store.write([entriesOf(command(index, 3))]);
      await second.store.saveSnapshot({ index: logIndex(40), term: term(3), membership }, pieces('state at 40'));
      await second.store.close();
      const third = await RaftStore.open(runtime, { directory });
      assert.equal(await contentOf(third), 'term 3 vote 9; snapshot 40/3 7,8,9+ "state at 40"; ');
      await third.store.close();
    } finally {
      await harness.close();
    }
  });
});
