/** What `crushtool --test --show-mappings` would print for a map, in the notation of the golden files. */
import { chooseArgsOfPool, type CompiledCrushMap } from '../../crush/compiled-map.js';
import { CrushMapper, noItem } from '../../crush/mapper.js';
import { type CrushMap, weightOne } from '../../crush/types.js';

export interface MappingCase {
  readonly rule: number;
  readonly replicas: number;
  readonly minX: number;
  readonly maxX: number;
  /** As given to `--weight`: device id -> share from 0 to 1. */
  readonly weights: Readonly<Record<string, number>>;
}

/** One line per input: `1,2,3`, with `-` for a hole; `.` if there is no device at all. */
export function mappingLines(
  compiled: CompiledCrushMap,
  map: CrushMap,
  { rule, replicas, minX, maxX, weights }: MappingCase,
  retryCounts?: Uint32Array,
): string[] {
  const mapper = new CrushMapper(compiled, retryCounts === undefined ? {} : { retryCounts });
  const deviceWeights = testerWeights(map, weights);
  const chooseArgs = chooseArgsOfPool(compiled, 0n);
  const out = new Int32Array(replicas);
  const lines: string[] = [];
  for (let x = minX; x <= maxX; x++) {
    const count = mapper.map(rule, x, replicas, deviceWeights, out, chooseArgs);
    const items = Array.from(out.subarray(0, count), (item) => (item === noItem ? '-' : String(item)));
    lines.push(items.length === 0 ? '.' : items.join(','));
  }
  return lines;
}

/** `crushtool` counts a device as in, with weight 1.0, if any bucket has it; `--weight` overrides that in floats. */
export function testerWeights(map: CrushMap, overrides: Readonly<Record<string, number>>): Uint32Array {
  const present = new Set([...map.buckets.values()].flatMap((bucket) => bucket.items.map((item) => item.id)));
  const deviceCount = Math.max(-1, ...map.devices.keys(), ...present) + 1;
  const weights = Uint32Array.from({ length: deviceCount }, (_, id) => (present.has(id) ? weightOne : 0));
  for (const [id, share] of Object.entries(overrides)) {
    if (Number(id) < deviceCount) weights[Number(id)] = Math.trunc(Math.fround(share) * weightOne);
  }
  return weights;
}
