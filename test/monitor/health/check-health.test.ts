/** Each code has cases that raise it, with what it says, and neighbours that do not. */
import assert from 'node:assert/strict';
import { wallMs } from '../../../base/instants.js';
import { osdId, poolId } from '../../../cluster/ids.js';
import { tunablesProfiles } from '../../../crush/tunables.js';
import { checkHealth } from '../../../monitor/health/check-health.js';
import { compareVersions } from '../../../monitor/health/check-daemons.js';
import { healthCodes, subtreeDownCode } from '../../../monitor/health/codes.js';
import { detailLinesMax } from '../../../monitor/health/raise.js';
import { crushOf } from '../sample-map.js';
import { type Changes, healthInput, now, pool } from './healthy.js';

interface Case {
  readonly code: string;
  readonly when: string;
  readonly changes: Changes;
  /** `code summary` of all checks raised. */
  readonly raised: readonly string[];
  readonly detail?: readonly string[];
}

const down = { isUp: false };
const states = (...entries: readonly [string, number][]): Changes['stats'] => ({ states: new Map(entries) });
const example = { pg: { pool: poolId(1), pg: 31 }, state: 'down', acting: [osdId(2), osdId(0)] };
const dayMs = 86_400_000;
const gib = 2 ** 30;

const cases: Case[] = [
  {
    code: 'MON_NO_QUORUM',
    when: 'this monitor is in a minority, and it says nothing of the other monitors',
    changes: { input: { hasQuorum: false }, monitor: undefined },
    raised: ['MON_NO_QUORUM no quorum: what follows is as of epoch 1'],
  },
  {
    code: 'MON_DOWN',
    when: 'one is out of the quorum',
    changes: { monitor: { isUp: false } },
    raised: ['MON_DOWN 1/3 mons down, quorum a,c'],
    detail: ['mon.b at 10.0.0.1:3301 is not in the quorum'],
  },
  {
    code: 'MON_DOWN',
    when: 'nothing is known of one',
    changes: { monitor: undefined },
    raised: ['MON_DOWN 1/3 mons down, quorum a,c'],
  },
  {
    code: 'MON_CLOCK_SKEW',
    when: 'a clock is behind',
    changes: { monitor: { clockOffsetMs: -501 } },
    raised: ['MON_CLOCK_SKEW clock skew detected on 1 mon'],
    detail: ["mon.b: its clock is 501 ms behind the leader's, more than 500 ms"],
  },
  {
    code: 'MON_DISK_LOW',
    when: 'less than 30 % is left',
    changes: { monitor: { disk: { freeBytes: 29, totalBytes: 100, storeBytes: 1 } } },
    raised: ['MON_DISK_LOW 1 mon low on disk space'],
    detail: ['mon.b has 29.0 % of its disk left'],
  },
  {
    code: 'MON_DISK_CRIT',
    when: 'less than 5 % is left',
    changes: { monitor: { disk: { freeBytes: 0, totalBytes: 100, storeBytes: 1 } } },
    raised: ['MON_DISK_CRIT 1 mon very low on disk space'],
  },
  {
    code: 'MON_DISK_BIG',
    when: 'its data is large',
    changes: { monitor: { disk: { freeBytes: 80 * gib, totalBytes: 100 * gib, storeBytes: 16 * gib } } },
    raised: ['MON_DISK_BIG 1 mon with much data'],
  },
  {
    code: 'OSD_DOWN',
    when: 'one of a host is down',
    changes: { racks: [[2, 1]], osds: { 1: down } },
    raised: ['OSD_DOWN 1 osd down'],
    detail: ['osd.1 (root=default rack=r0 host=h0) is down'],
  },
  {
    code: 'OSD_<TYPE>_DOWN',
    when: 'a rack is down as a whole',
    changes: { osds: { 0: down, 1: down } },
    raised: ['OSD_DOWN 2 osds down', 'OSD_HOST_DOWN 2 hosts down', 'OSD_RACK_DOWN 1 rack down'],
  },
  {
    code: 'OSD_FLAPPING',
    when: 'one flaps',
    changes: { input: { flapping: new Map([[osdId(3), 4]]) } },
    raised: ['OSD_FLAPPING 1 osd flapping'],
    detail: ['osd.3 went down 4 times in ten minutes'],
  },
  {
    code: 'OSD_ORPHAN',
    when: 'the hierarchy has one more',
    changes: {
      map: {
        crush: crushOf([
          [1, 1],
          [1, 2],
        ]),
      },
    },
    raised: ['OSD_ORPHAN 1 osd in the CRUSH map that do not exist'],
    detail: ['osd.4 is in the CRUSH map and does not exist'],
  },
  {
    code: 'OSD_OUT_OF_ORDER_FULL',
    when: 'ratios do not ascend',
    changes: { settings: { backfillfullRatio: 0.8 } },
    raised: ['OSD_OUT_OF_ORDER_FULL full ratios are out of order'],
    detail: ['nearfull (0.85) is above backfillfull (0.8)'],
  },
  { code: 'OSD_FULL', when: 'at 95 %', changes: { osd: { usedBytes: 950 } }, raised: ['OSD_FULL 1 osd full'] },
  {
    code: 'OSD_BACKFILLFULL',
    when: 'at 90 %',
    changes: { osd: { usedBytes: 949 } },
    raised: ['OSD_BACKFILLFULL 1 osd backfillfull'],
    detail: ['osd.0 is 94.9 % full'],
  },
  {
    code: 'OSD_NEARFULL',
    when: 'at 85 %',
    changes: { osd: { usedBytes: 850 } },
    raised: ['OSD_NEARFULL 1 osd nearfull'],
  },
  {
    code: 'OSD_NO_DOWN_OUT_INTERVAL',
    when: 'it is 0',
    changes: { settings: { downOutMs: 0 } },
    raised: ['OSD_NO_DOWN_OUT_INTERVAL mon_osd_down_out_interval is 0: OSDs that are down stay in'],
  },
  {
    code: 'TOO_FEW_OSDS',
    when: 'there are fewer than copies',
    changes: { racks: [[1, 1]] },
    raised: ['TOO_FEW_OSDS 2 osds, fewer than 3 copies need'],
  },
  {
    code: 'OSDMAP_FLAGS',
    when: 'flags are set',
    changes: { map: { flags: new Set(['pause', 'noout']) } },
    raised: ['OSDMAP_FLAGS noout,pause set'],
  },
  {
    code: 'OLD_CRUSH_TUNABLES',
    when: 'they are of bobtail',
    changes: {
      map: {
        crush: {
          ...crushOf([
            [1, 1],
            [1, 1],
          ]),
          tunables: tunablesProfiles.bobtail,
        },
      },
    },
    raised: ['OLD_CRUSH_TUNABLES the CRUSH map has tunables from before Firefly'],
    detail: ['chooseleaf_vary_r should be 1'],
  },
  {
    code: 'POOL_FULL',
    when: 'a quota of objects is reached',
    changes: { pool: { quotaObjects: 100, quotaBytes: 5_000 } },
    raised: ['POOL_FULL 1 pool at the quota'],
    detail: ["pool 'pool1' has used 100.0 % of its quota of 100 objects"],
  },
  {
    code: 'POOL_NEAR_FULL',
    when: 'a quota of bytes is near',
    changes: { pool: { quotaBytes: 1_250 } },
    raised: ['POOL_NEAR_FULL 1 pool near the quota'],
  },
  {
    code: 'POOL_NO_REDUNDANCY',
    when: 'size is 1',
    changes: { pool: { size: 1 } },
    raised: ['POOL_NO_REDUNDANCY 1 pool without redundancy'],
  },
  {
    code: 'POOL_APP_NOT_ENABLED',
    when: 'objects are in a pool for nothing',
    changes: { pool: { application: '' } },
    raised: ['POOL_APP_NOT_ENABLED 1 pool without an application'],
  },
  {
    code: 'POOL_TOO_FEW_PGS',
    when: 'all data is in 32 PGs',
    changes: { stats: { storedBytes: 100 * gib } },
    raised: ['POOL_TOO_FEW_PGS 1 pool with too few PGs'],
    detail: ["pool 'pool1' has 32 PGs; 128 would spread it well"],
  },
  {
    code: 'TOO_MANY_PGS',
    when: 'OSDs have more than 250 each',
    changes: { pool: { pgNum: 512 }, stats: states(['active+clean', 512]) },
    raised: ['TOO_MANY_PGS too many PGs per OSD (384 > max 250)'],
  },
  {
    code: 'PG_AVAILABILITY',
    when: 'some are down',
    changes: {
      stats: {
        states: new Map([
          ['active+clean', 30],
          ['down', 2],
        ]),
        examples: [example],
      },
    },
    raised: ['PG_AVAILABILITY Reduced data availability: 2 pgs inactive, 2 pgs down'],
    detail: ['pg 1.1f is down, acting [2,0]', '... and 1 more'],
  },
  {
    code: 'PG_AVAILABILITY',
    when: 'no OSD has reported',
    changes: { stats: undefined },
    raised: ['PG_AVAILABILITY Reduced data availability: 32 pgs inactive, 32 pgs unknown'],
    detail: ["pool 'pool1': no OSD has reported 32 pgs yet"],
  },
  {
    code: 'PG_AVAILABILITY',
    when: 'the last that was heard is old',
    changes: { stats: states(['stale+active+clean', 32]) },
    raised: ['PG_AVAILABILITY Reduced data availability: 32 pgs inactive, 32 pgs stale'],
  },
  {
    code: 'PG_LOST',
    when: 'every member is gone',
    changes: { stats: states(['active+clean', 31], ['lost', 1]) },
    raised: ['PG_LOST pgs lost: 1 pg lost', 'PG_AVAILABILITY Reduced data availability: 1 pg inactive, 1 pg lost'],
  },
  {
    code: 'PG_DAMAGED',
    when: 'copies differ',
    changes: { stats: states(['active+clean', 31], ['active+clean+inconsistent', 1]) },
    raised: ['PG_DAMAGED possible data damage: 1 pg inconsistent'],
  },
  {
    code: 'OSD_SCRUB_ERRORS',
    when: 'scrubs found some',
    changes: { stats: { scrubErrors: 3 } },
    raised: ['OSD_SCRUB_ERRORS 3 scrub errors to be mended'],
    detail: ["pool 'pool1': 3 scrub errors to be mended"],
  },
  {
    code: 'OBJECT_UNFOUND',
    when: 'one is',
    changes: { stats: { unfoundObjects: 1 } },
    raised: ['OBJECT_UNFOUND 1 object unfound'],
  },
  {
    code: 'PG_DEGRADED',
    when: 'copies are missing',
    changes: {
      stats: {
        degradedObjects: 12,
        states: new Map([
          ['active+clean', 29],
          ['active+undersized+degraded', 3],
        ]),
      },
    },
    raised: ['PG_DEGRADED Degraded data redundancy: 12/300 objects degraded (4.0 %), 3 pgs degraded, 3 pgs undersized'],
  },
  {
    code: 'PG_DEGRADED',
    when: 'an empty PG lacks members',
    changes: { stats: states(['active+clean', 31], ['active+undersized', 1]) },
    raised: ['PG_DEGRADED Degraded data redundancy: 1 pg undersized'],
  },
  {
    code: 'OBJECT_MISPLACED',
    when: 'data moves',
    changes: { stats: { misplacedObjects: 30 } },
    raised: ['OBJECT_MISPLACED 30/300 objects misplaced (10.0 %)'],
  },
  {
    code: 'PG_BACKFILL_FULL',
    when: 'the target is too full',
    changes: { stats: states(['active+clean', 31], ['active+remapped+backfill_toofull', 1]) },
    raised: ['PG_BACKFILL_FULL no room to recover into: 1 pg backfill_toofull'],
  },
  {
    code: 'POOL_MODE_PENDING',
    when: 'some PGs acknowledge by another mode than the pool',
    changes: { stats: { otherMode: 3 } },
    raised: ['POOL_MODE_PENDING 1 pool changing the mode'],
  },
  {
    code: 'PG_NOT_SCRUBBED',
    when: 'some are late',
    changes: { stats: { notScrubbed: 2 } },
    raised: ['PG_NOT_SCRUBBED 2 pgs not scrubbed in time'],
  },
  {
    code: 'PG_NOT_DEEP_SCRUBBED',
    when: 'one is late',
    changes: { stats: { notDeepScrubbed: 1 } },
    raised: ['PG_NOT_DEEP_SCRUBBED 1 pg not deep-scrubbed in time'],
  },
  {
    code: 'SLOW_OPS',
    when: 'an OSD and a monitor have some',
    changes: {
      osd: { slowOps: { count: 3, oldestMs: 33_000 } },
      monitor: { slowOps: { count: 1, oldestMs: 31_000 } },
    },
    raised: ['SLOW_OPS 4 slow ops in 2 daemons, the oldest for 33 s'],
    detail: ['mon.b has 1 slow op, the oldest for 31 s', 'osd.0 has 3 slow ops, the oldest for 33 s'],
  },
  {
    code: 'LOOP_DELAY',
    when: 'a loop stood still',
    changes: { osd: { loopDelayMs: 251 } },
    raised: ['LOOP_DELAY 1 daemon with a late event loop'],
    detail: ['osd.0: the event loop stood still for 251 ms'],
  },
  {
    code: 'DAEMON_OLD_VERSION',
    when: 'an upgrade was left half done for a week',
    changes: { osds: { 2: { version: '0.9.0' } }, input: { mixedVersionsSince: wallMs(now - 7 * dayMs) } },
    raised: ['DAEMON_OLD_VERSION 1 daemon of an old version'],
    detail: ['osd.2 runs 0.9.0, not 1.0.0'],
  },
  {
    code: 'RECENT_CRASH',
    when: 'two of one daemon are not archived',
    changes: {
      input: {
        crashes: [
          { daemon: 'osd.1', at: wallMs(now - 2 * dayMs), reason: 'invariant broken' },
          { daemon: 'osd.1', at: wallMs(now - dayMs), reason: 'out of memory' },
        ],
      },
    },
    raised: ['RECENT_CRASH 1 daemon recently crashed'],
    detail: ['osd.1, 24 h ago: out of memory', 'osd.1, 48 h ago: invariant broken'],
  },
];

