/** A simulated cluster with a pool and a client, looked at as operators do: by status, and by command lines. */
import assert from 'node:assert/strict';
import { CairnClient } from '../../../client/client.js';
import type { PoolClient } from '../../../client/pool-client.js';
import { poolCreate } from '../../../protocol/commands/pool.js';
import { type ClusterStatus, clusterStatus } from '../../../protocol/commands/status.js';
import { MonitorSession } from '../../../protocol/monitor-session.js';
import { cli, type CliRun } from '../../cli/fake-context.js';
import { inCluster, type Scene } from './osd-cluster.js';

/** Of the pool. */
export const pgNum = 8;

export interface Watched extends Scene {
  readonly pool: PoolClient;
  /** A command line, with a client of its own. */
  readonly run: (line: string) => Promise<CliRun>;
  readonly status: () => Promise<ClusterStatus>;
  /** Asks until it holds; the states on the way, each once. */
  readonly until: (
    what: string,
    withinMs: number,
    holds: (status: ClusterStatus) => boolean,
  ) => Promise<ReadonlySet<string>>;
}

/** With a pool, of size 3 unless told otherwise, and monitors whose answers are looked at. */
export async function watched(
  seed: number,
  osds: number,
  body: (scene: Watched) => Promise<void>,
  copies: { readonly size: number; readonly minSize: number } = { size: 3, minSize: 2 },
): Promise<void> {
  await inCluster({ seed, osds, monitors: 3 }, async (scene) => {
    const { world, cluster, admin } = scene;
    const shape = { name: 'data', ...copies, pgNum, application: 's3', confirmed: true };
    await admin.session.change(poolCreate, shape, admin.within(10_000));
    const status = async (): Promise<ClusterStatus> => {
      return (await admin.session.query(clusterStatus, {}, admin.within(20_000))).result;
    };
    const until: Watched['until'] = async (what, withinMs, holds) => {
      const begun = world.now;
      const states = new Set<string>();
      for (;;) {
        const now = await status();
        for (const state of Object.keys(now.pgmap.states)) states.add(state);
        if (holds(now)) return states;
        assert.ok(world.now < begun + withinMs, `not within ${withinMs} ms: ${what}; ${JSON.stringify(now.pgmap)}`);
        await world.sleep(200);
      }
    };
    await world.machine('client').start('client', async (runtime) => {
      const connect = () => CairnClient.connect(runtime, { credentials: cluster.admin, role: 'client' });
      const client = await connect();
      const run = async (line: string): Promise<CliRun> => {
        const session = new MonitorSession(runtime, { credentials: cluster.admin, role: 'client' });
        const result = await cli(line.split(' '), {}, { runtime, objects: connect, client: session });
        await session.close();
        return result;
      };
      await body({ ...scene, status, until, run, pool: await client.pool('data') });
      await client.close();
    }).finished;
  });
}

export function isClean({ pgmap }: ClusterStatus): boolean {
  return pgmap.states['active+clean'] === pgNum;
}
