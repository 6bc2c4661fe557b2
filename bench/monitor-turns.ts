/**
 * How long a monitor's event loop stands still over large changes: 1,000 OSDs on 100 hosts and 99,904 PGs of three copies, in one
 * process, through the very code that evaluates, encodes and applies. Of each part: all of its time, and the longest piece
 * between two chances of other work to run (DESIGN.md section 8: 20 ms).
 *
 *     node dist/bench/monitor-turns.js [--json]
 */
import { monotonicMs, wallMs } from '../base/instants.js';
import type { Steps } from '../base/steps.js';
import type { MapChange } from '../cluster/change.js';
import { osdId } from '../cluster/ids.js';
import type { ClusterMap } from '../cluster/map.js';
import { markDown } from '../cluster/osd-changes.js';
import { planCreation } from '../cluster/pg/plan-creation.js';
import { UpTable } from '../cluster/up-table.js';
import { Batch } from '../monitor/leader/batch.js';
import type { ChangeRequest } from '../monitor/leader/change-request.js';
import { encodeSnapshot, decodeSnapshot } from '../monitor/state/snapshot.js';
import { emptyContent, MonitorState } from '../monitor/state/state.js';
import { decodeTransaction, encodeTransaction } from '../monitor/state/transaction.js';
import { buildMap, poolInfo } from '../test/cluster/pg/maps.js';

const runs = 5;
const osdCount = 1000;
const wall = wallMs(10_000);

interface Turns {
  readonly totalMs: number;
  readonly longestMs: number;
}

let turns = { begun: performance.now(), longestMs: 0 };
const rows: (Turns & { readonly what: string })[] = [];
const pools = [poolInfo(1, 32_768), poolInfo(2, 65_536), poolInfo(3, 1600)];
const monitor = { name: 'a', member: 1, address: { host: '127.0.0.1', port: 7000 }, role: 'voter' } as const;
const blank = { ...buildMap({ osdCount, osdsPerHost: 10, pools: [] }), monitors: new Map([['a', monitor]]) };
const full = await measureChange('pools of 99,904 PGs', blank, () => poolChanges(blank));
const down = await measureChange('one OSD down', full, () => markDown(full, [osdId(500)], wall));
await measureChange('the OSD up', down, () => upAgain(down));
await measureSnapshot(full);
if (process.argv.includes('--json')) console.log(JSON.stringify(rows));
else {
  for (const { what, totalMs, longestMs } of rows) {
    console.log(`${what.padEnd(34)}${totalMs.toFixed(1).padStart(8)} ms, longest turn ${longestMs.toFixed(1)} ms`);
  }
}

/** Evaluates, writes and applies the change as leader and follower do; returns the map after it. */
async function measureChange(what: string, map: ClusterMap, evaluate: () => readonly MapChange[]): Promise<ClusterMap> {
  const changes = evaluate();
  const view = new MonitorState(emptyContent(map)).view();
  let bytes = new Uint8Array(0);
  rows.push({
    what: `${what}: decide and encode`,
    ...(await best(async () => {
      const batch = new Batch<{ readonly request: ChangeRequest }>(view, wall, yieldTurn);
      await batch.decide({ request: requestFor(changes) });
      bytes = Uint8Array.from(encodeTransaction(await batch.transaction(wall)));
    })),
  });
  let state = new MonitorState(emptyContent(map));
  rows.push({
    what: `${what}: apply`,
    ...(await best(async () => {
      state = new MonitorState(emptyContent(map));
      await inTurns(state.applySteps(decodeTransaction(bytes)));
    })),
  });
  return state.map;
}

async function measureSnapshot(map: ClusterMap): Promise<void> {
  const pieces: Uint8Array[] = [];
  rows.push({
    what: 'snapshot: encode',
    ...(await best(async () => {
      pieces.length = 0;
      for await (const piece of encodeSnapshot(emptyContent(map))) {
        pieces.push(piece);
        await yieldTurn();
      }
    })),
  });
  rows.push({
    what: 'snapshot: decode',
    ...(await best(async () => {
      await decodeSnapshot(asyncOf(pieces), { now: () => monotonicMs(performance.now()), yieldTurn });
    })),
  });
}

async function* asyncOf(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

/** Of some runs the one with the shortest longest turn: the others measure the garbage of the ones before. */
async function best(work: () => Promise<void>): Promise<Turns> {
  let found: Turns | undefined;
  for (let run = 0; run < runs; run += 1) {
    turns = { begun: performance.now(), longestMs: 0 };
    const began = turns.begun;
    await work();
    noteTurn();
    const one = { totalMs: performance.now() - began, longestMs: turns.longestMs };
    if (found === undefined || one.longestMs < found.longestMs) found = one;
  }
  return found ?? { totalMs: NaN, longestMs: NaN };
}

async function inTurns(steps: Steps<unknown>): Promise<void> {
  let begun = performance.now();
  while (steps.next().done !== true) {
    // As consensus does: a turn is some steps.
    if (performance.now() - begun < 8) continue;
    await yieldTurn();
    begun = performance.now();
  }
}

function yieldTurn(): Promise<void> {
  noteTurn();
  return new Promise((resolve) => {
    setImmediate(() => {
      turns.begun = performance.now();
      resolve();
    });
  });
}

function noteTurn(): void {
  turns.longestMs = Math.max(turns.longestMs, performance.now() - turns.begun);
}

function requestFor(changes: readonly MapChange[]): ChangeRequest {
  const evaluate = () => ({ result: undefined, changes });
  return { name: 'bench', id: undefined, deadline: undefined, evaluate, audit: undefined };
}

function poolChanges(map: ClusterMap): MapChange[] {
  const created = pools.map((pool): MapChange => ({ kind: 'pool', pool }));
  let { records } = map;
  for (const pool of pools) records = records.withPool(pool.id, pool.pgNum);
  const withPools = { ...map, records, pools: new Map(pools.map((pool) => [pool.id, pool])) };
  const table = UpTable.of(withPools);
  return [...created, ...planCreation(withPools, (pool, pg) => table.up({ pool, pg }))];
}

function upAgain(map: ClusterMap): MapChange[] {
  const osd = map.osds.get(osdId(500));
  if (osd === undefined) throw new Error('osd.500 is in the map');
  return [{ kind: 'osd', osd: { ...osd, isUp: true, boot: osd.boot + 1 } }];
}
