/**
 * Three OSDs of `cairn dev`, size 3, every write synced on all three: writes and reads of whole objects through the client.
 *
 *     npm run bench:cluster -- [--json] [--seconds 3] [--warm 15] [--rounds 3] [--only 4KiB,write,64] [--dir DIR]
 *
 * Each row is the round of the middle rate. V8 compiles for some 20,000 operations, in each process: `--warm` seconds of them come
 * before the first round of reads and of writes of a size.
 */
import { invariant } from '../base/invariant.js';
import type { PoolClient } from '../client/pool-client.js';
import { argument, type BenchCluster, benchCluster } from './osds/bench-cluster.js';
import { type DevProcesses, usageOf } from './osds/dev-processes.js';
import { type LoadOptions, objectLoad, type LoadResult } from './osds/object-load.js';

interface Row extends LoadResult {
  readonly kind: 'write' | 'read';
  readonly bytes: number;
  readonly inFlight: number;
  /** Of one operation. */
  readonly clientMicroseconds: number;
  /** Of each OSD, for one operation of the whole load. */
  readonly osdMicroseconds: readonly number[];
  /** Writes to files or sockets, of all OSDs, for one operation. */
  readonly osdWriteCalls: number;
}

const KiB = 1024;
const sizes = [4 * KiB, 64 * KiB, 4 * KiB * KiB];
const depths = [1, 16, 64];
/** What one size keeps in use, at most. */
const keptBytes = 256 * KiB * KiB;

const seconds = Number(argument('--seconds') ?? 3);
const warmSeconds = Number(argument('--warm') ?? 15);
const roundCount = Number(argument('--rounds') ?? 3);
const only = (argument('--only') ?? '').split(',').filter((word) => word !== '');
await benchCluster(3, measure);

async function measure({ processes: cluster, pool }: BenchCluster): Promise<Row[]> {
  const rows: Row[] = [];
  for (const bytes of sizes) {
    if (!only.every((word) => !word.endsWith('B') || word === sizeText(bytes))) continue;
    const objects = Math.min(4_096, keptBytes / bytes);
    // What is read was written.
    await objectLoad(pool, { kind: 'write', bytes, inFlight: 16, ms: 60_000, objects, countMax: objects });
    for (const kind of ['write', 'read'] as const) {
      const wanted = depths.filter((inFlight) => {
        const words = new Set([sizeText(bytes), kind, String(inFlight)]);
        return only.every((word) => words.has(word));
      });
      if (wanted.length === 0) continue;
      await objectLoad(pool, { kind, bytes, inFlight: Math.max(...depths), ms: warmSeconds * 1_000, objects });
      for (const inFlight of wanted) {
        const rounds: Row[] = [];
        for (let round = 0; round < roundCount; round++) {
          rounds.push(await measureRound(cluster, pool, { kind, bytes, inFlight, objects }));
        }
        const row = middleOf(rounds);
        rows.push(row);
        if (!process.argv.includes('--json')) print(row);
      }
    }
  }
  return rows;
}

async function measureRound(
  cluster: DevProcesses,
  pool: PoolClient,
  load: Pick<LoadOptions, 'kind' | 'bytes' | 'inFlight' | 'objects'>,
): Promise<Row> {
  // What another depth left behind is done with.
  await objectLoad(pool, { ...load, ms: 500 });
  const before = cluster.usage();
  const own = usageOf('client', process.pid);
  const result = await objectLoad(pool, { ...load, ms: seconds * 1_000 });
  const after = cluster.usage();
  const ownAfter = usageOf('client', process.pid);
  const perOperation = (of: 'cpuMicroseconds' | 'writeCalls'): number[] => {
    return after.flatMap((daemon, i) => {
      return daemon.name.startsWith('osd.') ? [(daemon[of] - (before[i]?.[of] ?? 0)) / result.count] : [];
    });
  };
  return {
    kind: load.kind,
    bytes: load.bytes,
    inFlight: load.inFlight,
    ...result,
    clientMicroseconds: (ownAfter.cpuMicroseconds - own.cpuMicroseconds) / result.count,
    osdMicroseconds: perOperation('cpuMicroseconds'),
    osdWriteCalls: sum(perOperation('writeCalls')),
  };
}

function middleOf(rounds: readonly Row[]): Row {
  const sorted = rounds.toSorted((a, b) => a.perSecond - b.perSecond);
  const middle = sorted[Math.floor(sorted.length / 2)];
  invariant(middle !== undefined, 'there is a round');
  return middle;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function print(row: Row): void {
  const { kind, bytes, inFlight, perSecond, mebibytesPerSecond, p50Ms, p99Ms, maxMs } = row;
  const rate = `${perSecond.toFixed(0).padStart(7)}/s ${mebibytesPerSecond.toFixed(1).padStart(7)} MiB/s`;
  const latency = `p50 ${p50Ms.toFixed(2).padStart(7)}  p99 ${p99Ms.toFixed(2).padStart(7)}  max ${maxMs.toFixed(0).padStart(5)} ms`;
  const cpu = `CPU us: client ${row.clientMicroseconds.toFixed(0)}, OSDs ${sum(row.osdMicroseconds).toFixed(0)}`;
  const name = `${sizeText(bytes)} ${kind} x${inFlight}`.padEnd(17);
  process.stdout.write(`${name}${rate}  ${latency}  ${cpu}, ${row.osdWriteCalls.toFixed(2)} write calls\n`);
}

function sizeText(bytes: number): string {
  return bytes >= KiB * KiB ? `${bytes / KiB / KiB}MiB` : `${bytes / KiB}KiB`;
}
