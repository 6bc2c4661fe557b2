/**
 * The cluster map of 1,000 OSDs on 100 hosts and 100,000 PGs of three copies: its size on the wire and in memory, and what
 * one full map, one OSD down and one large pool cost: each step at its best of some runs, for the others measure who else was running.
 *
 *     node --expose-gc dist/bench/cluster.js [--json]
 *
 * "Slice" is the longest step between two yields of the generators: what a daemon's other work waits for.
 */
import { wallMs } from '../base/instants.js';
import type { Steps } from '../base/steps.js';
import { applyIncremental, applyIncrementalSteps } from '../cluster/apply-incremental.js';
import type { Incremental, MapChange } from '../cluster/change.js';
import {
  decodeIncrementalInSlices,
  encodeIncremental,
  encodeIncrementalInSlices,
} from '../cluster/codec/incremental-codec.js';
import { decodeMapInSlices, encodeMap, encodeMapInSlices } from '../cluster/codec/map-codec.js';
import { createMap } from '../cluster/create-map.js';
import { defaultCrush } from '../cluster/default-crush.js';
import { epoch, osdId, pgTerm, poolId, storeNumber } from '../cluster/ids.js';
import type { ClusterMap } from '../cluster/map.js';
import type { OsdInfo } from '../cluster/osd.js';
import type { Member, PgRecord } from '../cluster/pg-record.js';
import type { Pool } from '../cluster/pool.js';
import { parseCrushText } from '../crush/text-parser.js';
import { printCrushText } from '../crush/text-printer.js';

const osdCount = 1000;
const osdsPerHost = 10;
const poolPgNums = [65_536, 32_768, 1696];
const newPoolPgNum = 32_768;
const copies = 3;
const runCount = 15;

interface Row {
  readonly name: string;
  readonly value: string;
}

const rows: Row[] = [];
const before = heapBytes();
const map = largeMap();
const afterHeap = heapBytes();
const pgCount = map.records.count;
measure();
process.stdout.write(
  process.argv.includes('--json')
    ? `${JSON.stringify(Object.fromEntries(rows.map(({ name, value }) => [name, value])))}\n`
    : table(),
);

function measure(): void {
  const bytes = encodeMap(map);
  add('PGs', `${pgCount}`);
  add('full map', `${bytes.byteLength} B, ${(bytes.byteLength / pgCount).toFixed(1)} B per PG`);
  add('memory of the map', `${((afterHeap - before) / pgCount).toFixed(1)} B per PG (OSDs and CRUSH included)`);
  addTimes('full map, encode', () => encodeMapInSlices(map));
  addTimes('full map, decode and validate', () => decodeMapInSlices(bytes));
  addChange('one OSD down', oneOsdDown());
  addChange(`a pool of ${newPoolPgNum} PGs`, newPool());
}

function addChange(name: string, changes: readonly MapChange[]): void {
  const incremental = incrementalOf(map, changes);
  const encoded = encodeIncremental(incremental);
  const records = changes.reduce((sum, change) => sum + (change.kind === 'records' ? change.pgs.length : 0), 0);
  add(name, `${records} records, ${encoded.byteLength} B`);
  addTimes(`${name}, encode`, () => encodeIncrementalInSlices(incremental));
  addTimes(`${name}, decode`, () => decodeIncrementalInSlices(encoded));
  addTimes(`${name}, apply`, () => applyIncrementalSteps(map, incremental));
}

function add(name: string, value: string): void {
  rows.push({ name, value });
}

function addTimes(name: string, start: () => Steps<unknown> | Generator<unknown, void, void>): void {
  // Step by step the best of all runs, since each run takes the same steps.
  const best: number[] = [];
  for (let run = 0; run < runCount; run += 1) {
    for (const [i, ms] of stepTimes(start()).entries()) best[i] = Math.min(best[i] ?? Infinity, ms);
  }
  const total = best.reduce((sum, ms) => sum + ms, 0);
  const slice = Math.max(...best);
  add(name, `${total.toFixed(2)} ms, longest slice ${slice.toFixed(2)} ms`);
}

/** Milliseconds of each step. */
function stepTimes(steps: Iterator<unknown>): number[] {
  const times: number[] = [];
  for (let isDone = false; !isDone;) {
    const start = performance.now();
    isDone = steps.next().done === true;
    times.push(performance.now() - start);
  }
  return times;
}

