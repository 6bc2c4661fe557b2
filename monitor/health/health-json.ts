/** `cairn health --json`: Ceph's field names (`ceph health detail --format json`), and the advice. A contract. */
import type { HealthReport, HealthStatus } from './types.js';

export interface HealthJson {
  readonly status: HealthStatus;
  readonly checks: Readonly<Record<string, HealthCheckJson>>;
  readonly mutes: readonly HealthMuteJson[];
}

export interface HealthCheckJson {
  readonly severity: 'HEALTH_WARN' | 'HEALTH_ERR';
  readonly summary: { readonly message: string; readonly count: number };
  readonly muted: boolean;
  readonly advice: string;
  /** With `detail` only. */
  readonly detail?: readonly { readonly message: string }[];
}

export interface HealthMuteJson {
  readonly code: string;
  readonly sticky: boolean;
  /** Milliseconds since the Unix epoch; absent when it does not expire. */
  readonly until_ms?: number;
  readonly count: number;
}

export function healthJson(report: HealthReport, { detail }: { readonly detail: boolean }): HealthJson {
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
          ...(detail ? { detail: check.detail.map((message) => ({ message })) } : {}),
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
