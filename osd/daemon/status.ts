/** What an OSD says of itself: for its admin port, its metrics, and tests. */
import type { Epoch, OsdId } from '../../cluster/ids.js';
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
  readonly loopDelayMs: number;
  /** OSDs that it heartbeats. */
  readonly heartbeatPeers: number;
}
