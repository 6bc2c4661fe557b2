/** Six OSDs in any state, and records over their members, for property tests of transitions. */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { isCairnError } from '../../../base/errors.js';
import type { Member, PgRecord } from '../../../cluster/pg-record.js';
import type { PoolMode } from '../../../cluster/pool.js';
import type { PgContext } from '../../../cluster/pg/context.js';
import { compareMembers, hasMember } from '../../../cluster/pg/members.js';
import { member, pool1, record } from '../record-values.js';

export const osdCount = 6;

export interface OsdState {
  readonly isUp: boolean;
  /** Its first store (100 + id) is there, was replaced by its second (200 + id), or there is none. */
  readonly store: 'first' | 'second' | 'none';
}

export const syncMode: PoolMode = { kind: 'sync' };
export const asyncMode: PoolMode = { kind: 'async', ackCopies: 2, maxLagMs: 1_000, maxLagBytes: 2 ** 20 };

export interface WorldState {
  readonly osds: readonly OsdState[];
  readonly minSize: number;
  readonly mode: PoolMode;
}

export const anyWorld: fc.Arbitrary<WorldState> = fc.record({
  osds: fc.array(
    fc.record({
      isUp: fc.boolean(),
      store: fc.oneof(
        { weight: 5, arbitrary: fc.constant('first' as const) },
        { weight: 2, arbitrary: fc.constant('second' as const) },
        { weight: 1, arbitrary: fc.constant('none' as const) },
      ),
    }),
    { minLength: osdCount, maxLength: osdCount },
  ),
  minSize: fc.integer({ min: 1, max: 3 }),
  mode: fc.constantFrom(syncMode, asyncMode),
});

export const firstOf = (osd: number): Member => member(osd, 100 + osd);
export const secondOf = (osd: number): Member => member(osd, 200 + osd);

export function contextOf(world: WorldState): PgContext {
  const isGone = ({ osd, store }: Member): boolean => {
    const state = world.osds[osd]?.store ?? 'none';
    return state === 'none' || store !== (state === 'first' ? 100 : 200) + osd;
  };
  return {
    id: { pool: pool1, pg: 0 },
    pool: { minSize: world.minSize, mode: world.mode },
    isGone,
    isUp: (one) => !isGone(one) && world.osds[one.osd]?.isUp === true,
  };
}

export const allMembers: readonly Member[] = Array.from({ length: osdCount }, (_, osd) => [
  firstOf(osd),
  secondOf(osd),
]).flat();

/** Any members, those of gone stores too. */
export const anyMembers = (minLength = 0, maxLength = 5): fc.Arbitrary<Member[]> =>
  fc.shuffledSubarray([...allMembers], { minLength, maxLength });

/** From term 1, with one to five members. */
export const anyBornRecord: fc.Arbitrary<PgRecord> = fc
  .tuple(fc.integer({ min: 1, max: 1_000 }), anyMembers(1), fc.nat({ max: 4 }), fc.boolean())
  .map(([term, all, split, isAsync]) => {
    const acting = all.slice(0, Math.max(1, all.length - split));
    const eligible = all.slice(acting.length).sort(compareMembers);
    return record(term, acting, eligible, isAsync ? { kind: 'async', ackCopies: 1 } : { kind: 'sync' });
  });

export type Outcome = { readonly next: PgRecord } | { readonly code: string; readonly details: unknown };

/** What `run` returned, or the code that it refused with. Anything else that it throws is a bug. */
export function outcome(run: () => PgRecord): Outcome {
  try {
    return { next: run() };
  } catch (error) {
    if (!isCairnError(error)) throw error;
    return { code: error.code, details: error.details };
  }
}

/** What is true of each record that a change made, whichever. */
export function assertNewRecord(
  before: PgRecord,
  after: PgRecord,
  context: PgContext,
  { isDrained = false }: { readonly isDrained?: boolean } = {},
): void {
  assert.equal(after.term, before.term + 1);
  assertWellFormed(after);
  for (const one of [...after.acting, ...after.eligible]) assert.ok(!context.isGone(one), 'nobody in it is gone');
  const { mode } = context.pool;
  const copies = ({ kind, ackCopies = 0 }: { kind: string; ackCopies?: number }): number =>
    kind === 'sync' ? Infinity : ackCopies;
  // Acknowledging with more copies is a promise that a term can begin with only if the one before was drained.
  const isKept = before.term > 0 && !isDrained && copies(mode) > copies(before.mode);
  const wanted = mode.kind === 'sync' ? mode : { kind: 'async', ackCopies: mode.ackCopies };
  assert.deepEqual(after.mode, isKept ? before.mode : wanted);
}

export function assertWellFormed(after: PgRecord): void {
  assert.ok(after.acting.length > 0, 'somebody acts');
  const all = [...after.acting, ...after.eligible];
  assert.equal(new Set(all.map(({ osd, store }) => `${osd}/${store}`)).size, all.length, 'nobody stands twice');
  assert.deepEqual(after.eligible, [...after.eligible].sort(compareMembers));
}

/** The formula of the protocol, written down once more. */
export function expectedEligible(before: PgRecord, acting: readonly Member[], context: PgContext): Member[] {
  return [...before.acting, ...before.eligible]
    .filter((one) => !hasMember(acting, one) && !context.isGone(one))
    .sort(compareMembers);
}
