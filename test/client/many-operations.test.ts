/** What takes more than one operation: large objects, lists, ranges over many objects. */
import assert from 'node:assert/strict';
import { concatBytes, equalBytes, utf8Bytes } from '../../base/bytes.js';
import { CairnError } from '../../base/errors.js';
import { poolId } from '../../cluster/ids.js';
import { objectHash, orderKey, pgOfHash } from '../../cluster/object-placement.js';
import { forEachBounded } from '../../client/bounded.js';
import { pieceBytes, readLargeObject, writeLargeObject } from '../../client/large-object.js';
import { type Lister, listPages } from '../../client/list-objects.js';
import { StripedObject } from '../../client/striped-object.js';
import { extentsOf, stripeName } from '../../client/striping.js';
import type { ListedObject } from '../../protocol/osd-methods.js';
import { Prng } from '../../runtime/sim/prng.js';
import { coded } from '../monitor/daemon/sim-cluster.js';
import { onCluster } from './fake-cluster.js';

function bytesOf(count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  for (let index = 0; index < count; index++) bytes[index] = index * 7 + (index >> 8);
  return bytes;
}

async function* chunked(bytes: Uint8Array, chunk: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += chunk) yield bytes.subarray(at, at + chunk);
}

async function whole(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return concatBytes(all);
}

describe('a large object', function () {
  this.timeout(60_000);

  for (const size of [0, 1, pieceBytes, pieceBytes + 1, 3 * pieceBytes + 12_345]) {
    it(`of ${size} bytes comes back as it was written, over what was there`, () =>
      onCluster(async (cluster) => {
        const client = await cluster.client();
        const pool = await client.pool('data');
        await pool.writeFull('a', bytesOf(5_000_000));
        await pool.setAttributes('a', [['old', utf8Bytes('x')]]);
        const bytes = bytesOf(size);
        const progress: number[] = [];
        const onProgress = (done: number): void => void progress.push(done);
        assert.equal(await writeLargeObject(pool, 'a', chunked(bytes, 1_000_003), { onProgress }), size);
        assert.equal(progress.at(-1), size);
        assert.deepEqual(await pool.attributes('a'), new Map());
        assert.ok(equalBytes(await whole(readLargeObject(pool, 'a')), bytes));
        await client.close();
      }));
  }

  it('has its whole size only when nothing of it is missing', () =>
    onCluster(
      async (cluster) => {
        const client = await cluster.client();
        const pool = await client.pool('data');
        const bytes = bytesOf(4 * pieceBytes).fill(1);
        const done = new AbortController();
        const writing = writeLargeObject(pool, 'a', chunked(bytes, pieceBytes)).finally(() => done.abort());
        while (!done.signal.aborted) {
          const size = (await pool.stat('a'))?.size ?? 0;
          if (size === bytes.byteLength) {
            for (const { objects } of cluster.pgs)
              for (const { data } of objects.values()) assert.ok(!data.includes(0));
          }
          await cluster.world.sleep(1);
        }
        await writing;
        await client.close();
      },
      { faults: { slowBefore: 0.5, cutAfter: 0.1 } },
    ));

  it('is never read as pieces of two', () =>
    onCluster(async (cluster) => {
      const client = await cluster.client();
      const pool = await client.pool('data');
      await writeLargeObject(pool, 'a', chunked(bytesOf(7 * pieceBytes), pieceBytes));
      const reading = readLargeObject(pool, 'a')[Symbol.asyncIterator]();
      await reading.next();
      await pool.write('a', 6 * pieceBytes, utf8Bytes('changed'));
      const rest = async (): Promise<void> => {
        while ((await reading.next()).done !== true);
      };
      await assert.rejects(rest(), coded('CONFLICT', /changed while it was read/));
      await client.close();
    }));
});

