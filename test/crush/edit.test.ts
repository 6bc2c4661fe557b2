import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { isCairnError } from '../../base/errors.js';
import { decodeCrushBinary, encodeCrushBinary } from '../../crush/binary-codec.js';
import { addBucket, moveBucket, removeBucket, renameBucket } from '../../crush/edit/buckets.js';
import {
  addDevice,
  moveDevice,
  removeDevice,
  removeDeviceClass,
  reweightDevice,
  setDeviceClass,
} from '../../crush/edit/devices.js';
import { createErasureRule, createReplicatedRule, removeRule, renameRule } from '../../crush/edit/rules.js';
import { validateCrushMap } from '../../crush/edit/validate.js';
import { bucketWeight } from '../../crush/shadow-trees.js';
import { strawLengths } from '../../crush/straw-lengths.js';
import { treeNodes } from '../../crush/tree.js';
import { parseCrushText } from '../../crush/text-parser.js';
import { printCrushText } from '../../crush/text-printer.js';
import type { Bucket, CrushMap } from '../../crush/types.js';
import { crushtool, crushtoolDecompile, hasCrushtool, withFolder } from './crushtool.js';
import { at, map, one, plainMap, text } from './edit-sample.js';

function bucketOf(of: CrushMap, name: string): Bucket {
  const found = [...of.buckets.values()].find((bucket) => bucket.name === name);
  assert.ok(found !== undefined, name);
  return found;
}

function itemsOf(of: CrushMap, name: string): string[] {
  const { items } = bucketOf(of, name);
  return items.map(({ id, weight }) => {
    const itemName = id < 0 ? of.buckets.get(id)?.name : of.devices.get(id)?.name;
    return `${itemName} ${weight / one}`;
  });
}

