/** What benchmarks of OSDs have in common: their words, a cluster in a directory that goes when they end, and one pool in it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { monotonicMs } from '../../base/instants.js';
import { CairnClient } from '../../client/client.js';
import type { PoolClient } from '../../client/pool-client.js';
import { poolCreate } from '../../protocol/commands/pool.js';
import type { Runtime } from '../../runtime/runtime.js';
import { createNodeRuntime } from '../../runtime/node/runtime.js';
import { type AtEnd, runToEnd, StoppedError } from '../run-to-end.js';
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
  readonly pool: PoolClient;
  /** On the disk that is measured; removed at the end, with what others made in it. */
  readonly directory: string;
  readonly atEnd: AtEnd;
}

/** The pool of the benchmark. */
export const benchPool = { size: 3, minSize: 2, pgNum: 64 } as const;

/** Prints what `measure` returns with `--json`; otherwise it has printed as it went. Ends the process. */
export async function benchCluster(
  osds: number,
  measure: (cluster: BenchCluster) => Promise<readonly object[]>,
): Promise<never> {
  const run = runToEnd(async (atEnd) => {
    const directory = mkdtempSync(join(resolve(argument('--dir') ?? '.'), 'bench-store-'));
    atEnd(() => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }));
    const processes = await DevProcesses.start(directory, { osds, size: benchPool.size }, atEnd);
    const runtime = createNodeRuntime({ daemon: 'client', logLevel: 'error' });
    const client = await CairnClient.connect(runtime, { credentials: processes.credentials, role: 'client' });
    atEnd(() => client.close());
    const deadline = monotonicMs(runtime.clock.now() + 30_000);
    await client.monitors.change(poolCreate, { name: 'bench', ...benchPool, confirmed: true }, { deadline });
    const pool = await client.pool('bench');
    const rows = await measure({ runtime, processes, client, pool, directory, atEnd });
    if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  });
  await run.catch((error: unknown) => {
    if (error instanceof StoppedError) process.exit(1);
    throw error;
  });
  process.exit(0);
}
