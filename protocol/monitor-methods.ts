/** What travels between the monitors and everybody else, and among the monitors. */
import { defineMethod } from '../wire/method.js';

/** Identifies a change through retries: the session is drawn once per client, numbers count up from 1. */
export interface RequestId {
  /** 32 hex digits. */
  readonly session: string;
  readonly number: number;
  /** The client still waits for no lower number: replies below may be forgotten. */
  readonly floor: number;
  /**
   * When the session began, on the monitors' clock of sessions, as a refusal said (`details.sessionClock`). Absent: the
   * client has not been told yet, and no change of such a session is ever made.
   */
  readonly begun?: number | undefined;
}

export interface CommandRequest {
  readonly command: string;
  /** Large ones travel in the payload (command-payload.ts). */
  readonly args: unknown;
  /** With changes only. */
  readonly request?: RequestId;
  readonly mayBeStale?: boolean;
  /** From the log record back to whoever asked first (DESIGN.md section 10). */
  readonly trace?: string;
}

export interface CommandReply {
  /** As with arguments. */
  readonly result: unknown;
  readonly epoch: number;
  readonly isStale: boolean;
}

/** A client or daemon to any monitor. */
export const commandMethod = defineMethod<CommandRequest, CommandReply>('mon.command');

export interface ForwardedRequest extends CommandRequest {
  /** Who asked, as the forwarding monitor authenticated it, and from where. */
  readonly entity: string;
  readonly from: string;
}

/** A monitor to the leader. */
export const forwardMethod = defineMethod<ForwardedRequest, CommandReply>('mon.forward');

export interface EndSession {
  readonly session: string;
}

/**
 * A client to any monitor, as its last word: it has the answers of all its changes, and the monitors need not keep them. One
 * way, and nothing is lost with it but room: an idle session ends by itself.
 */
export const endSessionMethod = defineMethod<EndSession>('mon.end-session');

export interface ForwardedEnd extends EndSession {
  /** As in `ForwardedRequest`. */
  readonly entity: string;
}

/** A monitor to the leader. */
export const forwardEndMethod = defineMethod<ForwardedEnd>('mon.forward-end');

/** Between monitors: the payload is one Raft message. */
export const raftMethod = defineMethod<Record<string, never>>('mon.raft');

export interface SubscribeRequest {
  readonly what: 'map' | 'log';
  /** The epoch that the subscriber has, or the number of the last log record; 0 for none. */
  readonly have: number;
}

export interface SubscribeReply {
  /** The monitor's own newest. */
  readonly newest: number;
  /** Whether it knows a leader: without one it hears of nothing new. */
  readonly hasLeader: boolean;
}

/** Replaces an earlier subscription of this connection to the same thing. */
export const subscribeMethod = defineMethod<SubscribeRequest, SubscribeReply>('mon.subscribe');

export interface MapPush {
  /** A full map of epoch `to`, or the incrementals `from + 1` to `to`, each after its length (u32). */
  readonly kind: 'full' | 'incrementals';
  readonly from: number;
  readonly to: number;
  /** The leader's wall time as the monitor knows it. */
  readonly wall: number;
}

/** A monitor to its subscriber, answered when applied: one at a time, so a slow subscriber gets fewer and longer ones. */
export const mapPushMethod = defineMethod<MapPush, { readonly have: number }>('mon.map');

export interface LogPush {
  /** Records in order; `missed` of them were trimmed before the first. */
  readonly records: readonly unknown[];
  readonly missed: number;
}

export const logPushMethod = defineMethod<LogPush, { readonly have: number }>('mon.log');

export interface OsdBeacon {
  readonly osd: number;
  readonly boot: number;
  readonly epoch: number;
  readonly usedBytes: number;
  readonly totalBytes: number;
  readonly loopDelayMs: number;
  readonly slowOps: number;
  /** Absent from versions that did not say it. */
  readonly recovery?: RecoveryRates | undefined;
  /** The same by pool, of those that recover; at most `recoveringPoolsMax`, those with most of it. Absent as above. */
  readonly recoveryOfPools?: readonly PoolRecoveryRow[] | undefined;
  /** Of PGs that it leads, those whose writes wait, as a member is behind by `max_lag`. Absent as the next. */
  readonly lagging?: number | undefined;
  /** What it has parked; absent while it does not know, and from versions that did not say it. */
  readonly parked?: ParkedBeacon | undefined;
}

export type PoolRecoveryRow = readonly [
  pool: number,
  copiedObjects: number,
  copiedBytes: number,
  sameObjects: number,
  sameBytes: number,
];

/** Of one beacon: some 3 KiB, once a second. */
export const recoveringPoolsMax = 64;

/** Objects with writes that failovers of async pools cut off. */
export interface ParkedBeacon {
  readonly objects: number;
  /** Of them, those with writes that were acknowledged for certain. */
  readonly acknowledged: number;
  /** Of the objects, by their sizes. */
  readonly bytes: number;
  /** The PGs with the most of them, at most `parkedPgsMax`. */
  readonly pgs: readonly (readonly [pool: number, pg: number, objects: number])[];
}

export const parkedPgsMax = 16;

/** Per second: what OSDs that join the sender's PGs are sent, and what they are found to have already. */
export interface RecoveryRates {
  readonly copiedObjects: number;
  readonly copiedBytes: number;
  readonly sameObjects: number;
  readonly sameBytes: number;
}

export interface BeaconReply {
  /** The leader's wall time: monotone through changes of the leader. */
  readonly wall: number;
  readonly epoch: number;
  /** Raft's term of the leader: a new one knows nothing of what OSDs reported. Absent from versions that did not say it. */
  readonly lead?: number | undefined;
}

export const beaconMethod = defineMethod<OsdBeacon, BeaconReply>('mon.beacon');

export interface FailureReport {
  readonly reporter: number;
  readonly target: number;
  /** `OsdInfo.upFrom` of the target in the reporter's map: the life that it speaks of. */
  readonly targetUpFrom: number;
  /** `heard`: it is back, the reporter withdraws what it said. */
  readonly kind: 'refused' | 'silent' | 'heard';
  /** Since it was last heard; 0 with `refused`. */
  readonly silentMs: number;
  /** OSDs that the reporter heartbeats now. */
  readonly peerCount: number;
}

export const failureMethod = defineMethod<FailureReport, Record<string, never>>('mon.failure');

export interface JoinRequest {
  readonly name: string;
  readonly address: { readonly host: string; readonly port: number };
  /** Drawn anew with each empty disk, 32 hex digits: a retry gets the same member id again. */
  readonly disk: string;
}

export interface JoinReply {
  readonly fsid: string;
  readonly member: number;
}

/**
 * A monitor with an empty disk asks to become a learner. Whoever does not lead answers `CONFLICT` with the leader's address
 * in `details.leader`, if it knows one.
 */
export const joinMethod = defineMethod<JoinRequest, JoinReply>('mon.join');

/** What a monitor tells the leader about itself, every second. */
export interface VitalsReport {
  readonly name: string;
  /** Its own clock when it sent this. */
  readonly clock: number;
  readonly diskFreeBytes: number | undefined;
  readonly diskTotalBytes: number | undefined;
  /** What its store takes there. Absent while it has not looked, and from versions that did not say it. */
  readonly storeBytes?: number | undefined;
  readonly loopDelayMs: number;
  readonly version: string;
}

export const vitalsMethod = defineMethod<VitalsReport, BeaconReply>('mon.vitals');
