/** `osd.register` and `osd.goodbye`: what OSDs say of themselves when they start and stop. */
import { CairnError } from '../../base/errors.js';
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
import type { OsdInfo } from '../../cluster/osd.js';
import type { OsdRegistered } from '../../protocol/commands/osd.js';
import type { Effects } from '../state/types.js';
import { creationChanges, downAtNextEpoch, mapWithOsds, recordChanges } from './osd-effects.js';
import { osdOf } from './osd-selection.js';
import { checkSpeaksFor } from './pg-records.js';
import type { CommandContext } from './types.js';

type LogLine = NonNullable<Effects<unknown>['log']>[number];

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
  const before = map.osds.get(args.osd);
  const { changes, result } = register(map, args);
  const crush = withDevice(map.crush, args);
  const all: MapChange[] = crush === map.crush ? changes : [{ kind: 'crush', crush }, ...changes];
  // PGs that had too few OSDs to begin with may have enough now.
  const created = await creationChanges(context, applyChanges(map, all));
  return {
    result: { ...result, epoch: nextEpoch(map) },
    changes: [...all, ...created],
    log: [
      { severity: 'info', source: `osd.${args.osd}`, message: `osd.${args.osd} up, boot ${args.boot}` },
      ...renewedLog(before, args),
      ...movedLog(crush, before, args),
    ],
  };
}

interface GoodbyeArgs {
  readonly osd: OsdId;
  readonly boot: number;
  readonly next?: number | undefined;
}

/** Even while `nodown` is set: that keeps OSDs up which others believe dead, not those which say that they stop. */
export async function evaluateOsdGoodbye(
  { osd: id, boot, next = boot }: GoodbyeArgs,
  context: CommandContext,
): Promise<Effects<{ readonly isDown: boolean }>> {
  checkSpeaksFor(context, id);
  const { map } = context.state;
  const osd = osdOf(map, id);
  if (next < boot) {
    throw new CairnError('INVALID_ARGUMENT', `no start of osd.${id} comes after boot ${boot} and has counter ${next}`);
  }
  if (osd.boot !== boot) return { result: { isDown: !osd.isUp } };
  const over = { ...osd, boot: next };
  if (!osd.isUp) return { result: { isDown: true }, changes: next === boot ? [] : [{ kind: 'osd', osd: over }] };
  const down = downAtNextEpoch(over, context);
  const records = await recordChanges(context, mapWithOsds(map, [down]), [id]);
  return {
    result: { isDown: true },
    changes: [{ kind: 'osd', osd: down }, ...records],
    log: [{ severity: 'info', source: `osd.${id}`, message: `osd.${id} marked down: it stops` }],
  };
}

/** It gave its membership up by itself: nobody did anything, and somebody should look at the disk. */
function renewedLog(before: OsdInfo | undefined, { osd, uuid, formerly = [] }: RegisterArgs): LogLine[] {
  if (before?.uuid === undefined || before.uuid === uuid || !formerly.includes(before.uuid)) return [];
  const what = `the disk of osd.${osd} lost a part of its log: what it has counts as old, and is brought up to date`;
  return [{ severity: 'error', source: `osd.${osd}`, message: `${what}; look at its kernel messages` }];
}

/**
 * An OSD stays where it stands, as operators place OSDs for reasons of their own. But a disk that was carried to another
 * machine then has its copies where CRUSH does not think: two of them may share a failure that they should not.
 */
function movedLog(crush: CrushMap, before: OsdInfo | undefined, { osd, hostname }: RegisterArgs): LogLine[] {
  if (before === undefined || before.hostname === '' || before.hostname === hostname) return [];
  const [holder] = itemLocation(crush, osd);
  if (holder === undefined || holder.name === hostNameOf(hostname)) return [];
  const stands = `CRUSH has it in ${holder.type} ${holder.name}`;
  const how = `\`cairn crush move osd.${osd} host=${hostNameOf(hostname)}\` if it stays there`;
  const message = `osd.${osd} runs on ${hostname} now, not on ${before.hostname}, and ${stands}: ${how}`;
  return [{ severity: 'warn', source: `osd.${osd}`, message }];
}

/** A place for an OSD that has none in CRUSH: a new one, or one that was removed there, as in Ceph. */
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

function defaultLocation(crush: CrushMap, hostname: string): Location {
  const name = hostNameOf(hostname);
  const present = itemNamed(crush, name);
  if (present === undefined) return hostLocation(name);
  // A host that is there may have been moved to another root: it stays where it is.
  if (isHost(crush, present)) return new Map([['host', name]]);
  // A rack, or the root itself, is called as the machine: that must not keep its OSDs out.
  const other = `${name}-host`;
  return itemNamed(crush, other) === undefined ? hostLocation(other) : new Map([['host', other]]);
}

function hostLocation(name: string): Location {
  return new Map([
    ['host', name],
    ['root', defaultRoot],
  ]);
}

function isHost({ buckets, types }: CrushMap, item: number): boolean {
  const bucket = buckets.get(item);
  return bucket !== undefined && types.get(bucket.type) === 'host';
}

/**
 * As Ceph: the name of the machine up to the first dot, with what CRUSH's names may not have as `-`. An IP address counts
 * as a whole, or all machines of a network would be one host.
 */
function hostNameOf(hostname: string): string {
  const short = /^[0-9.]+$/.test(hostname) ? hostname : (hostname.split('.')[0] ?? '');
  // Room for `-host` behind it.
  const name = short.replaceAll(/[^-_.0-9A-Za-z]/g, '-').slice(0, 200);
  return name === '' ? 'unknown' : name;
}
