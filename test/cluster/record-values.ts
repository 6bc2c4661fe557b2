/** Records for tests: written short, and drawn at random. */
import * as fc from 'fast-check';
import { osdId, pgTerm, poolId, storeNumber } from '../../cluster/ids.js';
import type { Member, PgRecord, ReplicationMode } from '../../cluster/pg-record.js';
import { compareMembers } from '../../cluster/pg/members.js';

export const pool1 = poolId(1);

/** Store 100 + its number, unless another is given. */
export function member(osd: number, store: number = osd + 100): Member {
  return { osd: osdId(osd), store: storeNumber(store) };
}

export function members(...osds: readonly number[]): Member[] {
  return osds.map((osd) => member(osd));
}

export function record(
  term: number,
  acting: readonly Member[],
  eligible: readonly Member[] = [],
  mode: ReplicationMode = { kind: 'sync' },
): PgRecord {
  return { term: pgTerm(term), acting, eligible, mode };
}

export const anyMode: fc.Arbitrary<ReplicationMode> = fc.oneof(
  fc.constant<ReplicationMode>({ kind: 'sync' }),
  fc.integer({ min: 1, max: 255 }).map((ackCopies) => ({ kind: 'async' as const, ackCopies })),
);

const anyMember = fc
  .tuple(fc.integer({ min: 0, max: 2 ** 24 - 1 }), fc.integer({ min: 1, max: 2 ** 32 - 1 }))
  .map(([osd, store]) => member(osd, store));

/** Valid ones of every size and with the largest values, term 0 among them. */
export const anyRecord: fc.Arbitrary<PgRecord> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(record(0, [])) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(
        fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
        fc.uniqueArray(anyMember, {
          minLength: 1,
          maxLength: 12,
          selector: ({ osd, store }) => `${osd}/${store}`,
        }),
        fc.nat({ max: 11 }),
        anyMode,
      )
      .map(([term, all, split, mode]) => {
        const acting = all.slice(0, Math.max(1, all.length - split));
        return record(term, acting, all.slice(acting.length).sort(compareMembers), mode);
      }),
  },
);
