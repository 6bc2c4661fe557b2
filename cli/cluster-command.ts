/** What every command that talks to a cluster has in common: which cluster, how long to wait, closing the client. */
import { type Command, InvalidArgumentError } from 'commander';
import { CairnError, isCairnError } from '../base/errors.js';
import type { WaitOptions } from '../runtime/clock.js';
import type { MonitorClient } from '../protocol/monitor-client.js';
import type { CliContext, ClusterChoice } from './context.js';
import { findCluster, type FoundCluster } from './connect.js';
import { addTlsOptions, tlsFlags } from './tls-choice.js';

const timeoutSecondsDefault = 30;

/** Options of the whole program, so that they may stand before or after a command. */
export function addClusterOptions(program: Command): void {
  program
    .option('--dir <dir>', 'cluster made by `cairn dev` (default: CAIRN_DIR, else ./data)')
    .option('--conf <file>', 'configuration of any other cluster (default: CAIRN_CONF)')
    .option('--timeout <seconds>', 'how long to wait for the cluster', parseSeconds, timeoutSecondsDefault);
  addTlsOptions(program);
}

/** Which cluster the options of this command line name. */
export function clusterChoice(command: Command, context: Pick<CliContext, 'absolute'>): ClusterChoice {
  const { dir, conf } = command.optsWithGlobals<{ dir?: string; conf?: string }>();
  return { dir, conf, tls: tlsFlags(command, context) };
}

/** The file of that cluster, and the TLS in use; `undefined` where there is no file to speak of. */
export async function clusterOf(command: Command, context: CliContext): Promise<FoundCluster | undefined> {
  try {
    return await findCluster(context, clusterChoice(command, context));
  } catch (error) {
    if (isCairnError(error)) return undefined;
    throw error;
  }
}

/** Runs `body` with a client of the chosen cluster and the one deadline of this command line, and closes the client. */
export async function withCluster<T>(
  command: Command,
  context: CliContext,
  body: (client: MonitorClient, wait: WaitOptions) => Promise<T>,
): Promise<T> {
  const { timeout } = command.optsWithGlobals<{ timeout: number }>();
  const client = await context.connect(clusterChoice(command, context));
  try {
    return await body(whoseQueriesChangeNothing(client), {
      deadline: context.deadlineIn(timeout * 1000),
      signal: context.interrupted,
    });
  } finally {
    await client.close();
  }
}

/** The session below cannot tell: a query that was sent and not answered is an error that says it may have taken effect. */
function whoseQueriesChangeNothing(client: MonitorClient): MonitorClient {
  return {
    query: (command, args, options) => client.query(command, args, options).catch(rethrowAsUnapplied),
    change: (command, args, wait) => client.change(command, args, wait),
    control: (command, args, wait) => client.control(command, args, wait),
    followMap: (options) => client.followMap(options),
    followLog: (options) => client.followLog(options),
    close: () => client.close(),
  };
}

function rethrowAsUnapplied(error: unknown): never {
  if (!isCairnError(error) || error.applied === 'no') throw error;
  throw new CairnError(error.code, error.message, { details: error.details, cause: error });
}

/** Notes on stderr that an answer may be old; programs see `stale` in JSON. */
export function noteStale(context: CliContext, answer: { readonly isStale: boolean; readonly epoch: number }): void {
  if (!answer.isStale) return;
  context.note(`cairn: the monitors have no quorum; this is what was true at map epoch ${answer.epoch}\n`);
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds > 0 && seconds <= 86_400) return seconds;
  throw new InvalidArgumentError('give seconds, more than 0 and at most 86400.');
}
