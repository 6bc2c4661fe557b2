/** How far members of async PGs are behind, for metrics and for what the monitors are told. */
import type { PgLag } from './primary/leader.js';

/** Of the async PGs that an OSD leads: the most that a member is behind, and how many have one that is behind by `max_lag`. */
export interface AsyncLag {
  readonly ms: number;
  readonly bytes: number;
  readonly waiting: number;
}

export const noLag: AsyncLag = { ms: 0, bytes: 0, waiting: 0 };

export function asyncLagOf(
  pgs: Iterable<{ readonly primary: { readonly lag: PgLag | undefined } | undefined }>,
): AsyncLag {
  let { ms, bytes, waiting } = noLag;
  for (const { primary } of pgs) {
    const lag = primary?.lag;
    if (lag === undefined) continue;
    ms = Math.max(ms, lag.ms);
    bytes = Math.max(bytes, lag.bytes);
    if (lag.isTooMuch) waiting += 1;
  }
  return { ms, bytes, waiting };
}
