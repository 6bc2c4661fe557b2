/**
 * What the leader does with OSDs: down, out, in, reweighted, lost, removed. Each function turns a map into the changes that
 * make it so, records included, and returns none when it is so already: commands and reports are repeated.
 */
import { CairnError } from '../base/errors.js';
import type { WallMs } from '../base/instants.js';
import type { MapChange } from './change.js';
import { epoch, type Epoch, type OsdId, printPgId } from './ids.js';
import { type ClusterMap, isGone } from './map.js';
import type { OsdInfo } from './osd.js';
import { markOsds, planOsdChange } from './pg/plan-osd-change.js';
import { weightOne } from '../crush/types.js';

/** OSDs that do not run any more. `changedAt` is the time of the change, from which `down_out_interval` is counted. */
export function markDown(map: ClusterMap, ids: readonly OsdId[], changedAt: WallMs): MapChange[] {
  const down = (osd: OsdInfo): OsdInfo => ({ ...osd, isUp: false, downAt: nextEpoch(map), downSince: changedAt });
  const wereUp = infosOf(map, ids).filter((osd) => osd.isUp);
  return withRecords(map, wereUp.map(down));
}

/** CRUSH places nothing on them any more; what they hold stays until it is copied. `isAuto`: they come in by booting. */
export function markOut(map: ClusterMap, ids: readonly OsdId[], options: { readonly isAuto: boolean }): MapChange[] {
  return infosOf(map, ids)
    .filter((osd) => osd.isIn || (osd.isAutoOut && !options.isAuto))
    .map((osd) => changed({ ...osd, isIn: false, isAutoOut: options.isAuto }));
}

/** With the reweight that they had. */
export function markIn(map: ClusterMap, ids: readonly OsdId[]): MapChange[] {
  return infosOf(map, ids)
    .filter((osd) => !osd.isIn)
    .map((osd) => changed({ ...osd, isIn: true, isAutoOut: false }));
}

/**
 * `reweight` is 16.16, 0 to 0x10000. As in Ceph 0 marks the OSD out and anything above marks it in; but out keeps the old
 * reweight, for `osd in`. Throws `INVALID_ARGUMENT`.
 */
export function setReweight(map: ClusterMap, id: OsdId, reweight: number): MapChange[] {
  if (!Number.isInteger(reweight) || reweight < 0 || reweight > weightOne) {
    throw new CairnError('INVALID_ARGUMENT', `a reweight of ${reweight / weightOne} is not from 0 to 1`);
  }
  if (reweight === 0) return markOut(map, [id], { isAuto: false });
  return infosOf(map, [id])
    .filter((osd) => !osd.isIn || osd.reweight !== reweight)
    .map((osd) => changed({ ...osd, reweight, isIn: true, isAutoOut: false }));
}

/**
 * Gives up the store of an OSD: it is a gone member of all its PGs at once. The id stays, for another disk. Should the
 * store ever return, it is a new one. Throws `CONFLICT` while the OSD is up.
 */
export function loseStore(map: ClusterMap, id: OsdId): MapChange[] {
  const [osd] = infosOf(map, [id]);
  if (osd?.uuid === undefined) return [];
  if (osd.isUp) throw new CairnError('CONFLICT', `osd.${id} is up; stop it first, if its data is to be given up`);
  return withRecords(map, [{ ...osd, uuid: undefined }]);
}

/**
 * Takes an OSD out of the map, and out of upmaps. Throws `CONFLICT` while it is up, and while a store of it that is not
 * gone is a member of a PG: an eligible one counts, since it may be the last with all data. Nothing happens when there is no
 * such OSD. CRUSH keeps its device until it is removed there.
 */
export function removeOsd(map: ClusterMap, id: OsdId): MapChange[] {
  const osd = map.osds.get(id);
  if (osd === undefined) return [];
  if (osd.isUp) throw new CairnError('CONFLICT', `osd.${id} is up; stop it and mark it down first`);
  const { count, first } = membershipOf(map, osd);
  if (count > 0) {
    throw new CairnError(
      'CONFLICT',
      `osd.${id} is a member of ${count} PGs, such as ${first}; mark it out until they have moved, or give it up with \`cairn osd lost ${id}\``,
      { details: { count } },
    );
  }
  return [...upmapsWithout(map, id), { kind: 'osd-removed', id }];
}

/** The change of one or several OSDs, and what follows from it for records. None for none. */
export function withRecords(
  map: ClusterMap,
  infos: readonly OsdInfo[],
  options: { readonly isBoot: boolean } = { isBoot: false },
): MapChange[] {
  if (infos.length === 0) return [];
  const osds = new Map(map.osds);
  for (const osd of infos) osds.set(osd.id, osd);
  const ids = infos.map(({ id }) => id);
  const event = { changed: ids, booted: options.isBoot ? ids : [] };
  return [...infos.map(changed), ...planOsdChange({ ...map, osds }, event)];
}

/** The epoch that the changes will make. */
export function nextEpoch(map: Pick<ClusterMap, 'epoch'>): Epoch {
  return epoch(map.epoch + 1);
}

function changed(osd: OsdInfo): MapChange {
  return { kind: 'osd', osd };
}

/** Each once. Throws `NOT_FOUND`. */
function infosOf(map: ClusterMap, ids: readonly OsdId[]): OsdInfo[] {
  return [...new Set(ids)].map((id) => {
    const osd = map.osds.get(id);
    if (osd === undefined) throw new CairnError('NOT_FOUND', `there is no osd.${id}; osd tree lists those that exist`);
    return osd;
  });
}

/** PGs of which a store of the OSD that is not gone is a member. */
function membershipOf(map: ClusterMap, osd: OsdInfo): { readonly count: number; readonly first: string | undefined } {
  const marks = markOsds([osd.id]);
  const cursor = map.records.cursor();
  let count = 0;
  let first: string | undefined;
  while (cursor.nextMarked(marks, Infinity) === 'found') {
    const { acting, eligible } = cursor.record();
    if (![...acting, ...eligible].some((member) => member.osd === osd.id && !isGone(map, member))) continue;
    first ??= printPgId(cursor);
    count += 1;
  }
  return { count, first };
}

function upmapsWithout(map: ClusterMap, id: OsdId): MapChange[] {
  return [...map.upmaps].flatMap(([pool, ofPool]) =>
    [...ofPool]
      .filter(([, items]) => items.some(({ from, to }) => from === id || to === id))
      .map(([pg, items]): MapChange => {
        const left = items.filter(({ from, to }) => from !== id && to !== id);
        return { kind: 'upmap', pg: { pool, pg }, items: left };
      }),
  );
}
