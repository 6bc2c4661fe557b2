import assert from 'node:assert/strict';
import { latin1Bytes, latin1Text } from '../../../../base/bytes.js';
import { Absence } from '../../../../osd/store/index/absence.js';
import { Index } from '../../../../osd/store/index/index.js';
import { IndexWalk } from '../../../../osd/store/index/walk.js';
import type { Kv } from '../../../../runtime/kv.js';
import { Prng } from '../../../../runtime/sim/prng.js';
import { World } from '../../../../runtime/sim/world.js';

async function withIndex(body: (index: Index, kv: Kv) => Promise<void>): Promise<void> {
  const world = new World({ seed: 1 });
  await world.main(async () => {
    const main = world.machine('a').start('osd', async (runtime) => {
      const kv = await runtime.kv.open('/data/index');
      await body(new Index(kv, 1_000, new Absence(runtime, kv)), kv);
      await kv.close();
    });
    await main.finished;
  });
}

/** Writes the frozen layer down, as a checkpoint does. */
async function thaw(index: Index, kv: Kv): Promise<void> {
  const { frozen } = index;
  if (frozen === undefined) return;
  const batch = kv.newBatch();
  for (const range of frozen.ranges()) {
    const iterator = kv.iterate(range);
    for (const { key } of await iterator.next(10_000)) if (!frozen.hasPoint(key)) batch.delete(key);
    await iterator.close();
  }
  const cursor = frozen.viewPoints();
  while (cursor.next()) {
    if (cursor.value === null) batch.delete(cursor.key);
    else batch.put(cursor.key, cursor.value);
    index.wrote(cursor.key, cursor.value);
  }
  await batch.write({ sync: true });
  index.thaw();
}

function put(index: Index, ...keys: readonly string[]): void {
  for (const key of keys) index.put(key, latin1Bytes(key.toUpperCase()));
}

async function rest(walk: IndexWalk, page = 2): Promise<string> {
  const found: string[] = [];
  for (let entries = await walk.next(page); entries.length > 0; entries = await walk.next(page)) {
    for (const { key, value } of entries) found.push(`${key}${latin1Text(value)}`);
  }
  await walk.close();
  return found.join(' ');
}

const all = { gte: '', lt: 'z' };

