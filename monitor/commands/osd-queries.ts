/** `osd find`, `ls`, `stat` and `dump`. */
import type { OsdId } from '../../cluster/ids.js';
import { printPgId } from '../../cluster/ids.js';
import { type ClusterMap, clusterFlags } from '../../cluster/map.js';
import { itemLocation } from '../../crush/item-location.js';
import { weightOne } from '../../crush/types.js';
import type { OsdDump, OsdFound, OsdStat } from '../../protocol/commands/osd.js';
import { osdOf } from './osd-selection.js';
import type { CommandContext } from './types.js';

export function answerOsdFind({ id }: { readonly id: OsdId }, { state }: CommandContext): OsdFound {
  const { publicAddress, clusterAddress, hostname, uuid, isUp } = osdOf(state.map, id);
  return { id, publicAddress, clusterAddress, hostname, uuid, isUp, location: itemLocation(state.map.crush, id) };
}

export function answerOsdLs(_args: unknown, { state }: CommandContext): { readonly ids: readonly number[] } {
  return { ids: [...state.map.osds.keys()] };
}

export function answerOsdStat(_args: unknown, { state }: CommandContext): OsdStat {
  const osds = [...state.map.osds.values()];
  return {
    total: osds.length,
    up: osds.filter(({ isUp }) => isUp).length,
    in: osds.filter(({ isIn }) => isIn).length,
    flags: flagsOf(state.map),
  };
}

export function answerOsdDump(_args: unknown, { state }: CommandContext): OsdDump {
  const { map } = state;
  return {
    fsid: map.fsid,
    createdAt: map.createdAt,
    changedAt: map.changedAt,
    flags: flagsOf(map),
    osds: [...map.osds.values()].map((osd) => ({
      id: osd.id,
      uuid: osd.uuid,
      store: osd.store,
      boot: osd.boot,
      isUp: osd.isUp,
      isIn: osd.isIn,
      isAutoOut: osd.isAutoOut,
      reweight: osd.reweight / weightOne,
      capacityBytes: osd.capacityBytes,
      publicAddress: osd.publicAddress,
      clusterAddress: osd.clusterAddress,
      upFrom: osd.upFrom,
      downAt: osd.downAt,
      hostname: osd.hostname,
      version: osd.version,
    })),
    upmaps: upmapsOf(map),
  };
}

/** In the order of the table of flags. */
function flagsOf(map: ClusterMap): string[] {
  return clusterFlags.filter((flag) => map.flags.has(flag));
}

function upmapsOf(map: ClusterMap): OsdDump['upmaps'] {
  return [...map.upmaps].flatMap(([pool, pgs]) =>
    [...pgs].map(([pg, items]) => ({ pg: printPgId({ pool, pg }), items })),
  );
}
