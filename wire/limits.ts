/**
 * The bounds of one connection. Each end enforces its own on what it receives and announces them in its hello, so that
 * an honest sender never trips over them.
 */
import { CairnError } from '../base/errors.js';
import { invariant } from '../base/invariant.js';
import { prefixBytes } from './frame.js';

/** What one end accepts; carried in its hello. */
export interface ReceiveLimits {
  /** Longest header of a frame. Default 1 MiB; a longer one costs that much memory per connection. */
  readonly headerBytesMax: number;
  /** Longest payload of a frame. Default 32 MiB, twice the largest store transaction. */
  readonly payloadBytesMax: number;
  /** Bytes of requests and one-way messages of one level whose handlers have not finished. Default 64 MiB. */
  readonly windowBytes: number;
  /** Their number, so also the handlers of one level that run at once. Default 512; more helps long, slow links. */
  readonly windowMessages: number;
}

export const defaultReceiveLimits: ReceiveLimits = {
  headerBytesMax: 1024 * 1024,
  payloadBytesMax: 32 * 1024 * 1024,
  windowBytes: 64 * 1024 * 1024,
  windowMessages: 512,
};

export interface ConnectionOptions extends Partial<ReceiveLimits> {
  /** Bytes of one level that wait here for the peer's credit before `OVERLOADED`. Default 32 MiB. */
  readonly waitingBytesMax?: number;
  /** Messages of one level that wait here for the peer's credit before `OVERLOADED`. Default 4,096. */
  readonly waitingMessagesMax?: number;
  /** While more bytes of replies wait for a slow reader, no further handler starts. Default 32 MiB. */
  readonly replyQueueBytesMax?: number;
  /** Nothing received for so long: a ping is sent. Default 2,000. */
  readonly pingIdleMs?: number;
  /** Nothing received for so long: the connection counts as lost. Default 6,000. */
  readonly silenceMs?: number;
  /** One step of at most `sendStepBytes` not taken by the kernel for so long: the peer counts as stalled. Default 20,000. */
  readonly sendStallMs?: number;
}

export type ResolvedConnectionOptions = Required<ConnectionOptions>;

/** Sequence of calls within calls: a handler's own calls travel one level up (README, "Why nothing deadlocks"). */
export const levelCount = 4;

/** Largest batch handed to `Connection.send` at once: progress on a slow link is seen at least this often. */
export const sendStepBytes = 1024 * 1024;

/** Announced limits are cut to these, so that a peer's numbers cannot make this end queue without bound. */
export const windowBytesMax = 256 * 1024 * 1024;
export const windowMessagesMax = 65536;
/** Together below `windowBytesMax`, so that what passes them fits the window that is left. */
export const headerBytesLimit = 16 * 1024 * 1024;
export const payloadBytesLimit = 128 * 1024 * 1024;

export function resolveConnectionOptions(options: ConnectionOptions): ResolvedConnectionOptions {
  const resolved: ResolvedConnectionOptions = {
    ...defaultReceiveLimits,
    waitingBytesMax: 32 * 1024 * 1024,
    waitingMessagesMax: 4096,
    replyQueueBytesMax: 32 * 1024 * 1024,
    pingIdleMs: 2000,
    silenceMs: 6000,
    sendStallMs: 20_000,
    ...options,
  };
  invariant(fitsWindow(resolved), 'the largest message fits the window', { ...resolved });
  invariant(resolved.silenceMs > resolved.pingIdleMs, 'a ping goes out before silence counts', { ...resolved });
  return resolved;
}

/** A window smaller than one message could never let it through. */
export function fitsWindow(limits: ReceiveLimits): boolean {
  return (
    limits.windowMessages >= 1 && limits.windowBytes >= prefixBytes + limits.headerBytesMax + limits.payloadBytesMax
  );
}

/** Refuses what the peer has announced that it will not take. */
export function checkOutgoing(limits: ReceiveLimits, headerBytes: number, payloadBytes: number): void {
  if (headerBytes > limits.headerBytesMax) {
    throw new CairnError('INVALID_ARGUMENT', `a header of ${headerBytes} bytes is above ${limits.headerBytesMax}`);
  }
  if (payloadBytes > limits.payloadBytesMax) {
    throw new CairnError('INVALID_ARGUMENT', `a payload of ${payloadBytes} bytes is above ${limits.payloadBytesMax}`);
  }
}
