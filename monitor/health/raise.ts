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
  /** Things it is about for which whoever calls had no line to give. */
  readonly unlisted?: number;
}

export function raise(code: HealthCode, { summary, detail, count = detail.length, unlisted = 0 }: Raised): HealthCheck {
  const info = healthCodeInfo(code);
  invariant(info !== undefined && count >= 1, 'a check that is raised is in the table and about something', { code });
  const more = Math.max(0, detail.length - detailLinesMax) + unlisted;
  return {
    code,
    severity: info.severity,
    summary,
    count,
    detail: bounded(detail, more),
    more,
    advice: info.advice,
    isMuted: false,
  };
}

/** No check when there is nothing to say: most checks are a list of lines with a heading. */
export function raiseIfAny(code: HealthCode, detail: readonly string[], summary: string): HealthCheck[] {
  return detail.length === 0 ? [] : [raise(code, { summary, detail })];
}

function bounded(lines: readonly string[], more: number): string[] {
  return more === 0 ? [...lines] : [...lines.slice(0, detailLinesMax), `... and ${more} more`];
}

/** `1 osd`, `2 osds`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** `12.3 %`. */
export function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`;
}
