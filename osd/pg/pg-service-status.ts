import type { PoolId } from '../../cluster/ids.js';
import type { Recovered } from '../recovery/recovered.js';
import type { AsyncLag } from './async-lag.js';

/** For metrics, `osd.stat` and the reports to the monitors. */
export interface PgServiceStatus {
  readonly pgs: number;
  readonly leading: number;
  readonly slowOps: number;
  /** PGs that it leads and takes somebody into, or waits to. */
  readonly joins: number;
  /** Since the service began. */
  readonly recovered: Recovered;
  readonly recoveredOfPools: ReadonlyMap<PoolId, Recovered>;
  readonly lag: AsyncLag;
}
