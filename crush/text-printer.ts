/**
 * A `CrushMap` as Ceph's text map, byte for byte as `crushtool -d` prints it, so that diffs with a map from a Ceph cluster
 * show what differs and nothing else. One deviation: weights from 32768 up are printed as they are, where crushtool prints
 * a negative number that it does not read back.
 */
import { tunablesProfiles } from './tunables.js';
import {
  type Bucket,
  type BucketChooseArgs,
  type ChooseArgs,
  type CrushMap,
  type Rule,
  type RuleStep,
  type Tunables,
  weightOne,
} from './types.js';
import { bucketWeight, shadowIdsOf } from './shadow-trees.js';

/** The map's text; `parseCrushText` of it gives the map back, weights rounded to three decimals. */
export function printCrushText(map: CrushMap): string {
  return [
    '# begin crush map\n',
    ...tunableLines(map.tunables),
    '\n# devices\n',
    ...deviceLines(map),
    '\n# types\n',
    ...typeLines(map),
    '\n# buckets\n',
    ...bucketLines(map),
    '\n# rules\n',
    ...byId(map.rules).flatMap((rule) => ruleLines(map, rule)),
    ...chooseArgsLines(map),
    '\n# end crush map\n',
  ].join('');
}

/**
 * 16.16 with three decimals as C prints it: through a 32-bit float, ties to even.
 * (`toFixed` rounds ties up: 0.0625 would print as 0.063.)
 */
export function printWeight(weight: number): string {
  return fixedDecimals(Math.fround(weight), 3);
}

/** As `printWeight` with any number of decimals up to 6; `weight` is a whole number of 1/65536. */
export function fixedDecimals(weight: number, decimals: number): string {
  const scale = 10 ** decimals;
  const scaled = (weight * scale) / weightOne;
  let rounded = Math.round(scaled);
  if (rounded - scaled === 0.5 && rounded % 2 !== 0) rounded -= 1;
  return `${Math.floor(rounded / scale)}.${String(rounded % scale).padStart(decimals, '0')}`;
}

/** The name of a device or bucket; what has none is called by its number, as Ceph does. */
export function itemName(map: CrushMap, id: number): string {
  if (id >= 0) return map.devices.get(id)?.name ?? `device${id}`;
  const name = map.buckets.get(id)?.name ?? '';
  return name === '' ? `bucket${-1 - id}` : name;
}

export function typeName(map: CrushMap, type: number): string {
  return map.types.get(type) ?? (type === 0 ? 'device' : `type${type}`);
}

const tunableNames: readonly (readonly [keyof Tunables, string])[] = [
  ['chooseLocalTries', 'choose_local_tries'],
  ['chooseLocalFallbackTries', 'choose_local_fallback_tries'],
  ['chooseTotalTries', 'choose_total_tries'],
  ['chooseleafDescendOnce', 'chooseleaf_descend_once'],
  ['chooseleafVaryR', 'chooseleaf_vary_r'],
  ['chooseleafStable', 'chooseleaf_stable'],
  ['strawCalcVersion', 'straw_calc_version'],
  ['allowedBucketAlgs', 'allowed_bucket_algs'],
];

function tunableLines(tunables: Tunables): string[] {
  return tunableNames
    .filter(([key]) => tunables[key] !== tunablesProfiles.legacy[key])
    .map(([key, name]) => `tunable ${name} ${tunables[key]}\n`);
}

function deviceLines(map: CrushMap): string[] {
  return byId(map.devices).map(({ id, name, deviceClass }) => {
    return `device ${id} ${name}${deviceClass === undefined ? '' : ` class ${deviceClass}`}\n`;
  });
}

function typeLines(map: CrushMap): string[] {
  const lines = [...map.types].sort(([a], [b]) => a - b).map(([id, name]) => `type ${id} ${name}\n`);
  return lines.length > 0 && !map.types.has(0) ? ['type 0 osd\n', ...lines] : lines;
}

/** Shadow buckets have names with `~`, and are written as `id` lines of their originals. */
const printable = /^[-_.0-9A-Za-z]*$/;

/** From bucket -1 on, each behind those it contains. */
function bucketLines(map: CrushMap): string[] {
  const shadowIds = shadowIdsOf(map);
  const lines: string[] = [];
  const seen = new Set<number>();
  for (const start of [...map.buckets.keys()].sort((a, b) => b - a)) {
    const open = [{ id: start, next: 0 }];
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const bucket = map.buckets.get(top.id);
      const child = bucket?.items[top.next]?.id;
      if (top.next === 0 && seen.has(top.id)) {
        open.pop();
        continue;
      }
      seen.add(top.id);
      top.next += 1;
      if (child !== undefined) {
        if (child < 0 && !seen.has(child)) open.push({ id: child, next: 0 });
        continue;
      }
      open.pop();
      if (bucket !== undefined && printable.test(bucket.name)) {
        lines.push(oneBucketLines(map, bucket, shadowIds.get(bucket.id)).join(''));
      }
    }
  }
  return lines;
}

