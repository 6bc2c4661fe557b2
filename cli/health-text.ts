/** Health for people, as Ceph words it. */
import { utcText } from '../base/utc-text.js';
import { wallMs } from '../base/instants.js';
import type { ClusterHealth } from '../protocol/commands/status.js';
import { type Colour, paint } from './colours.js';
import type { CliContext } from './context.js';

const colours: Readonly<Record<ClusterHealth['status'], Colour>> = {
  HEALTH_OK: 'green',
  HEALTH_WARN: 'yellow',
  HEALTH_ERR: 'red',
};

/** The status, then a line per check that counts, then the codes that are muted: for `cairn status`. */
export function healthSummary(context: CliContext, { status, checks }: ClusterHealth): string[] {
  const all = Object.entries(checks);
  const muted = all.filter(([, check]) => check.muted).map(([code]) => code);
  return [
    paint(context, colours[status], status),
    ...all.filter(([, check]) => !check.muted).map(([, check]) => check.summary.message),
    ...(muted.length === 0 ? [] : [`(muted: ${muted.join(' ')})`]),
  ];
}

/** One line: `HEALTH_WARN 1 osd down; 1 host down (muted: OSD_FLAGS)`, as `ceph health`. */
export function healthLine(context: CliContext, health: ClusterHealth): string {
  const [status = '', ...rest] = healthSummary(context, health);
  const last = rest.at(-1)?.startsWith('(muted:') === true ? ` ${rest.pop() ?? ''}` : '';
  return `${[status, rest.join('; ')].filter((part) => part !== '').join(' ')}${last}\n`;
}

/** Every check with its details and what to do, as `ceph health detail` and more. */
export function healthDetail(context: CliContext, health: ClusterHealth): string {
  const checks = Object.entries(health.checks).flatMap(([code, check]) => {
    const title = `${check.muted ? '(MUTED) ' : ''}[${severities[check.severity]}] ${code}: ${check.summary.message}`;
    const detail = (check.detail ?? []).map(({ message }) => `    ${message}`);
    return [title].concat(detail, `    -> ${check.advice}`);
  });
  const mutes = health.mutes.map(({ code, sticky, until_ms: until }) => {
    const end = until === undefined ? '' : ` until ${utcText(wallMs(until))}`;
    return `muted: ${code}${end}${sticky ? ', sticky' : ''}`;
  });
  return healthLine(context, health) + [...checks, ...mutes].map((line) => `${line}\n`).join('');
}

const severities = { HEALTH_WARN: 'WRN', HEALTH_ERR: 'ERR' } as const;
