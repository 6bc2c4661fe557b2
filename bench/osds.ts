/**
 * Three OSDs of `cairn dev`, size 3, every write synced on all three: writes and reads of whole objects through the client;
 * with `--ceph` beside `rados bench` on three OSDs of Ceph, rounds alternating.
 *
 *     npm run bench:cluster -- [--json] [--seconds 3] [--warm 15] [--rounds 3] [--only 4KiB,write,64] [--dir DIR]
 *                                [--ceph [--ceph-set NAME=VALUE,...]]
 *
 * Each row is the round of the middle rate. V8 compiles for some 20,000 operations, in each process: `--warm` seconds of them come
 * before the first round of reads and of writes of a size.
 */
import { CephBeside, type CephRow, cephRow, cephRowText, type Pair } from './ceph/ceph-beside.js';
import { parseCephSettings } from './ceph/ceph-conf.js';
import { missingPackages, missingText } from './ceph/debian-packages.js';
import { middle } from './median.js';
import { argument, type BenchCluster, benchCluster } from './osds/bench-cluster.js';
import { objectLoad } from './osds/object-load.js';
import { type Load, measureRound, type Round, roundText, sizeText } from './osds/round.js';

interface Row extends Round {
  readonly ceph?: CephRow;
}

const KiB = 1024;
const osdCount = 3;
const sizes = [4 * KiB, 64 * KiB, 4 * KiB * KiB];
const depths = [1, 16, 64];
/** What one size keeps in use, at most. */
const keptBytes = 256 * KiB * KiB;

const seconds = Number(argument('--seconds') ?? 3);
const warmSeconds = Number(argument('--warm') ?? 15);
const roundCount = Number(argument('--rounds') ?? 3);
const only = (argument('--only') ?? '').split(',').filter((word) => word !== '');
const cephSettings = parseCephSettings(argument('--ceph-set') ?? '');
const isBesideCeph = process.argv.includes('--ceph');
if (isBesideCeph) checkCeph();
await benchCluster(osdCount, measure);

async function measure(cluster: BenchCluster): Promise<Row[]> {
  const { pool } = cluster;
  const ceph = isBesideCeph
    ? await CephBeside.start(cluster, { osds: osdCount, seconds, settings: cephSettings })
    : undefined;
  if (ceph !== undefined) say(ceph.description);
  const rows: Row[] = [];
  for (const bytes of sizes) {
    if (!only.every((word) => !word.endsWith('B') || word === sizeText(bytes))) continue;
    const objects = Math.min(4_096, keptBytes / bytes);
    // What is read was written.
    await objectLoad(pool, { kind: 'write', bytes, inFlight: 16, ms: 60_000, objects, countMax: objects });
    await ceph?.fill({ bytes, objects });
    for (const kind of ['write', 'read'] as const) {
      const wanted = depths.filter((inFlight) => {
        const words = new Set([sizeText(bytes), kind, String(inFlight)]);
        return only.every((word) => words.has(word));
      });
      if (wanted.length === 0) continue;
      const warm = { kind, bytes, inFlight: Math.max(...depths), objects };
      await objectLoad(pool, { ...warm, ms: warmSeconds * 1_000 });
      await ceph?.warm(warm);
      for (const inFlight of wanted) {
        const row = await measureRow(cluster, ceph, { kind, bytes, inFlight, objects });
        rows.push(row);
        say(roundText(row));
        if (row.ceph !== undefined) say(cephRowText(row.ceph));
      }
    }
  }
  return rows;
}

async function measureRow(cluster: BenchCluster, ceph: CephBeside | undefined, load: Load): Promise<Row> {
  const ours = (): Promise<Round> => measureRound(cluster.processes, cluster.pool, load, seconds);
  const rounds: Round[] = [];
  const pairs: Pair[] = [];
  for (let round = 0; round < roundCount; round++) {
    const pair = await ceph?.pair(load, ours);
    if (pair !== undefined) pairs.push(pair);
    rounds.push(pair?.ours ?? (await ours()));
  }
  return pairs.length === 0 ? middle(rounds) : { ...middle(rounds), ceph: cephRow(load, pairs) };
}

/** Before anything is started: what is missing is said at once. */
function checkCeph(): void {
  const missing = missingPackages();
  if (missing.length > 0) refuse(missingText(missing));
  if (!Number.isSafeInteger(seconds) || seconds < 1)
    refuse('rados bench takes whole seconds: choose --seconds 1 or more');
}

function refuse(line: string): never {
  process.stderr.write(`${line}\n`);
  process.exit(1);
}

function say(line: string): void {
  if (!process.argv.includes('--json')) process.stdout.write(`${line}\n`);
}
