import assert from 'node:assert/strict';
import type { MonitorInfo } from '../../../cluster/map.js';
import { nextMembershipStep, without, withLearner } from '../../../monitor/leader/membership-plan.js';
import type { RaftProgress } from '../../../monitor/raft/output.js';
import { logIndex, memberId } from '../../../monitor/raft/types.js';

const ids = (...numbers: number[]) => numbers.map((number) => memberId(number));
const last = logIndex(1_000);

function monitors(...infos: readonly [string, number, MonitorInfo['role']][]): ReadonlyMap<string, MonitorInfo> {
  return new Map(
    infos.map(([name, member, role]) => [name, { name, member, role, address: { host: name, port: 7000 } }]),
  );
}

function progress(member: number, matched: number, changes: Partial<RaftProgress> = {}): RaftProgress {
  return {
    member: memberId(member),
    matched: logIndex(matched),
    next: logIndex(matched + 1),
    state: 'replicating',
    isActive: true,
    ...changes,
  };
}

const abc = monitors(['a', 1, 'voter'], ['b', 2, 'voter'], ['c', 3, 'learner']);

describe('the next change of membership', () => {
  const cases = [
    {
      name: 'is none when Raft is as the map says',
      status: { voters: ids(1, 2), learners: [], progress: [progress(2, 1_000)] },
      map: monitors(['a', 1, 'voter'], ['b', 2, 'voter']),
      expected: undefined,
    },
    {
      name: 'makes a learner that has caught up a voter',
      status: { voters: ids(1, 2), learners: ids(3), progress: [progress(3, 900)] },
      map: abc,
      expected: { voters: ids(1, 2, 3), learners: [] },
    },
    {
      name: 'waits for a learner that is behind',
      status: { voters: ids(1, 2), learners: ids(3), progress: [progress(3, 899)] },
      map: abc,
      expected: undefined,
    },
    {
      name: 'waits for a learner that is silent',
      status: { voters: ids(1, 2), learners: ids(3), progress: [progress(3, 1_000, { isActive: false })] },
      map: abc,
      expected: undefined,
    },
    {
      name: 'waits for a learner that Raft would refuse, since it is not sent the log yet',
      status: { voters: ids(1, 2), learners: ids(3), progress: [progress(3, 1_000, { state: 'probing' })] },
      map: abc,
      expected: undefined,
    },
    {
      name: 'puts out a voter that the map does not know, before anything else',
      status: { voters: ids(1, 2, 9), learners: ids(3), progress: [progress(3, 1_000)] },
      map: abc,
      expected: { voters: ids(1, 2), learners: ids(3) },
    },
    {
      name: 'puts out the life of a monitor before it lost its disk',
      status: { voters: ids(1, 2), learners: ids(3, 4), progress: [progress(3, 1_000)] },
      map: monitors(['a', 1, 'voter'], ['b', 2, 'voter'], ['c', 4, 'learner']),
      expected: { voters: ids(1, 2), learners: ids(4) },
    },
    {
      name: 'never puts out the only voter',
      status: { voters: ids(9), learners: [], progress: [] },
      map: monitors(['a', 1, 'voter']),
      expected: undefined,
    },
    {
      name: 'takes the first learner that is ready, past one that is not',
      status: { voters: ids(1), learners: ids(2, 3), progress: [progress(2, 1), progress(3, 1_000)] },
      map: monitors(['a', 1, 'voter'], ['b', 2, 'learner'], ['c', 3, 'learner']),
      expected: { voters: ids(1, 3), learners: ids(2) },
    },
  ];
  for (const { name, status, map, expected } of cases) {
    it(name, () => {
      const { voters, learners } = status;
      const step = nextMembershipStep({ membership: { voters, learners }, progress: status.progress, last }, map);
      assert.deepEqual(step?.membership, expected);
    });
  }

  it('changes the role in the map together with Raft', () => {
    const status = { membership: { voters: ids(1, 2), learners: ids(3) }, progress: [progress(3, 1_000)], last };
    assert.deepEqual(nextMembershipStep(status, abc)?.promoted, { ...abc.get('c'), role: 'voter' });
  });

  it('keeps the ids sorted', () => {
    const membership = { voters: ids(1, 5), learners: ids(7) };
    assert.deepEqual(withLearner(membership, 6).learners, ids(6, 7));
    assert.deepEqual(without(membership, memberId(5)), { voters: ids(1), learners: ids(7) });
    assert.deepEqual(without(membership, memberId(7)), { voters: ids(1, 5), learners: [] });
  });
});
