/** Every command that shows how PGs are shows the same. */
import assert from 'node:assert/strict';
import { wallMs } from '../../../base/instants.js';
import { printPgId } from '../../../cluster/ids.js';
import { MetricsRegistry } from '../../../base/metrics/registry.js';
import { HealthInputs } from '../../../monitor/commands/health-input.js';
import { ClusterMetrics } from '../../../monitor/daemon/cluster-metrics.js';
import type { StateView } from '../../../monitor/state/types.js';
import { registerStatusCommands } from '../../../monitor/commands/status.js';
import type { OsdVitals } from '../../../monitor/soft-state.js';
import type { PgReport } from '../../../protocol/pg-reports.js';
import { LocalCluster } from './local-cluster.js';
import { commandTable, done, json } from './run-commands.js';
import { sampleMap } from './sample-map.js';

interface Status {
  readonly pgmap: { readonly states: Record<string, number> };
  readonly osdmap: { readonly num_remapped_pgs: number };
}
interface Health {
  readonly checks: Record<string, { readonly summary: { readonly message: string } }>;
}

function sample(): LocalCluster {
  const table = commandTable();
  registerStatusCommands(table);
  const cluster = new LocalCluster({ table, map: sampleMap({ osds: 4, pools: [{ pgNum: 16 }, { pgNum: 4 }] }) });
  cluster.soft = { ...cluster.soft, hasQuorum: true };
  return cluster;
}

async function statesOf(cluster: LocalCluster): Promise<Record<string, number>> {
  const { states } = (await json(cluster, 'pg stat')) as { states: Record<string, number> };
  const { pgmap, osdmap } = (await json(cluster, 'status')) as Status;
  assert.deepEqual(pgmap.states, states);
  const listed = ((await json(cluster, 'pg ls')) as { pg_stats: { state: string }[] }).pg_stats;
  const counted: Record<string, number> = {};
  for (const { state } of listed) counted[state] = (counted[state] ?? 0) + 1;
  assert.deepEqual(counted, states);
  const ofPools: Record<string, number> = {};
  for (const pool of (await json(cluster, 'pool stats')) as { states: Record<string, number> }[]) {
    for (const [state, count] of Object.entries(pool.states)) ofPools[state] = (ofPools[state] ?? 0) + count;
  }
  assert.deepEqual(ofPools, states);
  assert.equal(osdmap.num_remapped_pgs, listed.filter(({ state }) => state.includes('remapped')).length);
  return states;
}

/** Every primary is heard of, with a report of each of its PGs. */
function hear(
  cluster: LocalCluster,
  change: (report: PgReport) => PgReport,
  vitals: Pick<OsdVitals, 'recovery' | 'recoveryOfPools'> = {},
): void {
  const reports = new Map<string, PgReport>();
  const cursor = cluster.map.records.cursor();
  while (cursor.next()) {
    const pg = { pool: cursor.pool, pg: cursor.pg };
    const report = change({ ...blankReport, pg, term: cursor.record().term });
    reports.set(printPgId(pg), report);
  }
  const beacon = { usedBytes: 0, totalBytes: 1, loopDelayMs: 0, slowOps: 0, heardAt: cluster.wall, ...vitals };
  cluster.soft = {
    ...cluster.soft,
    osds: new Map([...cluster.map.osds.keys()].map((id) => [id, beacon])),
    pgs: { version: cluster.soft.pgs.version + 1, get: (pg) => reports.get(printPgId(pg)) },
  };
}

const blankReport = {
  state: 'active',
  objects: 0,
  bytes: 0,
  last: { term: 1, seq: 5 },
  committed: 5,
  logEntries: 5,
  degradedObjects: 0,
  misplacedObjects: 0,
  leftObjects: 0,
  leftBytes: 0,
  joiner: undefined,
  scrubErrors: 0,
  scrubbedAt: 0,
  deepScrubbedAt: 0,
};

async function inactive(cluster: LocalCluster): Promise<string | undefined> {
  return ((await json(cluster, 'health')) as Health).checks['PG_AVAILABILITY']?.summary.message;
}

/** As the monitor that leads exports them. */
async function metricsOf({ map, soft, wall }: LocalCluster): Promise<string> {
  const registry = new MetricsRegistry();
  const metrics = new ClusterMetrics(registry, new HealthInputs());
  const state = { map, mutes: new Map() } as unknown as StateView; // what health looks at
  const entity = { name: 'metrics', caps: new Map<string, string>() };
  const context = { state, soft, wall, entity, random: () => new Uint8Array(0), yieldTurn: async () => undefined };
  await metrics.look(context);
  const text = registry.render();
  await metrics.look(undefined);
  assert.doesNotMatch(registry.render(), /cairn_p[og]/, 'whoever does not lead tells nothing of the cluster');
  return text;
}

function sum(states: Record<string, number>, word: string): number {
  return Object.entries(states).reduce((total, [state, count]) => total + (state.includes(word) ? count : 0), 0);
}

