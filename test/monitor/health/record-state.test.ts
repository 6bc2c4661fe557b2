/** The states of PGs as their records tell them. */
import assert from 'node:assert/strict';
import { osdId } from '../../../cluster/ids.js';
import type { PgCondition } from '../../../cluster/pg/condition.js';
import { isAvailable, pgStateWords } from '../../../monitor/health/pg-states.js';
import { recordState } from '../../../monitor/health/record-state.js';

const whole: PgCondition = {
  state: 'serving',
  missingCopies: 0,
  misplacedCopies: 0,
  joining: [],
  isPrimaryMisplaced: false,
};

const cases: readonly { name: string; of: Partial<PgCondition>; is: string }[] = [
  { name: 'all copies act where they should: clean is for the primary to say', of: {}, is: 'active' },
  { name: 'a copy is missing', of: { missingCopies: 1 }, is: 'active+undersized+degraded' },
  { name: 'a copy has to move', of: { misplacedCopies: 1, joining: [osdId(3)] }, is: 'active+remapped' },
  { name: 'another member should lead', of: { isPrimaryMisplaced: true }, is: 'active+remapped' },
  {
    name: 'a copy is missing and an OSD is to take it',
    of: { missingCopies: 1, joining: [osdId(3)] },
    is: 'active+undersized+degraded+remapped',
  },
  { name: 'fewer than min_size', of: { state: 'undersized', missingCopies: 2 }, is: 'undersized+degraded+peered' },
  { name: 'not confirmed', of: { state: 'unconfirmed', missingCopies: 1 }, is: 'peering' },
  { name: 'not confirmed, to move', of: { state: 'unconfirmed', misplacedCopies: 1 }, is: 'remapped+peering' },
  { name: 'nobody is up', of: { state: 'down', missingCopies: 3 }, is: 'down' },
  { name: 'nobody is left', of: { state: 'lost', missingCopies: 3 }, is: 'lost' },
  { name: 'never created', of: { state: 'unborn' }, is: 'creating' },
];

describe('the state of a PG by its record', () => {
  for (const { name, of, is } of cases) it(name, () => assert.equal(recordState({ ...whole, ...of }), is));

  it('is made of words of the table', () => {
    for (const { is } of cases) for (const word of is.split('+')) assert.ok(Object.hasOwn(pgStateWords, word), word);
  });

  it('is available only where the record lets it serve', () => {
    for (const { of, is } of cases) assert.equal(isAvailable(is), (of.state ?? 'serving') === 'serving', is);
  });
});
