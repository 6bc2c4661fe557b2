/** Changes of devices and their classes. Each returns a new map and leaves the old one as it was. */
import { CairnError } from '../../base/errors.js';
import { deviceIdMax } from '../limits.js';
import type { CrushMap } from '../types.js';
import { checkUntaken } from './buckets.js';
import { Draft } from './draft.js';
import { type Location, checkDeviceWeight, checkName, checkNewName, place } from './location.js';

export interface NewDevice {
  readonly id: number;
  /** Default `osd.<id>`. */
  readonly name?: string;
  /** 16.16, 0 to 100.0. By custom, the capacity in TiB. */
  readonly weight: number;
  readonly deviceClass?: string;
  /** Buckets that do not exist are made. */
  readonly location: Location;
}

/** Errors: `EXISTS`, `NOT_FOUND` (type), `CONFLICT` (the place cannot take it), `INVALID_ARGUMENT`. */
export function addDevice(map: CrushMap, device: NewDevice): CrushMap {
  const draft = new Draft(map);
  const { id, name = `osd.${id}`, weight, deviceClass, location } = device;
  if (!Number.isInteger(id) || id < 0 || id > deviceIdMax) {
    throw new CairnError('INVALID_ARGUMENT', `devices are numbered from 0 to ${deviceIdMax}, not ${id}`);
  }
  checkDeviceWeight(weight);
  if (draft.devices.has(id) || draft.parentsOf(id).length > 0) {
    throw new CairnError('EXISTS', `the map has a device ${id} already; remove it first, or choose another number`);
  }
  checkNewName(draft, name, 'device');
  if (deviceClass !== undefined) {
    checkName(deviceClass, 'device class');
    draft.addClass(deviceClass);
  }
  draft.devices.set(id, deviceClass === undefined ? { id, name } : { id, name, deviceClass });
  place(draft, id, 0, weight, location);
  return draft.finish();
}

/** Takes the device out of all buckets and forgets it. Errors: `NOT_FOUND`; `CONFLICT` while a rule starts from it. */
export function removeDevice(map: CrushMap, name: string): CrushMap {
  const draft = new Draft(map);
  const { id } = draft.deviceNamed(name);
  checkUntaken(draft, id, name);
  draft.unlink(id);
  draft.devices.delete(id);
  return draft.finish();
}

/** `weight` is 16.16. Errors: `NOT_FOUND`, `CONFLICT` (a uniform bucket holds it with others), `INVALID_ARGUMENT`. */
export function reweightDevice(map: CrushMap, name: string, weight: number): CrushMap {
  const draft = new Draft(map);
  const { id } = draft.deviceNamed(name);
  checkDeviceWeight(weight);
  draft.reweight(id, weight);
  return draft.finish();
}

/**
 * Errors: `NOT_FOUND`; `CONFLICT` when it has another class. As in Ceph that class is removed first, so that nobody
 * moves a device between pools by a slip.
 */
export function setDeviceClass(map: CrushMap, name: string, deviceClass: string): CrushMap {
  const draft = new Draft(map);
  const device = draft.deviceNamed(name);
  checkName(deviceClass, 'device class');
  if (device.deviceClass === deviceClass) return map;
  if (device.deviceClass !== undefined) {
    throw new CairnError('CONFLICT', `${name} is of class ${device.deviceClass}; remove that class from it first`);
  }
  draft.addClass(deviceClass);
  draft.devices.set(device.id, { ...device, deviceClass });
  return draft.finish();
}

/** A class that nothing uses any more goes too. Errors: `NOT_FOUND`. */
export function removeDeviceClass(map: CrushMap, name: string): CrushMap {
  const draft = new Draft(map);
  const device = draft.deviceNamed(name);
  if (device.deviceClass === undefined) return map;
  draft.devices.set(device.id, { id: device.id, name: device.name });
  return draft.finish();
}

/** With its weight and class; it then stands in one place only. Errors: as `addDevice`, and `NOT_FOUND`. */
export function moveDevice(map: CrushMap, name: string, location: Location): CrushMap {
  const draft = new Draft(map);
  const { id } = draft.deviceNamed(name);
  const weight = draft.weightOf(id) ?? 0;
  draft.unlink(id);
  place(draft, id, 0, weight, location);
  return draft.finish();
}