describe('osd/store: a walk over the index', () => {
  it('shows each key once, from the first layer that knows it, forward and back', async () => {
    await withIndex(async (index, kv) => {
      put(index, 'a', 'c', 'e', 'g');
      index.freeze();
      await thaw(index, kv);
      put(index, 'b', 'e', 'f');
      index.removeRange({ gte: 'g', lt: 'h' }, () => undefined);
      index.freeze();
      index.put('b', latin1Bytes('2'));
      index.delete('a');
      index.removeRange({ gte: 'e', lt: 'f' }, () => undefined);
      assert.equal(await rest(new IndexWalk(index, all)), 'b2 cC fF');
      assert.equal(await rest(new IndexWalk(index, all, { reverse: true })), 'fF cC b2');
      assert.equal(await rest(new IndexWalk(index, { gte: 'b', lt: 'f' })), 'b2 cC');
      assert.equal(await rest(new IndexWalk(index, { gte: 'c', lt: 'c' })), '');
    });
  });

  it('seeks onwards only', async () => {
    await withIndex(async (index, kv) => {
      put(index, 'a', 'b', 'c', 'd');
      index.freeze();
      await thaw(index, kv);
      const forward = new IndexWalk(index, all);
      await forward.next(2);
      forward.seek('a');
      assert.equal(await rest(forward), 'cC dD');
      const skipping = new IndexWalk(index, all);
      await skipping.next(1);
      skipping.seek('c');
      assert.equal(await rest(skipping), 'cC dD');
      const back = new IndexWalk(index, all, { reverse: true });
      await back.next(1);
      back.seek('c');
      back.seek('d');
      assert.equal(await rest(back), 'bB aA');
    });
  });

  it('loses nothing to a checkpoint between two of its pages', async () => {
    await withIndex(async (index, kv) => {
      const keys = Array.from('abcdefghijkl');
      for (const reverse of [false, true]) {
        put(index, ...keys);
        const walk = new IndexWalk(index, all, { reverse });
        const first = await walk.next(3);
        index.freeze();
        await thaw(index, kv);
        const found = `${first.map(({ key }) => `${key}${key.toUpperCase()}`).join(' ')} ${await rest(walk, 4)}`;
        const expected = keys.map((key) => `${key}${key.toUpperCase()}`);
        assert.equal(found, (reverse ? expected.reverse() : expected).join(' '));
      }
    });
  });

  it('loses nothing to a checkpoint that is written while it waits for LevelDB', async () => {
    await withIndex(async (_, kv) => {
      let open: () => void = () => undefined;
      const gate = new Promise<void>((resolve) => (open = resolve));
      // What it read is old by the time it comes.
      const slow = Object.create(kv, {
        iterate: {
          value: (...args: Parameters<Kv['iterate']>) => {
            const iterator = kv.iterate(...args);
            const next = async (count: number): ReturnType<typeof iterator.next> => {
              const page = await iterator.next(count);
              await gate;
              return page;
            };
            return { next, seek: (key: string) => iterator.seek(key), close: () => iterator.close() };
          },
        },
      }) as Kv;
      const index = new Index(slow, 0, new Absence({} as never, kv));
      put(index, 'a', 'b', 'c');
      index.freeze();
      const reading = rest(new IndexWalk(index, all));
      await thaw(index, kv);
      open();
      assert.equal(await reading, 'aA bB cC');
    });
  });

  it('sees all that is there all the while, whatever is written and checkpointed meanwhile', async function () {
    this.timeout(30_000);
    await withIndex(async (index, kv) => {
      const prng = new Prng('walk');
      const model = new Map<string, string>();
      const keyOf = (): string => `k${String(prng.below(300)).padStart(3, '0')}`;
      const write = (): Set<string> => {
        const changed = new Set<string>();
        for (let left = prng.below(20); left > 0; left--) {
          const key = keyOf();
          if (prng.chance(0.1)) {
            const lt = `${key}\xff`.replace(/\d\xff$/, '\xff');
            index.removeRange({ gte: key, lt }, () => undefined);
            for (const one of model.keys()) {
              if (one < key || one >= lt) continue;
              model.delete(one);
              changed.add(one);
            }
          } else if (prng.chance(0.2)) {
            index.delete(key);
            model.delete(key);
          } else {
            const value = String(prng.below(1e9));
            index.put(key, latin1Bytes(value));
            model.set(key, value);
          }
          changed.add(key);
        }
        return changed;
      };
      for (let run = 0; run < 150; run++) {
        for (let i = 0; i < 5; i++) write();
        const reverse = prng.chance(0.5);
        const range = { gte: keyOf(), lt: `${keyOf()}\xff` };
        const steady = new Map(model);
        const changed = new Set<string>();
        const walk = new IndexWalk(index, range, { reverse });
        const found = new Map<string, string>();
        let last: string | undefined;
        for (;;) {
          const reading = walk.next(1 + prng.below(40));
          // While it waits for LevelDB.
          if (prng.chance(0.3)) await thaw(index, kv);
          const page = await reading;
          if (page.length === 0) break;
          for (const { key, value } of page) {
            assert.ok(last === undefined || (reverse ? key < last : key > last), `${key} behind ${last}`);
            last = key;
            found.set(key, latin1Text(value));
          }
          if (prng.chance(0.4)) for (const key of write()) changed.add(key);
          if (prng.chance(0.3) && index.frozen === undefined) index.freeze();
          else if (prng.chance(0.5)) await thaw(index, kv);
        }
        await walk.close();
        for (const [key, value] of steady) {
          if (changed.has(key) || key < range.gte || key >= range.lt) continue;
          assert.equal(found.get(key), value, `${key} in run ${run}`);
        }
        for (const key of found.keys()) assert.ok(steady.has(key) || changed.has(key), `${key} was never there`);
      }
    });
  });
});
