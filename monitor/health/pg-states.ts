/** States of PGs as operators read them: words joined by `+`, `active+undersized+degraded`. */
import type { Pool } from '../../cluster/pool.js';
import type { PoolHealth } from './types.js';

/** Every word, with what it says; health and status count by them. */
export const pgStateWords = {
  creating: 'waits for OSDs to begin on; nothing was written yet',
  active: 'serves clients',
  clean: 'all copies exist, where CRUSH wants them',
  peering: 'a new term begins: the members agree on the log',
  activating: 'agreed, not confirmed yet',
  peered: 'fewer members than min_size: it recovers and serves nobody',
  down: 'nobody who has its data is up',
  lost: 'every member is gone',
  stale: 'the primary has not reported for a while',
  unknown: 'nobody has reported since this monitor leads',
  undersized: 'fewer members than the pool wants',
  degraded: 'some objects have fewer copies than the pool wants',
  remapped: 'members differ from what CRUSH wants',
  recovering: 'a member catches up by the log',
  recovery_wait: 'waits for its turn to catch up',
  recovery_unfound: 'the newest version of an object is on no OSD that is up',
  backfilling: 'a member copies everything',
  backfill_wait: 'waits for its turn to copy',
  backfill_toofull: 'the OSD that should take a copy is too full',
  inconsistent: 'copies differ',
  failed_repair: 'a repair did not succeed',
  scrubbing: 'copies are being compared',
  deep: 'byte by byte',
  repair: 'copies are being mended',
} as const satisfies Record<string, string>;
export type PgStateWord = keyof typeof pgStateWords;

/** Counts of all PGs of the pool: those that nobody reported are `unknown`. */
export function statesOf(
  pool: Pick<Pool, 'pgNum'>,
  stats: Pick<PoolHealth, 'states'> | undefined,
): Map<string, number> {
  const states = new Map<string, number>();
  let known = 0;
  for (const [state, count] of stats?.states ?? []) {
    if (count > 0) states.set(state, count);
    known += count;
  }
  // More than there are: reports of before a change of pgNum, which newer ones will replace.
  if (known < pool.pgNum) states.set('unknown', (states.get('unknown') ?? 0) + pool.pgNum - known);
  return states;
}

export function hasWord(state: string, word: PgStateWord): boolean {
  return state === word || state.split('+').includes(word);
}

/** A stale state says what was, not what is. */
export function isAvailable(state: string): boolean {
  return hasWord(state, 'active') && !hasWord(state, 'stale');
}
