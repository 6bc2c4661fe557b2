/** The shapes that other tools rely on, pinned. */
import assert from 'node:assert/strict';
import { wallMs } from '../../../base/instants.js';
import { osdId, poolId } from '../../../cluster/ids.js';
import { checkHealth } from '../../../monitor/health/check-health.js';
import { healthJson } from '../../../monitor/health/health-json.js';
import { term } from '../../../monitor/raft/types.js';
import { statusJson } from '../../../monitor/status/status-json.js';
import { type Changes, goodOsd, healthInput, now, pool } from '../health/healthy.js';

const fsid = '0123456789abcdef0123456789abcdef';

function statusOf(changes: Changes, quorum: readonly string[] = ['a', 'b', 'c']) {
  const input = healthInput(changes);
  return statusJson({
    map: { ...input.map, fsid },
    health: checkHealth(input),
    term: term(7),
    quorum,
    leader: quorum[0],
    osds: input.osds,
    pools: input.pools,
  });
}

describe('status --json', () => {
  it('has this shape', () => {
    const changes: Changes = {
      osds: { 0: { isUp: false }, 3: { isIn: false } },
      stats: {
        states: new Map([
          ['active+clean', 20],
          ['active+undersized+degraded', 8],
          ['active+remapped+backfilling', 3],
        ]),
        degradedObjects: 30,
        misplacedObjects: 15,
        unfoundObjects: 0,
      },
      map: { flags: new Set(['noout']) },
    };
    const { health, ...rest } = statusOf(changes, ['c', 'a']);
    assert.equal(health.status, 'HEALTH_WARN');
    assert.equal(health.checks['OSD_DOWN']?.summary.message, '1 osd down');
    assert.equal(health.checks['OSD_DOWN']?.detail, undefined);
    assert.deepEqual(rest, {
      fsid,
      election_epoch: 7,
      term: 7,
      quorum: [0, 2],
      quorum_names: ['a', 'c'],
      quorum_leader_name: 'c',
      monmap: {
        epoch: 1,
        num_mons: 3,
        quorum: ['a', 'c'],
        mons: [
          { rank: 0, name: 'a', addr: '10.0.0.1:3300', role: 'voter' },
          { rank: 1, name: 'b', addr: '10.0.0.1:3301', role: 'voter' },
          { rank: 2, name: 'c', addr: '10.0.0.1:3302', role: 'voter' },
        ],
      },
      osdmap: { epoch: 1, num_osds: 4, num_up_osds: 3, num_in_osds: 3, num_remapped_pgs: 3, flags: ['noout'] },
      pgmap: {
        num_pgs: 32,
        num_pools: 1,
        num_objects: 100,
        states: {
          'active+clean': 20,
          'active+undersized+degraded': 8,
          'active+remapped+backfilling': 3,
          unknown: 1,
        },
        pgs_by_state: [
          { state_name: 'active+clean', count: 20 },
          { state_name: 'active+undersized+degraded', count: 8 },
          { state_name: 'active+remapped+backfilling', count: 3 },
          { state_name: 'unknown', count: 1 },
        ],
        degraded_objects: 30,
        misplaced_objects: 15,
        unfound_objects: 0,
        total_copies: 300,
        degraded_ratio: 0.1,
        misplaced_ratio: 0.05,
        recovery_objects_left: 0,
        recovery_bytes_left: 0,
        recovering_objects_per_sec: 0,
        recovering_bytes_per_sec: 0,
        recovery_eta_seconds: null,
        recovering_pools: [],
        data_bytes: 1_000,
        bytes_used: 300,
        bytes_avail: 2_700,
        bytes_total: 3_000,
      },
    });
  });

  it('adds up pools, those that nobody reported too', () => {
    const pools = new Map([1, 2].map((id) => [poolId(id), pool(id)]));
    const { pgmap } = statusOf({ map: { pools } });
    assert.equal(pgmap.num_pgs, 64);
    assert.deepEqual(pgmap.states, { 'active+clean': 32, unknown: 32 });
    assert.equal(pgmap.num_pools, 2);
  });

  const rates = { copiedObjects: 0, copiedBytes: 0, sameObjects: 0, sameBytes: 0 };
  const etas = [
    { name: 'nothing is left', left: [0, 0], recovery: rates, eta: null },
    { name: 'nobody has said how fast', left: [10, 1_000], recovery: undefined, eta: null },
    { name: 'nothing gets done', left: [10, 1_000], recovery: rates, eta: null },
    { name: 'by size', left: [10, 1_000], recovery: { ...rates, copiedObjects: 10, copiedBytes: 100 }, eta: 10 },
    { name: 'by number', left: [100, 1_000], recovery: { ...rates, copiedObjects: 4, copiedBytes: 100 }, eta: 25 },
    { name: 'of values without data', left: [9, 0], recovery: { ...rates, copiedObjects: 2 }, eta: 5 },
    {
      name: 'what is there already is work done',
      left: [10, 1_000],
      recovery: { copiedObjects: 1, copiedBytes: 10, sameObjects: 9, sameBytes: 490 },
      eta: 2,
    },
  ] as const;
  for (const { name, left, recovery, eta } of etas) {
    it(`says when recovery is done: ${name}`, () => {
      const [leftObjects, leftBytes] = left;
      const osds = new Map([[osdId(0), { ...goodOsd, recovery }]]);
      const { pgmap } = statusOf({ stats: { leftObjects, leftBytes }, input: { osds } });
      assert.equal(pgmap.recovery_eta_seconds, eta);
      assert.deepEqual([pgmap.recovery_objects_left, pgmap.recovery_bytes_left], [...left]);
    });
  }

  it('stands on zeros where there is nothing', () => {
    const { pgmap, quorum_leader_name } = statusOf({ map: { pools: new Map() }, input: { osds: new Map() } }, []);
    assert.deepEqual([pgmap.num_pgs, pgmap.degraded_ratio, pgmap.bytes_total, quorum_leader_name], [0, 0, 0, '']);
  });

  it('sets an IPv6 address in brackets', () => {
    const monitor = { name: 'a', member: 1, address: { host: '::1', port: 3_300 }, role: 'learner' } as const;
    const { monmap } = statusOf({ map: { monitors: new Map([['a', monitor]]) } });
    assert.deepEqual(monmap.mons, [{ rank: 0, name: 'a', addr: '[::1]:3300', role: 'learner' }]);
  });
});

