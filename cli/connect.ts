/** How `cairn` finds the cluster that it talks to (DESIGN.md section 9). */
import { CairnError, isCairnError } from '../base/errors.js';
import { MonitorSession } from '../protocol/monitor-session.js';
import type { Runtime } from '../runtime/runtime.js';
import { readClusterConf } from './cluster-conf.js';
import type { CliContext, ClusterChoice } from './context.js';

/** In the directory of a `cairn dev` cluster. */
export const clusterFileName = 'cluster.yaml';

/** `--conf`, else `--dir`, else `CAIRN_CONF`, else `CAIRN_DIR`, else `./data`. Throws `NOT_FOUND` when no cluster is there. */
export async function connectTo(
  runtime: Runtime,
  context: Pick<CliContext, 'readFile' | 'env'>,
  choice: ClusterChoice,
): Promise<MonitorSession> {
  const path = confPath(choice, context.env);
  try {
    return new MonitorSession(runtime, { credentials: await readClusterConf(context, path), role: 'client' });
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
