/** What a primary says of its PG, from what it knows. */
import assert from 'node:assert/strict';
import { osdId, storeNumber } from '../../../../cluster/ids.js';
import type { Member } from '../../../../cluster/pg-record.js';
import { pgStateWords } from '../../../../monitor/health/pg-states.js';
import { missingOf, type PgFacts, wordsOf } from '../../../../osd/pg/primary/pg-report.js';

function members(...osds: number[]): Member[] {
  return osds.map((osd) => ({ osd: osdId(osd), store: storeNumber(osd + 1) }));
}

const whole: PgFacts = {
  phase: 'active',
  size: 3,
  acting: members(0, 1, 2),
  eligible: [],
  up: members(0, 1, 2),
  objects: 100,
  bytes: 1_000,
  joining: undefined,
  scrub: { running: undefined, errors: 0 },
};

interface Case {
  readonly name: string;
  readonly of: Partial<PgFacts>;
  readonly is: string;
  /** Degraded, misplaced; left objects and bytes. Default: nothing. */
  readonly missing?: readonly [number, number, number, number];
}

const half = { objects: 50, bytes: 400 };

const cases: readonly Case[] = [
  { name: 'all copies are where CRUSH wants them', of: {}, is: 'active+clean' },
  { name: 'it is scrubbed', of: { scrub: { running: 'scrub', errors: 0 } }, is: 'active+clean+scrubbing' },
  {
    name: 'it is repaired',
    of: { scrub: { running: 'repair', errors: 2 } },
    is: 'active+clean+inconsistent+scrubbing+deep+repair',
  },
  { name: 'members agree on the log', of: { phase: 'peering' }, is: 'peering' },
  { name: 'not confirmed', of: { phase: 'activating' }, is: 'activating' },
  { name: 'another should lead', of: { up: members(1, 0, 2) }, is: 'active+remapped' },
  {
    name: 'a copy is missing, and CRUSH finds no place for it',
    of: { acting: members(0, 1), up: members(0, 1) },
    is: 'active+undersized+degraded',
    missing: [100, 0, 0, 0],
  },
  {
    name: 'a copy of nothing is missing',
    of: { acting: members(0, 1), up: members(0, 1), objects: 0, bytes: 0 },
    is: 'active+undersized',
  },
  {
    name: 'a copy is missing and nobody joins yet',
    of: { acting: members(0, 1) },
    is: 'active+undersized+degraded+remapped+recovery_wait',
    missing: [100, 0, 100, 1_000],
  },
  {
    name: 'a copy is being made by the log',
    of: { acting: members(0, 1), joining: { kind: 'recovering', objects: 3, bytes: 30 } },
    is: 'active+undersized+degraded+remapped+recovering',
    missing: [3, 0, 3, 30],
  },
  {
    name: 'a copy is whole, and proposed',
    of: { acting: members(0, 1), joining: { kind: 'proposed', objects: 0, bytes: 0 } },
    is: 'active+undersized+remapped+recovering',
  },
  {
    name: 'below min_size',
    of: { phase: 'peered', acting: members(0), joining: { kind: 'backfilling', ...half } },
    is: 'undersized+degraded+remapped+backfilling+peered',
    missing: [150, 0, 150, 1_400],
  },
  {
    name: 'a copy moves',
    of: { up: members(0, 1, 3), joining: { kind: 'backfilling', ...half } },
    is: 'active+remapped+backfilling',
    missing: [0, 50, 50, 400],
  },
  {
    name: 'two copies move, one after the other',
    of: { up: members(0, 3, 4), joining: { kind: 'starting' } },
    is: 'active+remapped+backfill_wait',
    missing: [0, 200, 200, 2_000],
  },
  {
    name: 'one is missing and another moves',
    of: { acting: members(0, 1), up: members(0, 3, 4), joining: { kind: 'backfilling', ...half } },
    is: 'active+undersized+degraded+remapped+backfilling',
    missing: [50, 100, 150, 1_400],
  },
  {
    name: 'more copies than enough, until some leave',
    of: { acting: members(0, 1, 2, 3), up: members(0, 1, 3) },
    is: 'active+remapped',
  },
  {
    name: 'more is behind than there is: written to since',
    of: { acting: members(0, 1), joining: { kind: 'recovering', objects: 900, bytes: 9_000 } },
    is: 'active+undersized+degraded+remapped+recovering',
    missing: [100, 0, 100, 1_000],
  },
];

describe('the report of a primary', () => {
  for (const { name, of, is, missing = [0, 0, 0, 0] } of cases) {
    it(name, () => {
      const facts = { ...whole, ...of };
      assert.equal(wordsOf(facts).join('+'), is);
      for (const word of wordsOf(facts)) assert.ok(Object.hasOwn(pgStateWords, word), word);
      const { degradedObjects, misplacedObjects, leftObjects, leftBytes } = missingOf(facts);
      assert.deepEqual([degradedObjects, misplacedObjects, leftObjects, leftBytes], missing);
    });
  }
});