const quiet: { readonly name: string; readonly changes: Changes }[] = [
  { name: 'a cluster of which nothing is to be said', changes: {} },
  { name: 'a clock within the limit', changes: { monitor: { clockOffsetMs: 500 } } },
  { name: 'a monitor that reports no values yet', changes: { monitor: { clockOffsetMs: undefined, disk: undefined } } },
  { name: 'a disk with 30 % left', changes: { monitor: { disk: { freeBytes: 30, totalBytes: 100, storeBytes: 1 } } } },
  { name: 'an OSD that is down and out', changes: { osds: { 0: { isUp: false, isIn: false } } } },
  { name: 'an OSD at 84.9 %', changes: { osd: { usedBytes: 849 } } },
  {
    name: 'how full an OSD was that is gone',
    changes: { osds: { 0: { isUp: false, isIn: false } }, osd: { usedBytes: 1_000 } },
  },
  { name: 'an OSD that has not reported yet', changes: { input: { osds: new Map() } } },
  { name: 'a pool at 79 % of its quota', changes: { pool: { quotaBytes: 1_260 } } },
  { name: 'an empty pool without application', changes: { pool: { application: '' }, stats: { objects: 0 } } },
  {
    name: 'much data in enough PGs',
    changes: { stats: { storedBytes: 100 * gib, states: new Map([['active+clean', 64]]) }, pool: { pgNum: 64 } },
  },
  { name: 'PGs that are scrubbed', changes: { stats: states(['active+clean+scrubbing+deep', 32]) } },
  { name: 'a loop that was late by 250 ms', changes: { osd: { loopDelayMs: 250 } } },
  {
    name: 'an upgrade of this week',
    changes: { osds: { 2: { version: '0.9.0' } }, input: { mixedVersionsSince: wallMs(now - 7 * dayMs + 1) } },
  },
  {
    name: 'a crash of two weeks ago',
    changes: { input: { crashes: [{ daemon: 'osd.1', at: wallMs(now - 14 * dayMs), reason: 'x' }] } },
  },
  {
    name: 'tunables of firefly',
    changes: {
      map: {
        crush: {
          ...crushOf([
            [1, 1],
            [1, 1],
          ]),
          tunables: tunablesProfiles.firefly,
        },
      },
    },
  },
  { name: 'a cluster without pools', changes: { map: { pools: new Map() } } },
];

