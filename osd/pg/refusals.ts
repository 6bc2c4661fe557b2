/** What a PG answers to requests that it cannot run (the table of `opMethod` in protocol/osd-methods.ts). */
import { CairnError, type Applied } from '../../base/errors.js';
import { printPgId, type PgId } from '../../cluster/ids.js';
import type { OpRefusal } from '../../protocol/osd-methods.js';

export function refusal(
  code: 'CONFLICT' | 'OVERLOADED' | 'NOT_FOUND',
  what: OpRefusal,
  message: string,
  more: { readonly applied?: Applied; readonly details?: Readonly<Record<string, unknown>> } = {},
): CairnError {
  return new CairnError(code, message, {
    applied: more.applied ?? 'no',
    details: { refusal: what, ...more.details },
  });
}

/** The request names a term that is not this OSD's to serve. */
export function staleRoute(pg: PgId, epoch: number, applied: Applied = 'no'): CairnError {
  const message = `the request for pg ${printPgId(pg)} was routed by another record; get map ${epoch} and send it again`;
  return refusal('CONFLICT', 'stale-route', message, { applied, details: { epoch } });
}

export function notServing(pg: PgId, why: string, applied: Applied = 'no'): CairnError {
  return refusal('OVERLOADED', 'not-serving', `pg ${printPgId(pg)} ${why}; try again a little later`, { applied });
}
