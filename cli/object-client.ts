/** What every command about objects has in common: the pool, the namespace, a client, and how long one operation may take. */
import type { Command } from 'commander';
import { isCairnError } from '../base/errors.js';
import type { CairnClient } from '../client/client.js';
import type { TransferOptions } from '../client/large-object.js';
import type { PoolClient } from '../client/pool-client.js';
import type { WaitOptions } from '../runtime/clock.js';
import { clusterChoice } from './cluster-command.js';
import type { CliContext } from './context.js';

export interface ObjectOptions {
  readonly pool: string;
  readonly namespace: string;
  readonly json?: boolean;
}

export function addObjectOptions(command: Command): Command {
  return command
    .requiredOption('-p, --pool <pool>', 'name or number of the pool')
    .option('-N, --namespace <namespace>', 'within the pool; by default the one without a name', '');
}

export interface ObjectSession {
  readonly client: CairnClient;
  readonly pool: PoolClient;
  /** For one operation, from now: `--timeout` is for each, as a large file takes as long as it takes. */
  readonly wait: () => WaitOptions;
  readonly transfer: Pick<TransferOptions, 'signal' | 'waitForPiece'>;
}

/** Runs `body` with a client of the chosen cluster, and closes the client. `wait` is for one operation, from now. */
export async function withClient<T>(
  command: Command,
  context: CliContext,
  body: (client: CairnClient, wait: () => WaitOptions) => Promise<T>,
): Promise<T> {
  const { timeout } = command.optsWithGlobals<{ timeout: number }>();
  const wait = (): WaitOptions => ({ deadline: context.deadlineIn(timeout * 1000), signal: context.interrupted });
  const client = await context.connectObjects(clusterChoice(command, context), wait());
  try {
    return await body(client, wait);
  } finally {
    await client.close();
  }
}

/** And of one pool. */
export function withPool<T>(
  command: Command,
  context: CliContext,
  { pool: name }: Pick<ObjectOptions, 'pool'>,
  body: (session: ObjectSession) => Promise<T>,
): Promise<T> {
  return withClient(command, context, async (client, wait) => {
    const pool = await poolCalled(client, name, wait);
    const waitForPiece = (): Pick<WaitOptions, 'deadline'> => ({ deadline: wait().deadline });
    return await body({ client, pool, wait, transfer: { signal: context.interrupted, waitForPiece } });
  });
}

/** A pool may be called `7`: a number is an id only where no pool has that name. */
async function poolCalled(client: CairnClient, name: string, wait: () => WaitOptions): Promise<PoolClient> {
  try {
    return await client.pool(name, wait());
  } catch (error) {
    if (!isCairnError(error, 'NOT_FOUND') || !/^[0-9]{1,9}$/.test(name)) throw error;
    return client.pool(Number(name), wait());
  }
}
