/** Makes checks: severity and advice come from the table, details are bounded here. */
import { invariant } from '../../base/invariant.js';
import { type HealthCode, healthCodeInfo } from './codes.js';
import type { HealthCheck } from './types.js';

/** A screen of lines; who needs all of them asks `osd tree` or `pg ls`. */
export const detailLinesMax = 50;

export interface Raised {
  /** At least 1; the number of lines when left out. */
  readonly count?: number;
  readonly summary: string;
  /** One line per thing. */
  readonly detail: readonly string[];
}

export function raise(code: HealthCode, { summary, detail, count = detail.length }: Raised): HealthCheck {
  const info = healthCodeInfo(code);
  invariant(info !== undefined && count >= 1, 'a check that is raised is in the table and about something', { code });
  return {
    code,
    severity: info.severity,
    summary,
    count,
    detail: bounded(detail),
    advice: info.advice,
    isMuted: false,
  };
}

/** No check when there is nothing to say: most checks are a list of lines with a heading. */
export function raiseIfAny(code: HealthCode, detail: readonly string[], summary: string): HealthCheck[] {
  return detail.length === 0 ? [] : [raise(code, { summary, detail })];
}

function bounded(lines: readonly string[]): string[] {
  if (lines.length <= detailLinesMax) return [...lines];
  return [...lines.slice(0, detailLinesMax), `... and ${lines.length - detailLinesMax} more`];
}

/** `1 osd`, `2 osds`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** `12.3 %`. */
export function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`;
}
