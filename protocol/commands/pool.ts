/** Commands about pools: `cairn pool …`. */
import * as z from 'zod/mini';
import { poolFlags } from '../../cluster/pool.js';
import { defineChange, defineQuery } from '../command.js';
import { type ChangeReport, confirmedField, crushNameField } from './fields.js';

const poolNameField = z.string().check(z.minLength(1), z.maxLength(128));
/** What numbers must be is said by the evaluator, in words; here only that they are some. */
const countField = z.int().check(z.gte(0));

const modeField = z.union([
  z.strictObject({ kind: z.literal('sync') }),
  z.strictObject({ kind: z.literal('async'), ackCopies: countField, maxLagMs: countField, maxLagBytes: countField }),
]);

/** Gateways make their own pools when they start; they change and remove none. */
export const poolCreate = defineChange<ChangeReport & { readonly id: number }>()('pool.create', {
  access: 'w',
  area: 'pool',
  args: z.strictObject({
    name: poolNameField,
    size: z.optional(countField),
    minSize: z.optional(countField),
    pgNum: z.optional(countField),
    /** Name or number. */
    rule: z.optional(crushNameField),
    mode: z.optional(modeField),
    checksumBlockBytes: z.optional(countField),
    application: z.optional(z.string().check(z.maxLength(64))),
    confirmed: confirmedField,
  }),
});

export const poolSet = defineChange<ChangeReport>()('pool.set', {
  access: 'w',
  args: z.strictObject({
    name: poolNameField,
    size: z.optional(countField),
    minSize: z.optional(countField),
    pgNum: z.optional(countField),
    rule: z.optional(crushNameField),
    mode: z.optional(modeField),
    quotaBytes: z.optional(countField),
    quotaObjects: z.optional(countField),
    application: z.optional(z.string().check(z.maxLength(64))),
    flags: z.optional(
      z
        .array(z.strictObject({ flag: z.enum(poolFlags), isSet: z.boolean() }))
        .check(z.minLength(1), z.maxLength(poolFlags.length)),
    ),
    confirmed: confirmedField,
  }),
});

export const poolRm = defineChange<ChangeReport>()('pool.rm', {
  access: 'w',
  args: z.strictObject({ name: poolNameField, confirmed: confirmedField }),
});

export const poolRename = defineChange<ChangeReport>()('pool.rename', {
  access: 'w',
  args: z.strictObject({ name: poolNameField, newName: poolNameField }),
});

export interface PoolInfo {
  readonly id: number;
  readonly name: string;
  readonly size: number;
  readonly minSize: number;
  readonly pgNum: number;
  readonly rule: number;
  readonly ruleName: string;
  readonly mode: z.infer<typeof modeField>;
  readonly checksumBlockBytes: number;
  /** 0 for none. */
  readonly quotaBytes: number;
  readonly quotaObjects: number;
  readonly application: string;
  readonly flags: readonly string[];
  readonly createdAt: number;
}

/** By id. */
export const poolLs = defineQuery<{ readonly pools: readonly PoolInfo[] }>()('pool.ls', {
  access: 'r',
  area: 'pool',
  args: z.strictObject({}),
});

/** How a pool's PGs are: as their primaries reported, else as the records say. */
export interface PoolStats {
  readonly id: number;
  readonly name: string;
  readonly pgs: number;
  /** As last reported; 0 until anybody has. Bytes once, not by copy. */
  readonly objects: number;
  readonly storedBytes: number;
  /** As `pg ls` shows them, the most frequent first; those that no PG is in are left out. */
  readonly states: readonly { readonly state: string; readonly pgs: number }[];
  /** Copies of PGs that the pool wants and that do not act or are not up. */
  readonly missingCopies: number;
  /** Copies of PGs that belong on other OSDs. */
  readonly misplacedCopies: number;
}

export const poolStats = defineQuery<{ readonly pools: readonly PoolStats[] }>()('pool.stats', {
  access: 'r',
  area: 'pool',
  args: z.strictObject({ name: z.optional(poolNameField) }),
});