describe('health --json', () => {
  const changes: Changes = { racks: [[4]], osds: { 0: { isUp: false } }, osd: {} };

  it('has this shape', () => {
    const mutes = [{ code: 'OSD_DOWN', until: wallMs(now + 1_000), isSticky: true, count: 1 } as const];
    const report = checkHealth(healthInput({ ...changes, input: { mutes } }));
    const json = healthJson(report, { detail: true });
    const advice = json.checks['OSD_DOWN']?.advice ?? '';
    assert.match(advice, /cairn osd tree/);
    assert.deepEqual(json, {
      status: 'HEALTH_OK',
      checks: {
        OSD_DOWN: {
          severity: 'HEALTH_WARN',
          summary: { message: '1 osd down', count: 1 },
          muted: true,
          advice,
          detail: [{ message: 'osd.0 (root=default rack=r0 host=h0) is down' }],
          detail_omitted: 0,
        },
      },
      mutes: [{ code: 'OSD_DOWN', sticky: true, until_ms: now + 1_000, count: 1 }],
    });
  });

  it('says nothing of an end where a mute has none', () => {
    const mutes = [{ code: 'OSD_FULL', until: undefined, isSticky: true, count: 0 } as const];
    const json = healthJson(checkHealth(healthInput({ input: { mutes } })), { detail: false });
    assert.deepEqual(json, {
      status: 'HEALTH_OK',
      checks: {},
      mutes: [{ code: 'OSD_FULL', sticky: true, count: 0 }],
    });
  });

  it('calls an error an error', () => {
    const report = checkHealth(healthInput({ osd: { usedBytes: 1_000 } }));
    const json = healthJson(report, { detail: false });
    assert.deepEqual([json.status, json.checks['OSD_FULL']?.severity], ['HEALTH_ERR', 'HEALTH_ERR']);
  });
});
