/** What the cluster's rate is to be of Ceph's on the same machine. */
import type { Load } from '../osds/round.js';

const KiB = 1024;

/** Of operations (and so of bytes) a second; `undefined` where nothing is promised. */
export function targetRatio({ kind, bytes, inFlight }: Pick<Load, 'kind' | 'bytes' | 'inFlight'>): number | undefined {
  if (bytes === 4 * KiB && inFlight >= 16) return kind === 'write' ? 5 : 2;
  if (bytes === 4 * KiB * KiB) return 1;
  return undefined;
}
