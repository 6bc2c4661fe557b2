/** Commands about the CRUSH map of the cluster: `cairn crush …`. */
import * as z from 'zod/mini';
import { defineChange, defineQuery } from '../command.js';
import {
  type ChangeReport,
  confirmedField,
  crushNameField,
  crushWeightField,
  locationField,
  osdIdField,
  osdsNamedMax,
} from './fields.js';

/** In Ceph's binary format, which holds all of a map. Ten thousand OSDs with one class take less than a megabyte. */
export const crushBytesMax = 16 * 1024 * 1024;

export interface CrushGot {
  readonly map: Uint8Array;
}

export const crushGet = defineQuery<CrushGot>()('crush.get', { access: 'r', args: z.strictObject({}) });

export const crushSet = defineChange<ChangeReport>()('crush.set', {
  access: 'w',
  args: z.strictObject({
    map: z.instanceof(Uint8Array).check(z.refine((bytes) => bytes.byteLength <= crushBytesMax, 'at most 16 MiB')),
    confirmed: confirmedField,
  }),
});

export const crushAddBucket = defineChange<ChangeReport>()('crush.add-bucket', {
  access: 'w',
  args: z.strictObject({ name: crushNameField, type: crushNameField, location: locationField }),
});

const placeFields = z.strictObject({ osd: osdIdField, weight: crushWeightField, location: locationField });

/** A place for an OSD that has none. */
export const crushAdd = defineChange<ChangeReport>()('crush.add', { access: 'w', args: placeFields });

/** The same, and one that has a place moves, with the weight that it has. */
export const crushCreateOrMove = defineChange<ChangeReport>()('crush.create-or-move', {
  access: 'w',
  args: placeFields,
});

/** Of a bucket with all in it, or of a device. */
export const crushMove = defineChange<ChangeReport>()('crush.move', {
  access: 'w',
  args: z.strictObject({ name: crushNameField, location: locationField }),
});

export const crushRename = defineChange<ChangeReport>()('crush.rename', {
  access: 'w',
  args: z.strictObject({ name: crushNameField, newName: crushNameField }),
});

/** Of an empty bucket, or of a device. */
export const crushRm = defineChange<ChangeReport>()('crush.rm', {
  access: 'w',
  args: z.strictObject({ name: crushNameField, confirmed: confirmedField }),
});

export const crushReweight = defineChange<ChangeReport>()('crush.reweight', {
  access: 'w',
  args: z.strictObject({ name: crushNameField, weight: crushWeightField }),
});

const devicesField = z.array(crushNameField).check(z.minLength(1), z.maxLength(osdsNamedMax));

export const crushSetDeviceClass = defineChange<ChangeReport>()('crush.set-device-class', {
  access: 'w',
  args: z.strictObject({ deviceClass: crushNameField, devices: devicesField }),
});

export const crushRmDeviceClass = defineChange<ChangeReport>()('crush.rm-device-class', {
  access: 'w',
  args: z.strictObject({ devices: devicesField }),
});

export const crushRuleCreateReplicated = defineChange<ChangeReport>()('crush.rule.create-replicated', {
  access: 'w',
  args: z.strictObject({
    name: crushNameField,
    root: crushNameField,
    failureDomain: crushNameField,
    deviceClass: z.optional(crushNameField),
  }),
});

export const crushRuleRm = defineChange<ChangeReport>()('crush.rule.rm', {
  access: 'w',
  args: z.strictObject({ name: crushNameField }),
});

export const crushRuleRename = defineChange<ChangeReport>()('crush.rule.rename', {
  access: 'w',
  args: z.strictObject({ name: crushNameField, newName: crushNameField }),
});
