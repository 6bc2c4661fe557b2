/** Cases of faults: each begins with a clean cluster and a load that is answered, and ends so. */
import assert from 'node:assert/strict';
import { here } from '../children.js';
import { Pauses } from './pauses.js';
import { type ClusterShape, devFounder, type Founder } from './founder.js';
import { RealCluster } from './real-cluster.js';
import { VerifiedLoad } from './verified-load.js';

export interface FaultCase {
  /** A claim. */
  readonly title: string;
  /** In the table of pauses. */
  readonly short: string;
  readonly run: (cluster: RealCluster, load: VerifiedLoad) => Promise<void>;
  /** `undefined` where the fault lasts as long as the case wants it to. */
  readonly pauseMsMax: number | undefined;
  /** What clients may be told besides answers. Default: nothing. */
  readonly mayTell?: RegExp;
}

/** What no pause is to reach, however busy the machine is; the printed ones tell how far from it they were. */
export const pauseMsMax = 15_000;

export class UnderLoad {
  readonly #shape: ClusterShape;
  readonly #founder: Founder;
  readonly #pauses = new Pauses();
  readonly #loads: VerifiedLoad[] = [];
  #hasFailed = false;
  #cluster: RealCluster | undefined;

  constructor(shape: ClusterShape, founder = devFounder) {
    this.#shape = shape;
    this.#founder = founder;
  }

  async start(): Promise<void> {
    this.#cluster = await RealCluster.start(this.#shape, this.#founder);
    // New PGs begin to serve.
    await new VerifiedLoad(this.#cluster.pools, { name: 'first' }).readAll();
  }

  get cluster(): RealCluster {
    assert.ok(this.#cluster !== undefined, 'the cluster was started');
    return this.#cluster;
  }

  async run({
    short,
    run,
    pauseMsMax: most,
    mayTell,
    round,
  }: Omit<FaultCase, 'title'> & { readonly round: number }): Promise<void> {
    const { cluster } = this;
    // What it left behind fails every other one too, after a long wait.
    assert.ok(!this.#hasFailed, 'a case before this one failed');
    this.#hasFailed = true;
    const begun = here.clock.now();
    await cluster.untilClean();
    const load = new VerifiedLoad(cluster.pools, { name: `${short} ${round}` });
    this.#loads.push(load);
    load.begin();
    try {
      await load.readAll();
      await run(cluster, load);
      await load.readAll();
    } finally {
      await load.end();
    }
    const { pauseMs, operations } = load;
    await load.verify();
    this.#pauses.add({ what: short, ms: pauseMs, operations, caseMs: here.clock.now() - begun });
    const errors = load.errors.filter((error) => mayTell?.test(error) !== true);
    assert.deepEqual(errors, [], 'clients are told of no error');
    if (most !== undefined) assert.ok(pauseMs < most, `the longest pause was ${pauseMs} ms`);
    this.#hasFailed = false;
  }

  async verifyAll(): Promise<void> {
    for (const load of this.#loads) await load.verify();
  }

  async end(): Promise<void> {
    this.#pauses.print();
    await this.#cluster?.end();
  }
}
