/**
 * What a change of the map moves, found by mapping the same inputs with both maps. A placement is one device of one
 * input; it moves when the later map puts it on a device that the earlier one did not.
 */
import { CairnError } from '../base/errors.js';
import { deviceCount } from './counts.js';
import { chooseArgsOfPool, compileCrushMap } from './compiled-map.js';
import { CrushMapper, noItem } from './mapper.js';
import { type CrushMap, weightOne } from './types.js';

export interface DiffOptions {
  /** The rule's id in each map. */
  readonly ruleBefore: number;
  readonly ruleAfter: number;
  /** How many devices per input. */
  readonly replicas: number;
  /** Both inclusive. */
  readonly minX: number;
  readonly maxX: number;
}

export interface DeviceDiff {
  readonly device: number;
  /** Placements on the device. */
  readonly before: number;
  readonly after: number;
  readonly gained: number;
  readonly lost: number;
  /** |after - before|: what moves to or from it however well the map is made, for the counts to come out so. */
  readonly least: number;
}

export interface MapDiff {
  /** Placements by the later map. */
  readonly placements: number;
  readonly moved: number;
  /** No map that fills the devices as the later one does moves fewer. */
  readonly least: number;
  /** By device number; devices without placements in either map are left out. */
  readonly devices: readonly DeviceDiff[];
}

/** Throws `NOT_FOUND` when a map lacks the rule, and `INVALID_ARGUMENT` for a map that cannot be mapped with. */
export function diffCrushMaps(before: CrushMap, after: CrushMap, options: DiffOptions): MapDiff {
  const { replicas, minX, maxX } = options;
  const from = new Side(before, options.ruleBefore, replicas);
  const to = new Side(after, options.ruleAfter, replicas);
  const count = Math.max(deviceCount(before), deviceCount(after));
  const counts = {
    before: new Uint32Array(count),
    after: new Uint32Array(count),
    gained: new Uint32Array(count),
    lost: new Uint32Array(count),
  };
  // A shard of an erasure code is tied to its position, a replica is not.
  const byPosition = from.byPosition || to.byPosition;
  for (let x = minX; x <= maxX; x += 1) {
    from.map(x);
    to.map(x);
    countDevices(from, to, byPosition, counts.before, counts.lost);
    countDevices(to, from, byPosition, counts.after, counts.gained);
  }
  const devices: DeviceDiff[] = [];
  for (let device = 0; device < count; device += 1) {
    const one = {
      before: counts.before[device] ?? 0,
      after: counts.after[device] ?? 0,
      gained: counts.gained[device] ?? 0,
      lost: counts.lost[device] ?? 0,
    };
    if (one.before > 0 || one.after > 0) devices.push({ device, ...one, least: Math.abs(one.after - one.before) });
  }
  return {
    placements: sum(devices, (one) => one.after),
    moved: sum(devices, (one) => one.gained),
    least: sum(devices, (one) => Math.max(0, one.after - one.before)),
    devices,
  };
}

function sum(devices: readonly DeviceDiff[], value: (device: DeviceDiff) => number): number {
  return devices.reduce((total, device) => total + value(device), 0);
}

/** Counts the devices of `here` in `all`, and those that `there` does not have in `onlyHere`. */
function countDevices(here: Side, there: Side, byPosition: boolean, all: Uint32Array, onlyHere: Uint32Array): void {
  for (let i = 0; i < here.size; i += 1) {
    const device = here.at(i);
    if (device === noItem || device < 0 || device >= all.length) continue;
    all[device] = (all[device] ?? 0) + 1;
    const stays = byPosition ? there.at(i) === device : there.has(device);
    if (!stays) onlyHere[device] = (onlyHere[device] ?? 0) + 1;
  }
}

/** One of the two maps, with the mapping of the input at hand. */
class Side {
  readonly byPosition: boolean;
  readonly #mapper: CrushMapper;
  readonly #chooseArgs;
  readonly #rule: number;
  readonly #weights: Uint32Array;
  readonly #out: Int32Array;
  #size = 0;

  constructor(map: CrushMap, ruleId: number, replicas: number) {
    const rule = map.rules.get(ruleId);
    if (rule === undefined) throw new CairnError('NOT_FOUND', `one of the maps has no rule ${ruleId}; choose another`);
    const compiled = compileCrushMap(map);
    this.byPosition = rule.steps.some(({ op }) => op === 'choose-indep' || op === 'chooseleaf-indep');
    this.#mapper = new CrushMapper(compiled);
    this.#chooseArgs = chooseArgsOfPool(compiled, 0n);
    this.#rule = ruleId;
    this.#weights = new Uint32Array(deviceCount(map)).fill(weightOne);
    this.#out = new Int32Array(replicas);
  }

  get size(): number {
    return this.#size;
  }

  map(x: number): void {
    this.#size = this.#mapper.map(this.#rule, x, this.#out.length, this.#weights, this.#out, this.#chooseArgs);
  }

  at(position: number): number {
    return position < this.#size ? (this.#out[position] ?? noItem) : noItem;
  }

  has(device: number): boolean {
    for (let i = 0; i < this.#size; i += 1) if (this.#out[i] === device) return true;
    return false;
  }
}