describe('the pieces of a range', function () {
  this.timeout(60_000);

  const cases = [
    { offset: 0, bytes: 0, expected: [] },
    { offset: 3, bytes: 4, expected: [[0, 3, 4, 0]] },
    { offset: 8, bytes: 5, expected: [[0, 8, 2, 0], [1, 0, 3, 2]] },
    { offset: 20, bytes: 20, expected: [[2, 0, 10, 0], [3, 0, 10, 10]] },
  ]; // prettier-ignore
  for (const { offset, bytes, expected } of cases) {
    it(`are ${expected.length} of ${bytes} bytes at ${offset}`, () => {
      const extents = [...extentsOf(offset, bytes, 10)].map(({ index, offset: from, bytes: length, at }) => [
        index,
        from,
        length,
        at,
      ]);
      assert.deepEqual(extents, expected);
    });
  }

  it('have names that sort as they follow', () => {
    assert.equal(stripeName('image', 255), 'image.00000000000000ff');
  });

  it('are refused for what is no range', () => {
    for (const [offset, bytes] of [
      [-1, 1],
      [0.5, 1],
      [0, -1],
      [Number.MAX_SAFE_INTEGER, 1],
    ] as const) {
      assert.throws(() => [...extentsOf(offset, bytes, 10)], coded('INVALID_ARGUMENT'));
    }
  });

  it('hold together what is written, discarded and read at random', () =>
    onCluster(
      async (cluster) => {
        const client = await cluster.client();
        const striped = new StripedObject({ pool: await client.pool('data'), name: 'image', stripeBytes: 1_000 });
        const random = new Prng('striped');
        const model = new Uint8Array(10_000);
        for (let step = 1; step < 60; step++) {
          const offset = random.below(9_000);
          const bytes = random.below(model.byteLength - offset);
          const kind = random.below(3);
          if (kind === 0) await striped.discard(offset, bytes);
          else if (kind === 1) await striped.write(offset, new Uint8Array(bytes).fill(step));
          else assert.ok(equalBytes(await striped.read(offset, bytes), model.subarray(offset, offset + bytes)));
          if (kind < 2) model.fill(kind * step, offset, offset + bytes);
        }
        assert.ok(equalBytes(await striped.read(0, model.byteLength), model));
        await client.close();
      },
      { faults: { cutAfter: 0.05, slowAfter: 0.2 } },
    ));
});

describe('a list', function () {
  this.timeout(60_000);

  it('has every object of every namespace once, page by page', () =>
    onCluster(
      async (cluster) => {
        const client = await cluster.client();
        const pool = await client.pool('data');
        const names = Array.from({ length: 100 }, (_, index) => ({
          name: `o${index}`,
          namespace: index % 3 === 0 ? 'n' : '',
        }));
        await Promise.all(names.map((one) => pool.create(one)));
        for (const pageSize of [1, 7, 1_000]) {
          const listed: string[] = [];
          for await (const { namespace, name } of pool.list({ pageSize })) listed.push(`${namespace}/${name}`);
          assert.deepEqual(listed.sort(), names.map(({ namespace, name }) => `${namespace}/${name}`).sort());
        }
        await client.close();
      },
      { faults: { stale: 0.1 } },
    ));

  it('has each once, too, while the number of PGs changes', async () => {
    const pool = { id: poolId(1) };
    const keyOf = (one: ListedObject): number => orderKey(objectHash(pool.id, one));
    const all = Array.from({ length: 300 }, (_, index): ListedObject => ({
      name: `o${index}`,
      namespace: '',
      locator: '',
    }));
    const sorted = [...all].sort((a, b) => keyOf(a) - keyOf(b));
    for (let seed = 0; seed < 40; seed++) {
      const random = new Prng(`splits ${seed}`);
      let pgNum = 4;
      const lister: Lister = {
        async listPage(target, pageOf) {
          if (random.below(4) === 0) pgNum = random.pick([3, 4, 6, 8, 13, 16]);
          const pg = target.pgOf(pgNum);
          const address = { host: 'a', port: 1 };
          const route = { pg: { pool: pool.id, pg }, pgNum, term: 1, osd: 0, boot: 1, address, epoch: 1 } as never;
          const { after, count } = pageOf(route);
          const inPg = sorted.filter((one) => pgOfHash(objectHash(pool.id, one), pgNum) === pg);
          const rest = inPg.slice(after.byteLength);
          const page = rest.slice(0, count);
          const next = rest.length > count ? new Uint8Array(after.byteLength + count) : undefined;
          return { objects: page, next, route };
        },
      };
      const listed: string[] = [];
      for await (const page of listPages(lister, pool, { pageSize: 7 })) listed.push(...page.map(({ name }) => name));
      assert.deepEqual(
        listed,
        sorted.map(({ name }) => name),
      );
    }
  });
});

describe('many tasks', () => {
  it('run so many at a time, and end with the first error when all have settled', async () => {
    let running = 0;
    let most = 0;
    const begun: number[] = [];
    const task = async (item: number, signal: AbortSignal): Promise<void> => {
      begun.push(item);
      running += 1;
      most = Math.max(most, running);
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      running -= 1;
      if (item === 5) throw new CairnError('IO_ERROR', 'five');
      if (item > 5) assert.ok(!signal.aborted || begun.length > 5);
    };
    await forEachBounded([1, 2, 3], { atOnce: 2 }, task);
    assert.equal(most, 2);
    const many = Array.from({ length: 100 }, (_, index) => index);
    await assert.rejects(forEachBounded(many, { atOnce: 3 }, task), coded('IO_ERROR'));
    assert.equal(running, 0);
    assert.ok(begun.length < 3 + 12);
  });
});
