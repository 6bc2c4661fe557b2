/** Object lock: what keeps a version from being deleted or overwritten (S3 User Guide, "How Object Lock works"). */

export type LockMode = 'governance' | 'compliance';

export interface Retention {
  readonly mode: LockMode;
  /** Wall ms. */
  readonly untilMs: number;
}

/** Of a bucket: what new versions get that say nothing. */
export interface DefaultRetention {
  readonly mode: LockMode;
  readonly unit: 'days' | 'years';
  readonly amount: number;
}

const dayMs = 86_400_000;

/** AWS counts a year as 365 days. */
export function retentionFrom({ mode, unit, amount }: DefaultRetention, nowMs: number): Retention {
  return { mode, untilMs: nowMs + amount * (unit === 'days' ? 1 : 365) * dayMs };
}

export const lockCodes = { governance: 1, compliance: 2 } as const;

export function lockModeOf(code: number): LockMode | undefined {
  return code === 1 ? 'governance' : code === 2 ? 'compliance' : undefined;
}
