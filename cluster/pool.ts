import type { Epoch, PoolId } from './ids.js';

/** How writes are acknowledged. A PG's record takes it over with its next term. */
export type PoolMode =
  | { readonly kind: 'sync' }
  | {
      readonly kind: 'async';
      /** Copies on stable storage before a write is acknowledged: 1 to size - 1. */
      readonly ackCopies: number;
      /** Writes wait while the slowest member lags by more. */
      readonly maxLagMs: number;
      readonly maxLagBytes: number;
    };

export interface Pool {
  readonly id: PoolId;
  readonly name: string;
  /** `erasure` is reserved (DESIGN.md section 10): this version creates none. */
  readonly kind: 'replicated' | 'erasure';
  readonly size: number;
  readonly minSize: number;
  /** 1 to 65,536. */
  readonly pgNum: number;
  /** Key of the CRUSH map's rules. */
  readonly rule: number;
  readonly mode: PoolMode;
  /** Payload bytes per checksum: a power of two, 4 KiB to 1 MiB. Fixed when the pool is made. */
  readonly checksumBlockBytes: number;
  /** Bits that whoever serves or uses this pool must know. */
  readonly requiredFeatures: number;
  /** 0 for none. */
  readonly quotaBytes: number;
  readonly quotaObjects: number;
  /** What it is for (`s3`, `volume`…), by `pool create --application`; empty when unknown. */
  readonly application: string;
  readonly flags: readonly PoolFlag[];
  readonly createdAt: Epoch;
}

export const poolFlags = ['nodelete', 'nosizechange', 'noscrub', 'nodeep-scrub'] as const;
export type PoolFlag = (typeof poolFlags)[number];
