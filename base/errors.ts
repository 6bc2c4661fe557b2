/**
 * Operational errors: what is expected to go wrong, with a stable code that people and programs can act on.
 * Broken invariants are bugs and live in `invariant.ts`.
 */

/** Every code with what it means. A code is never renamed and never reused; new ones are added at the end of a group. */
export const errorCodes = {
  // What a caller sent.
  INVALID_ARGUMENT: 'a value cannot be right, whatever the state of the system',
  NOT_FOUND: 'the thing named does not exist',
  EXISTS: 'the thing to be made exists already',
  CONFLICT: 'the change does not fit the present state',
  PARSE_ERROR: 'a text or a binary document is malformed',
  UNSUPPORTED: 'this version or this platform cannot do that',

  // Waiting and load.
  CANCELLED: 'the caller withdrew the request',
  DEADLINE_EXCEEDED: 'the deadline passed first',
  OVERLOADED: 'a queue or a limit is full; retry later, with backoff',
  CLOSED: 'the object was closed by its owner',

  // Network.
  CONNECTION_REFUSED: 'nobody listens at that address',
  CONNECTION_LOST: 'the connection broke or was reset',
  UNREACHABLE: 'the address cannot be reached or resolved',
  ADDRESS_IN_USE: 'another process listens at that address',
  PROTOCOL_ERROR: 'the peer sent what the protocol does not allow',
  VERSION_MISMATCH: 'the peer speaks no common protocol version or lacks a required feature',
  AUTHENTICATION_FAILED: 'the peer could not prove who it is',

  // Storage.
  IO_ERROR: 'a disk failed a read or a write',
  NO_SPACE: 'the file system is full',
  PERMISSION_DENIED: 'the operating system refused access',
  CORRUPT: 'stored bytes do not match their checksum',
  LOCKED: 'another process has it open',
  LOG_CORRUPT: 'the log of a store lacks batches that were durable once',

  // Everything else.
  INTERNAL: 'a bug: an unexpected exception; the log has its stack',
} as const satisfies Record<string, string>;

export type ErrorCode = keyof typeof errorCodes;

/** Whether the failed operation may still take effect. `maybe` is retried only under the same request id. */
export type Applied = 'no' | 'maybe' | 'yes';

export interface CairnErrorOptions {
  readonly cause?: unknown;
  /** Default `no`. */
  readonly applied?: Applied;
  /** Facts for the log and for programs; small, plain values. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** An expected failure. The message is one line that says what is wrong and what to do about it. */
export class CairnError extends Error {
  override readonly name = 'CairnError';
  readonly code: ErrorCode;
  readonly applied: Applied;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: CairnErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.applied = options.applied ?? 'no';
    this.details = options.details ?? {};
  }
}

/** True for a `CairnError`, and, when `code` is given, only for one of that code. */
export function isCairnError(error: unknown, code?: ErrorCode): error is CairnError {
  return error instanceof CairnError && (code === undefined || error.code === code);
}

/** Turns whatever was thrown into a `CairnError`; what is none yet becomes `INTERNAL` with the original as its cause. */
export function toCairnError(error: unknown): CairnError {
  if (error instanceof CairnError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new CairnError('INTERNAL', message, { cause: error });
}
