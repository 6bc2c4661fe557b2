/**
 * What clients ask of OSDs: one object, one atomic request. Guards are checked, parts read, changes made, in this order; a
 * guard that fails fails all of it. A request that changes something takes effect at most once under its id, however often
 * it is sent (PG-PROTOCOL.md section 6, I6).
 */
import { defineMethod } from '../wire/method.js';

/** `undefined`: must not be there. */
export type Guard =
  | { readonly kind: 'exists' }
  | { readonly kind: 'absent' }
  /** The object's version is just this one: nobody changed it since it was read. */
  | { readonly kind: 'version'; readonly term: number; readonly seq: number }
  | { readonly kind: 'size'; readonly size: number }
  | { readonly kind: 'attribute'; readonly name: string; readonly value: Uint8Array | undefined }
  | { readonly kind: 'omap-head'; readonly key: string; readonly head: Uint8Array | undefined };

/** What is read, of the object as it was before the changes. Keys of omaps are latin1, one character a byte. */
export type ReadPart =
  | { readonly kind: 'stat' }
  /** Fewer bytes at the object's end. The bytes are in the payload of the reply, in the order of the parts. */
  | { readonly kind: 'read'; readonly offset: number; readonly bytes: number }
  | { readonly kind: 'attributes' }
  | { readonly kind: 'omap-get'; readonly key: string }
  /** In the payload of the reply. */
  | { readonly kind: 'omap-body'; readonly key: string; readonly slot: number }
  /** Heads from `from` to before `to`, at most `count`; backwards from before `to`. */
  | {
      readonly kind: 'omap-list';
      readonly from: string;
      readonly to: string | undefined;
      readonly count: number;
      readonly isReverse: boolean;
    };

/** Changes of the object; bytes are taken from the payload of the request, in the order of the changes. */
export type ChangePart =
  | { readonly kind: 'create' }
  /** Nothing when it is not there: guard with `exists` to be told. */
  | { readonly kind: 'remove' }
  | { readonly kind: 'write'; readonly offset: number; readonly bytes: number }
  /** Replaces all data; attributes and omap stay. */
  | { readonly kind: 'write-full'; readonly bytes: number }
  | { readonly kind: 'append'; readonly bytes: number }
  | { readonly kind: 'truncate'; readonly size: number }
  | { readonly kind: 'zero'; readonly offset: number; readonly bytes: number }
  | { readonly kind: 'punch'; readonly offset: number; readonly bytes: number }
  | { readonly kind: 'set-attribute'; readonly name: string; readonly value: Uint8Array }
  | { readonly kind: 'remove-attribute'; readonly name: string }
  /** Replaces the head, if one is given, and the bodies named; a body of no bytes is `undefined` and removed. */
  | {
      readonly kind: 'omap-set';
      readonly key: string;
      readonly head: Uint8Array | undefined;
      readonly bodies: readonly { readonly slot: number; readonly bytes: number | undefined }[];
    }
  | { readonly kind: 'omap-remove'; readonly key: string }
  | { readonly kind: 'omap-remove-range'; readonly from: string; readonly to: string | undefined }
  | { readonly kind: 'omap-move'; readonly from: string; readonly to: string };

/** Code that runs at the primary: it reads the object and decides on the changes (DESIGN.md section 6). */
export interface ClassCall {
  readonly class: string;
  readonly method: string;
  readonly input: Uint8Array;
  /** Of the payload, behind the bytes of the changes. Default 0. */
  readonly bytes?: number | undefined;
}

export interface OpRequest {
  readonly pool: number;
  readonly pg: number;
  /** Of the PG's record that it was routed by: any other refuses it. */
  readonly term: number;
  readonly namespace: string;
  readonly locator: string;
  readonly name: string;
  /** 16 bytes, drawn once per client. */
  readonly session: Uint8Array;
  /** Within the session, from 1; the same for every attempt. 0 for a request that changes nothing. */
  readonly request: number;
  /** The client waits for no lower request any more. */
  readonly floor: number;
  readonly guards: readonly Guard[];
  readonly reads: readonly ReadPart[];
  readonly changes: readonly ChangePart[];
  readonly call?: ClassCall | undefined;
  /** From the log record back to whoever asked first (DESIGN.md section 10). */
  readonly trace?: string | undefined;
}

