import type { WallMs } from '../base/instants.js';
import type { Epoch, OsdId, StoreNumber } from './ids.js';

/** An IP address or host name, and a port. */
export interface NodeAddress {
  readonly host: string;
  readonly port: number;
}

export interface OsdInfo {
  readonly id: OsdId;
  /** Of the store on its disk, 32 hex digits; `undefined` from `osd new` or `osd lost` until a store registers. */
  readonly uuid: string | undefined;
  /** Of that store; of the last one while there is none. A member with another number is gone. */
  readonly store: StoreNumber;
  /** The highest boot counter registered for that store, or named by its goodbye; each start of an OSD has a higher one. */
  readonly boot: number;
  readonly publicAddress: NodeAddress | undefined;
  readonly clusterAddress: NodeAddress | undefined;
  readonly isUp: boolean;
  /** `in` is a reweight above 0 in CRUSH's eyes; kept apart so that `osd in` finds the old reweight again. */
  readonly isIn: boolean;
  /** Out by `mon_osd_down_out_interval`: comes in again by itself when it boots. */
  readonly isAutoOut: boolean;
  /** 16.16, 0 to 0x10000: the share of its CRUSH weight that it takes while in. */
  readonly reweight: number;
  /** What its CRUSH weight was made of. */
  readonly capacityBytes: number;
  /** When it last came up, and last went down; 0 for never. */
  readonly upFrom: Epoch;
  readonly downAt: Epoch;
  /** The wall time of `downAt`'s map, for `mon_osd_down_out_interval` through changes of the leader. */
  readonly downSince: WallMs;
  /** Of the machine, as it says itself; for people. */
  readonly hostname: string;
  /** Of the program, for people. */
  readonly version: string;
  /** Bits of the formats it can read and write, checked against `ClusterMap.requiredFeatures`. */
  readonly features: number;
}

/** What CRUSH weighs an OSD with, 16.16. */
export function crushReweight(osd: OsdInfo): number {
  return osd.isIn ? osd.reweight : 0;
}
