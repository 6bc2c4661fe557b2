/** `crush add-bucket`, `move`, `rename`, `rm` and `reweight`: changes of the hierarchy. */
import { CairnError } from '../../base/errors.js';
import { osdId } from '../../cluster/ids.js';
import { addBucket, moveBucket, removeBucket, renameBucket } from '../../crush/edit/buckets.js';
import { moveDevice, removeDevice, reweightDevice } from '../../crush/edit/devices.js';
import { parseLocation } from '../../crush/edit/location.js';
import { itemLocation, itemNamed } from '../../crush/item-location.js';
import { printWeight, typeName } from '../../crush/text-printer.js';
import type { CrushMap } from '../../crush/types.js';
import type { ChangeReport } from '../../protocol/commands/fields.js';
import type { Effects } from '../state/types.js';
import { alreadySo, crushEffects, describeMoves } from './crush-effects.js';
import type { CommandContext } from './types.js';

type CrushOutcome = Promise<Effects<ChangeReport>> | Effects<ChangeReport>;

interface AddBucketArgs {
  readonly name: string;
  readonly type: string;
  readonly location: readonly string[];
}

export function evaluateCrushAddBucket(
  { name, type, location: pairs }: AddBucketArgs,
  context: CommandContext,
): CrushOutcome {
  const { crush } = context.state.map;
  const location = parseLocation(pairs);
  const bucket = crush.buckets.get(itemNamed(crush, name) ?? 0);
  if (bucket !== undefined && typeName(crush, bucket.type) === type && standsAt(crush, bucket.id, location)) {
    return alreadySo(`bucket ${name} of type ${type} is there already`);
  }
  const place = pairs.length === 0 ? 'as a root of its own' : `in ${pairs.join(' ')}${madeToo(crush, location)}`;
  return crushEffects(context, addBucket(crush, { name, type, location }), name, `added ${type} ${name} ${place}`);
}

interface MoveArgs {
  readonly name: string;
  readonly location: readonly string[];
}

export function evaluateCrushMove({ name, location: pairs }: MoveArgs, context: CommandContext): CrushOutcome {
  const { crush } = context.state.map;
  const location = parseLocation(pairs);
  const item = itemNamed(crush, name);
  if (item !== undefined && location.size > 0 && standsAt(crush, item, location)) {
    return alreadySo(`${name} stands in ${pairs.join(' ')} already`);
  }
  const moved = crush.devices.has(item ?? -1) ? moveDevice(crush, name, location) : moveBucket(crush, name, location);
  return crushEffects(context, moved, name, `moved ${name} to ${pairs.join(' ')}${madeToo(crush, location)}`);
}

interface RenameArgs {
  readonly name: string;
  readonly newName: string;
}

export function evaluateCrushRename({ name, newName }: RenameArgs, context: CommandContext): CrushOutcome {
  const { crush } = context.state.map;
  const isRenamed = itemNamed(crush, name) === undefined && itemNamed(crush, newName) !== undefined;
  if (isRenamed || name === newName) return alreadySo(`bucket ${newName} is called so already`);
  return crushEffects(context, renameBucket(crush, name, newName), newName, `renamed ${name} to ${newName}`);
}

interface RmArgs {
  readonly name: string;
  readonly confirmed: boolean;
}

export async function evaluateCrushRm(
  { name, confirmed }: RmArgs,
  context: CommandContext,
): Promise<Effects<ChangeReport>> {
  const { crush, osds } = context.state.map;
  const item = itemNamed(crush, name);
  if (item === undefined) return alreadySo(`CRUSH has nothing called ${name}`);
  if (item < 0) return crushEffects(context, removeBucket(crush, name), name, `removed bucket ${name}`);
  const removed = removeDevice(crush, name);
  if (!confirmed && osds.has(osdId(item))) {
    const moves = await describeMoves(context, removed);
    throw new CairnError('CONFLICT', `${name} would hold no data any more: ${moves}; add --yes if you mean it`);
  }
  const comesBack = osds.has(osdId(item)) ? ', until it starts again' : '';
  return crushEffects(context, removed, name, `removed ${name} from CRUSH${comesBack}`);
}

interface ReweightArgs {
  readonly name: string;
  /** 16.16 */
  readonly weight: number;
}

export function evaluateCrushReweight({ name, weight }: ReweightArgs, context: CommandContext): CrushOutcome {
  const { crush } = context.state.map;
  const item = itemNamed(crush, name);
  if (item !== undefined && item < 0) {
    throw new CairnError('INVALID_ARGUMENT', `${name} is a bucket and weighs what stands in it; reweight its OSDs`);
  }
  const text = printWeight(weight);
  const weights = weightsOf(crush, item);
  if (weights.length > 0 && weights.every((one) => one === weight)) {
    return alreadySo(`${name} weighs ${text} already`);
  }
  if (item !== undefined && weights.length === 0) {
    throw new CairnError('CONFLICT', `${name} stands nowhere in CRUSH; \`cairn crush move ${name} host=NAME\` first`);
  }
  const before = weights.map(printWeight).join(' and ');
  return crushEffects(context, reweightDevice(crush, name, weight), name, `${name} weighs ${text}, ${before} before`);
}

/** A misspelt name makes a bucket where no data goes: whoever misspelt it shall see that. */
function madeToo(crush: CrushMap, location: ReadonlyMap<string, string>): string {
  const made = [...location].filter(([, bucket]) => itemNamed(crush, bucket) === undefined);
  return made.length === 0 ? '' : `, with a new ${made.map(([type, bucket]) => `${type} ${bucket}`).join(' and ')}`;
}

/** Whether the lowest bucket named holds it, and the others stand above that. */
export function standsAt(crush: CrushMap, item: number, location: ReadonlyMap<string, string>): boolean {
  const holders = itemLocation(crush, item);
  if (location.size === 0) return holders.length === 0;
  const [holder] = holders;
  if (holder === undefined || location.get(holder.type) !== holder.name) return false;
  const names = new Map(holders.map(({ type, name }) => [type, name]));
  return [...location].every(([type, name]) => names.get(type) === name);
}

/** 16.16, of each place where it stands. */
export function weightsOf(crush: CrushMap, item: number | undefined): number[] {
  const plain = [...crush.buckets.values()].filter(({ shadow }) => shadow === undefined);
  return plain.flatMap(({ items }) => items.filter(({ id }) => id === item).map(({ weight }) => weight));
}
