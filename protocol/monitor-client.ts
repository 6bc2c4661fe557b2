/** What everybody who talks to the monitors sees of them: the command line, daemons, clients. */
import type { ClusterMap } from '../cluster/map.js';
import type { WaitOptions } from '../runtime/clock.js';
import type { ClusterLogRecord } from './cluster-log.js';
import type { Command } from './command.js';

export interface QueryOptions extends WaitOptions {
  /**
   * Without a quorum, be content with the last state that the monitor knows; the answer says so. Default false: wait
   * for a quorum until the deadline, then `DEADLINE_EXCEEDED`.
   */
  readonly mayBeStale?: boolean;
}

export interface Answer<Result> {
  readonly result: Result;
  /** Of the map that it was answered from. */
  readonly epoch: number;
  /** The monitor had no quorum: what it said was true at some time before. */
  readonly isStale: boolean;
}

export interface MonitorClient {
  /**
   * Runs a change through whatever monitor can be reached, retried under one request id until the deadline. Errors: those
   * of the command; `DEADLINE_EXCEEDED` with `applied: 'maybe'` when it may still take effect.
   */
  change<Args, Result>(command: Command<Args, Result>, args: Args, wait: WaitOptions): Promise<Result>;
  query<Args, Result>(command: Command<Args, Result>, args: Args, options: QueryOptions): Promise<Answer<Result>>;
  control<Args, Result>(command: Command<Args, Result>, args: Args, wait: WaitOptions): Promise<Result>;
  /** Every record from now on, in order; ends when `signal` aborts. Survives the loss of a monitor without a gap. */
  followLog(options: { readonly signal: AbortSignal }): AsyncIterable<readonly ClusterLogRecord[]>;
  /** Keeps the map: the newest first, then each newer one. Ends when `signal` aborts. */
  followMap(options: { readonly signal: AbortSignal }): AsyncIterable<ClusterMap>;
  close(): Promise<void>;
}
