/** Power losses and kills at every moment: what a write has resolved is there, and no half of any. */
import assert from 'node:assert/strict';
import { isCairnError } from '../../../base/errors.js';
import type { Runtime } from '../../../runtime/runtime.js';
import { World } from '../../../runtime/sim/world.js';
import { forEachSeed } from '../../sim/seeds.js';
import { logIndex, term } from '../../../monitor/raft/types.js';
import {
  command,
  contentOf,
  createStore,
  entriesOf,
  historyOf,
  membership,
  onMachine,
  openStore,
  pieces,
} from './support.js';

/** What a store holds before the first step of the history and after each. */
async function statesOfHistory(): Promise<string[]> {
  const states: string[] = [];
  await onMachine(1, async (runtime) => {
    await createStore(runtime);
    for (let step = 0; step <= 6; step++) {
      const opened = await openStore(runtime);
      states.push(await contentOf(opened));
      await historyOf(opened.store)[step]?.();
      await opened.store.close();
    }
  });
  return states;
}

/** Runs the history, reopening now and then, until the process dies; `progress` counts the steps that resolved. */
async function live(runtime: Runtime, progress: { steps: number; isCreated: boolean }): Promise<void> {
  if (!progress.isCreated) {
    await createStore(runtime);
    progress.isCreated = true;
  }
  const { store } = await openStore(runtime);
  while (progress.steps < 6) {
    await historyOf(store)[progress.steps]?.();
    progress.steps += 1;
  }
  await store.close();
}

describe('monitor/store: crashes', () => {
  it('keep what had resolved, and what was under way whole or not at all', async () => {
    const states = await statesOfHistory();
    assert.equal(new Set(states).size, 7);
    const deaths = { crash: 0, kill: 0, between: 0 };
    const ran = await forEachSeed({ count: 1_500, boxMs: 3_000 }, async (seed) => {
      const world = new World({ seed });
      const machine = world.machine('m');
      const random = world.stream('death');
      const progress = { steps: 0, isCreated: false };
      await world.main(async () => {
        let process = machine.start('mon', (runtime) => live(runtime, progress));
        await world.sleep(random.float() * 6);
        const kind = random.chance(0.7) ? 'crash' : 'kill';
        if (kind === 'crash') {
          machine.crash();
          machine.restart();
        } else {
          process.kill();
        }
        deaths[kind] += 1;
        process = machine.start('mon', async (runtime) => {
          let opened;
          try {
            opened = await openStore(runtime);
          } catch (error) {
            if (!isCairnError(error, 'NOT_FOUND') || progress.isCreated) throw error;
            await createStore(runtime);
            opened = await openStore(runtime);
          }
          const { steps } = progress;
          const content = await contentOf(opened);
          // Of the write under way all may be there; of its vote also the file alone, which then counts.
          const allowed = [states[steps], states[steps + 1]];
          if (steps === 2) allowed.push(states[2]?.replace('term 2 vote 7', 'term 3 vote undefined'));
          assert.ok(allowed.includes(content), `after ${steps} steps: ${content}`);
          if (content !== states[steps]) deaths.between += 1;
          await opened.store.close();
          assert.equal(await contentOf(await openStore(runtime)), content);
        });
        await process.finished;
      });
    });
    assert.ok(
      ran > 0 && (ran < 100 || (deaths.crash > 10 && deaths.kill > 10 && deaths.between > 0)),
      JSON.stringify(deaths),
    );
  });

  it('between snapshots find all of the log behind the one in force', async () => {
    const inForce = new Set<number>();
    await forEachSeed({ count: 300, boxMs: 2_000 }, async (seed) => {
      const world = new World({ seed });
      const machine = world.machine('m');
      await world.main(async () => {
        const prepared = machine.start('mon', async (runtime) => {
          await createStore(runtime);
          const { store } = await openStore(runtime);
          await store.write([entriesOf(...Array.from({ length: 400 }, (_, i) => command(i + 2, 1)))]);
          await store.close();
        });
        await prepared.finished;
        // While one's entries are being deleted, the next gives up more.
        const random = world.stream('death');
        machine.start('mon', async (runtime) => {
          const { store } = await openStore(runtime);
          for (let index = 40; index <= 400; index += 20) {
            await runtime.clock.sleep(random.float());
            await store.saveSnapshot({ index: logIndex(index), term: term(1), membership }, pieces('x'));
          }
        });
        await world.sleep(random.between(0.5, 20));
        machine.crash();
        machine.restart();
        const reopened = machine.start('mon', async (runtime) => {
          const { initial } = await openStore(runtime);
          inForce.add(initial.snapshot.index);
          assert.equal(initial.entries.length, 401 - initial.snapshot.index);
        });
        await reopened.finished;
      });
    });
    assert.ok(inForce.size > 1, `snapshots in force: ${[...inForce].join(' ')}`);
  });
});
