/** Checks of all daemons alike: slow requests, late event loops, versions, crashes. */
import { counted, raise, raiseIfAny } from './raise.js';
import type { HealthCheck, HealthInput, SlowOps } from './types.js';

interface Daemon {
  readonly name: string;
  readonly slowOps: SlowOps | undefined;
  readonly loopDelayMs: number | undefined;
  readonly version: string | undefined;
}

export function checkDaemons(input: HealthInput): HealthCheck[] {
  const daemons = [...monitorsOf(input), ...osdsOf(input)];
  return [
    ...checkSlowOps(daemons),
    ...checkLoops(daemons, input.settings.loopDelayMsMax),
    ...checkVersions(input, daemons),
    ...checkCrashes(input),
  ];
}

function monitorsOf({ map, monitors }: HealthInput): Daemon[] {
  return [...map.monitors.keys()].sort().flatMap((name) => {
    const monitor = monitors.get(name);
    if (monitor?.isUp !== true) return [];
    const { slowOps, loopDelayMs, version } = monitor;
    return [{ name: `mon.${name}`, slowOps, loopDelayMs, version }];
  });
}

function osdsOf({ map, osds }: HealthInput): Daemon[] {
  const up = [...map.osds.values()].filter(({ isUp }) => isUp).sort((a, b) => a.id - b.id);
  return up.map(({ id, version }) => {
    const stats = osds.get(id);
    return { name: `osd.${id}`, slowOps: stats?.slowOps, loopDelayMs: stats?.loopDelayMs, version };
  });
}

function checkSlowOps(daemons: readonly Daemon[]): HealthCheck[] {
  let count = 0;
  let oldestMs = 0;
  const detail: string[] = [];
  for (const { name, slowOps } of daemons) {
    if (slowOps === undefined || slowOps.count === 0) continue;
    count += slowOps.count;
    oldestMs = Math.max(oldestMs, slowOps.oldestMs);
    detail.push(`${name} has ${counted(slowOps.count, 'slow op')}, the oldest for ${seconds(slowOps.oldestMs)}`);
  }
  if (count === 0) return [];
  const summary = `${counted(count, 'slow op')} in ${counted(detail.length, 'daemon')}, the oldest for ${seconds(oldestMs)}`;
  return [raise('SLOW_OPS', { summary, detail, count })];
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}

function checkLoops(daemons: readonly Daemon[], max: number): HealthCheck[] {
  const detail = daemons.flatMap(({ name, loopDelayMs = 0 }) =>
    loopDelayMs > max ? [`${name}: the event loop stood still for ${Math.round(loopDelayMs)} ms`] : [],
  );
  return raiseIfAny('LOOP_DELAY', detail, `${counted(detail.length, 'daemon')} with a late event loop`);
}

/** While an upgrade goes on, versions may differ for some days. */
function checkVersions({ mixedVersionsSince, now, settings }: HealthInput, daemons: readonly Daemon[]): HealthCheck[] {
  if (mixedVersionsSince === undefined || now - mixedVersionsSince < settings.mixedVersionsMs) return [];
  const byVersion = new Map<string, string[]>();
  for (const { name, version } of daemons) {
    if (version !== undefined && version !== '') byVersion.set(version, [...(byVersion.get(version) ?? []), name]);
  }
  const newest = [...byVersion.keys()].reduce((a, b) => (compareVersions(a, b) < 0 ? b : a), '');
  const older = [...byVersion].filter(([version]) => version !== newest).sort(([a], [b]) => compareVersions(a, b));
  const detail = older.flatMap(([version, names]) => names.map((name) => `${name} runs ${version}, not ${newest}`));
  return raiseIfAny('DAEMON_OLD_VERSION', detail, `${counted(detail.length, 'daemon')} of an old version`);
}

/** By the numbers, left to right: 1.10.0 comes after 1.9.2. What is no number counts as 0; equal numbers go by text. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

function numbersOf(version: string): number[] {
  return version.split(/[.+-]/).map((part) => (/^\d+$/.test(part) ? Number(part) : 0));
}

function hours(ms: number): string {
  return `${Math.max(0, Math.round(ms / 3_600_000))} h`;
}

function checkCrashes({ crashes, now, settings }: HealthInput): HealthCheck[] {
  const recent = crashes.filter(({ at }) => now - at < settings.crashRecentMs).sort((a, b) => b.at - a.at);
  const detail = recent.map(({ daemon, at, reason }) => `${daemon}, ${hours(now - at)} ago: ${reason}`);
  const daemons = new Set(recent.map(({ daemon }) => daemon));
  return raiseIfAny('RECENT_CRASH', detail, `${counted(daemons.size, 'daemon')} recently crashed`);
}
