import assert from 'node:assert/strict';
import type { ErrorCode } from '../../base/errors.js';
import { addBucket, moveBucket, removeBucket, renameBucket } from '../../crush/edit/buckets.js';
import { addDevice, removeDevice, reweightDevice, setDeviceClass } from '../../crush/edit/devices.js';
import { createErasureRule, createReplicatedRule, removeRule, renameRule } from '../../crush/edit/rules.js';
import type { CrushMap } from '../../crush/types.js';
import { at, map, one, plainMap } from './edit-sample.js';

interface Refused {
  readonly name: string;
  readonly edit: () => CrushMap;
  readonly code: ErrorCode;
  readonly says: RegExp;
}

const device = { id: 9, weight: one, location: at('host=h0') };

const refused: readonly Refused[] = [
  {
    name: 'a bucket whose name is taken',
    edit: () => addBucket(map, { name: 'h0', type: 'rack' }),
    code: 'EXISTS',
    says: /choose another name/,
  },
  {
    name: 'a bucket named as a device',
    edit: () => addBucket(map, { name: 'osd.0', type: 'rack' }),
    code: 'EXISTS',
    says: /osd\.0/,
  },
  {
    name: 'a name with a tilde',
    edit: () => addBucket(map, { name: 'a~b', type: 'rack' }),
    code: 'INVALID_ARGUMENT',
    says: /no name for a bucket/,
  },
  {
    name: 'a bucket of an unknown type',
    edit: () => addBucket(map, { name: 'x', type: 'row' }),
    code: 'NOT_FOUND',
    says: /choose one of host, rack, root/,
  },
  {
    name: 'a bucket of the type of devices',
    edit: () => addBucket(map, { name: 'x', type: 'osd' }),
    code: 'INVALID_ARGUMENT',
    says: /type of devices/,
  },
  {
    name: 'a bucket in itself',
    edit: () => addBucket(map, { name: 'x', type: 'rack', location: at('root=x') }),
    code: 'INVALID_ARGUMENT',
    says: /itself/,
  },
  {
    name: 'a rack in a host',
    edit: () => addBucket(map, { name: 'x', type: 'rack', location: at('host=h0') }),
    code: 'INVALID_ARGUMENT',
    says: /not above/,
  },
  {
    name: 'a place of the wrong type',
    edit: () => addDevice(map, { ...device, location: at('rack=h0') }),
    code: 'CONFLICT',
    says: /is no rack/,
  },
  {
    name: 'a place that is a device',
    edit: () => addDevice(map, { ...device, location: at('host=osd.1') }),
    code: 'CONFLICT',
    says: /is no host/,
  },
  {
    name: 'a contradictory place',
    edit: () => addDevice(map, { ...device, location: at('host=h0', 'rack=r1') }),
    code: 'CONFLICT',
    says: /h0 exists and does not stand in rack r1/,
  },
  {
    name: 'no place at all',
    edit: () => addDevice(map, { ...device, location: at() }),
    code: 'INVALID_ARGUMENT',
    says: /at least one TYPE=NAME/,
  },
  {
    name: 'one name for two levels',
    edit: () => addDevice(map, { ...device, location: at('host=x', 'rack=x') }),
    code: 'INVALID_ARGUMENT',
    says: /once/,
  },
  {
    name: 'a pair without =',
    edit: () => addDevice(map, { ...device, location: at('h0') }),
    code: 'INVALID_ARGUMENT',
    says: /TYPE=NAME/,
  },
  {
    name: 'a type given twice',
    edit: () => addDevice(map, { ...device, location: at('host=a', 'host=b') }),
    code: 'INVALID_ARGUMENT',
    says: /twice/,
  },
  {
    name: 'a device number that is taken',
    edit: () => addDevice(map, { ...device, id: 3 }),
    code: 'EXISTS',
    says: /device 3 already/,
  },
  {
    name: 'a device number out of range',
    edit: () => addDevice(map, { ...device, id: -1 }),
    code: 'INVALID_ARGUMENT',
    says: /numbered from 0/,
  },
  {
    name: 'a device name that is taken',
    edit: () => addDevice(map, { ...device, name: 'h1' }),
    code: 'EXISTS',
    says: /h1/,
  },
  {
    name: 'a device that weighs too much',
    edit: () => addDevice(map, { ...device, weight: 101 * one }),
    code: 'INVALID_ARGUMENT',
    says: /0 to 100/,
  },
  {
    name: 'a negative weight',
    edit: () => reweightDevice(map, 'osd.0', -1),
    code: 'INVALID_ARGUMENT',
    says: /0 to 100/,
  },
  {
    name: 'a weight that is no number',
    edit: () => reweightDevice(map, 'osd.0', Number.NaN),
    code: 'INVALID_ARGUMENT',
    says: /NaN/,
  },
  {
    name: 'reweighting an unknown device',
    edit: () => reweightDevice(map, 'osd.9', one),
    code: 'NOT_FOUND',
    says: /cairn crush tree/,
  },
  { name: 'reweighting a bucket', edit: () => reweightDevice(map, 'h0', one), code: 'NOT_FOUND', says: /no device/ },
  { name: 'removing an unknown device', edit: () => removeDevice(map, 'osd.9'), code: 'NOT_FOUND', says: /osd\.9/ },
  {
    name: 'removing a full bucket',
    edit: () => removeBucket(map, 'h0'),
    code: 'CONFLICT',
    says: /holds 2 items; move or remove them/,
  },
  {
    name: 'removing a bucket that a rule takes',
    edit: () =>
      removeBucket(
        createReplicatedRule(addBucket(map, { name: 'r', type: 'root' }), {
          name: 'x',
          root: 'r',
          failureDomain: 'host',
        }),
        'r',
      ),
    code: 'CONFLICT',
    says: /rules start from r: x/,
  },
  {
    name: 'removing a device as a bucket',
    edit: () => removeBucket(map, 'osd.0'),
    code: 'NOT_FOUND',
    says: /no bucket/,
  },
  { name: 'removing a shadow', edit: () => removeBucket(map, 'h0~hdd'), code: 'NOT_FOUND', says: /no bucket/ },
  {
    name: 'moving a bucket below itself',
    edit: () =>
      moveBucket(addBucket(map, { name: 'r', type: 'rack', location: at('root=default') }), 'default', at('rack=r')),
    code: 'CONFLICT',
    says: /stands below default/,
  },
  {
    name: 'moving a bucket nowhere',
    edit: () => moveBucket(map, 'h0', at()),
    code: 'INVALID_ARGUMENT',
    says: /at least one/,
  },
  { name: 'renaming to a taken name', edit: () => renameBucket(map, 'h0', 'h1'), code: 'EXISTS', says: /h1/ },
  {
    name: 'another class before the first is removed',
    edit: () => setDeviceClass(map, 'osd.0', 'hdd'),
    code: 'CONFLICT',
    says: /class ssd; remove that class/,
  },
  {
    name: 'unequal weights in a uniform bucket',
    edit: () => addDevice(plainMap, { id: 5, weight: 2 * one, location: at('host=even') }),
    code: 'CONFLICT',
    says: /must weigh the same/,
  },
  {
    name: 'reweighting one of a uniform bucket',
    edit: () => reweightDevice(plainMap, 'osd.0', 7),
    code: 'CONFLICT',
    says: /must weigh the same/,
  },
  {
    name: 'a rule whose name is taken',
    edit: () => createErasureRule(map, { name: 'data', root: 'default', failureDomain: 'host' }),
    code: 'EXISTS',
    says: /data/,
  },
  {
    name: 'a rule for an unknown root',
    edit: () => createReplicatedRule(map, { name: 'x', root: 'nowhere', failureDomain: 'host' }),
    code: 'NOT_FOUND',
    says: /nowhere/,
  },
  {
    name: 'a rule for an unknown type',
    edit: () => createReplicatedRule(map, { name: 'x', root: 'default', failureDomain: 'row' }),
    code: 'NOT_FOUND',
    says: /row/,
  },
  {
    name: 'a rule for an unknown class',
    edit: () => createReplicatedRule(map, { name: 'x', root: 'default', failureDomain: 'host', deviceClass: 'tape' }),
    code: 'NOT_FOUND',
    says: /tape/,
  },
  { name: 'removing an unknown rule', edit: () => removeRule(map, 'x'), code: 'NOT_FOUND', says: /there are data/ },
  {
    name: 'renaming a rule to a taken name',
    edit: () => renameRule(map, 'data', 'data'),
    code: 'EXISTS',
    says: /data/,
  },
];

describe('edits of a CRUSH map', () => {
  for (const { name, edit, code, says } of refused) {
    it(`refuse ${name}`, () => assert.throws(edit, { code, message: says }));
  }
});
