/**
 * `crush add` and `create-or-move`: a place for an OSD that has none, since it was removed from CRUSH (`crush rm`), or a map
 * was set that lacks it. An OSD that starts gets one by itself.
 */
import { CairnError } from '../../base/errors.js';
import type { OsdId } from '../../cluster/ids.js';
import { addDevice, moveDevice, reweightDevice } from '../../crush/edit/devices.js';
import { type Location, parseLocation } from '../../crush/edit/location.js';
import { itemLocation } from '../../crush/item-location.js';
import { printWeight } from '../../crush/text-printer.js';
import type { CrushMap } from '../../crush/types.js';
import type { ChangeReport } from '../../protocol/commands/fields.js';
import type { Effects } from '../state/types.js';
import { alreadySo, crushEffects } from './crush-effects.js';
import { standsAt, weightsOf } from './crush-hierarchy.js';
import type { CommandContext } from './types.js';

type CrushOutcome = Promise<Effects<ChangeReport>> | Effects<ChangeReport>;

interface PlaceArgs {
  readonly osd: OsdId;
  /** 16.16 */
  readonly weight: number;
  readonly location: readonly string[];
}

/** One that stands somewhere is not touched: Ceph would move it, with all its data, for a slip in a number. */
export function evaluateCrushAdd({ osd, weight, location: pairs }: PlaceArgs, context: CommandContext): CrushOutcome {
  checkInMap(osd, context);
  const { crush } = context.state.map;
  const location = parseLocation(pairs);
  const [holder] = itemLocation(crush, osd);
  if (holder === undefined) return addTo(context, { osd, weight, location });
  const where = pairs.join(' ');
  if (!standsAt(crush, osd, location)) {
    const sentence = `osd.${osd} stands in ${holder.type}=${holder.name} already`;
    throw new CairnError('CONFLICT', `${sentence}; \`cairn crush move osd.${osd} ${where}\` moves it`);
  }
  const others = weightsOf(crush, osd).filter((one) => one !== weight);
  if (others.length === 0) return alreadySo(`osd.${osd} stands in ${where} already, and weighs ${printWeight(weight)}`);
  const sentence = `osd.${osd} stands in ${where} already and weighs ${others.map(printWeight).join(' and ')}`;
  const advice = `\`cairn crush reweight osd.${osd} ${printWeight(weight)}\` changes that`;
  throw new CairnError('CONFLICT', `${sentence}; ${advice}`);
}

/** As in Ceph, one that stands somewhere keeps its weight: that is for scripts that say where an OSD is at each start. */
export function evaluateCrushCreateOrMove(
  { osd, weight, location: pairs }: PlaceArgs,
  context: CommandContext,
): CrushOutcome {
  checkInMap(osd, context);
  const { crush } = context.state.map;
  const location = parseLocation(pairs);
  if (itemLocation(crush, osd).length === 0) return addTo(context, { osd, weight, location });
  const where = pairs.join(' ');
  if (standsAt(crush, osd, location)) return alreadySo(`osd.${osd} stands in ${where} already`);
  const name = nameOf(crush, osd);
  return crushEffects(context, moveDevice(crush, name, location), name, `moved ${name} to ${where}`);
}

interface Placing extends Pick<PlaceArgs, 'osd' | 'weight'> {
  readonly location: Location;
}

/** A map that was set may name the device and have it stand nowhere: it keeps its class then. */
async function addTo(context: CommandContext, { osd: id, weight, location }: Placing): Promise<Effects<ChangeReport>> {
  const { crush } = context.state.map;
  const name = nameOf(crush, id);
  const placed = crush.devices.has(id)
    ? reweightDevice(moveDevice(crush, name, location), name, weight)
    : addDevice(crush, { id, weight, location });
  const where = [...location].map(([type, bucket]) => `${type}=${bucket}`).join(' ');
  const what = `added ${name} of weight ${printWeight(weight)} in ${where}`;
  const effects = await crushEffects(context, placed, name, what);
  const isClassless = placed.devices.get(id)?.deviceClass === undefined;
  if (!isClassless || [...crush.devices.values()].every(({ deviceClass }) => deviceClass === undefined)) return effects;
  // Its class went with its place, and nobody would miss it but the rules that choose by class.
  const note = `${name} has no device class now; \`cairn crush set-device-class CLASS ${name}\` gives it one`;
  return { ...effects, result: { ...effects.result, messages: [...effects.result.messages, note] } };
}

function checkInMap(osd: OsdId, { state }: CommandContext): void {
  if (state.map.osds.has(osd)) return;
  throw new CairnError(
    'NOT_FOUND',
    `there is no osd.${osd}: one that was removed from the map gets its place when it starts; \`cairn osd ls\` lists those there are`,
  );
}

function nameOf(crush: CrushMap, osd: OsdId): string {
  return crush.devices.get(osd)?.name ?? `osd.${osd}`;
}
