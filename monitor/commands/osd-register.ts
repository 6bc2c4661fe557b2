/** `osd.register` and `osd.goodbye`: what OSDs say of themselves when they start and stop. */
import { applyChanges } from '../../cluster/apply-incremental.js';
import type { MapChange } from '../../cluster/change.js';
import { defaultRoot } from '../../cluster/default-crush.js';
import type { OsdId } from '../../cluster/ids.js';
import { nextEpoch } from '../../cluster/osd-changes.js';
import { type Registration, register } from '../../cluster/osd-registration.js';
import { addDevice } from '../../crush/edit/devices.js';
import { type Location, parseLocation } from '../../crush/edit/location.js';
import { itemLocation, itemNamed } from '../../crush/item-location.js';
import { deviceWeightMax } from '../../crush/limits.js';
import { type CrushMap, weightOne } from '../../crush/types.js';
import type { OsdRegistered } from '../../protocol/commands/osd.js';
import type { Effects } from '../state/types.js';
import { creationChanges, downAtNextEpoch, mapWithOsds, recordChanges } from './osd-effects.js';
import { osdOf } from './osd-selection.js';
import { checkSpeaksFor } from './pg-records.js';
import type { CommandContext } from './types.js';

interface RegisterArgs extends Registration {
  readonly osd: OsdId;
  readonly location?: readonly string[] | undefined;
  readonly deviceClass?: string | undefined;
}

export async function evaluateOsdRegister(
  args: RegisterArgs,
  context: CommandContext,
): Promise<Effects<OsdRegistered>> {
  checkSpeaksFor(context, args.osd);
  const { map } = context.state;
  const { changes, result } = register(map, args);
  const crush = withDevice(map.crush, args);
  const all: MapChange[] = crush === map.crush ? changes : [{ kind: 'crush', crush }, ...changes];
  // PGs that had too few OSDs to begin with may have enough now.
  const created = await creationChanges(context, applyChanges(map, all));
  return {
    result: { ...result, epoch: nextEpoch(map) },
    changes: [...all, ...created],
    log: [{ severity: 'info', source: `osd.${args.osd}`, message: `osd.${args.osd} up, boot ${args.boot}` }],
  };
}

interface GoodbyeArgs {
  readonly osd: OsdId;
  readonly boot: number;
}

/** Even while `nodown` is set: that keeps OSDs up which others believe dead, not those which say that they stop. */
export async function evaluateOsdGoodbye(
  { osd: id, boot }: GoodbyeArgs,
  context: CommandContext,
): Promise<Effects<{ readonly isDown: boolean }>> {
  checkSpeaksFor(context, id);
  const { map } = context.state;
  const osd = osdOf(map, id);
  if (!osd.isUp || osd.boot !== boot) return { result: { isDown: !osd.isUp } };
  const down = downAtNextEpoch(osd, context);
  const records = await recordChanges(context, mapWithOsds(map, [down]), [id]);
  return {
    result: { isDown: true },
    changes: [{ kind: 'osd', osd: down }, ...records],
    log: [{ severity: 'info', source: `osd.${id}`, message: `osd.${id} marked down: it stops` }],
  };
}

/** A place for an OSD that CRUSH does not know yet. One that has a place, or was taken out of its own, stays as it is. */
function withDevice(crush: CrushMap, { osd, capacityBytes, hostname, location, deviceClass }: RegisterArgs): CrushMap {
  if (crush.devices.has(osd) || itemLocation(crush, osd).length > 0) return crush;
  return addDevice(crush, {
    id: osd,
    weight: weightOf(capacityBytes),
    location:
      location === undefined || location.length === 0 ? defaultLocation(crush, hostname) : parseLocation(location),
    ...(deviceClass === undefined ? {} : { deviceClass }),
  });
}

/** By custom the capacity in TiB; never 0, which would take no data. */
function weightOf(capacityBytes: number): number {
  const weight = Math.round((capacityBytes / 2 ** 40) * weightOne);
  return Math.min(deviceWeightMax, Math.max(1, weight));
}

/** As Ceph: the name of the machine up to the first dot, with what CRUSH's names may not have as `-`. */
function defaultLocation(crush: CrushMap, hostname: string): Location {
  const [short = ''] = hostname.split('.');
  const name = short.replaceAll(/[^-_0-9A-Za-z]/g, '-');
  const host = ['host', name === '' ? 'unknown' : name] as const;
  // A host that is there may have been moved to another root: it stays where it is.
  return new Map(itemNamed(crush, host[1]) === undefined ? [host, ['root', defaultRoot]] : [host]);
}
