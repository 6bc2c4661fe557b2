/** The same store on LevelDB and files of this machine: what the simulated ones could not show. */
import assert from 'node:assert/strict';
import { isCairnError } from '../../../base/errors.js';
import { logIndex, term } from '../../../monitor/raft/types.js';
import { decodeWitness } from '../../../monitor/store/batch-witness.js';
import { RaftStore } from '../../../monitor/store/raft-store.js';
import type { Runtime } from '../../../runtime/runtime.js';
import { readWholeFile } from '../../../runtime/whole-file.js';
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

  it("is refused when the end of LevelDB's log was lost after a kill, though no vote was in it", async () => {
    const harness = await openNodeHarness();
    try {
      const { runtime } = harness;
      const directory = `${harness.directory}/store`;
      const snapshot = { index: logIndex(1), term: term(1), membership, pieces: pieces('founded') };
      await RaftStore.create(runtime, { directory, fsid, member: self, snapshot });
      const { store } = await RaftStore.open(runtime, { directory });
      for (let index = 2; index <= 9; index++) await store.write([entriesOf(command(index, 1))]);
      await hasWitnessed(runtime, directory);
      // What the kernel holds when the process is killed now.
      const killed = `${harness.directory}/killed`;
      const cut = `${harness.directory}/cut`;
      for (const copy of [killed, cut]) await copyStore(runtime, directory, copy);
      const log = await logOf(runtime, `${cut}/raft`);
      const file = await runtime.disk.open(log, { mode: 'write' });
      await file.truncate((await file.size()) - 20);
      await file.close();
      const whole = await RaftStore.open(runtime, { directory: killed });
      assert.equal(whole.initial.entries.at(-1)?.index, 9);
      await whole.store.close();
      await assert.rejects(
        RaftStore.open(runtime, { directory: cut }),
        (error) =>
          isCairnError(error, 'CORRUPT') &&
          /database ends with batch 9, its witness file knows of batch 10; remove that directory and start/.test(
            error.message,
          ),
      );
      await store.close();
    } finally {
      await harness.close();
    }
  });
});

/** Until the witness is of the last batch: opening is the 2nd, and eight entries follow. */
async function hasWitnessed(runtime: Runtime, directory: string): Promise<void> {
  for (;;) {
    const bytes = await readWholeFile(runtime.disk, `${directory}/witness`, 512);
    if (decodeWitness(bytes)?.batch === 10) return;
    await runtime.clock.yieldTurn();
  }
}

async function copyStore(runtime: Runtime, from: string, to: string): Promise<void> {
  await runtime.disk.makeDirectory(`${to}/raft`);
  const names = (await runtime.disk.list(`${from}/raft`)).map((name) => `raft/${name}`);
  for (const name of ['vote', 'witness', ...names]) {
    const file = await runtime.disk.open(`${to}/${name}`, { mode: 'create' });
    await file.write(await readWholeFile(runtime.disk, `${from}/${name}`, 16 * 1024 * 1024), 0);
    await file.close();
  }
}

/** The log that LevelDB writes now. */
async function logOf(runtime: Runtime, kvDirectory: string): Promise<string> {
  const logs = (await runtime.disk.list(kvDirectory)).filter((name) => name.endsWith('.log'));
  return `${kvDirectory}/${logs.at(-1)}`;
}
