/** What the OSDs of a PG say to one another is said in their own names. */
import { CairnError } from '../../base/errors.js';
import type { Peer } from '../../wire/peer.js';

type From = readonly [osd: number, ...rest: number[]];

export function isFrom({ name }: Pick<Peer, 'name'>, [osd]: From): boolean {
  return name === `osd.${osd}`;
}

export function checkSender(peer: Pick<Peer, 'name'>, from: From): void {
  if (isFrom(peer, from)) return;
  throw new CairnError('PERMISSION_DENIED', `${peer.name} cannot speak for osd.${from[0]}`);
}