function oneBucketLines(map: CrushMap, bucket: Bucket, shadows: ReadonlyMap<number, number> | undefined): string[] {
  const withPosition = bucket.algorithm === 'uniform' || bucket.algorithm === 'tree';
  const classIds = [...(shadows ?? [])].sort(([a], [b]) => a - b);
  return [
    `${typeName(map, bucket.type)} ${itemName(map, bucket.id)} {\n`,
    `\tid ${bucket.id}\t\t# do not change unnecessarily\n`,
    ...classIds.map(([number, id]) => `\tid ${id} class ${map.classes.get(number)}\t\t# do not change unnecessarily\n`),
    `\t# weight ${printWeight(bucketWeight(bucket.items))}\n`,
    `\talg ${bucket.algorithm}${algorithmComment(bucket)}\n`,
    '\thash 0\t# rjenkins1\n',
    ...bucket.items.map(({ id, weight }, position) => {
      return `\titem ${itemName(map, id)} weight ${printWeight(weight)}${withPosition ? ` pos ${position}` : ''}\n`;
    }),
    '}\n',
  ];
}

function algorithmComment({ algorithm, items }: Bucket): string {
  switch (algorithm) {
    case 'uniform':
      return `\t# do not change bucket size (${items.length}) unnecessarily`;
    case 'list':
      return '\t# add new items at the end; do not change order unnecessarily';
    case 'tree':
      return '\t# do not change pos for existing items unnecessarily';
    case 'straw':
    case 'straw2':
      return '';
  }
}

const ruleTypeNames: ReadonlyMap<number, string> = new Map([
  [1, 'replicated'],
  [3, 'erasure'],
]);

/** One rule as it stands in the text of a map. */
export function printRule(map: CrushMap, rule: Rule): string {
  return ruleLines(map, rule).join('');
}

function ruleLines(map: CrushMap, rule: Rule): string[] {
  return [
    `rule ${rule.name} {\n`,
    `\tid ${rule.id}\n`,
    `\ttype ${ruleTypeNames.get(rule.type) ?? rule.type}\n`,
    ...(rule.minSize === undefined ? [] : [`\tmin_size ${rule.minSize}\n`]),
    ...(rule.maxSize === undefined ? [] : [`\tmax_size ${rule.maxSize}\n`]),
    ...rule.steps.map((step) => `\tstep ${stepText(map, step)}\n`),
    '}\n',
  ];
}

/** Without `step`, as the text format has it. */
export function stepText(map: CrushMap, step: RuleStep): string {
  switch (step.op) {
    case 'take':
      return `take ${takenText(map, step.item)}`;
    case 'choose-firstn':
    case 'choose-indep':
    case 'chooseleaf-firstn':
    case 'chooseleaf-indep':
      return `${step.op.replace('-', ' ')} ${step.count} type ${typeName(map, step.type)}`;
    case 'noop':
    case 'emit':
      return step.op;
    case 'set-choose-tries':
    case 'set-chooseleaf-tries':
    case 'set-choose-local-tries':
    case 'set-choose-local-fallback-tries':
    case 'set-chooseleaf-vary-r':
    case 'set-chooseleaf-stable':
      return `${step.op.replaceAll('-', '_')} ${step.value}`;
  }
}

function takenText(map: CrushMap, item: number): string {
  const shadow = map.buckets.get(item)?.shadow;
  return shadow === undefined ? itemName(map, item) : `${itemName(map, shadow.of)} class ${shadow.deviceClass}`;
}

function chooseArgsLines(map: CrushMap): string[] {
  if (map.chooseArgs.size === 0) return [];
  const sorted = [...map.chooseArgs].sort(([a], [b]) => (a < b ? -1 : 1));
  return ['\n# choose_args\n', ...sorted.flatMap(([name, args]) => oneChooseArgsLines(name, args))];
}

function oneChooseArgsLines(name: bigint, args: ChooseArgs): string[] {
  const buckets = [...args.values()].sort((a, b) => b.bucket - a.bucket).filter((one) => !isEmpty(one));
  return [`choose_args ${BigInt.asUintN(64, name)} {\n`, ...buckets.flatMap(bucketArgsLines), '}\n'];
}

function isEmpty(args: BucketChooseArgs): boolean {
  return args.weightSet.length === 0 && (args.ids === undefined || args.ids.length === 0);
}

function bucketArgsLines({ bucket, weightSet, ids }: BucketChooseArgs): string[] {
  const weights = weightSet.map((list) => `      [ ${list.map((weight) => `${printWeight(weight)} `).join('')}]\n`);
  return [
    '  {\n',
    `    bucket_id ${bucket}\n`,
    ...(weights.length === 0 ? [] : ['    weight_set [\n', ...weights, '    ]\n']),
    ...(ids === undefined || ids.length === 0 ? [] : [`    ids [ ${ids.map((id) => `${id} `).join('')}]\n`]),
    '  }\n',
  ];
}

/** The values of a map in ascending order of their keys. */
export function byId<T>(values: ReadonlyMap<number, T>): T[] {
  return [...values].sort(([a], [b]) => a - b).map(([, value]) => value);
}
