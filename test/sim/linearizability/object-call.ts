/** One atomic request of a client as the model sees it, and what came of it. The parts are those of protocol/osd-methods.ts. */
import type { ClassCall, Guard, ReadPart } from '../../../protocol/osd-methods.js';

export type ModelRead = Exclude<ReadPart, { readonly kind: 'omap-body' }>;

export type ModelChange =
  | { readonly kind: 'create' }
  | { readonly kind: 'remove' }
  | { readonly kind: 'write'; readonly offset: number; readonly data: Uint8Array }
  | { readonly kind: 'write-full'; readonly data: Uint8Array }
  | { readonly kind: 'append'; readonly data: Uint8Array }
  | { readonly kind: 'truncate'; readonly size: number }
  | { readonly kind: 'zero'; readonly offset: number; readonly bytes: number }
  | { readonly kind: 'set-attribute'; readonly name: string; readonly value: string }
  | { readonly kind: 'remove-attribute'; readonly name: string }
  | { readonly kind: 'omap-set'; readonly key: string; readonly head: string }
  | { readonly kind: 'omap-remove'; readonly key: string }
  | { readonly kind: 'omap-remove-range'; readonly from: string; readonly to: string | undefined };

export interface ObjectCall {
  readonly guards: readonly Guard[];
  readonly reads: readonly ModelRead[];
  readonly changes: readonly ModelChange[];
  /** Sent instead of the first guard and the changes: a method of an object class that comes to the same. */
  readonly method?: ClassCall;
}

export type ObservedRead =
  /** The version as `versionNumber` gives it. */
  | { readonly kind: 'stat'; readonly stat: { readonly size: number; readonly version: number } | undefined }
  | { readonly kind: 'read'; readonly bytes: number; readonly hash: bigint; readonly beginning: string }
  | { readonly kind: 'attributes'; readonly attributes: ReadonlyMap<string, string> }
  | { readonly kind: 'omap-get'; readonly head: string | undefined }
  | {
      readonly kind: 'omap-list';
      readonly entries: readonly (readonly [string, string])[];
      readonly isMore: boolean;
    };

export type CallOutcome =
  /** `version`: of the object after the changes, `undefined` when it is not there. */
  | { readonly kind: 'done'; readonly version: number | undefined; readonly results: readonly ObservedRead[] }
  /** The first guard that failed. */
  | { readonly kind: 'guard-failed'; readonly guard: number }
  /** A read of the data of an object that is not there. */
  | { readonly kind: 'no-object' };
