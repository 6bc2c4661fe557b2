import { logIndex, memberId, term } from '../../../monitor/raft/types.js';
import { noPgReports, type SoftState } from '../../../monitor/soft-state.js';

/** Of a leader that stands alone and has heard of no OSD. */
export function idleSoftState(): SoftState {
  const self = memberId(1);
  return {
    raft: {
      role: 'leader',
      term: term(1),
      vote: self,
      leader: self,
      isReady: true,
      commit: logIndex(1),
      applied: logIndex(1),
      last: logIndex(1),
      snapshot: logIndex(0),
      membership: { voters: [self], learners: [] },
      transferringTo: undefined,
      progress: [],
    },
    hasQuorum: true,
    leaderName: 'a',
    monitors: [],
    osds: new Map(),
    pgs: noPgReports,
  };
}
