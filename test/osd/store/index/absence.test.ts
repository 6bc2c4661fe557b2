import assert from 'node:assert/strict';
import { CairnError } from '../../../../base/errors.js';
import { OrderedMap } from '../../../../base/ordered-map.js';
import { Absence } from '../../../../osd/store/index/absence.js';
import { AbsenceFilter } from '../../../../osd/store/index/absence-filter.js';
import type { KeyRange } from '../../../../osd/store/format/index-key.js';
import { objectId } from '../../../../osd/store/object-id.js';
import { poolId } from '../../../../cluster/ids.js';
import type { Runtime } from '../../../../runtime/runtime.js';
import { World } from '../../../../runtime/sim/world.js';

/** As the store has them: long and alike but for the hash in the middle and a number at the end. */
function keyOf(number: number): string {
  return objectId(poolId(1), { namespace: '', locator: '', name: `backup/2026/part.${number}` }).headKey;
}

async function inWorld(body: (runtime: Runtime) => Promise<void>): Promise<void> {
  const world = new World({ seed: 1 });
  await world.main(() => world.machine('a').start('osd', body).finished);
}

describe('osd/store: the filter of absent keys', () => {
  it('never calls a key absent that was added, and few present that were not', () => {
    const count = 100_000;
    const filter = new AbsenceFilter(count);
    for (let number = 0; number < count; number++) filter.add(keyOf(number));
    for (let number = 0; number < count; number++) assert.ok(filter.mayHave(keyOf(number)), `key ${number}`);
    let wrong = 0;
    for (let number = count; number < 2 * count; number++) if (filter.mayHave(keyOf(number))) wrong += 1;
    assert.ok(wrong < count * 0.03, `${wrong} of ${count} keys look present`);
    assert.equal(filter.added, count);
  });

  it('counts a key that is put again and again once', () => {
    const filter = new AbsenceFilter(100);
    for (let i = 0; i < 1_000; i++) filter.put(keyOf(i % 10));
    assert.equal(filter.added, 10);
    for (let number = 0; number < 10; number++) assert.ok(filter.mayHave(keyOf(number)), `key ${number}`);
  });

  it('stays right when it holds far more than it was made for', () => {
    const filter = new AbsenceFilter(100);
    for (let number = 0; number < 5_000; number++) filter.add(keyOf(number));
    for (let number = 0; number < 5_000; number++) assert.ok(filter.mayHave(keyOf(number)));
  });

  it('says nothing before it was filled, knows what was put meanwhile, and nothing of other key spaces', async () => {
    await inWorld(async (runtime) => {
      const kv = await runtime.kv.open('/data/index');
      const puts = Array.from({ length: 3_000 }, (_, i) => ({
        type: 'put' as const,
        key: keyOf(i),
        value: new Uint8Array(1),
      }));
      await kv.batch(puts, { sync: true });
      const absence = new Absence(runtime, kv);
      absence.start(() => []);
      assert.equal(absence.isAbsent('o never'), false);
      absence.put('o put meanwhile');
      await runtime.clock.sleep(10_000);
      assert.equal(absence.isAbsent('o never'), true);
      assert.equal(absence.isAbsent('m never'), true);
      assert.equal(absence.isAbsent('e never'), false);
      assert.equal(absence.isAbsent('o put meanwhile'), false);
      for (const { key } of puts) assert.equal(absence.isAbsent(key), false);
      await absence.close();
      await kv.close();
    });
  });

  it('grows as keys come, without forgetting one, the keys that came while it grew included', async function () {
    this.timeout(60_000);
    await inWorld(async (runtime) => {
      const kv = await runtime.kv.open('/data/index');
      const absence = new Absence(runtime, kv);
      let layer = new OrderedMap<null>();
      absence.start(() => [layer.cursor()]);
      await runtime.clock.sleep(1_000);
      const count = 2 ** 17 + 20_000;
      // Without the cost of real names.
      const nameOf = (number: number): string => `o${'x'.repeat(number % 7)}${number}`;
      for (let from = 0; from < count; from += 4_000) {
        const keys = Array.from({ length: 4_000 }, (_, i) => nameOf(from + i));
        for (const key of keys) {
          layer.set(key, null);
          absence.put(key);
        }
        await kv.batch(
          keys.map((key) => ({ type: 'put' as const, key, value: new Uint8Array(0) })),
          { sync: false },
        );
        // A checkpoint.
        layer = new OrderedMap();
      }
      await runtime.clock.sleep(60_000);
      for (let number = 0; number < count; number++) assert.equal(absence.isAbsent(nameOf(number)), false);
      let known = 0;
      for (let number = count + 8_000; number < 2 * count; number++) if (absence.isAbsent(nameOf(number))) known += 1;
      assert.ok(known > (count - 8_000) * 0.98, `${known} of ${count} are known to be absent`);
      await absence.close();
      await kv.close();
    });
  });

  it('does not walk a damaged index again for every key that comes once it is full', async function () {
    this.timeout(60_000);
    await inWorld(async (runtime) => {
      const kv = await runtime.kv.open('/data/index');
      let walks = 0;
      const damaged = new Proxy(kv, {
        get(target, name) {
          if (name !== 'iterate') return Reflect.get(target, name, target) as unknown;
          return (range: KeyRange) => {
            walks += 1;
            // Two are those of the first filling.
            if (walks > 2) throw new CairnError('IO_ERROR', 'a block of a table is damaged');
            return target.iterate(range);
          };
        },
      });
      const absence = new Absence(runtime, damaged);
      absence.start(() => []);
      await runtime.clock.sleep(1_000);
      // Some more than it is made for: a few look present already, and do not count.
      for (let number = 0; number <= 1.05 * 2 ** 17; number++) absence.put(`o${number}`);
      for (let number = 0; number < 10; number++) {
        await runtime.clock.sleep(1_000);
        absence.put(`o more ${number}`);
      }
      assert.equal(walks, 3);
      assert.equal(absence.isAbsent('o more 9'), false);
      await absence.close();
      await kv.close();
    });
  });
});