function largeMap(): ClusterMap {
  const monitors = ['a', 'b', 'c'].map((name, i) => {
    return { name, member: i + 1, address: { host: `10.0.0.${i + 1}`, port: 7000 }, role: 'voter' as const };
  });
  const fsid = '0123456789abcdef0123456789abcdef';
  const empty = createMap({ fsid, createdAt: wallMs(0), monitors, entities: [], crush: crushMap() });
  const osds = Array.from({ length: osdCount }, (_, id): MapChange => ({ kind: 'osd', osd: osd(id) }));
  const pools = poolPgNums.flatMap((pgNum, i) => poolChanges(i + 1, pgNum));
  return applyIncremental(empty, incrementalOf(empty, [...osds, ...pools]));
}

function crushMap() {
  const lines = [printCrushText(defaultCrush()).split('# buckets')[0] ?? ''];
  for (let id = 0; id < osdCount; id += 1) lines.push(`device ${id} osd.${id} class hdd`);
  for (let host = 0; host < osdCount / osdsPerHost; host += 1) {
    const items = Array.from({ length: osdsPerHost }, (_, i) => `item osd.${host * osdsPerHost + i} weight 3.64`);
    lines.push(`host h${host} { alg straw2 hash 0 ${items.join(' ')} }`);
  }
  const hosts = Array.from({ length: osdCount / osdsPerHost }, (_, host) => `item h${host}`);
  lines.push(`root default { alg straw2 hash 0 ${hosts.join(' ')} }`);
  lines.push('rule data { id 0 type replicated step take default step chooseleaf firstn 0 type host step emit }');
  return parseCrushText(lines.join('\n'));
}

function osd(id: number): OsdInfo {
  const address = { host: `10.1.${id >> 8}.${id & 255}`, port: 6800 };
  return {
    id: osdId(id),
    uuid: id.toString(16).padStart(32, '0'),
    store: storeNumber(id + 1),
    boot: 3,
    publicAddress: address,
    clusterAddress: address,
    isUp: true,
    isIn: true,
    isAutoOut: false,
    reweight: 0x10000,
    capacityBytes: 4e12,
    upFrom: epoch(2),
    downAt: epoch(1),
    downSince: wallMs(0),
    hostname: `host-${Math.floor(id / osdsPerHost)}`,
    version: '1.0.0',
    features: 1,
  };
}

function poolChanges(id: number, pgNum: number): MapChange[] {
  const pool: Pool = {
    id: poolId(id),
    name: `pool${id}`,
    kind: 'replicated',
    size: copies,
    minSize: 2,
    pgNum,
    rule: 0,
    mode: { kind: 'sync' },
    checksumBlockBytes: 65_536,
    requiredFeatures: 0,
    quotaBytes: 0,
    quotaObjects: 0,
    application: 's3',
    flags: [],
    createdAt: epoch(2),
  };
  const pgs = Uint32Array.from({ length: pgNum }, (_, pg) => pg);
  const records = Array.from(pgs, (pg): PgRecord => {
    const acting = Array.from({ length: copies }, (_, i) => member((pg * 7 + i * 313 + id) % osdCount));
    return { term: pgTerm(1 + (pg % 50)), acting, eligible: [], mode: { kind: 'sync' } };
  });
  return [
    { kind: 'pool', pool },
    { kind: 'records', pool: pool.id, pgs, records },
  ];
}

function member(id: number): Member {
  return { osd: osdId(id), store: storeNumber(id + 1) };
}

/** osd.500 leaves the acting set of its PGs, and stays eligible. */
function oneOsdDown(): MapChange[] {
  const down = { ...osd(500), isUp: false, downAt: epoch(map.epoch + 1) };
  const changes: MapChange[] = [{ kind: 'osd', osd: down }];
  for (const { id, pgNum } of map.pools.values()) {
    const pgs: number[] = [];
    const records: PgRecord[] = [];
    for (let pg = 0; pg < pgNum; pg += 1) {
      const record = map.records.get({ pool: id, pg });
      if (record === undefined || !record.acting.some(({ osd }) => osd === down.id)) continue;
      pgs.push(pg);
      records.push({
        ...record,
        term: pgTerm(record.term + 1),
        acting: record.acting.filter(({ osd }) => osd !== down.id),
        eligible: record.acting.filter(({ osd }) => osd === down.id),
      });
    }
    changes.push({ kind: 'records', pool: id, pgs: Uint32Array.from(pgs), records });
  }
  return changes;
}

function newPool(): MapChange[] {
  return poolChanges(9, newPoolPgNum);
}

function incrementalOf({ epoch: last, fsid }: ClusterMap, changes: readonly MapChange[]): Incremental {
  return { epoch: epoch(last + 1), fsid, changedAt: wallMs(last), changes };
}

/** Typed arrays live outside of V8's heap. */
function heapBytes(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function table(): string {
  const width = Math.max(...rows.map(({ name }) => name.length));
  return rows.map(({ name, value }) => `${name.padEnd(width)}  ${value}\n`).join('');
}