describe('edits of a CRUSH map', () => {
  it('add a device, make the buckets on the way and carry the weight up to the root', () => {
    const next = addDevice(map, { id: 7, weight: 2.5 * one, location: at('root=default', 'host=h9', 'rack=r1') });
    validateCrushMap(next);
    assert.deepEqual(itemsOf(next, 'h9'), ['osd.7 2.5']);
    assert.deepEqual(itemsOf(next, 'r1'), ['h9 2.5']);
    assert.deepEqual(itemsOf(next, 'default'), ['h0 2', 'h1 3', 'r1 2.5']);
    assert.equal(bucketWeight(bucketOf(map, 'default').items), 5 * one, 'the old map is as it was');
  });

  it('keep the ids of shadow trees, so that nothing moves but what must', () => {
    const next = addDevice(map, { id: 7, weight: one, deviceClass: 'nvme', location: at('host=h0') });
    for (const { id, name, shadow } of map.buckets.values()) {
      if (shadow !== undefined) assert.equal(bucketOf(next, name).id, id);
    }
    assert.deepEqual(itemsOf(next, 'default~nvme'), ['h0~nvme 1', 'h1~nvme 0']);
  });

  it('drop a class when its last device and rule are gone', () => {
    const noSsd = removeDeviceClass(removeDeviceClass(map, 'osd.0'), 'osd.3');
    assert.deepEqual([...noSsd.classes.values()], ['hdd']);
    const noHddDevices = removeDevice(removeDevice(map, 'osd.1'), 'osd.2');
    assert.ok([...noHddDevices.classes.values()].includes('hdd'), 'the rule still takes it');
    validateCrushMap(noHddDevices);
    assert.deepEqual([...removeRule(noHddDevices, 'data').classes.values()], ['ssd']);
  });

  it('recompute the straws of a straw bucket', () => {
    const bucket = bucketOf(reweightDevice(map, 'osd.2', 5 * one), 'h1');
    assert.ok(bucket.algorithm === 'straw');
    assert.deepEqual(bucket.straws, strawLengths([5 * one, 2 * one], 1));
  });

  it('move a bucket with its weight, and rename it with its shadows', () => {
    const moved = moveBucket(map, 'h1', at('rack=r1', 'root=default'));
    validateCrushMap(moved);
    assert.deepEqual(itemsOf(moved, 'default'), ['h0 2', 'r1 3']);
    const renamed = renameBucket(moved, 'h1', 'h2');
    validateCrushMap(renamed);
    assert.equal(bucketOf(renamed, 'h2~hdd').id, bucketOf(moved, 'h1~hdd').id);
  });

  it('move a device with its weight and class, and refuse a place that cannot be', () => {
    const heavier = reweightDevice(map, 'osd.0', 3 * one);
    const moved = moveDevice(heavier, 'osd.0', at('host=h9', 'root=default'));
    assert.deepEqual(itemsOf(moved, 'h0'), itemsOf(removeDevice(heavier, 'osd.0'), 'h0'));
    assert.equal(bucketWeight(bucketOf(moved, 'h9').items), 3 * one);
    assert.equal(moved.devices.get(0)?.deviceClass, 'ssd');
    validateCrushMap(moved);
    assert.throws(() => moveDevice(map, 'osd.9', at('host=h0')), { code: 'NOT_FOUND' });
    assert.throws(() => moveDevice(map, 'h0', at('root=default')), { code: 'NOT_FOUND' });
    assert.throws(() => moveDevice(map, 'osd.0', at('rack=h1')), { code: 'CONFLICT' });
  });

  it('let an equal device into a uniform bucket, and a bucket that is alone in one change', () => {
    const next = addDevice(plainMap, { id: 5, weight: one, location: at('host=even') });
    validateCrushMap(next);
    assert.deepEqual(itemsOf(next, 'even-rack'), ['even 3']);
  });

  it('keep weight-sets and ids in step with the items, in every position', () => {
    const args = `choose_args 4 {
      { bucket_id -1 weight_set [ [ 1 2 ] [ 3 4 ] ] ids [ -7 -8 ] }
      { bucket_id -2 weight_set [ [ .25 .75 ] [ 1 2 ] ] } }`;
    const start = parseCrushText(text + args);
    const weightsOf = (of: CrushMap, name: string) => {
      const one_ = of.chooseArgs.get(4n)?.get(bucketOf(of, name).id);
      return one_?.weightSet.map((weights) => weights.map((weight) => weight / one));
    };
    const heavier = reweightDevice(start, 'osd.1', 5 * one);
    validateCrushMap(heavier);
    assert.deepEqual(weightsOf(heavier, 'h0'), [
      [0.25, 5],
      [1, 5],
    ]);
    assert.deepEqual(weightsOf(heavier, 'default'), [
      [5.25, 2],
      [6, 4],
    ]);
    assert.deepEqual(weightsOf(heavier, 'h0~hdd'), [[5], [5]]);
    assert.deepEqual(weightsOf(heavier, 'default~hdd'), [
      [5, 0],
      [5, 0],
    ]);
    const moved = moveBucket(heavier, 'h0', at('rack=r1', 'root=default'));
    validateCrushMap(moved);
    assert.deepEqual(weightsOf(moved, 'default'), [
      [2, 5.25],
      [4, 6],
    ]);
    assert.deepEqual(moved.chooseArgs.get(4n)?.get(-1)?.ids, [-8, bucketOf(moved, 'r1').id]);
    assert.deepEqual(weightsOf(moved, 'r1'), [[5.25], [6]]);
  });

  it('take no time exponential in the depth when every bucket stands twice in the next', () => {
    const level = (i: number, side: string) =>
      `host ${side}${i} { alg straw2 item a${i - 1} weight 0 item b${i - 1} weight 0 }`;
    const levels = Array.from({ length: 60 }, (_, i) => `${level(i + 1, 'a')}\n${level(i + 1, 'b')}`);
    const bottom = 'host a0 { alg straw2 item osd.0 weight 0 }\nhost b0 { alg straw2 item osd.0 weight 0 }';
    const diamonds = parseCrushText(`${text.replace(/^rule.*$/m, '')}${bottom}\n${levels.join('\n')}`);
    assert.throws(() => reweightDevice(diamonds, 'osd.0', one), { code: 'CONFLICT', message: /more than 65535/ });
    assert.throws(() => treeNodes(diamonds, false), { code: 'UNSUPPORTED', message: /lines/ });
  });

  it('write rules as Ceph does', () => {
    const next = createErasureRule(
      createReplicatedRule(map, { name: 'any', root: 'default', failureDomain: 'osd', deviceClass: 'ssd' }),
      { name: 'ec', root: 'h0', failureDomain: 'host' },
    );
    validateCrushMap(next);
    const lines = printCrushText(renameRule(next, 'any', 'all')).split('# rules\n')[1] ?? '';
    assert.match(
      lines,
      /rule all \{\n\tid 1\n\ttype replicated\n\tmin_size 1\n\tmax_size 10\n\tstep take default class ssd\n\tstep choose firstn 0 type osd\n\tstep emit/,
    );
    assert.match(
      lines,
      /rule ec \{\n\tid 2\n\ttype erasure\n\tmin_size 3\n\tmax_size 20\n\tstep set_chooseleaf_tries 5\n\tstep set_choose_tries 100\n\tstep take h0\n\tstep chooseleaf indep 0 type host/,
    );
  });

  it('build shadow trees for the first rule by class in a map that had no rules', () => {
    const start = parseCrushText(text.replace(/^rule.*$/m, ''));
    assert.equal(start.buckets.size, 3);
    const next = createReplicatedRule(start, { name: 'x', root: 'default', failureDomain: 'host', deviceClass: 'ssd' });
    validateCrushMap(next);
    assert.equal(next.buckets.size, 9);
  });

  it('keep every invariant, whatever is done in whatever order', () => {
    fc.assert(
      fc.property(fc.array(randomEdit, { minLength: 1, maxLength: 25 }), (edits) => {
        let current = map;
        for (const edit of edits) current = applied(current, edit);
      }),
      { numRuns: 120 },
    );
  });

  if (!hasCrushtool) return;

  it('do what the installed crushtool does, edit by edit', async () => {
    await withFolder((path) => {
      let ours = map;
      writeFileSync(path('map'), encodeCrushBinary(ours));
      for (const { args, edit } of liveEdits) {
        const result = crushtool('-i', path('map'), ...args, '-o', path('map'));
        assert.ok(result.ok, `${args.join(' ')}: ${result.stderr.slice(0, 300)}`);
        ours = edit(ours);
        validateCrushMap(ours);
        const printed = printCrushText(decodeCrushBinary(encodeCrushBinary(ours)));
        assert.equal(printed, crushtoolDecompile(readMap(path('map')), path), args.join(' '));
      }
    });
  });
});

interface LiveEdit {
  readonly args: readonly string[];
  readonly edit: (current: CrushMap) => CrushMap;
}

const liveEdits: readonly LiveEdit[] = [
  {
    args: ['--add-item', '7', '2.5', 'osd.7', '--loc', 'host', 'h9', '--loc', 'rack', 'r1', '--loc', 'root', 'default'],
    edit: (m) => addDevice(m, { id: 7, weight: 2.5 * one, location: at('host=h9', 'rack=r1', 'root=default') }),
  },
  {
    args: ['--add-item', '4', '0.75', 'osd.4', '--loc', 'host', 'h1'],
    edit: (m) => addDevice(m, { id: 4, weight: 0.75 * one, location: at('host=h1') }),
  },
  { args: ['--reweight-item', 'osd.2', '3.5'], edit: (m) => reweightDevice(m, 'osd.2', 3.5 * one) },
  {
    args: ['--add-bucket', 'r2', 'rack', '--loc', 'root', 'default'],
    edit: (m) => addBucket(m, { name: 'r2', type: 'rack', location: at('root=default') }),
  },
  { args: ['--move', 'h1', '--loc', 'rack', 'r2'], edit: (m) => moveBucket(m, 'h1', at('rack=r2')) },
  {
    args: ['--move', 'h0', '--loc', 'rack', 'r3', '--loc', 'root', 'default'],
    edit: (m) => moveBucket(m, 'h0', at('rack=r3', 'root=default')),
  },
  {
    args: ['--create-replicated-rule', 'fast', 'default', 'rack', '--device-class', 'ssd'],
    edit: (m) => createReplicatedRule(m, { name: 'fast', root: 'default', failureDomain: 'rack', deviceClass: 'ssd' }),
  },
  {
    args: ['--create-replicated-rule', 'flat', 'r2', 'osd'],
    edit: (m) => createReplicatedRule(m, { name: 'flat', root: 'r2', failureDomain: 'osd' }),
  },
  { args: ['--remove-item', 'osd.3'], edit: (m) => removeDevice(m, 'osd.3') },
  { args: ['--remove-item', 'osd.7'], edit: (m) => removeDevice(m, 'osd.7') },
  { args: ['--remove-item', 'h9'], edit: (m) => removeBucket(m, 'h9') },
  { args: ['--remove-rule', 'data'], edit: (m) => removeRule(m, 'data') },
  { args: ['--reweight-item', 'osd.0', '0'], edit: (m) => reweightDevice(m, 'osd.0', 0) },
];

function readMap(file: string): Uint8Array {
  return readFileSync(file);
}

type RandomEdit = (current: CrushMap) => CrushMap;

const names = fc.constantFrom('h0', 'h1', 'h2', 'r1', 'r2', 'default', 'other');
const devices = fc.nat({ max: 6 });
const weights = fc.nat({ max: 4 * one });
const deviceClasses = fc.constantFrom('hdd', 'ssd', 'nvme');
const locations = fc.constantFrom(
  at('host=h0'),
  at('host=h2', 'root=default'),
  at('host=h2', 'rack=r1', 'root=default'),
  at('rack=r2', 'root=other'),
  at('rack=r1'),
  at('root=default'),
);

const randomEdit: fc.Arbitrary<RandomEdit> = fc.oneof(
  fc
    .tuple(devices, weights, locations, fc.option(deviceClasses))
    .map(([id, weight, location, deviceClass]): RandomEdit => {
      return (m) => addDevice(m, { id, weight, location, ...(deviceClass === null ? {} : { deviceClass }) });
    }),
  devices.map(
    (id): RandomEdit =>
      (m) =>
        removeDevice(m, `osd.${id}`),
  ),
  fc.tuple(devices, weights).map(
    ([id, weight]): RandomEdit =>
      (m) =>
        reweightDevice(m, `osd.${id}`, weight),
  ),
  fc.tuple(devices, deviceClasses).map(
    ([id, name]): RandomEdit =>
      (m) =>
        setDeviceClass(m, `osd.${id}`, name),
  ),
  devices.map(
    (id): RandomEdit =>
      (m) =>
        removeDeviceClass(m, `osd.${id}`),
  ),
  fc.tuple(names, locations).map(
    ([name, location]): RandomEdit =>
      (m) =>
        moveBucket(m, name, location),
  ),
  fc.tuple(names, names).map(
    ([name, newName]): RandomEdit =>
      (m) =>
        renameBucket(m, name, newName),
  ),
  names.map(
    (name): RandomEdit =>
      (m) =>
        removeBucket(m, name),
  ),
  fc
    .tuple(names, fc.constantFrom('host', 'rack', 'root'), fc.option(locations))
    .map(([name, type, location]): RandomEdit => {
      return (m) => addBucket(m, { name, type, ...(location === null ? {} : { location }) });
    }),
  fc.tuple(names, fc.option(deviceClasses)).map(([root, deviceClass]): RandomEdit => {
    const rule = { name: `of-${root}`, root, failureDomain: 'host' };
    return (m) => createReplicatedRule(m, deviceClass === null ? rule : { ...rule, deviceClass });
  }),
  names.map(
    (root): RandomEdit =>
      (m) =>
        removeRule(m, `of-${root}`),
  ),
);

/** Refusals leave the map as it is; whatever comes out is valid, adds up, and survives both formats. */
function applied(current: CrushMap, edit: RandomEdit): CrushMap {
  const next = unlessRefused(current, edit);
  validateCrushMap(next);
  for (const bucket of next.buckets.values()) {
    for (const { id, weight } of bucket.items) {
      if (id < 0) assert.equal(weight, bucketWeight(next.buckets.get(id)?.items ?? []), bucket.name);
    }
  }
  const printed = printCrushText(next);
  assert.equal(printCrushText(decodeCrushBinary(encodeCrushBinary(next))), printed);
  // The text numbers classes anew; without rules it has no shadow trees.
  const ids = (of: CrushMap) => [...of.buckets.values()].map(({ id, name }) => `${name} ${id}`).sort();
  if (next.rules.size > 0) assert.deepEqual(ids(parseCrushText(printed)), ids(next));
  return next;
}

function unlessRefused(current: CrushMap, edit: RandomEdit): CrushMap {
  try {
    return edit(current);
  } catch (error) {
    if (isCairnError(error)) return current;
    throw error;
  }
}
