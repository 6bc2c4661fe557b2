/** `cairn health --json`: Ceph's field names (`ceph health detail --format json`), and the advice. A contract. */
import type { ClusterHealth } from '../../protocol/commands/status.js';
import type { HealthReport } from './types.js';

export function healthJson(report: HealthReport, { detail }: { readonly detail: boolean }): ClusterHealth {
  return {
    status: report.status,
    checks: Object.fromEntries(
      report.checks.map((check) => [
        check.code,
        {
          severity: check.severity === 'error' ? 'HEALTH_ERR' : 'HEALTH_WARN',
          summary: { message: check.summary, count: check.count },
          muted: check.isMuted,
          advice: check.advice,
          ...(detail ? { detail: check.detail.map((message) => ({ message })), detail_omitted: check.more } : {}),
        },
      ]),
    ),
    mutes: report.mutes.map(({ code, isSticky, until, count }) => ({
      code,
      sticky: isSticky,
      ...(until === undefined ? {} : { until_ms: until }),
      count,
    })),
  };
}
