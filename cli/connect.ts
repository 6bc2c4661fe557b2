/** How `cairn` finds the cluster that it talks to (DESIGN.md section 9). */
import { CairnError, isCairnError } from '../base/errors.js';
import { CairnClient } from '../client/client.js';
import type { HuntOptions } from '../protocol/monitor-hunt.js';
import { MonitorSession } from '../protocol/monitor-session.js';
import { readTls, type TlsPaths } from '../runtime/node/tls-files.js';
import type { WaitOptions } from '../runtime/clock.js';
import type { Runtime } from '../runtime/runtime.js';
import { type ClusterConf, readClusterConf, tlsBeside } from './cluster-conf.js';
import type { CliContext, ClusterChoice } from './context.js';
import { tlsOfEnvironment, wholeTls } from './tls-choice.js';

/** In the directory of a `cairn dev` cluster. */
export const clusterFileName = 'cluster.yaml';

/** `--conf`, else `--dir`, else `CAIRN_CONF`, else `CAIRN_DIR`, else `./data`. Throws `NOT_FOUND` when no cluster is there. */
export async function connectTo(
  runtime: Runtime,
  context: Pick<CliContext, 'readFile' | 'env'>,
  choice: ClusterChoice,
): Promise<MonitorSession> {
  return new MonitorSession(runtime, await clientOptions(runtime, context, choice));
}

/** The same cluster's objects. Errors: those of `CairnClient.connect`, too. */
export async function connectObjectsTo(
  runtime: Runtime,
  context: Pick<CliContext, 'readFile' | 'env'>,
  choice: ClusterChoice,
  wait: WaitOptions,
): Promise<CairnClient> {
  return CairnClient.connect(runtime, await clientOptions(runtime, context, choice), wait);
}

async function clientOptions(
  runtime: Runtime,
  context: Pick<CliContext, 'readFile' | 'env'>,
  choice: ClusterChoice,
): Promise<HuntOptions> {
  const { conf, tls: paths } = await findCluster(context, choice);
  const tls = paths === undefined ? undefined : await readTls(runtime, paths, conf.name);
  return { credentials: conf, role: 'client', tls };
}

export interface FoundCluster {
  readonly conf: ClusterConf;
  /** Of whichever place names it; `undefined` without TLS. */
  readonly tls: TlsPaths | undefined;
}

/** The file of the chosen cluster, and what it takes to connect to it. Errors as `connectTo`. */
export async function findCluster(
  context: Pick<CliContext, 'readFile' | 'env'>,
  choice: ClusterChoice,
): Promise<FoundCluster> {
  const path = confPath(choice, context.env);
  const conf = await readConf(context, path);
  const inFile = conf.tls === undefined ? {} : tlsBeside(path, conf.tls);
  // The environment speaks of the cluster that it names, or that nobody names: not of another one's directory.
  const environment = choice.dir === undefined ? tlsOfEnvironment(context.env) : {};
  return { conf, tls: wholeTls(choice.tls ?? {}, environment, inFile) };
}

async function readConf(context: Pick<CliContext, 'readFile'>, path: string): Promise<ClusterConf> {
  try {
    return await readClusterConf(context, path);
  } catch (error) {
    if (!isCairnError(error, 'NOT_FOUND')) throw error;
    throw new CairnError(
      'NOT_FOUND',
      `there is no cluster at ${path}; start one with \`cairn dev\`, or name one by --dir DIR or --conf FILE`,
      { cause: error },
    );
  }
}

function confPath({ conf, dir }: ClusterChoice, env: CliContext['env']): string {
  if (conf !== undefined) return conf;
  if (dir !== undefined) return `${dir}/${clusterFileName}`;
  const { CAIRN_CONF, CAIRN_DIR } = env;
  return CAIRN_CONF ?? `${CAIRN_DIR ?? './data'}/${clusterFileName}`;
}
