/** One round of a load on the cluster, with what it cost each side of the processor. */
import type { PoolClient } from '../../client/pool-client.js';
import { type DevProcesses, usageOf } from './dev-processes.js';
import { type LoadOptions, objectLoad, type LoadResult } from './object-load.js';

/** What is done, and on how many objects: the same for whoever is measured. */
export type Load = Pick<LoadOptions, 'kind' | 'bytes' | 'inFlight' | 'objects'>;

export interface Round extends LoadResult {
  readonly kind: 'write' | 'read';
  readonly bytes: number;
  readonly inFlight: number;
  /** Of one operation. */
  readonly clientMicroseconds: number;
  /** Of each OSD, for one operation of the whole load. */
  readonly osdMicroseconds: readonly number[];
  /** Writes to files or sockets, of all OSDs, for one operation. */
  readonly osdWriteCalls: number;
}

export async function measureRound(
  cluster: DevProcesses,
  pool: PoolClient,
  load: Load,
  seconds: number,
): Promise<Round> {
  // What another depth left behind is done with.
  await objectLoad(pool, { ...load, ms: 500 });
  const before = cluster.usage();
  const own = usageOf('client', process.pid);
  const result = await objectLoad(pool, { ...load, ms: seconds * 1_000 });
  const after = cluster.usage();
  const ownAfter = usageOf('client', process.pid);
  const perOperation = (of: 'cpuMicroseconds' | 'writeCalls'): number[] => {
    return after.flatMap((daemon, i) => {
      return daemon.name.startsWith('osd.') ? [(daemon[of] - (before[i]?.[of] ?? 0)) / result.count] : [];
    });
  };
  return {
    kind: load.kind,
    bytes: load.bytes,
    inFlight: load.inFlight,
    ...result,
    clientMicroseconds: (ownAfter.cpuMicroseconds - own.cpuMicroseconds) / result.count,
    osdMicroseconds: perOperation('cpuMicroseconds'),
    osdWriteCalls: sum(perOperation('writeCalls')),
  };
}

export function roundText(round: Round): string {
  const { kind, bytes, inFlight, p50Ms, p99Ms, maxMs } = round;
  const latency = `p50 ${p50Ms.toFixed(2).padStart(7)}  p99 ${p99Ms.toFixed(2).padStart(7)}  max ${maxMs.toFixed(0).padStart(5)} ms`;
  const cpu = `CPU us: client ${round.clientMicroseconds.toFixed(0)}, OSDs ${sum(round.osdMicroseconds).toFixed(0)}`;
  const name = `${sizeText(bytes)} ${kind} x${inFlight}`.padEnd(17);
  return `${name}${rateText(round)}  ${latency}  ${cpu}, ${round.osdWriteCalls.toFixed(2)} write calls`;
}

export function rateText({
  perSecond,
  mebibytesPerSecond,
}: Pick<LoadResult, 'perSecond' | 'mebibytesPerSecond'>): string {
  return `${perSecond.toFixed(0).padStart(7)}/s ${mebibytesPerSecond.toFixed(1).padStart(7)} MiB/s`;
}

/** `4KiB`, `4MiB`: as `--only` has them, too. */
export function sizeText(bytes: number): string {
  return bytes >= 2 ** 20 ? `${bytes / 2 ** 20}MiB` : `${bytes / 1024}KiB`;
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
