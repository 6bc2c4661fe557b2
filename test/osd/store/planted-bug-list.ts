/** Bugs of which young stores are full. Each is planted by replacing code of `dist/`, and found by the seed. */

import type { PlantedBug } from '../../sim/planted-bugs.js';

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'ack-before-sync',
    seed: 2,
    changes: [
      {
        file: 'osd/store/log/segment-files.js',
        from: `open(this.path(segment), { mode: 'write', durableWrites: true })`,
        to: `open(this.path(segment), { mode: 'write' })`,
      },
    ],
  },
  {
    name: 'index-ahead-of-log',
    seed: 13,
    changes: [
      {
        file: 'osd/store/store.js',
        from: `if (batch === undefined || batch > this.#durableBatch || this.#checkpointing !== undefined)`,
        to: `if (batch === undefined || this.#checkpointing !== undefined)`,
      },
      {
        file: 'osd/store/checkpoint/checkpointer.js',
        from: `invariant(durableBatch >= frozen.position.number, 'a checkpoint is written after its log is durable');`,
        to: ``,
      },
    ],
  },
  {
    name: 'unsynced-checkpoint',
    seed: 14,
    changes: [
      {
        file: 'osd/store/checkpoint/checkpointer.js',
        from: `await batch.write({ sync: true });`,
        to: `await batch.write({ sync: false });`,
      },
    ],
  },
  {
    name: 'checkpoint-before-its-data',
    seed: 5,
    changes: [
      {
        file: 'osd/store/checkpoint/checkpointer.js',
        from: `await this.#writePoints(frozen.layer, batch, slices);`,
        to: `const early = this.#state.index.kv.newBatch(); const later = []; const cursor = frozen.layer.viewPoints(); while (cursor.next()) later.push([cursor.key, cursor.value]); setPoints(this, later); void early.close();`,
      },
      {
        file: 'osd/store/checkpoint/checkpointer.js',
        from: `        await batch.write({ sync: true });`,
        to: `        await batch.write({ sync: true });
        const data = this.#state.index.kv.newBatch();
        for (const [key, value] of pointsOf.get(this)) { if (value === null) data.delete(key); else data.put(key, value); }
        await data.write({ sync: true });`,
      },
      {
        file: 'osd/store/checkpoint/checkpointer.js',
        from: `function visitBodies(`,
        to: `const pointsOf = new WeakMap();
function setPoints(owner, points) { pointsOf.set(owner, points); }
function visitBodies(`,
      },
    ],
  },
  {
    name: 'no-torn-record-check',
    seed: 27,
    changes: [
      {
        file: 'osd/store/log/batch-reader.js',
        from: `if (verifyPayloads && !payloads.every((payload) => verifies(bytes, header.place.offset, payload, seed)))`,
        to: `if (false)`,
      },
    ],
  },
  {
    name: 'recycled-without-new-generation',
    seed: 3,
    changes: [
      {
        file: 'osd/store/log/segment-files.js',
        from: `const next = Math.max(generation, old?.generation ?? 0) + 1;`,
        to: `const next = Math.max(generation, old?.generation ?? 0, 1);`,
      },
    ],
  },
  {
    name: 'replay-past-rot',
    seed: 1,
    changes: [
      {
        file: 'osd/store/log/replay.js',
        from: `await checkEnd(files, position, options);`,
        to: ``,
      },
    ],
  },
  {
    name: 'iterator-outlives-its-layer',
    seed: 1,
    changes: [
      {
        file: 'osd/store/index/walk.js',
        from: `if (this.#version !== this.#index.version)
            await this.#restart();`,
        to: `if (this.#version < 0) await this.#restart();`,
      },
      {
        file: 'osd/store/index/walk.js',
        from: `return this.#version === this.#index.version;`,
        to: `return true;`,
      },
      {
        file: 'osd/store/index/walk.js',
        from: `if (this.#version !== this.#index.version)
            return false;`,
        to: ``,
      },
    ],
  },
  {
    name: 'move-without-its-condition',
    seed: 2,
    changes: [
      {
        file: 'osd/store/apply/apply-moves.js',
        from: `const isThere = source.kind === 'own' && isSamePayload(source.payload, from);`,
        to: `const isThere = source.kind === 'own';`,
      },
    ],
  },
  {
    name: 'merge-without-its-condition',
    seed: 18,
    changes: [
      {
        file: 'osd/store/apply/apply-merge.js',
        from: `return part === extent;`,
        to: `return part === extent; if (part !== undefined) return true;`,
      },
    ],
  },
  {
    name: 'batch-number-reused',
    seed: 2,
    changes: [
      {
        file: 'osd/store/open-store.js',
        from: `return { number: batch.number, checksum, heads };`,
        to: `return position;`,
      },
    ],
  },
  {
    name: 'failed-sync-believed',
    seed: 19,
    changes: [
      {
        file: 'osd/store/open-store.js',
        from: `if (result.last !== undefined)
        await writeAgain(runtime, files, result.last);`,
        to: ``,
      },
    ],
  },
  {
    name: 'freed-before-copied',
    seed: 1,
    changes: [
      { file: 'osd/store/cleaner/cleaner.js', from: `files.pin(segment);`, to: `state.segments.freed = segment;` },
      { file: 'osd/store/cleaner/cleaner.js', from: `files.unpin(segment);`, to: `` },
      {
        file: 'osd/store/segments/segment-table.js',
        from: `this.state(segment) === 'closed' &&
            this.#live[segment] === 0 &&`,
        to: `this.state(segment) === 'closed' &&
            (this.#live[segment] === 0 || this.freed === segment) &&`,
      },
      {
        file: 'osd/store/segments/segment-table.js',
        from: `invariant(this.#live[segment] === 0, 'a segment that begins a life holds nothing live', { segment });`,
        to: ``,
      },
    ],
  },
  {
    name: 'index-full-before-log',
    seed: 6,
    changes: [
      {
        file: 'osd/store/space/ballast.js',
        from: `if (freeBytes < wanted && this.#isThere)`,
        to: `if (freeBytes < 0)`,
      },
      {
        file: 'osd/store/space/ballast.js',
        from: `return freeBytes >= bytes + kept;`,
        to: `return freeBytes >= bytes;`,
      },
    ],
  },
  {
    name: 'released-twice',
    seed: 3,
    changes: [{ file: 'osd/store/apply/apply-release.js', from: `draft.delete(key);`, to: `` }],
  },
  {
    name: 'clone-ahead-without-its-condition',
    seed: 39,
    changes: [
      {
        file: 'osd/store/apply/apply-clone.js',
        from: `made !== undefined && equalBytes(value, made)`,
        to: `made !== undefined`,
      },
    ],
  },
];
