/**
 * The PG half of the cluster map at 100,000 PGs of three copies on 1,000 OSDs (100 hosts, 25 racks): memory and bytes per
 * record, the plan for OSDs that go down, and placements.
 *
 *     node --expose-gc dist/bench/pg.js
 *
 * Times are the best of several runs: one that the garbage collector or another process interrupts says little about the code.
 */
import { ByteWriter } from '../base/byte-writer.js';
import type { Steps } from '../base/steps.js';
import { writePgRecord } from '../cluster/codec/pg-record-codec.js';
import { osdId } from '../cluster/ids.js';
import type { ClusterMap } from '../cluster/map.js';
import { planCreationSteps } from '../cluster/pg/plan-creation.js';
import { planOsdChangeSteps } from '../cluster/pg/plan-osd-change.js';
import type { RecordsChange } from '../cluster/pg/plan.js';
import { UpTable } from '../cluster/up-table.js';
import { buildMap, poolInfo, withOsds } from '../test/cluster/pg/maps.js';

const runCount = 5;

interface Timed<T> {
  readonly result: T;
  readonly totalMs: number;
  readonly longestMs: number;
}

/** Runs have the same steps, so the longest is that whose best run took longest. */
function timed<T>(make: () => Steps<T>): Timed<T> {
  const stepMs: number[] = [];
  let totalMs = Infinity;
  for (let run = 1; ; run += 1) {
    const steps = make();
    const start = performance.now();
    for (let at = start, index = 0; ; index += 1) {
      const step = steps.next();
      const now = performance.now();
      stepMs[index] = Math.min(stepMs[index] ?? Infinity, now - at);
      at = now;
      if (step.done !== true) continue;
      totalMs = Math.min(totalMs, now - start);
      if (run < runCount) break;
      return { result: step.value, totalMs, longestMs: Math.max(...stepMs) };
    }
  }
}

function* applied(map: ClusterMap, changes: readonly RecordsChange[]): Steps<ClusterMap> {
  let { records } = map;
  for (const { pool, pgs, records: list } of changes) {
    records = records.with(pool, pgs, list);
    yield;
  }
  return { ...map, records };
}

function say(what: string, { totalMs, longestMs }: Timed<unknown>, more = ''): void {
  console.log(
    `${what.padEnd(46)} ${totalMs.toFixed(1).padStart(8)} ms, longest step ${longestMs.toFixed(2)} ms${more}`,
  );
}

function heapBytes(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const empty = buildMap({
  osdCount: 1_000,
  osdsPerHost: 10,
  pools: [poolInfo(1, 65_536), poolInfo(2, 32_768), poolInfo(3, 1_696)],
});
const pgCount = empty.records.count;
const table = timed(() => UpTable.steps(undefined, empty));
say(`place ${pgCount} PGs`, table);
const creation = timed(() => planCreationSteps(empty, (pool, pg) => table.result.up({ pool, pg })));
say('plan their first members', creation);

const before = heapBytes();
const creating = timed(() => applied(empty, creation.result));
const map = creating.result;
const bytes = heapBytes() - before;
say('store these records', creating);
if (globalThis.gc !== undefined) console.log(`in memory ${(bytes / pgCount).toFixed(1)} bytes a PG`);

const out = new ByteWriter(pgCount * 20);
for (const cursor = map.records.cursor(); cursor.next();) writePgRecord(out, cursor.record());
console.log(`encoded ${(out.length / pgCount).toFixed(1)} bytes a PG`);

for (const count of [1, 2, 40, 500]) {
  const ids = Array.from({ length: count }, (_, id) => osdId(id));
  const down = withOsds(map, ids, { isUp: false });
  const plan = timed(() => planOsdChangeSteps(down, { changed: ids }));
  const changed = plan.result.reduce((sum, { pgs }) => sum + pgs.length, 0);
  say(`plan ${count} OSDs down`, plan, `, ${changed} records`);
  say(
    '  store them',
    timed(() => applied(down, plan.result)),
  );
}
const isDown = withOsds(map, [7], { isUp: false });
say(
  'remap after an OSD went down',
  timed(() => UpTable.steps(table.result, isDown)),
);
const isOut = withOsds(map, [7], { isIn: false });
say(
  'remap after an OSD went out',
  timed(() => UpTable.steps(table.result, isOut)),
);
const mostOut = withOsds(
  map,
  Array.from({ length: 900 }, (_, id) => id),
  { isIn: false },
);
say(
  'remap with 900 of 1,000 OSDs out',
  timed(() => UpTable.steps(table.result, mostOut)),
);
