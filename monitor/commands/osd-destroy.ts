/** `osd lost`, `rm` and `purge`: stores are given up, and never come back as members of PGs. */
import { CairnError } from '../../base/errors.js';
import type { MapChange } from '../../cluster/change.js';
import type { OsdId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import type { OsdInfo } from '../../cluster/osd.js';
import { removeDevice } from '../../crush/edit/devices.js';
import type { CrushMap } from '../../crush/types.js';
import type { ChangeReport } from '../../protocol/commands/fields.js';
import type { Effects } from '../state/types.js';
import { describeMoves } from './crush-effects.js';
import { mapWithOsds, recordChanges } from './osd-effects.js';
import { countLosses, lossesText } from './osd-losses.js';
import { nameOsds, osdOf } from './osd-selection.js';
import type { CommandContext } from './types.js';

interface DestroyArgs {
  readonly osds: readonly OsdId[];
  readonly confirmed: boolean;
}

type Outcome = Promise<Effects<ChangeReport>>;

/** The id and its place in CRUSH stay, for a new store. */
export async function evaluateOsdLost({ osds: ids, confirmed }: DestroyArgs, context: CommandContext): Outcome {
  const { map } = context.state;
  const osds = eachOnce(ids).map((id) => osdOf(map, id));
  const given = osds.filter(({ uuid }) => uuid !== undefined);
  if (given.length === 0) return unchanged(`${nameOsds(osds)} ${isOrAre(osds)} lost already`);
  checkDown(given, 'lost');
  const losses = lossesText(await countLosses(context, given));
  if (!confirmed) throw unconfirmed(`all data on ${nameOsds(given)} would be given up for ever: ${losses}`);
  const lost = given.map(withoutStore);
  const records = await recordChanges(context, mapWithOsds(map, lost), idsOf(lost));
  const message = `${nameOsds(lost)} ${isOrAre(lost)} lost: ${losses}`;
  return report(context, lost, message, [...lost.map((osd): MapChange => ({ kind: 'osd', osd })), ...records]);
}

/** Without --yes only OSDs that no PG has among its members, and that keep nothing parked. */
export async function evaluateOsdRm({ osds: ids, confirmed }: DestroyArgs, context: CommandContext): Outcome {
  const { map } = context.state;
  const given = present(map, ids);
  if (given.length === 0) return unchanged(`${namesOf(ids)} ${isOrAre(ids)} not in the map`);
  checkDown(given, 'removed');
  const losses = await countLosses(context, given);
  if (!confirmed && (losses.pgs > 0 || losses.parked > 0))
    throw unconfirmed(`${nameOsds(given)} would be removed: ${lossesText(losses)}`);
  const message = `removed ${nameOsds(given)}: ${lossesText(losses)}`;
  return report(context, given, message, await removalChanges(context, given));
}

export async function evaluateOsdPurge({ osds: ids, confirmed }: DestroyArgs, context: CommandContext): Outcome {
  const { map } = context.state;
  const given = present(map, ids);
  checkDown(given, 'purged');
  const crush = withoutDevices(map.crush, ids);
  const entities = eachOnce(ids)
    .map((id) => `osd.${id}`)
    .filter((name) => map.entities.has(name));
  if (given.length === 0 && crush === map.crush && entities.length === 0) {
    return unchanged(`${namesOf(ids)} ${isOrAre(ids)} not in the map`);
  }
  const losses = lossesText(await countLosses(context, given));
  const moves = await describeMoves(context, crush);
  const what = namesOf(ids);
  if (!confirmed) throw unconfirmed(`${what} would be removed, with place and key: ${losses}; ${moves}`);
  const effects = report(
    context,
    eachOnce(ids).map((id) => ({ id })),
    `purged ${what}: ${losses}; ${moves}`,
    [
      ...(crush === map.crush ? [] : [{ kind: 'crush' as const, crush }]),
      ...(await removalChanges(context, given)),
      ...entities.map((name): MapChange => ({ kind: 'entity-removed', name })),
    ],
  );
  return { ...effects, keys: entities.map((name) => ({ name, key: undefined })) };
}

/** Exceptions of PGs that name an OSD end with it. */
async function removalChanges(context: CommandContext, osds: readonly OsdInfo[]): Promise<MapChange[]> {
  const { map } = context.state;
  const ids = idsOf(osds);
  const changes: MapChange[] = [];
  for (const [pool, pgs] of map.upmaps) {
    for (const [pg, items] of pgs) {
      const kept = items.filter(({ from, to }) => !ids.includes(from) && !ids.includes(to));
      if (kept.length < items.length) changes.push({ kind: 'upmap', pg: { pool, pg }, items: kept });
    }
  }
  const removals = ids.map((id): MapChange => ({ kind: 'osd-removed', id }));
  const records = await recordChanges(context, mapWithOsds(map, [], ids), ids);
  return [...changes, ...removals, ...records];
}

function checkDown(osds: readonly OsdInfo[], what: string): void {
  const up = osds.filter(({ isUp }) => isUp);
  if (up.length === 0) return;
  const { length } = up;
  const how = `stop ${length === 1 ? 'it' : 'them'} before ${length === 1 ? 'it is' : 'they are'} ${what}`;
  throw new CairnError('CONFLICT', `${nameOsds(up)} ${isOrAre(up)} up; ${how}`);
}

function withoutStore(osd: OsdInfo): OsdInfo {
  return { ...osd, uuid: undefined };
}

function withoutDevices(crush: CrushMap, ids: readonly OsdId[]): CrushMap {
  let next = crush;
  for (const id of eachOnce(ids)) {
    const device = next.devices.get(id);
    if (device !== undefined) next = removeDevice(next, device.name);
  }
  return next;
}

function present(map: ClusterMap, ids: readonly OsdId[]): OsdInfo[] {
  return eachOnce(ids)
    .map((id) => map.osds.get(id))
    .filter((osd) => osd !== undefined);
}

function eachOnce(ids: readonly OsdId[]): OsdId[] {
  return [...new Set(ids)].sort((a, b) => a - b);
}

function idsOf(osds: readonly OsdInfo[]): OsdId[] {
  return osds.map(({ id }) => id);
}

function namesOf(ids: readonly OsdId[]): string {
  return nameOsds(eachOnce(ids).map((id) => ({ id })));
}

function isOrAre(things: readonly unknown[]): string {
  return things.length === 1 ? 'is' : 'are';
}

function unconfirmed(what: string): CairnError {
  return new CairnError('CONFLICT', `${what}; add --yes if you mean it`);
}

function unchanged(message: string): Effects<ChangeReport> {
  return { result: { changed: [], messages: [message] } };
}

function report(
  { entity }: CommandContext,
  osds: readonly { readonly id: OsdId }[],
  message: string,
  changes: readonly MapChange[],
): Effects<ChangeReport> {
  return {
    result: { changed: osds.map(({ id }) => `osd.${id}`), messages: [message] },
    changes,
    log: [{ severity: 'warn', source: entity.name, message }],
  };
}
