/** Mutes: `health mute CODE [TTL] [--sticky]`. A muted check is shown and does not count. */
import { CairnError } from '../../base/errors.js';
import { type WallMs, wallMs } from '../../base/instants.js';
import { type HealthCode, healthCodeInfo } from './codes.js';
import type { HealthCheck, HealthMute, HealthReport } from './types.js';

export interface MuteRequest {
  readonly code: string;
  readonly ttlMs: number | undefined;
  readonly isSticky: boolean;
  readonly now: WallMs;
}

/** A mute of its code, made or replaced. Throws `NOT_FOUND` for what is no code, or not raised and not to be sticky. */
export function muteCheck(report: Pick<HealthReport, 'checks'>, request: MuteRequest): HealthMute {
  const { ttlMs, isSticky, now } = request;
  const code = healthCodeNamed(request.code);
  const check = report.checks.find((raised) => raised.code === code);
  if (check === undefined && !isSticky) {
    throw new CairnError('NOT_FOUND', `${code} is not raised now; add --sticky to mute it in advance`);
  }
  if (ttlMs !== undefined && !(ttlMs > 0)) {
    throw new CairnError('INVALID_ARGUMENT', `a mute lasts for more than ${ttlMs} ms; give a time such as 4h`);
  }
  return { code, isSticky, until: ttlMs === undefined ? undefined : wallMs(now + ttlMs), count: check?.count ?? 0 };
}

/** Throws `NOT_FOUND` for what is no code. */
export function healthCodeNamed(code: string): HealthCode {
  if (isCode(code)) return code;
  throw new CairnError('NOT_FOUND', `${code} is no health check; \`cairn health detail\` shows those raised`);
}

function isCode(code: string): code is HealthCode {
  return healthCodeInfo(code) !== undefined && !code.includes('<');
}

export type Muted = Pick<HealthReport, 'checks' | 'mutes' | 'mutesEnded'>;

/** Which mutes go on, and which checks are muted by them. */
export function applyMutes(checks: readonly HealthCheck[], mutes: readonly HealthMute[], now: WallMs): Muted {
  const kept = new Map<HealthCode, HealthMute>();
  const mutesEnded: HealthReport['mutesEnded'][number][] = [];
  const byCode = new Map(checks.map((check) => [check.code, check]));
  for (const mute of mutes) {
    const why = endOf(mute, byCode.get(mute.code), now);
    if (why !== undefined) {
      mutesEnded.push({ code: mute.code, why });
      continue;
    }
    const count = byCode.get(mute.code)?.count ?? mute.count;
    kept.set(mute.code, count < mute.count && !mute.isSticky ? { ...mute, count } : mute);
  }
  return {
    checks: checks.map((check) => (kept.has(check.code) ? { ...check, isMuted: true } : check)),
    mutes: [...kept.values()],
    mutesEnded,
  };
}

function endOf(
  mute: HealthMute,
  check: HealthCheck | undefined,
  now: WallMs,
): HealthReport['mutesEnded'][number]['why'] | undefined {
  if (mute.until !== undefined && now >= mute.until) return 'expired';
  if (mute.isSticky) return undefined;
  if (check === undefined) return 'cleared';
  return check.count > mute.count ? 'worse' : undefined;
}