export interface ObjectStat {
  readonly size: number;
  readonly version: { readonly term: number; readonly seq: number };
}

export type ReadResult =
  | { readonly kind: 'stat'; readonly stat: ObjectStat | undefined }
  | { readonly kind: 'read'; readonly bytes: number }
  /** In byte order of the names. */
  | { readonly kind: 'attributes'; readonly attributes: readonly (readonly [string, Uint8Array])[] }
  | { readonly kind: 'omap-get'; readonly head: Uint8Array | undefined; readonly slots: readonly number[] }
  | { readonly kind: 'omap-body'; readonly bytes: number | undefined }
  | {
      readonly kind: 'omap-list';
      readonly entries: readonly (readonly [string, Uint8Array])[];
      /** There are more: go on behind the last key. */
      readonly isMore: boolean;
    };

export interface OpReply {
  /** Of the object after the changes; of a removed or absent one `undefined`. */
  readonly version: { readonly term: number; readonly seq: number } | undefined;
  readonly results: readonly ReadResult[];
  /** Of the class's method. */
  readonly output?: Uint8Array | undefined;
  /** Of the payload, behind what was read: data of the class's method. Default 0. */
  readonly outputBytes?: number | undefined;
}

/**
 * A client to the primary of a PG. Errors, besides those of reads and of the store:
 *
 * | code                   | `details.refusal`  | what to do                                                         |
 * | ---------------------- | ------------------ | ------------------------------------------------------------------ |
 * | `CONFLICT`             | `guard`            | `details.guard`: the first that failed; nothing was changed        |
 * | `CONFLICT`             | `stale-route`      | another term or primary: get `details.epoch` and route again       |
 * | `OVERLOADED`           | `not-serving`      | the PG activates, or has too few copies: again a little later      |
 * | `CONFLICT`             | `request-over`     | the request is below the session's floor: it was answered before   |
 * | `OVERLOADED`           | `session-full`     | 1,024 answers of the session are kept: raise the floor             |
 * | `NOT_FOUND`            | `pool`             | the pool is not there (any more)                                   |
 * | `NOT_FOUND`            | `object`           | a read of data of an object that is not there                      |
 *
 * `stale-route` and `not-serving` are told before anything is done, and with `applied: 'maybe'` when the term ended while
 * the request was under way: it is to be repeated under the same id.
 */
export const opMethod = defineMethod<OpRequest, OpReply>('osd.op');

export interface ListRequest {
  readonly pool: number;
  readonly pg: number;
  readonly term: number;
  /** Where the page begins: what the page before ended with. Empty at the beginning. */
  readonly after: Uint8Array;
  /** 1 to 1,000. */
  readonly count: number;
}

export interface ListedObject {
  readonly namespace: string;
  readonly locator: string;
  readonly name: string;
  /** The copy of the primary is noted as missing, or as damaged: a read makes it whole from another one, or fails with `CORRUPT`. */
  readonly isMissing?: true;
}

export interface ListReply {
  readonly objects: readonly ListedObject[];
  /** `undefined` after the last page of the PG. */
  readonly next: Uint8Array | undefined;
}

/** The objects of a PG, in the order in which the PG keeps them. Refusals as those of `opMethod`. */
export const listMethod = defineMethod<ListRequest, ListReply>('osd.list');

/** Of a `CairnError`'s details. */
export type OpRefusal = 'guard' | 'stale-route' | 'not-serving' | 'request-over' | 'session-full' | 'pool' | 'object';

/** Of one request: guards, reads and changes together. */
export const opPartsMax = 256;
/** Bytes that one request reads or writes. */
export const opBytesMax = 8 * 1024 * 1024;
/** Heads of one `omap-list`. */
export const omapListCountMax = 1_000;
