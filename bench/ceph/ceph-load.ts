/** Writes and reads of whole objects by `rados bench`, beside those of the cluster's own client. */
import { cpuTimes } from '../proc-stat.js';
import type { Load } from '../osds/round.js';
import type { CephCluster } from './ceph-cluster.js';
import { parseRadosBench, type RadosBenchResult } from './rados-bench.js';

export interface CephRound extends RadosBenchResult {
  /** Of one operation; its start and its end are part of it, some 50 ms of a round. */
  readonly clientMicroseconds: number;
  /** By the daemon's name, for one operation of the whole load. */
  readonly daemonMicroseconds: Readonly<Record<string, number>>;
}

/** A round of writes ends sooner after so many bytes: three copies have to fit the OSDs. */
const roundBytesMax = 4 * 2 ** 30;
const fillSeconds = 60;
/** For what was started in time to end, for the cluster to be found and left, and for objects to be removed. */
const patienceMs = 120_000;
const cleanUpsInFlight = 64;

export class CephLoad {
  readonly #cluster: CephCluster;
  #number = 0;

  constructor(cluster: CephCluster) {
    this.#cluster = cluster;
  }

  /** What is read was written: so many objects, which stay. */
  async fill({ bytes, objects }: Pick<Load, 'bytes' | 'objects'>): Promise<void> {
    const what = ['write', '-b', String(bytes), '-t', '16', '--max-objects', String(objects)];
    await this.#bench(fillSeconds, [...what, '--no-cleanup', '--run-name', filledName(bytes)]);
  }

  /** `seconds` is a whole number. Objects that it writes are new, and removed before it returns. */
  async round({ kind, bytes, inFlight }: Load, seconds: number): Promise<CephRound> {
    const before = this.#cluster.usage();
    const client = cpuTimes(process.pid).children;
    this.#number += 1;
    const written = `round-${this.#number}`;
    const objects = String(Math.floor(roundBytesMax / bytes));
    const write = ['write', '-b', String(bytes), '--max-objects', objects, '--no-cleanup', '--run-name', written];
    // The cluster's client does not compare what it reads either.
    const read = ['rand', '--no-verify', '--run-name', filledName(bytes)];
    const result = await this.#bench(seconds, [...(kind === 'write' ? write : read), '-t', String(inFlight)]);
    const clientMicroseconds = (cpuTimes(process.pid).children - client) / result.count;
    const daemonMicroseconds = this.#cluster
      .usage()
      .map(({ name, cpuMicroseconds }, i) => [
        name,
        (cpuMicroseconds - (before[i]?.cpuMicroseconds ?? 0)) / result.count,
      ]);
    if (kind === 'write') {
      const cleanUp = ['cleanup', '--run-name', written, '-t', String(cleanUpsInFlight)];
      await this.#cluster.rados(cleanUp, patienceMs);
    }
    return { ...result, clientMicroseconds, daemonMicroseconds: Object.fromEntries(daemonMicroseconds) };
  }

  async #bench(seconds: number, args: readonly string[]): Promise<RadosBenchResult> {
    const all = ['--format', 'json', 'bench', String(seconds), ...args];
    return parseRadosBench(await this.#cluster.rados(all, seconds * 1_000 + patienceMs));
  }
}

function filledName(bytes: number): string {
  return `filled-${bytes}`;
}
