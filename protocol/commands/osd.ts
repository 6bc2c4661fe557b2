/** Commands about OSDs: `cairn osd …`. */
import * as z from 'zod/mini';
import { clusterFlags } from '../../cluster/map.js';
import { defineChange, defineQuery } from '../command.js';
import type { IssuedKey } from './auth.js';
import {
  type ChangeReport,
  confirmedField,
  crushNameField,
  locationField,
  hex32Field,
  namedOsdsField,
  osdIdField,
  osdsField,
  pgIdField,
} from './fields.js';

/** As many as a PG has members at most. */
const upmapItemsMax = 16;

/** An OSD or a bucket at one place of the hierarchy. */
export interface OsdTreeNode {
  /** OSDs from 0 up, buckets from -1 down. */
  readonly id: number;
  readonly name: string;
  readonly type: string;
  readonly typeNumber: number;
  /** 0 for roots. */
  readonly depth: number;
  /** 1.0 as 1. */
  readonly crushWeight: number;
  readonly deviceClass: string | undefined;
  /** Of OSDs only. `absent`: CRUSH has a place for an OSD that the map does not know. */
  readonly osd: OsdStanding | undefined;
}

export interface OsdStanding {
  readonly status: 'up' | 'down' | 'absent';
  readonly isIn: boolean;
  /** What CRUSH multiplies with: 0 while out, up to 1. */
  readonly reweight: number;
  /** Out by order: its data goes to others, or is there already. */
  readonly drain: 'draining' | 'drained' | undefined;
}

export interface OsdTree {
  /** Depth first, as `ceph osd tree` orders it. */
  readonly nodes: readonly OsdTreeNode[];
  /** OSDs that stand nowhere in CRUSH. */
  readonly stray: readonly OsdTreeNode[];
}

export const osdTree = defineQuery<OsdTree>()('osd.tree', { access: 'r', args: z.strictObject({}) });

export interface OsdUsage {
  readonly id: number;
  /** `undefined` until its first beacon reached this leader. */
  readonly totalBytes: number | undefined;
  readonly usedBytes: number | undefined;
  /** PGs whose acting set it is in. */
  readonly pgs: number;
}

export interface OsdDf extends OsdTree {
  /** By id, of every OSD. */
  readonly usage: readonly OsdUsage[];
}

export const osdDf = defineQuery<OsdDf>()('osd.df', { access: 'r', args: z.strictObject({}) });

export interface OsdAddress {
  readonly host: string;
  readonly port: number;
}

export interface OsdFound {
  readonly id: number;
  readonly publicAddress: OsdAddress | undefined;
  readonly clusterAddress: OsdAddress | undefined;
  readonly hostname: string;
  readonly uuid: string | undefined;
  readonly isUp: boolean;
  /** From the bucket that holds it up to the root; empty when it stands nowhere. */
  readonly location: readonly { readonly type: string; readonly name: string }[];
}

export const osdFind = defineQuery<OsdFound>()('osd.find', {
  access: 'r',
  args: z.strictObject({ id: osdIdField }),
});

export const osdLs = defineQuery<{ readonly ids: readonly number[] }>()('osd.ls', {
  access: 'r',
  args: z.strictObject({}),
});

export interface OsdStat {
  readonly total: number;
  readonly up: number;
  readonly in: number;
  readonly flags: readonly string[];
}

export const osdStat = defineQuery<OsdStat>()('osd.stat', { access: 'r', args: z.strictObject({}) });

export interface OsdDumpEntry {
  readonly id: number;
  readonly uuid: string | undefined;
  readonly store: number;
  readonly boot: number;
  readonly isUp: boolean;
  readonly isIn: boolean;
  readonly isAutoOut: boolean;
  /** 0 to 1. */
  readonly reweight: number;
  readonly capacityBytes: number;
  readonly publicAddress: OsdAddress | undefined;
  readonly clusterAddress: OsdAddress | undefined;
  readonly upFrom: number;
  readonly downAt: number;
  readonly hostname: string;
  readonly version: string;
}

export interface OsdDump {
  readonly fsid: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly changedAt: number;
  readonly flags: readonly string[];
  readonly osds: readonly OsdDumpEntry[];
  readonly upmaps: readonly {
    readonly pg: string;
    readonly items: readonly { readonly from: number; readonly to: number }[];
  }[];
}

export const osdDump = defineQuery<OsdDump>()('osd.dump', { access: 'r', args: z.strictObject({}) });

