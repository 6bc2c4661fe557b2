/** Transactions of a writer process, each known by its number alone: so what a store holds can be checked without asking it. */
import { latin1Bytes, latin1Text } from '../../../../base/bytes.js';
import { poolId, type PgId } from '../../../../cluster/ids.js';
import { objectId, type ObjectId } from '../../../../osd/store/object-id.js';
import type { Store } from '../../../../osd/store/store.js';
import { payloadOf, type Mutation, type Transaction } from '../../../../osd/store/transaction.js';
import { Prng } from '../../../../runtime/sim/prng.js';

const pool = poolId(1);
export const pg: PgId = { pool, pg: 0 };
/** Objects are written again and again, so that segments are cleaned and recycled. */
export const objectCount = 40;
const counterKey = 'count';

export function objectOf(number: number): ObjectId {
  return objectId(pool, { namespace: '', locator: '', name: `object ${number % objectCount}` });
}

/** 1 to 25,000 bytes that say which transaction wrote them. */
export function dataOf(number: number): Uint8Array {
  const prng = new Prng(`data ${number}`);
  const bytes = Buffer.alloc(1 + prng.below(prng.chance(0.2) ? 25_000 : 3_000), `${number}.`);
  return bytes;
}

/** Replaces an object and one of its omap values, adds to the PG's log, and counts. */
export function transactionOf(number: number): Transaction {
  const object = objectOf(number);
  const data = dataOf(number);
  const mutations: Mutation[] = [
    { kind: 'write', object, offset: 0, data: payloadOf(data) },
    { kind: 'truncate', object, size: data.byteLength },
    {
      kind: 'omap-set',
      object,
      key: 'k',
      head: latin1Bytes(`${number}`),
      bodies: [{ slot: 1, body: payloadOf(data) }],
    },
    { kind: 'pg-set', key: counterKey, value: latin1Bytes(`${number}`) },
  ];
  const session = new Uint8Array(0);
  const entry = { seq: number, term: 1, object, session, request: number, reply: latin1Bytes(`reply ${number}`) };
  return { pg, blockShift: 12, mutations, entry, trimTo: Math.max(0, number - 1_000) };
}

/** How many transactions the store holds: all up to the newest. */
export async function countIn(store: Store): Promise<number> {
  const value = await store.objects.pgGet(pg, counterKey);
  return value === undefined ? 0 : Number(latin1Text(value));
}
