import assert from 'node:assert/strict';
import type { MonotonicMs } from '../../../base/instants.js';
import { monotonicMs } from '../../../base/instants.js';
import type { Steps } from '../../../base/steps.js';
import { Applier } from '../../../monitor/consensus/applier.js';
import { newMetrics } from '../../../monitor/consensus/metrics.js';
import type { StateMachine } from '../../../monitor/consensus/types.js';
import { logIndex, memberId, term, type LogEntry, type SnapshotMeta } from '../../../monitor/raft/types.js';
import type { Clock } from '../../../runtime/clock.js';

const membership = { voters: [memberId(1)], learners: [] };

/** Applies entry 2 in five steps of 5 ms each, all others at once. */
class SteppedMachine implements StateMachine {
  readonly done: number[] = [];
  steps = 0;
  finishReading = (): void => assert.fail('it reads no snapshot');
  readonly #spend: (ms: number) => void;

  constructor(spend: (ms: number) => void) {
    this.#spend = spend;
  }

  apply(entry: LogEntry): void | Steps<void> {
    if (entry.index === logIndex(2)) return this.#slowly(entry);
    this.done.push(entry.index);
  }

  *#slowly(entry: LogEntry): Steps<void> {
    for (let step = 1; step < 5; step += 1) {
      this.steps += 1;
      this.#spend(5);
      yield;
    }
    this.done.push(entry.index);
  }

  async *snapshot(): AsyncGenerator<Uint8Array> {}

  /** Reads until the test says so. */
  restore(): Promise<() => void> {
    return new Promise((resolve) => {
      this.finishReading = () => resolve(() => void this.done.push(0));
    });
  }
}

function setUp() {
  let now: MonotonicMs = monotonicMs(0);
  // Only `now` is asked for.
  const clock = { now: () => now } as Clock;
  const machine = new SteppedMachine((ms) => {
    now = monotonicMs(now + ms);
  });
  const applied: number[] = [];
  let snapshots = 0;
  const hooks = {
    readSnapshot: () => machine.snapshot(),
    onApplied: (entry: LogEntry) => void applied.push(entry.index),
    onRestored: () => {},
    onSnapshotDue: () => {
      snapshots += 1;
    },
    onWork: () => {},
    onFailure: (error: unknown) => assert.fail(String(error)),
  };
  const options = {
    bounds: { bytes: 1_000_000, entries: 1_000 },
    snapshot: { index: logIndex(0), term: term(1), membership },
  };
  const applier = new Applier(clock, options, { machine, metrics: newMetrics(), hooks });
  applier.add([1, 2, 3].map((index) => command(index)));
  return { applier, machine, applied, snapshots: () => snapshots };
}

function metaOf(index: number): SnapshotMeta {
  return { index: logIndex(index), term: term(1), membership, bytes: 0, chunks: 1, checksum: '0' };
}

/** All promises that are settled have told whoever waited. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function command(index: number): LogEntry {
  return { kind: 'command', index: logIndex(index), term: term(1), data: Uint8Array.of(index) };
}

describe('monitor/consensus: applying', () => {
  it('a long entry takes several turns, and the next waits for it', () => {
    const { applier, machine, applied } = setUp();
    applier.applySome();
    assert.deepEqual(machine.done, [1]);
    assert.ok(machine.steps > 0 && machine.steps < 4);
    assert.equal(applier.applied, 1);
    assert.equal(applier.hasWork, true);
    while (applier.hasWork) applier.applySome();
    assert.deepEqual(machine.done, [1, 2, 3]);
    assert.deepEqual(applied, [1, 2, 3]);
  });

  it('no snapshot is taken in the middle of an entry', () => {
    const { applier, snapshots } = setUp();
    applier.applySome();
    applier.snapshotNow();
    assert.equal(snapshots(), 0);
    while (applier.hasWork) applier.applySome();
    applier.snapshotNow();
    assert.equal(snapshots(), 1);
  });

  it('a snapshot that arrives ends the entry that was begun, and later entries wait until it is read', async () => {
    const { applier, machine } = setUp();
    applier.applySome();
    applier.addRestore(metaOf(9), 1);
    applier.add([command(10)]);
    assert.equal(applier.hasWork, false);
    applier.onDurable(1);
    applier.applySome();
    assert.deepEqual([machine.done, applier.hasWork, applier.applied], [[1], false, 1]);
    machine.finishReading();
    await settled();
    assert.deepEqual([machine.done, applier.hasWork, applier.applied], [[1, 0], true, 9]);
    applier.applySome();
    assert.deepEqual([machine.done, applier.applied], [[1, 0, 10], 10]);
  });

  it('a newer snapshot that arrives while one is read is read after it, and what was to follow the older is not', async () => {
    const { applier, machine } = setUp();
    applier.addRestore(metaOf(9), 1);
    applier.onDurable(1);
    applier.applySome();
    applier.add([command(10)]);
    applier.addRestore(metaOf(20), 2);
    applier.add([command(21)]);
    applier.onDurable(2);
    assert.equal(applier.hasWork, false);
    machine.finishReading();
    await settled();
    assert.equal(applier.applied, 9);
    applier.applySome();
    machine.finishReading();
    await settled();
    applier.applySome();
    assert.deepEqual([machine.done, applier.applied], [[0, 0, 21], 21]);
  });

  it('a snapshot that is read when it is closed replaces nothing', async () => {
    const { applier, machine } = setUp();
    applier.addRestore(metaOf(9), 1);
    applier.onDurable(1);
    applier.applySome();
    applier.close();
    machine.finishReading();
    await settled();
    assert.deepEqual([machine.done, applier.applied, applier.hasWork], [[], 0, false]);
  });

  it('nothing goes on once it is closed', () => {
    const { applier } = setUp();
    applier.applySome();
    applier.close();
    assert.equal(applier.hasWork, false);
  });
});