describe('health', () => {
  for (const c of cases) {
    it(`raises ${c.code} when ${c.when}`, () => {
      const { checks, status } = checkHealth(healthInput(c.changes));
      assert.deepEqual(
        checks.map(({ code, summary }) => `${code} ${summary}`),
        c.raised,
      );
      const code = c.code === 'OSD_<TYPE>_DOWN' ? 'OSD_RACK_DOWN' : c.code;
      const check = checks.find((raised) => raised.code === code);
      if (c.detail !== undefined) assert.deepEqual(check?.detail, c.detail);
      const worst = checks.some(({ severity }) => severity === 'error') ? 'HEALTH_ERR' : 'HEALTH_WARN';
      assert.equal(status, worst);
      const info = Object.entries(healthCodes).find(([known]) => known === c.code)?.[1];
      assert.deepEqual([check?.severity, check?.advice], [info?.severity, info?.advice]);
    });
  }

  for (const c of quiet) {
    it(`says nothing of ${c.name}`, () => {
      assert.deepEqual(checkHealth(healthInput(c.changes)), {
        status: 'HEALTH_OK',
        checks: [],
        mutes: [],
        mutesEnded: [],
      });
    });
  }

  it('has a case for every code', () => {
    const elsewhere = ['PARKED_WRITES', 'PG_LAGGING'];
    assert.deepEqual(new Set([...cases.map(({ code }) => code), ...elsewhere]), new Set(Object.keys(healthCodes)));
  });

  it('names a command in every advice', () => {
    const silent = Object.entries(healthCodes).filter(([, { advice }]) => !advice.includes('`cairn '));
    assert.deepEqual(silent, []);
  });

  it('makes a code of any type of bucket', () => {
    assert.equal(subtreeDownCode('data-hall'), 'OSD_DATA_HALL_DOWN');
  });

  it('cuts long details', () => {
    const osds = Object.fromEntries(Array.from({ length: 60 }, (_, id) => [id, down]));
    const { checks } = checkHealth(healthInput({ racks: [[70]], osds }));
    const detail = checks.find(({ code }) => code === 'OSD_DOWN')?.detail ?? [];
    assert.equal(detail.length, detailLinesMax + 1);
    assert.equal(detail.at(-1), '... and 10 more');
    assert.equal(checks.find(({ code }) => code === 'OSD_DOWN')?.more, 10);
  });

  it('says how many PGs it counts without naming them, in every check of PGs', () => {
    const named = (state: string) => ({ ...example, state });
    const wrong = ['down', 'lost', 'active+inconsistent', 'active+undersized', 'active+remapped+backfill_toofull'];
    const stats = {
      states: new Map(wrong.map((state) => [state, 5])),
      examples: wrong.map(named),
      misplacedObjects: 1,
    };
    const { checks } = checkHealth(healthInput({ stats }));
    const more = checks.filter(({ code }) => /^PG_|MISPLACED/.test(code)).map((check) => [check.code, check.more]);
    assert.deepEqual(Object.fromEntries(more), {
      // 7 of 32 nobody reported: a line of the pool tells of them all.
      PG_AVAILABILITY: 8,
      PG_LOST: 4,
      PG_DAMAGED: 4,
      PG_DEGRADED: 4,
      PG_BACKFILL_FULL: 4,
      OBJECT_MISPLACED: 4,
    });
    for (const { code, more: count, detail } of checks) {
      assert.equal(detail.at(-1) === `... and ${count} more`, count > 0, code);
    }
  });

  it('counts PGs that nobody reported beside those that are known', () => {
    const { checks } = checkHealth(healthInput({ stats: states(['active+clean', 30]) }));
    assert.deepEqual(
      checks.map(({ code, count }) => [code, count]),
      [['PG_AVAILABILITY', 2]],
    );
  });

  it('counts the pools together', () => {
    const pools = new Map([1, 2].map((id) => [poolId(id), pool(id, { size: 1 })]));
    const { checks } = checkHealth(healthInput({ map: { pools } }));
    assert.deepEqual(
      checks.map(({ code, count }) => [code, count]),
      [
        ['PG_AVAILABILITY', 32],
        ['POOL_NO_REDUNDANCY', 2],
      ],
    );
  });

  it('compares versions by their numbers', () => {
    assert.ok(compareVersions('1.10.0', '1.9.2') > 0);
    assert.ok(compareVersions('1.0.0', '1.0.0') === 0);
    assert.ok(compareVersions('1.0', '1.0.1') < 0);
  });
});
