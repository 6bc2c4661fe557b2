/** How the cluster is: all checks, with mutes. */
import { checkAsync } from './check-async.js';
import { checkDaemons } from './check-daemons.js';
import { checkMonitors } from './check-monitors.js';
import { checkOsds } from './check-osds.js';
import { checkPgs } from './check-pgs.js';
import { checkPools } from './check-pools.js';
import { checkSpace } from './check-space.js';
import { applyMutes } from './mutes.js';
import type { HealthCheck, HealthInput, HealthReport, HealthStatus } from './types.js';

/** Pure, and linear in OSDs, buckets and pools; the number of PGs and objects does not matter. */
export function checkHealth(input: HealthInput): HealthReport {
  const raised = [
    ...checkMonitors(input),
    ...checkOsds(input),
    ...checkSpace(input),
    ...checkPools(input),
    ...checkPgs(input),
    ...checkAsync(input),
    ...checkDaemons(input),
  ];
  const { checks, mutes, mutesEnded } = applyMutes(raised.sort(errorsFirst), input.mutes, input.now);
  return { status: statusOf(checks), checks, mutes, mutesEnded };
}

function errorsFirst(a: HealthCheck, b: HealthCheck): number {
  if (a.severity !== b.severity) return a.severity === 'error' ? -1 : 1;
  return a.code < b.code ? -1 : 1;
}

function statusOf(checks: readonly HealthCheck[]): HealthStatus {
  const counting = checks.filter(({ isMuted }) => !isMuted);
  if (counting.some(({ severity }) => severity === 'error')) return 'HEALTH_ERR';
  return counting.length > 0 ? 'HEALTH_WARN' : 'HEALTH_OK';
}
