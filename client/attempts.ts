/**
 * What becomes of a request after an attempt failed: another one, when and on what condition, or the error that its caller
 * is told. Pure: time, chance and maps are the dispatcher's.
 *
 * A request goes out any number of times under one id, so an attempt that may have been applied is no reason to stop. It is
 * one to say so: from then on `applied` is `maybe`, until an answer settles it.
 */
import { type Applied, CairnError, type ErrorCode } from '../base/errors.js';
import type { MonotonicMs } from '../base/instants.js';
import type { OpRefusal } from '../protocol/osd-methods.js';

export const pauseMsMin = 10;
/** A primary that is late is found within a quarter of a second, and is asked four times a second by each request. */
export const pauseMsMax = 250;
/** The monitors' newest map reaches subscribers in milliseconds; when it takes longer the primary is asked again. */
export const newerMapMs = 1_000;
/** An OSD that starts may not know a new key yet, or another daemon listens where it was; what lasts longer is told. */
export const refusedMsMax = 2_000;

export interface Failure {
  readonly error: CairnError;
  readonly now: MonotonicMs;
  /** 0 to 1. */
  readonly chance: number;
  /** Of the map that it was routed by. */
  readonly epoch: number;
  /** This end withdrew the attempt, since a newer map routes it otherwise. */
  readonly isRerouted: boolean;
  /** The caller withdrew it, its time is over, or this client closes: no other attempt follows. */
  readonly isOver: boolean;
}

export type Next =
  | { readonly kind: 'fail'; readonly error: CairnError }
  /** After so long, or as soon as a map routes it otherwise, or is of this epoch. */
  | { readonly kind: 'again'; readonly pauseMs: number; readonly untilEpoch: number | undefined };

/** `CLOSED` and `CANCELLED` are the OSD's: it stops, or gave up what it did for a connection. */
const passingCodes = new Set<ErrorCode>([
  'CONNECTION_LOST',
  'CONNECTION_REFUSED',
  'UNREACHABLE',
  'OVERLOADED',
  'CLOSED',
  'CANCELLED',
]);
/** Handshakes that fail by themselves again: the wrong key, the wrong cluster. */
const lastingCodes = new Set<ErrorCode>(['AUTHENTICATION_FAILED', 'VERSION_MISMATCH', 'CONFLICT', 'PERMISSION_DENIED']);

export class Attempts {
  readonly #changes: boolean;
  #count = 0;
  #applied: Applied = 'no';
  #refusedSince: MonotonicMs | undefined;
  /** Why the last one failed, for the error that tells that the time is over. */
  last: CairnError | undefined;

  constructor({ changes }: { readonly changes: boolean }) {
    this.#changes = changes;
  }

  get count(): number {
    return this.#count;
  }

  /** Of all attempts together. What changes nothing was never applied. */
  get applied(): Applied {
    return this.#applied;
  }

  failed(failure: Failure): Next {
    const { error, chance, isRerouted, isOver } = failure;
    this.#count += 1;
    const refusal = refusalOf(error);
    if (isFinal(refusal) && error.applied === 'no') return { kind: 'fail', error: this.told(error, 'no') };
    // `request-over` of a request that is waited for: nobody knows what it was answered, or that it was.
    const isKnown = error.applied === 'no' && refusal !== 'request-over';
    if (!isKnown && this.#changes) this.#applied = 'maybe';
    if (isRerouted && !isOver) return { kind: 'again', pauseMs: 0, untilEpoch: undefined };
    this.last = error;
    if (isOver || !this.#mayPass(failure, refusal)) return { kind: 'fail', error: this.told(error) };
    const newer = error.details['epoch'];
    if (refusal === 'stale-route' && typeof newer === 'number' && newer > failure.epoch) {
      return { kind: 'again', pauseMs: newerMapMs, untilEpoch: newer };
    }
    return { kind: 'again', pauseMs: pauseMs(this.#count, chance), untilEpoch: undefined };
  }

  /** `error` as the caller is told it: what all attempts together may have done. */
  told(error: CairnError, applied: Applied = this.#applied): CairnError {
    if (error.applied === applied) return error;
    const { code, message, details } = error;
    return new CairnError(code, message, { applied, details, cause: error });
  }

  #mayPass({ error, now }: Failure, refusal: OpRefusal | undefined): boolean {
    if (refusal !== undefined) this.#refusedSince = undefined;
    switch (refusal) {
      case 'stale-route':
      case 'not-serving':
      case 'session-full':
      case 'pool':
        // The pool is in this end's map, else there was no route: the OSD, or this end, has yet to hear of it.
        return true;
      case 'guard':
      case 'object':
      case 'request-over':
        return false;
      case undefined:
        break;
    }
    return passingCodes.has(error.code) || this.#isShortRefusal(error, now);
  }

  /** Of a handshake; the same codes from an OSD that took the request are its answer. */
  #isShortRefusal({ code, details }: CairnError, now: MonotonicMs): boolean {
    if (!lastingCodes.has(code) || details['isHandshake'] !== true) return false;
    this.#refusedSince ??= now;
    return now - this.#refusedSince < refusedMsMax;
  }
}

/**
 * Decided where all that came before it of this request was known: in the object's order, behind the look for the request's
 * own answer. So `no` is true even when an earlier attempt was lost: a late copy of that one dies with its connection or
 * term (PG-PROTOCOL.md section 6, h). Of other errors it is not known whether they came first.
 */
function isFinal(refusal: OpRefusal | undefined): boolean {
  return refusal === 'guard' || refusal === 'object';
}

/** Doubling from `pauseMsMin` to `pauseMsMax`, each cut by up to half, so that those who lost one primary spread. */
export function pauseMs(count: number, chance: number): number {
  const full = Math.min(pauseMsMin * 2 ** Math.min(count - 1, 10), pauseMsMax);
  return full * (1 - chance / 2);
}

function refusalOf({ details }: CairnError): OpRefusal | undefined {
  const value = details['refusal'];
  return refusals.find((refusal) => refusal === value);
}

const refusals: readonly OpRefusal[] = [
  'guard',
  'stale-route',
  'not-serving',
  'request-over',
  'session-full',
  'pool',
  'object',
];
