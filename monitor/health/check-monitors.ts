/** Checks of the monitors: quorum, clocks, disks. */
import { counted, percent, raise, raiseIfAny } from './raise.js';
import type { HealthCheck, HealthInput, MonitorHealth } from './types.js';

export function checkMonitors(input: HealthInput): HealthCheck[] {
  // Without a majority this monitor knows nothing about the others.
  if (!input.hasQuorum) {
    const summary = `no quorum: what follows is as of epoch ${input.map.epoch}`;
    return [raise('MON_NO_QUORUM', { summary, detail: [], count: 1 })];
  }
  return [...checkDown(input), ...checkClocks(input), ...checkDisks(input)];
}

function names(input: HealthInput): string[] {
  return [...input.map.monitors.keys()].sort();
}

/** `line` is `undefined` for a monitor about which there is nothing to say. */
function linesOf(input: HealthInput, line: (name: string, monitor: MonitorHealth) => string | undefined): string[] {
  return names(input).flatMap((name) => {
    const monitor = input.monitors.get(name);
    const text = monitor === undefined ? undefined : line(name, monitor);
    return text === undefined ? [] : [text];
  });
}

function checkDown(input: HealthInput): HealthCheck[] {
  const all = names(input);
  const down = all.filter((name) => input.monitors.get(name)?.isUp !== true);
  const detail = down.map((name) => {
    const address = input.map.monitors.get(name)?.address;
    return `mon.${name}${address === undefined ? '' : ` at ${address.host}:${address.port}`} is not in the quorum`;
  });
  const up = all.filter((name) => !down.includes(name));
  return raiseIfAny('MON_DOWN', detail, `${down.length}/${counted(all.length, 'mon')} down, quorum ${up.join(',')}`);
}

function checkClocks(input: HealthInput): HealthCheck[] {
  const max = input.settings.clockOffsetMsMax;
  const detail = linesOf(input, (name, { isUp, clockOffsetMs = 0 }) =>
    isUp && Math.abs(clockOffsetMs) > max
      ? `mon.${name}: its clock is ${Math.round(Math.abs(clockOffsetMs))} ms ${clockOffsetMs > 0 ? 'ahead of' : 'behind'} the leader's, more than ${max} ms`
      : undefined,
  );
  return raiseIfAny('MON_CLOCK_SKEW', detail, `clock skew detected on ${counted(detail.length, 'mon')}`);
}

function checkDisks(input: HealthInput): HealthCheck[] {
  const { monitorFreeRatioCritical, monitorFreeRatioLow, monitorStoreBytesMax } = input.settings;
  const freeLine = (name: string, monitor: MonitorHealth, from: number, below: number): string | undefined => {
    const free = freeRatio(monitor);
    return free >= from && free < below ? `mon.${name} has ${percent(free)} of its disk left` : undefined;
  };
  const critical = linesOf(input, (name, monitor) => freeLine(name, monitor, 0, monitorFreeRatioCritical));
  const low = linesOf(input, (name, monitor) => freeLine(name, monitor, monitorFreeRatioCritical, monitorFreeRatioLow));
  const big = linesOf(input, (name, { disk }) =>
    disk !== undefined && disk.storeBytes > monitorStoreBytesMax
      ? `mon.${name} stores ${Math.round(disk.storeBytes / 2 ** 20)} MiB`
      : undefined,
  );
  return [
    ...raiseIfAny('MON_DISK_CRIT', critical, `${counted(critical.length, 'mon')} very low on disk space`),
    ...raiseIfAny('MON_DISK_LOW', low, `${counted(low.length, 'mon')} low on disk space`),
    ...raiseIfAny('MON_DISK_BIG', big, `${counted(big.length, 'mon')} with much data`),
  ];
}

/** 1 where nothing is known. */
function freeRatio({ disk }: MonitorHealth): number {
  return disk === undefined || disk.totalBytes === 0 ? 1 : disk.freeBytes / disk.totalBytes;
}
