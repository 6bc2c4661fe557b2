/** Compares a store with the reference, through everything that reads. */
import assert from 'node:assert/strict';
import { concatBytes, hexText } from '../../../base/bytes.js';
import { printPgId, type PgId } from '../../../cluster/ids.js';
import type { ObjectId } from '../../../osd/store/object-id.js';
import type { Store } from '../../../osd/store/store.js';
import type { Prng } from '../../../runtime/sim/prng.js';
import type { Reference, ReferenceOmapValue } from './reference.js';

export async function compareObject(store: Store, reference: Reference, object: ObjectId): Promise<void> {
  const expected = reference.objects.get(object.key);
  const info = await store.objects.stat(object);
  assert.equal(info !== undefined, expected !== undefined, `existence of ${object.name.name}`);
  if (info === undefined || expected === undefined) return;
  const name = object.name.name;
  assert.equal(info.size, expected.data.byteLength, `size of ${name}`);
  assert.deepEqual(info.version, expected.version, `version of ${name}`);
  assert.deepEqual(showMap(info.attributes), showMap(expected.attributes), `attributes of ${name}`);
  const data = concatBytes(await store.objects.read(object, 0, info.size));
  assertBytes(data, expected.data, `bytes of ${name}`);
  await compareOmap(store, reference, object);
}

export async function compareRange(store: Store, reference: Reference, object: ObjectId, prng: Prng): Promise<void> {
  const expected = reference.objects.get(object.key);
  if (expected === undefined || expected.data.byteLength === 0) return;
  const offset = prng.below(expected.data.byteLength);
  const bytes = 1 + prng.below(expected.data.byteLength);
  const found = concatBytes(await store.objects.read(object, offset, bytes));
  assertBytes(found, expected.data.subarray(offset, offset + bytes), `${bytes} at ${offset} of ${object.name.name}`);
}

export async function compareOmap(store: Store, reference: Reference, object: ObjectId): Promise<void> {
  const expected = reference.objects.get(object.key)?.omap ?? new Map<string, ReferenceOmapValue>();
  const keys = Array.from(expected.keys()).sort(byBytes);
  for (const reverse of [false, true]) {
    const walk = store.objects.omapWalk(object, { from: '' }, { reverse });
    const found: string[] = [];
    for (let page = await walk.next(7); page.length > 0; page = await walk.next(7)) {
      for (const { key, head } of page) found.push(`${key}=${hexText(head)}`);
    }
    await walk.close();
    const wanted = keys.map((key) => `${key}=${hexText(expected.get(key)?.head ?? new Uint8Array(0))}`);
    assert.deepEqual(found, reverse ? wanted.reverse() : wanted, `omap of ${object.name.name}`);
  }
  for (const key of keys) {
    const item = await store.objects.omapGet(object, key);
    const value = expected.get(key);
    assert.deepEqual(
      item?.slots,
      Array.from(value?.bodies.keys() ?? []).sort((a, b) => a - b),
      `bodies of ${key}`,
    );
    for (const [slot, body] of value?.bodies ?? []) {
      const found = await store.objects.omapBody(object, key, slot as 0 | 1 | 2 | 3);
      assertBytes(found ?? new Uint8Array(0), body, `body ${slot} of ${key}`);
    }
  }
}

export async function comparePg(store: Store, reference: Reference, pg: PgId): Promise<void> {
  const expected = reference.pg(printPgId(pg));
  for (const [key, value] of expected.values) {
    assertBytes((await store.objects.pgGet(pg, key)) ?? new Uint8Array(0), value, `value ${key} of ${printPgId(pg)}`);
  }
  const found: number[] = [];
  let after = 0;
  for (;;) {
    const { entries } = await store.readLog(pg, after);
    if (entries.length === 0) break;
    for (const { seq, term, request } of entries) found.push(seq, term, request);
    after = entries.at(-1)?.seq ?? after;
  }
  assert.deepEqual(
    found,
    expected.log.flatMap(({ seq, term, request }) => [seq, term, request]),
    `log of ${printPgId(pg)}`,
  );
  assert.equal(store.logBounds(pg).lastSeq, expected.lastSeq);
}

export async function compareAll(
  store: Store,
  reference: Reference,
  objects: readonly ObjectId[],
  pgOf: (object: ObjectId) => PgId,
): Promise<void> {
  for (const object of objects) await compareObject(store, reference, object);
  const pgs = new Map(objects.map((object) => [printPgId(pgOf(object)), pgOf(object)]));
  for (const [name, { id }] of reference.pgs) pgs.set(name, id);
  for (const pg of pgs.values()) {
    await comparePg(store, reference, pg);
    const present = objects.filter((one) => reference.objects.has(one.key) && printPgId(pgOf(one)) === printPgId(pg));
    const bytes = present.reduce((sum, one) => sum + (reference.objects.get(one.key)?.data.byteLength ?? 0), 0);
    assert.deepEqual(store.counts(pg), { objects: present.length, bytes }, `counts of ${printPgId(pg)}`);
  }
}

function assertBytes(found: Uint8Array, expected: Uint8Array, what: string): void {
  if (Buffer.compare(found, expected) === 0) return;
  const at = expected.findIndex((byte, i) => found[i] !== byte);
  const near = (bytes: Uint8Array): string => Buffer.from(bytes.subarray(Math.max(0, at), at + 40)).toString('latin1');
  assert.fail(
    `${what}: ${found.byteLength} bytes, ${expected.byteLength} expected, differ at ${at}: ${near(found)} / ${near(expected)}`,
  );
}

function showMap(map: ReadonlyMap<string, Uint8Array>): string[] {
  return Array.from(map, ([key, value]) => `${key}=${hexText(value)}`).sort();
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
