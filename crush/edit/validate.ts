/** What holds for every map that the edits make. Maps from elsewhere may be odd in these ways and place all the same. */
import { CairnError } from '../../base/errors.js';
import { checkCrushMap } from '../check-map.js';
import { ruleIdMax } from '../limits.js';
import { buildShadowTrees, shadowIdsOf } from '../shadow-trees.js';
import type { Bucket, CrushMap } from '../types.js';
import { checkName } from './location.js';

/**
 * Throws `INVALID_ARGUMENT`, saying what is wrong, unless: the mapper can work on it; names are valid and used once;
 * types, classes, items and taken buckets exist; uniform buckets have equal weights; shadow trees are what Ceph would
 * build, or absent; and choose_args fit their buckets.
 */
export function validateCrushMap(map: CrushMap): void {
  checkCrushMap(map);
  checkNames(map);
  const plain = new Map([...map.buckets].filter(([, bucket]) => bucket.shadow === undefined));
  for (const bucket of map.buckets.values()) checkBucket(map, bucket);
  checkClasses(map);
  if (plain.size < map.buckets.size) checkShadows(map, plain);
  checkRules(map);
  for (const [name, args] of map.chooseArgs) {
    for (const id of args.keys()) {
      check(map.buckets.has(id), `choose_args ${name} are for bucket ${id}, which does not exist; remove them`);
    }
  }
}

function checkNames(map: CrushMap): void {
  const names = new Set<string>();
  for (const [id, device] of map.devices) {
    check(id === device.id, `device ${device.name} is stored under number ${id}; make the numbers equal`);
    checkName(device.name, 'device');
    check(!names.has(device.name), `the name ${device.name} is used twice; rename one of the two`);
    names.add(device.name);
  }
  for (const { name, shadow } of map.buckets.values()) {
    if (shadow === undefined) checkName(name, 'bucket');
    check(!names.has(name), `the name ${name} is used twice; rename one of the two`);
    names.add(name);
  }
}

function checkBucket(map: CrushMap, { name, type, algorithm, items }: Bucket): void {
  check(map.types.has(type), `bucket ${name} is of type ${type}, which has no name; define the type`);
  for (const { id } of items) {
    check(id < 0 || map.devices.has(id), `bucket ${name} holds device ${id}, which is not defined; define it`);
  }
  const isEven = algorithm !== 'uniform' || items.every(({ weight }) => weight === items[0]?.weight);
  check(isEven, `the items of uniform bucket ${name} differ in weight; make them equal or use straw2`);
}

function checkClasses(map: CrushMap): void {
  const known = new Set(map.classes.values());
  check(known.size === map.classes.size, 'two device classes have one name; merge them');
  for (const name of known) checkName(name, 'device class');
  for (const { name, deviceClass } of map.devices.values()) {
    const isKnown = deviceClass === undefined || known.has(deviceClass);
    check(isKnown, `device ${name} is of class ${deviceClass}, which is not defined; define it`);
  }
}

function checkShadows(map: CrushMap, plain: ReadonlyMap<number, Bucket>): void {
  const deviceClasses = new Map<number, string>();
  for (const { id, deviceClass } of map.devices.values()) {
    if (deviceClass !== undefined) deviceClasses.set(id, deviceClass);
  }
  const { buckets } = buildShadowTrees({
    tunables: map.tunables,
    classes: map.classes,
    deviceClasses,
    buckets: plain,
    shadowIds: shadowIdsOf(map),
  });
  check(buckets.length === map.buckets.size - plain.size, 'shadow trees are missing or left over; build them anew');
  for (const built of buckets) {
    const found = map.buckets.get(built.id);
    const isSame = found !== undefined && found.name === built.name && sameItems(found, built);
    check(isSame, `shadow bucket ${built.name} does not match its original; build the shadow trees anew`);
  }
}

function sameItems(a: Bucket, b: Bucket): boolean {
  return (
    a.items.length === b.items.length &&
    a.items.every(({ id, weight }, index) => id === b.items[index]?.id && weight === b.items[index]?.weight)
  );
}

function checkRules(map: CrushMap): void {
  const names = new Set<string>();
  for (const { id, name, steps } of map.rules.values()) {
    check(id >= 0 && id <= ruleIdMax, `rule ${name} has number ${id}; give it one from 0 to ${ruleIdMax}`);
    check(name === '' || !names.has(name), `two rules are called ${name}; rename one of the two`);
    names.add(name);
    for (const step of steps) {
      if (step.op === 'take') {
        const exists = step.item < 0 ? map.buckets.has(step.item) : map.devices.has(step.item);
        check(exists, `rule ${name} takes item ${step.item}, which does not exist; take another`);
      } else if ('type' in step) {
        const isKnown = step.type === 0 || map.types.has(step.type);
        check(isKnown, `rule ${name} chooses type ${step.type}, which has no name; define the type`);
      }
    }
  }
}

function check(fact: boolean, message: string): asserts fact {
  if (!fact) throw new CairnError('INVALID_ARGUMENT', message);
}
