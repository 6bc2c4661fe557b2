/** Commands about the monitors themselves: `cairn mon …`. */
import * as z from 'zod/mini';
import { defineChange, defineControl, defineQuery } from '../command.js';
import type { Hearing } from '../hearing.js';
import type { IssuedKey } from './auth.js';

/** `a`: letters, digits and dashes, since it names a daemon, its unit and its folder. */
export const monitorNamePattern = /^[A-Za-z0-9][A-Za-z0-9-]{0,31}$/;

const monitorName = z
  .string()
  .check(
    z.maxLength(32),
    z.regex(monitorNamePattern, 'write up to 32 letters, digits and dashes, such as a or store-1'),
  );

const addressField = z.strictObject({
  host: z.string().check(z.minLength(1), z.maxLength(253)),
  port: z.int().check(z.gte(1), z.lte(65_535)),
});

export interface MonitorLine {
  readonly name: string;
  /** Its id in Raft. */
  readonly member: number;
  readonly address: { readonly host: string; readonly port: number };
  readonly role: 'voter' | 'learner';
  readonly isInQuorum: boolean;
  readonly isLeader: boolean;
  /** Its wall clock minus the leader's. */
  readonly clockOffsetMs: number | undefined;
  readonly diskFreeBytes: number | undefined;
  readonly diskTotalBytes: number | undefined;
  readonly storeBytes: number | undefined;
  readonly version: string | undefined;
}

export interface MonitorList {
  readonly fsid: string;
  readonly epoch: number;
  /** Of Raft. */
  readonly term: number;
  readonly hasQuorum: boolean;
  readonly leader: string | undefined;
  /** By name; at most 64 or so. */
  readonly monitors: readonly MonitorLine[];
  /** Without a quorum: whom the monitor hears that answered. */
  readonly hearing?: Hearing | undefined;
  /** Added, but not here yet: names that have a key and no place in the map. */
  readonly expected: readonly string[];
}

export const monDump = defineQuery<MonitorList>()('mon.dump', { access: 'r', args: z.strictObject({}) });

/** A key for a monitor to come. Again for the same name: the same key, until that monitor has joined. */
export const monAdd = defineChange<IssuedKey & { readonly isNew: boolean }>()('mon.add', {
  access: 'x',
  args: z.strictObject({ name: monitorName, address: z.optional(addressField) }),
});

export const monRm = defineControl<{ readonly message: string }>()('mon.rm', {
  access: 'x',
  args: z.strictObject({
    name: monitorName,
    /** Without it the leader says what would happen, and refuses. */
    confirmed: z.boolean(),
  }),
});

export const monTransfer = defineControl<{ readonly message: string }>()('mon.transfer', {
  access: 'w',
  args: z.strictObject({ name: monitorName }),
});