const selectionArgs = z.strictObject({ osds: osdsField });

export const osdIn = defineChange<ChangeReport>()('osd.in', { access: 'w', args: selectionArgs });
export const osdOut = defineChange<ChangeReport>()('osd.out', { access: 'w', args: selectionArgs });
export const osdDown = defineChange<ChangeReport>()('osd.down', { access: 'w', args: selectionArgs });

/** By number only: nobody destroys all by a word. */
const destructionArgs = z.strictObject({ osds: namedOsdsField, confirmed: confirmedField });

export const osdLost = defineChange<ChangeReport>()('osd.lost', { access: 'w', args: destructionArgs });
export const osdRm = defineChange<ChangeReport>()('osd.rm', { access: 'w', args: destructionArgs });
export const osdPurge = defineChange<ChangeReport>()('osd.purge', { access: 'w', args: destructionArgs });

export const osdReweight = defineChange<ChangeReport>()('osd.reweight', {
  access: 'w',
  args: z.strictObject({ id: osdIdField, /** 16.16 */ reweight: z.int().check(z.gte(0), z.lte(0x10000)) }),
});

const flagArgs = z.strictObject({ flag: z.enum(clusterFlags), confirmed: confirmedField });

export const osdSet = defineChange<ChangeReport>()('osd.set', { access: 'w', args: flagArgs });
export const osdUnset = defineChange<ChangeReport>()('osd.unset', { access: 'w', args: flagArgs });

export const osdUpmap = defineChange<ChangeReport>()('osd.upmap', {
  access: 'w',
  args: z.strictObject({
    pg: pgIdField,
    items: z
      .array(z.strictObject({ from: osdIdField, to: osdIdField }))
      .check(z.minLength(1), z.maxLength(upmapItemsMax)),
  }),
});

export const osdRmUpmap = defineChange<ChangeReport>()('osd.rm-upmap', {
  access: 'w',
  args: z.strictObject({ pg: pgIdField }),
});

const addressField = z.strictObject({
  host: z.string().check(z.minLength(1), z.maxLength(255)),
  port: z.int().check(z.gte(1), z.lte(65_535)),
});
const lineField = z.string().check(z.maxLength(255));

/**
 * A place for a new disk: the lowest free id unless one is named, and the key that its OSD runs under. The same id again gets
 * the same key, as with `auth.add`. A key is made, so it needs `x`.
 */
export const osdNew = defineChange<IssuedKey & { readonly id: number; readonly isNew: boolean }>()('osd.new', {
  access: 'x',
  args: z.strictObject({ osd: z.optional(osdIdField) }),
});

export interface OsdRegistered {
  readonly id: number;
  readonly store: number;
  /** Of the map that has it: the OSD takes part in nothing before it has applied that. */
  readonly epoch: number;
}

/** By the OSD itself, at each start (PG-PROTOCOL.md section 1, "Registration"). */
export const osdRegister = defineChange<OsdRegistered>()('osd.register', {
  access: 'w',
  area: 'daemon',
  args: z.strictObject({
    osd: osdIdField,
    uuid: hex32Field,
    /** Names of this very store that it gave up, as it had lost what it had promised under them; newest first. */
    formerly: z.optional(z.array(hex32Field).check(z.maxLength(8))),
    boot: z.int().check(z.gte(1)),
    publicAddress: addressField,
    clusterAddress: addressField,
    capacityBytes: z.int().check(z.gte(0)),
    hostname: lineField,
    version: lineField,
    features: z.int().check(z.gte(0)),
    /** Where a new OSD stands in CRUSH. Default: in a host called as its machine, in the root `default`. */
    location: z.optional(locationField),
    /** Of a new OSD. */
    deviceClass: z.optional(crushNameField),
  }),
});

/** By the OSD itself, once it has given up everything to stop in good order. A goodbye of an earlier start says nothing of this one. */
export const osdGoodbye = defineChange<{ readonly isDown: boolean }>()('osd.goodbye', {
  access: 'w',
  area: 'daemon',
  args: z.strictObject({
    osd: osdIdField,
    boot: z.int().check(z.gte(1)),
    /**
     * A counter that its store has given to no start, and never will: the map shows it from now on, as that of a start that
     * takes part in nothing. So nobody waits for what was promised to `boot`, or relies on what that promised.
     */
    next: z.optional(z.int().check(z.gte(2))),
  }),
});