describe('states of PGs', () => {
  it('are the same in status, pg ls, pg stat, pool stats and health, through failures', async () => {
    const cluster = sample();
    assert.equal(sum(await statesOf(cluster), 'active'), 20);
    assert.equal(await inactive(cluster), undefined);

    await done(cluster, 'osd down 0');
    const oneDown = await statesOf(cluster);
    assert.equal(sum(oneDown, 'peering'), 15);
    assert.match((await inactive(cluster)) ?? '', /15 pgs inactive, 15 pgs peering$/);

    await done(cluster, 'osd down 1');
    const twoDown = await statesOf(cluster);
    assert.equal(sum(twoDown, 'peered'), 10);
    assert.match((await inactive(cluster)) ?? '', /20 pgs inactive, 10 pgs peered, 10 pgs peering$/);

    await done(cluster, 'osd down 2 3');
    assert.deepEqual(await statesOf(cluster), { down: 20 });

    await done(cluster, 'osd lost 0 1 2 3 --yes');
    assert.deepEqual(await statesOf(cluster), { lost: 20 });
    assert.match((await inactive(cluster)) ?? '', /20 pgs inactive, 20 pgs lost$/);
  });

  it('health detail names PGs and their acting sets', async () => {
    const cluster = sample();
    await done(cluster, 'osd down all');
    const text = await done(cluster, 'health detail');
    assert.match(text, /pg 1\.0 is down, acting \[\d/);
    // Of 16 in one pool 8 have lines, and all 4 of the other.
    assert.match(text, /pg 2\.3 is down.*\n {4}\.\.\. and 8 more\n/);
    const { checks } = (await json(cluster, 'health detail')) as {
      checks: Record<string, { detail_omitted?: number }>;
    };
    assert.equal(checks['PG_AVAILABILITY']?.detail_omitted, 8);
  });

  it('health tells what scrubs found, and which are late', async () => {
    const cluster = sample();
    const day = 24 * 3_600_000;
    hear(cluster, (report) => ({
      ...report,
      state: report.pg.pg === 3 ? 'active+clean+inconsistent' : 'active+clean',
      scrubErrors: report.pg.pg === 3 ? 2 : 0,
      scrubbedAt: report.pg.pg === 1 ? cluster.wall - 2 * day : cluster.wall - day,
      deepScrubbedAt: report.pg.pg === 2 ? cluster.wall - 13 * day : cluster.wall - 12 * day,
    }));
    const { checks } = (await json(cluster, 'health')) as Health;
    // Of each of two pools.
    const { pg_stats: shown } = (await json(cluster, 'pg dump')) as { pg_stats: Record<string, unknown>[] };
    const [, second] = shown;
    assert.deepEqual(second?.['last_scrub_stamp'], '2023-11-12T22:13:20.000Z');
    assert.match(await done(cluster, 'pg dump'), / LAST_DEEP_SCRUB *\n.* 2023-11-1\d/);
    assert.match(checks['OSD_SCRUB_ERRORS']?.summary.message ?? '', /^4 scrub errors/);
    assert.match(checks['PG_DAMAGED']?.summary.message ?? '', / inconsistent$/);
    assert.match(checks['PG_NOT_SCRUBBED']?.summary.message ?? '', /^2 pgs/);
    assert.match(checks['PG_NOT_DEEP_SCRUBBED']?.summary.message ?? '', /^2 pgs/);
  });

  it('a PG that waits for its first OSDs is creating', async () => {
    const cluster = sample();
    await done(cluster, 'osd out all');
    await done(cluster, 'pool create fresh --pg-num 8 --application s3');
    assert.equal((await statesOf(cluster))['creating'], 8);
    assert.match((await inactive(cluster)) ?? '', /8 pgs inactive, 8 pgs creating$/);
  });

  it('are found by their words', async () => {
    const cluster = sample();
    await done(cluster, 'osd down 0 1');
    const found = (await json(cluster, 'pg ls --state degraded+peered')) as { pg_stats: { state: string }[] };
    assert.equal(found.pg_stats.length, 10);
    assert.ok(found.pg_stats.every(({ state }) => /^undersized\+degraded(\+remapped)?\+peered$/.test(state)));
  });

  it('are what primaries reported in the term of the record, as long as they are heard of', async () => {
    const cluster = sample();
    hear(cluster, (report) => ({ ...report, state: 'active+clean', objects: 10, bytes: 1_000 }));
    const rested = await statesOf(cluster);
    // Not where CRUSH wants another OSD, whatever a primary with an older map says.
    assert.ok((rested['active+clean'] ?? 0) > 0);
    assert.equal(sum(rested, 'clean') + sum(rested, 'remapped'), 20);
    const { pgmap } = (await json(cluster, 'status')) as { pgmap: Record<string, number> };
    assert.deepEqual([pgmap['num_objects'], pgmap['data_bytes'], pgmap['total_copies']], [200, 20_000, 600]);
    // Where only another member should lead, nothing moves.
    assert.deepEqual([sum(rested, 'remapped'), pgmap['misplaced_objects']], [18, 130]);

    hear(cluster, (report) => ({ ...report, state: 'undersized+degraded+recovering', degradedObjects: 7 }));
    assert.deepEqual(await statesOf(cluster), { 'undersized+degraded+recovering': 20 });
    const { checks } = (await json(cluster, 'health')) as Health;
    assert.match(checks['PG_DEGRADED']?.summary.message ?? '', /: 140\/\d+ objects degraded/);

    const recovery = { copiedObjects: 10, copiedBytes: 2 ** 20, sameObjects: 0, sameBytes: 0 };
    hear(cluster, (report) => ({ ...report, leftObjects: 5, leftBytes: 2 ** 20 }), { recovery });
    assert.match(
      await done(cluster, 'status'),
      /\n {2}io:\n {4}recovery: 4\.0 MiB\/s, 40 objects\/s; 100 objects, 20 MiB left; about 5s to go\n/,
    );
    // By pool, where they say so: 16 PGs of the first, 4 of the second.
    const recoveryOfPools = [[2, 8, 2 ** 20, 2, 0]] as const;
    hear(cluster, (report) => ({ ...report, leftObjects: 5, leftBytes: 2 ** 20 }), { recovery, recoveryOfPools });
    const lines = [
      'pool pool1: 0 B/s, 0 objects/s; 80 objects, 16 MiB left; not advancing',
      'pool pool2: 4.0 MiB/s, 32 objects/s; 20 objects, 4.0 MiB left; about 1s to go',
    ];
    const shown = (text: string): string[] => text.split('\n').flatMap((line) => /^ *(pool .*)$/.exec(line)?.[1] ?? []);
    assert.deepEqual(shown(await done(cluster, 'status')), lines);
    assert.deepEqual(shown(await done(cluster, 'pg stat')), lines);
    assert.deepEqual(((await json(cluster, 'pg stat')) as { recovering_pools: unknown[] }).recovering_pools[1], {
      pool_id: 2,
      pool_name: 'pool2',
      recovery_objects_left: 20,
      recovery_bytes_left: 4 * 2 ** 20,
      recovering_objects_per_sec: 32,
      recovering_bytes_per_sec: 4 * 2 ** 20,
      recovery_eta_seconds: 1,
    });
    const metrics = await metricsOf(cluster);
    assert.match(metrics, /^cairn_pool_metadata\{pool_id="2",name="pool2"\} 1$/m);
    assert.match(metrics, /^cairn_pool_pgs\{pool_id="1"\} 16$/m);
    assert.match(metrics, /^cairn_pg_active\{pool_id="2"\} 4$/m);
    assert.match(metrics, /^cairn_pool_recovery_bytes_left\{pool_id="1"\} 16777216$/m);
    assert.match(metrics, /^cairn_pool_recovering_bytes_per_sec\{pool_id="2"\} 4194304$/m);
    assert.match(metrics, /^cairn_pool_recovery_eta_seconds\{pool_id="2"\} 1$/m);
    assert.doesNotMatch(metrics, /^cairn_pool_recovery_eta_seconds\{pool_id="1"\}/m, 'there is no pace');
    hear(cluster, (report) => ({ ...report, leftObjects: 5, leftBytes: 2 ** 20 }));
    assert.match(await done(cluster, 'status'), /recovery: 0 B\/s, 0 objects\/s; .* left; not advancing\n/);
    assert.match(await done(cluster, 'pg dump'), /^PG +OBJECTS .*\n1\.0 +0 +0 +0 +0 B +1\.0 MiB +5 +1'5 +- +active /);

    hear(cluster, (report) => ({ ...report, state: 'undersized+degraded+recovering', degradedObjects: 7 }));
    cluster.wall = wallMs(cluster.wall + 31_000);
    assert.deepEqual(await statesOf(cluster), { 'stale+undersized+degraded+recovering': 20 });
    assert.match((await inactive(cluster)) ?? '', /20 pgs stale/);
  });

  it('are those of the record when the report is of another term, with the sizes that are known', async () => {
    const cluster = sample();
    hear(cluster, (report) => ({ ...report, state: 'active+clean', objects: 10, bytes: 1_000 }));
    await done(cluster, 'osd down 0');
    assert.equal(sum(await statesOf(cluster), 'peering'), 15);
    const { pgmap } = (await json(cluster, 'status')) as { pgmap: Record<string, number> };
    assert.equal(pgmap['num_objects'], 200);
    assert.equal(pgmap['degraded_objects'], 150);
    const [first] = ((await json(cluster, 'pg ls --state peering')) as { pg_stats: Record<string, unknown>[] })
      .pg_stats;
    assert.deepEqual([first?.['objects'], first?.['reported']], [10, false]);
  });

  it('are computed once for each map, not for each question', async () => {
    const cluster = sample();
    cluster.apply({ kind: 'config', key: 'global/mon_max_pg_per_osd', value: '10000' });
    await done(cluster, 'pool create large --pg-num 2048 --application s3');
    const yieldsOf = async (words: string): Promise<number> => {
      const before = cluster.yields;
      await done(cluster, words);
      return cluster.yields - before;
    };
    assert.ok((await yieldsOf('status')) > 4);
    assert.equal(await yieldsOf('health'), 0);
    await done(cluster, 'osd down 0');
    assert.ok((await yieldsOf('status')) > 0);
  });
});
