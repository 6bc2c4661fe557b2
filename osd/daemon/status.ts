/** What an OSD says of itself: for its admin port, its metrics, and tests. */
import type { Epoch, OsdId } from '../../cluster/ids.js';
import type { ParkedOfPg } from '../pg/parked/parked-set.js';
import { noLag } from '../pg/async-lag.js';
import type { PgServiceStatus, SelfIdentity } from '../pg/pg-service.js';
import { nothingRecovered } from '../recovery/recovered.js';

/** Of an OSD that does not serve. */
export const noPgs: PgServiceStatus = {
  pgs: 0,
  leading: 0,
  slowOps: 0,
  joins: 0,
  recovered: nothingRecovered,
  recoveredOfPools: new Map(),
  lag: noLag,
};

export type OsdState = 'registering' | 'waiting' | 'serving' | 'leaving' | 'over';

export interface OsdStatus {
  readonly osd: OsdId;
  readonly state: OsdState;
  /** While registered. */
  readonly self: SelfIdentity | undefined;
  /** Of the newest map; 0 before the first. */
  readonly epoch: Epoch;
  readonly pgs: PgServiceStatus;
  /** What is parked here; nothing while that is not known. */
  readonly parked: readonly ParkedOfPg[];
  readonly loopDelayMs: number;
  /** OSDs that it heartbeats. */
  readonly heartbeatPeers: number;
}
