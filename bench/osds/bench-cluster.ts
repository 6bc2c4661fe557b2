/** What benchmarks of OSDs have in common: their words, a cluster in a directory that goes when they end, and one pool in it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { monotonicMs } from '../../base/instants.js';
import { CairnClient } from '../../client/client.js';
import type { PoolClient } from '../../client/pool-client.js';
import { poolCreate } from '../../protocol/commands/pool.js';
import type { Runtime } from '../../runtime/runtime.js';
import { createNodeRuntime } from '../../runtime/node/runtime.js';
import { DevProcesses } from './dev-processes.js';

/** The word behind `name` on the command line. */
export function argument(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}

export interface BenchCluster {
  readonly runtime: Runtime;
  readonly processes: DevProcesses;
  readonly client: CairnClient;
  /** Three copies, 64 PGs. */
  readonly pool: PoolClient;
}

/** Prints what `measure` returns with `--json`; otherwise it has printed as it went. Ends the process. */
export async function benchCluster(
  osds: number,
  measure: (cluster: BenchCluster) => Promise<readonly object[]>,
): Promise<never> {
  const size = 3;
  const directory = mkdtempSync(join(resolve(argument('--dir') ?? '.'), 'bench-store-'));
  const processes = await DevProcesses.start(directory, { osds, size });
  try {
    const runtime = createNodeRuntime({ daemon: 'client', logLevel: 'error' });
    const client = await CairnClient.connect(runtime, { credentials: processes.credentials, role: 'client' });
    const deadline = monotonicMs(runtime.clock.now() + 30_000);
    const args = { name: 'bench', size, minSize: 2, pgNum: 64, confirmed: true };
    await client.monitors.change(poolCreate, args, { deadline });
    const rows = await measure({ runtime, processes, client, pool: await client.pool('bench') });
    await client.close();
    if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  } finally {
    await processes.stop();
    rmSync(directory, { recursive: true, force: true });
  }
  process.exit(0);
}
