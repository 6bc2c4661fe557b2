/** What a map says of a registered OSD: pure. */
import { CairnError } from '../../base/errors.js';
import type { ClusterMap } from '../../cluster/map.js';
import type { SelfIdentity } from '../pg/pg-service.js';

export type Standing =
  /** Older than the registration: it speaks of an earlier life. */
  | { readonly kind: 'behind' }
  | { readonly kind: 'up' }
  /** Marked down: it may register again once it has given up everything. */
  | { readonly kind: 'down' }
  /** This life is over for good. */
  | { readonly kind: 'over'; readonly error: CairnError };

export function standingOf(map: Pick<ClusterMap, 'epoch' | 'osds'>, self: SelfIdentity): Standing {
  if (map.epoch < self.registeredAt) return { kind: 'behind' };
  const name = `osd.${self.osd}`;
  const found = map.osds.get(self.osd);
  if (found === undefined) {
    return over(`${name} was removed from the cluster; its disk can be made a new store with \`cairn osd mkfs\``);
  }
  if (found.uuid === undefined || found.store !== self.store) {
    const why = `the cluster gave the store of ${name} up (\`cairn osd lost\`, or another store took its place)`;
    return over(`${why}; make a new one with \`cairn osd mkfs --osd ${self.osd}\``);
  }
  // Only this store's own process counts on: a copy of the disk runs elsewhere, and the cluster believes that one.
  if (found.boot > self.boot) {
    return over(`another process registered with a copy of the disk of ${name}; find it, and stop one of the two`);
  }
  return found.isUp ? { kind: 'up' } : { kind: 'down' };
}

function over(sentence: string): Standing {
  return { kind: 'over', error: new CairnError('CONFLICT', sentence) };
}
