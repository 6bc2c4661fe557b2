import assert from 'node:assert/strict';
import { wallMs } from '../../base/instants.js';
import { runSteps } from '../../base/steps.js';
import { applyChanges, applyIncremental, applyIncrementalSteps } from '../../cluster/apply-incremental.js';
import type { Incremental, MapChange } from '../../cluster/change.js';
import { checkSuccession } from '../../cluster/check-succession.js';
import { decodeIncremental, encodeIncremental } from '../../cluster/codec/incremental-codec.js';
import { decodeMap, encodeMap } from '../../cluster/codec/map-codec.js';
import { epoch } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import { mergeChanges } from '../../cluster/merge-changes.js';
import { validateMap } from '../../cluster/validate-map.js';
import { Random } from '../crush/random-map.js';
import { forEachSeed } from '../sim/seeds.js';
import { randomChanges } from './random-changes.js';
import { fsid, smallMap } from './samples.js';

const epochsPerSeed = 25;
/** Seeds are few in the box of a test run; `SEEDS=1000` for more. */
const boxMs = 600;

/** All commands of one epoch, each made for what the ones before it left. */
function randomEpoch(random: Random, map: ClusterMap): MapChange[] {
  const all: MapChange[] = [];
  let after = map;
  for (let commands = random.between(1, 12); commands > 0; commands -= 1) {
    const changes = randomChanges(random, after);
    after = applyChanges(after, changes);
    all.push(...changes);
  }
  return all;
}

function incrementalOf(map: ClusterMap, changes: readonly MapChange[]): Incremental {
  return { epoch: epoch(map.epoch + 1), fsid, changedAt: wallMs(map.changedAt + 0.5), changes };
}

/** `run` for some epochs of a random history; returns the map at its end. */
async function forEachEpoch(run: (before: ClusterMap, incremental: Incremental) => void): Promise<void> {
  const seeds = await forEachSeed({ boxMs, count: 200 }, async (seed) => {
    const random = new Random(seed);
    let map = smallMap();
    for (let count = 0; count < epochsPerSeed; count += 1) {
      const incremental = incrementalOf(map, randomEpoch(random, map));
      run(map, incremental);
      map = applyIncremental(map, incremental);
    }
    assert.equal(map.epoch, 2 + epochsPerSeed);
  });
  assert.ok(seeds > 0);
}

describe('random histories of the map', function randomHistories() {
  this.timeout(60_000);

  it('keep every map valid, and let nothing go back that must not', async () => {
    await forEachEpoch((before, incremental) => {
      const bytes = encodeMap(before);
      const after = applyIncremental(before, incremental);
      validateMap(after);
      checkSuccession(before, after);
      assert.deepEqual(encodeMap(before), bytes);
    });
  });

  it('survive their formats: maps and incrementals are read as they were written', async () => {
    await forEachEpoch((before, incremental) => {
      const decoded = decodeIncremental(encodeIncremental(incremental));
      const after = applyIncremental(before, incremental);
      const bytes = encodeMap(after);
      const read = decodeMap(bytes);
      assert.deepEqual({ ...read, records: undefined }, { ...after, records: undefined });
      assert.deepEqual(encodeMap(read), bytes);
      // What was decoded has the same effect, on the map that was read, too.
      assert.deepEqual(encodeMap(applyIncremental(decodeMap(encodeMap(before)), decoded)), bytes);
    });
  });

  it('come to the same by merged changes as by all of them', async () => {
    await forEachEpoch((before, { changes }) => {
      const merged = mergeChanges(changes);
      assert.ok(merged.length <= changes.length + 1);
      assert.deepEqual(encodeMap(applyChanges(before, merged)), encodeMap(applyChanges(before, changes)));
    });
  });

  it('come to the same in steps as at once', async () => {
    await forEachEpoch((before, incremental) => {
      const inSteps = runSteps(applyIncrementalSteps(before, incremental));
      assert.deepEqual(encodeMap(inSteps), encodeMap(applyIncremental(before, incremental)));
    });
  });
});
