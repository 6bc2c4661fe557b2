/** `cairn df`: what there is room for, and what takes it. */
import * as z from 'zod/mini';
import { defineQuery } from '../command.js';

/** Of OSDs that are in and have told how full they are. */
export interface RawSpace {
  readonly osds: number;
  readonly totalBytes: number;
  readonly usedBytes: number;
}

export interface PoolSpace {
  readonly id: number;
  readonly name: string;
  readonly pgs: number;
  readonly size: number;
  /** As clients see it, once; copies are `usedBytes`, without what the stores add. */
  readonly objects: number;
  readonly storedBytes: number;
  readonly usedBytes: number;
  /**
   * More that clients can store until the first OSD is full, spread as the pool's PGs are; `undefined` while one of their
   * OSDs has not told how full it is.
   */
  readonly availableBytes: number | undefined;
}

export interface ClusterDf {
  readonly total: RawSpace;
  /** By device class; OSDs without one under `''`. */
  readonly classes: readonly (RawSpace & { readonly deviceClass: string })[];
  readonly pools: readonly PoolSpace[];
}

export const clusterDf = defineQuery<ClusterDf>()('df', { access: 'r', args: z.strictObject({}) });
