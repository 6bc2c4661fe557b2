/** Every command that shows how PGs are shows the same. */
import assert from 'node:assert/strict';
import { registerStatusCommands } from '../../../monitor/commands/status.js';
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

async function inactive(cluster: LocalCluster): Promise<string | undefined> {
  return ((await json(cluster, 'health')) as Health).checks['PG_AVAILABILITY']?.summary.message;
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
