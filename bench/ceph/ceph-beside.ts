/**
 * A Ceph beside the cluster, on the same disk in the same minutes. Both run all the time, rounds alternate, and what the one uses of the
 * processor while the other is measured stands in the figures.
 */
import { median, middle } from '../median.js';
import { type BenchCluster, benchPool } from '../osds/bench-cluster.js';
import { type Load, rateText, type Round, sum } from '../osds/round.js';
import { CephCluster, type CephOptions } from './ceph-cluster.js';
import { CephLoad, type CephRound } from './ceph-load.js';
import { targetRatio } from './targets.js';

export interface Pair {
  readonly ours: Round;
  readonly ceph: CephRound;
  /** Processors that the other one's daemons used meanwhile, with nothing to do. */
  readonly idleCores: { readonly ceph: number; readonly cairn: number };
}

export interface CephRow extends CephRound {
  /** Of our rate to Ceph's: the median of the rounds' ratios. */
  readonly ratio: number;
  readonly targetRatio: number | undefined;
  readonly idleCores: Pair['idleCores'];
}

export class CephBeside {
  /** Its version, and what it is made of. */
  readonly description: string;
  readonly #cluster: BenchCluster;
  readonly #ceph: CephCluster;
  readonly #load: CephLoad;
  readonly #seconds: number;

  private constructor(cluster: BenchCluster, ceph: CephCluster, options: { description: string; seconds: number }) {
    this.#cluster = cluster;
    this.#ceph = ceph;
    this.#load = new CephLoad(ceph);
    this.description = options.description;
    this.#seconds = options.seconds;
  }

  /** `seconds` of each round, a whole number of at least 1: `rados bench` takes no others, and 0 for ever. */
  static async start(
    cluster: BenchCluster,
    { seconds, ...more }: Pick<CephOptions, 'osds' | 'settings'> & { readonly seconds: number },
  ): Promise<CephBeside> {
    const options = { directory: `${cluster.directory}/ceph`, ...more, ...benchPool };
    const ceph = await CephCluster.start(options, cluster.atEnd);
    return new CephBeside(cluster, ceph, { description: await ceph.describe(), seconds });
  }

  /** What is read was written. */
  async fill(what: Pick<Load, 'bytes' | 'objects'>): Promise<void> {
    await this.#load.fill(what);
  }

  /** Caches and connections; there is no compiler to wait for. */
  async warm(load: Load): Promise<void> {
    await this.#load.round(load, this.#seconds);
  }

  async pair(load: Load, measureOurs: () => Promise<Round>): Promise<Pair> {
    const ours = await coresMeanwhile(() => this.#ceph.usage(), measureOurs);
    const ceph = await coresMeanwhile(
      () => this.#cluster.processes.usage(),
      () => this.#load.round(load, this.#seconds),
    );
    return { ours: ours.result, ceph: ceph.result, idleCores: { ceph: ours.cores, cairn: ceph.cores } };
  }
}

export function cephRow(load: Load, pairs: readonly Pair[]): CephRow {
  return {
    ...middle(pairs.map(({ ceph }) => ceph)),
    ratio: median(pairs.map(({ ours, ceph }) => ours.perSecond / ceph.perSecond)),
    targetRatio: targetRatio(load),
    idleCores: {
      ceph: median(pairs.map(({ idleCores }) => idleCores.ceph)),
      cairn: median(pairs.map(({ idleCores }) => idleCores.cairn)),
    },
  };
}

/** Stands below the cluster's row. */
export function cephRowText(row: CephRow): string {
  const { ratio, targetRatio: target, idleCores, daemonMicroseconds: daemons } = row;
  const latency = `avg ${row.meanMs.toFixed(2).padStart(7)}               max ${row.maxMs.toFixed(0).padStart(5)} ms`;
  const osds = Object.entries(daemons).flatMap(([name, used]) => (name.startsWith('osd.') ? [used] : []));
  const others = sum(Object.values(daemons)) - sum(osds);
  const cpu = `CPU us: client ${row.clientMicroseconds.toFixed(0)}, OSDs ${sum(osds).toFixed(0)}, others ${others.toFixed(0)}`;
  const goal = target === undefined ? '' : `, target x${target}${ratio >= target ? '' : ': missed'}`;
  const idle = `idle: Ceph ${idleCores.ceph.toFixed(3)}, cairn ${idleCores.cairn.toFixed(3)} cores`;
  return `${'  Ceph'.padEnd(17)}${rateText(row)}  ${latency}  ${cpu}\n${' '.repeat(17)}cairn x${ratio.toFixed(2)}${goal}  (${idle})`;
}

async function coresMeanwhile<T>(
  usage: () => readonly { readonly cpuMicroseconds: number }[],
  body: () => Promise<T>,
): Promise<{ readonly result: T; readonly cores: number }> {
  const used = (): number => sum(usage().map(({ cpuMicroseconds }) => cpuMicroseconds));
  const before = used();
  const began = performance.now();
  const result = await body();
  return { result, cores: (used() - before) / ((performance.now() - began) * 1_000) };
}
