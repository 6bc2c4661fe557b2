/** Names of things in the cluster map, each with its one checked constructor. */
import type { Brand } from '../base/brand.js';
import { invariant } from '../base/invariant.js';

/** 0 to 2^24-1: CRUSH's devices. */
export type OsdId = Brand<number, 'OsdId'>;
/**
 * One life of an OSD's disk, from 1. Numbered through the whole cluster and never reused: a new store uuid under an OSD
 * id gets a new number, so the old member of PGs can never return (PG-PROTOCOL.md section 1).
 */
export type StoreNumber = Brand<number, 'StoreNumber'>;
/** From 1; never reused. */
export type PoolId = Brand<number, 'PoolId'>;
/** Of a version of the map; the first map has 1. */
export type Epoch = Brand<number, 'Epoch'>;
/** Of a PG's record, from 1; 0 while nobody was ever its member. */
export type PgTerm = Brand<number, 'PgTerm'>;

export const osdIdMax = 2 ** 24 - 1;

export function osdId(value: number): OsdId {
  invariant(Number.isInteger(value) && value >= 0 && value <= osdIdMax, 'an OSD id is 0 to 2^24-1', { value });
  return value as OsdId;
}

export function storeNumber(value: number): StoreNumber {
  invariant(Number.isInteger(value) && value >= 1 && value < 2 ** 32, 'a store number is 1 to 2^32-1', { value });
  return value as StoreNumber;
}

export function poolId(value: number): PoolId {
  invariant(Number.isInteger(value) && value >= 1 && value < 2 ** 31, 'a pool id is 1 to 2^31-1', { value });
  return value as PoolId;
}

export function epoch(value: number): Epoch {
  invariant(Number.isSafeInteger(value) && value >= 0, 'an epoch is a safe integer from 0', { value });
  return value as Epoch;
}

export function pgTerm(value: number): PgTerm {
  invariant(Number.isSafeInteger(value) && value >= 0, 'a PG term is a safe integer from 0', { value });
  return value as PgTerm;
}

export interface PgId {
  readonly pool: PoolId;
  /** 0 to the pool's `pgNum` - 1. */
  readonly pg: number;
}

/** `3.1f`, the PG in hex, as Ceph's operators write it. */
export function printPgId({ pool, pg }: PgId): string {
  return `${pool}.${pg.toString(16)}`;
}
