/** From down to out: which OSDs were gone for so long that their data is to be copied elsewhere. */
import type { MonotonicMs, WallMs } from '../../base/instants.js';
import type { OsdId } from '../../cluster/ids.js';
import type { OsdInfo } from '../../cluster/osd.js';
import type { Subtree, Topology } from '../../cluster/topology.js';
import { type FailureSettings, outSettleMs } from './settings.js';
import type { FailureMap, HeldBackBy, MarkOut } from './types.js';

export interface DownOutInput {
  readonly map: FailureMap;
  readonly topology: Topology;
  readonly settings: FailureSettings;
  readonly now: MonotonicMs;
  readonly wall: WallMs;
  /** Since when this leader has watched the OSD being down. */
  readonly watchedSince: (osd: OsdId) => MonotonicMs;
}

export interface DownOutResult {
  readonly out: readonly MarkOut[];
  readonly heldBack: readonly { readonly osd: OsdId; readonly by: HeldBackBy }[];
}

/**
 * The longest down first. Two clocks must agree, for either alone can be wrong: the wall clock, which survives a change of
 * the leader but can jump, and this leader's own watch, which begins anew with each leader. A whole interval watched is
 * enough without the wall clock.
 */
export function dueOut(input: DownOutInput): DownOutResult {
  const { map, topology, settings } = input;
  const due = [...map.osds.values()].filter((osd) => isDue(osd, input)).sort(longestDownFirst);
  if (due.length === 0) return { out: [], heldBack: [] };
  if (map.flags.has('noout')) return { out: [], heldBack: due.map(({ id }) => ({ osd: id, by: 'noout' })) };

  const out: MarkOut[] = [];
  const heldBack: { osd: OsdId; by: HeldBackBy }[] = [];
  const limit = topology.typeOf(settings.downOutSubtreeLimit) ?? Infinity;
  const isWhollyDown = whollyDown(map);
  let inCount = [...map.osds.values()].filter(({ isIn }) => isIn).length;
  for (const osd of due) {
    const minutes = Math.round(Math.max(0, input.wall - osd.downSince) / 60_000);
    if (standsInDownSubtree(topology, osd.id, limit, isWhollyDown)) {
      heldBack.push({ osd: osd.id, by: 'subtree-limit' });
    } else if ((inCount - 1) / map.osds.size < settings.inRatioMin) {
      heldBack.push({ osd: osd.id, by: 'min-in-ratio' });
    } else {
      inCount -= 1;
      out.push({ osd: osd.id, downAt: osd.downAt, why: `down for ${minutes} min` });
    }
  }
  return { out, heldBack };
}

function isDue(osd: OsdInfo, { settings, now, wall, watchedSince }: DownOutInput): boolean {
  // An OSD that never came up holds nothing, and `osd new` has its own reasons to have it in.
  if (osd.isUp || !osd.isIn || osd.downAt === 0 || settings.downOutMs === 0) return false;
  const watchedMs = now - watchedSince(osd.id);
  if (watchedMs >= settings.downOutMs) return true;
  return wall - osd.downSince >= settings.downOutMs && watchedMs >= Math.min(outSettleMs, settings.downOutMs);
}

function longestDownFirst(a: OsdInfo, b: OsdInfo): number {
  return a.downSince - b.downSince || a.downAt - b.downAt || a.id - b.id;
}

/** Remembers its answers: OSDs share their ancestors. */
function whollyDown(map: FailureMap): (subtree: Subtree) => boolean {
  const known = new Map<number, boolean>();
  return (subtree) => {
    const answer = known.get(subtree.id) ?? subtree.osds.every((osd) => map.osds.get(osd)?.isUp !== true);
    known.set(subtree.id, answer);
    return answer;
  };
}

/** A rack without power comes back with its data; copying it all would take longer and could fill the others. */
function standsInDownSubtree(
  topology: Topology,
  osd: OsdId,
  limit: number,
  isWhollyDown: (subtree: Subtree) => boolean,
): boolean {
  for (const subtree of topology.ancestorsOf(osd)) {
    if (!isWhollyDown(subtree)) return false;
    if (subtree.type >= limit) return true;
  }
  return false;
}
