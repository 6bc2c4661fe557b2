/** A crash at each I/O boundary of a run: just after an operation began, and just after it was done but nobody knew. */
import assert from 'node:assert/strict';
import { latin1Text, utf8Bytes } from '../../../base/bytes.js';
import { isCairnError } from '../../../base/errors.js';
import { InvariantError } from '../../../base/invariant.js';
import type { Runtime } from '../../../runtime/runtime.js';
import { readWholeFile } from '../../../runtime/whole-file.js';
import { World } from '../../../runtime/sim/world.js';

/** Five operations, so ten boundaries; `known` gathers what the process learned the end of. */
async function run(runtime: Runtime, known: string[]): Promise<void> {
  const file = await runtime.disk.open('/f', { mode: 'create', durableWrites: true });
  known.push('open');
  await runtime.disk.syncDirectory('/');
  known.push('sync');
  await file.write(utf8Bytes('b'), 0);
  known.push('write');
  const kv = await runtime.kv.open('/kv');
  known.push('kv');
  await kv.batch([{ type: 'put', key: 'k', value: utf8Bytes('v') }], { sync: true });
  known.push('batch');
}

async function look(runtime: Runtime): Promise<string> {
  const found: string[] = [];
  for (const attempt of [
    async () => `"${latin1Text(await readWholeFile(runtime.disk, '/f', 10))}"`,
    async () =>
      latin1Text((await (await runtime.kv.open('/kv', { createIfMissing: false })).get('k')) ?? utf8Bytes('-')),
  ]) {
    try {
      found.push(await attempt());
    } catch (error) {
      assert(isCairnError(error, 'NOT_FOUND'), String(error));
      found.push('none');
    }
  }
  return found.join(' ');
}

/** What the process knew when the power failed at that boundary, and what was found afterwards. */
async function crashAt(seed: number, boundary: number): Promise<{ known: string; found: string }> {
  const world = new World({ seed });
  const machine = world.machine('m');
  const known: string[] = [];
  return await world.main(async () => {
    const crashed = machine.crashAtIoBoundary(boundary);
    const process = machine.start('run', (runtime) => run(runtime, known));
    await Promise.race([crashed, process.finished]);
    assert.equal(machine.isUp, boundary > 10);
    assert.equal(machine.ioBoundaryCount, Math.min(boundary, 10));
    machine.restart();
    let found = '';
    await machine.start('look', async (runtime) => {
      found = await look(runtime);
    }).finished;
    return { known: known.join(' '), found };
  });
}

const cases = [
  { boundary: 1, name: 'open began', known: '', found: ['none none'] },
  { boundary: 2, name: 'open was done', known: '', found: ['"" none', 'none none'] },
  { boundary: 3, name: 'the sync of the directory began', known: 'open', found: ['"" none', 'none none'] },
  { boundary: 4, name: 'the sync of the directory was done', known: 'open', found: ['"" none'] },
  { boundary: 5, name: 'the write began', known: 'open sync', found: ['"" none', '"\0" none', '"b" none'] },
  { boundary: 6, name: 'the write was done', known: 'open sync', found: ['"b" none'] },
  { boundary: 7, name: 'the opening of the store began', known: 'open sync write', found: ['"b" none'] },
  { boundary: 8, name: 'the opening of the store was done', known: 'open sync write', found: ['"b" -'] },
  { boundary: 9, name: 'the batch began', known: 'open sync write kv', found: ['"b" -', '"b" v'] },
  { boundary: 10, name: 'the batch was done', known: 'open sync write kv', found: ['"b" v'] },
];

describe('runtime/sim: a crash at an I/O boundary', () => {
  for (const { boundary, name, known, found } of cases) {
    it(`when ${name}`, async () => {
      const seen = new Set<string>();
      for (let seed = 1; seed <= 60; seed++) {
        const outcome = await crashAt(seed, boundary);
        assert.equal(outcome.known, known);
        seen.add(outcome.found);
      }
      assert.deepEqual([...seen].sort(), [...found].sort());
    });
  }

  it('does not come when the run has fewer boundaries', async () => {
    assert.deepEqual(await crashAt(1, 11), { known: 'open sync write kv batch', found: '"b" v' });
  });

  it('counts from now, and refuses what is no later boundary', async () => {
    const world = new World({ seed: 1 });
    const machine = world.machine('m');
    await world.main(async () => {
      await machine.start('first', (runtime) => run(runtime, [])).finished;
      for (const count of [0, -1, 0.5]) assert.throws(() => void machine.crashAtIoBoundary(count), InvariantError);
      const crashed = machine.crashAtIoBoundary(3);
      machine.start('second', async ({ disk }) => {
        for (;;) await disk.stat('/f');
      });
      await crashed;
      assert.equal(machine.ioBoundaryCount, 13);
    });
  });
});
