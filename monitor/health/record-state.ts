/** The state of a PG as far as its record tells, in the words that operators know: what is said until its primary reports. */
import type { PgCondition } from '../../cluster/pg/condition.js';
import { unreachable } from '../../base/invariant.js';
import type { PgStateWord } from './pg-states.js';

/**
 * `active+undersized+degraded`. Never `clean`: that every object has all its copies is for the primary to say. The words
 * are in the order of Ceph's, so that people find the whole where they look for it.
 */
export function recordState({ state, ...rest }: PgCondition): string {
  switch (state) {
    case 'unborn':
      return join('creating');
    case 'lost':
      return join('lost');
    case 'down':
      return join('down');
    case 'undersized':
      return join(...shortfall(rest), 'peered');
    case 'unconfirmed':
      return join(...(isRemapped(rest) ? (['remapped'] as const) : []), 'peering');
    case 'serving':
      return join('active', ...shortfall(rest));
    default:
      return unreachable(state);
  }
}

type Copies = Omit<PgCondition, 'state'>;

function shortfall(copies: Copies): PgStateWord[] {
  return [
    ...(copies.missingCopies > 0 ? (['undersized', 'degraded'] as const) : []),
    ...(isRemapped(copies) ? (['remapped'] as const) : []),
  ];
}

function isRemapped({ misplacedCopies, joining, isPrimaryMisplaced }: Copies): boolean {
  return misplacedCopies > 0 || joining.length > 0 || isPrimaryMisplaced;
}

function join(...words: readonly PgStateWord[]): string {
  return words.join('+');
}
