import { wallMs } from '../../base/instants.js';
import { defaultCrush } from '../../cluster/default-crush.js';
import { epoch } from '../../cluster/ids.js';
import { emptyPgRecords } from '../../cluster/packed-pg-records.js';
import { emptyContent, type StateContent } from './state.js';

/** What a monitor holds that joined a cluster and was not sent its state yet: nothing, at epoch 0. */
export function blankContent(fsid: string): StateContent {
  return emptyContent({
    epoch: epoch(0),
    fsid,
    createdAt: wallMs(0),
    changedAt: wallMs(0),
    requiredFeatures: 0,
    monitors: new Map(),
    osds: new Map(),
    crush: defaultCrush(),
    pools: new Map(),
    records: emptyPgRecords,
    upmaps: new Map(),
    flags: new Set(),
    config: new Map(),
    entities: new Map(),
    storeLast: 0,
    poolLast: 0,
    memberLast: 0,
  });
}
