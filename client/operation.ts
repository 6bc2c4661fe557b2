/** One atomic request about one object, as callers write it, and what it answers. */
import { isWellFormed, totalBytes } from '../base/bytes.js';
import { CairnError } from '../base/errors.js';
import type { ObjectName } from '../cluster/object-placement.js';
import {
  type ChangePart,
  type ClassCall,
  type Guard,
  omapListCountMax,
  opBytesMax,
  opPartsMax,
  type OpReply,
  type ReadPart,
  type ReadResult,
} from '../protocol/osd-methods.js';
import type { Payload, Reply } from '../wire/method.js';

/** A name alone is an object of the pool's default namespace, placed by its name. */
export type ObjectRef = string | (Pick<ObjectName, 'name'> & Partial<ObjectName>);

/** Guards are checked, parts read, changes made, in this order: all of it at one instant, or nothing. */
export interface Operation {
  readonly guards?: readonly Guard[];
  readonly reads?: readonly ReadPart[];
  readonly changes?: readonly ChangePart[];
  readonly call?: ClassCall;
  /** The class's method only reads: it may be repeated freely. Default false. */
  readonly isReadOnly?: boolean;
  /** The bytes of all changes, in their order, and those of the call. Lent until the promise settles. */
  readonly payload?: Payload;
  /** From the log record back to whoever asked first. */
  readonly trace?: string;
}

/** Bytes are the caller's to keep, or to `release`. */
export interface Outcome {
  /** Of the object after the changes; `undefined` when it is not there. */
  readonly version: OpReply['version'];
  /** One for each read part. */
  readonly results: readonly ReadResult[];
  /** Of each part that reads bytes, by its index among the reads; `undefined` for others and for absent bodies. */
  readonly bytes: readonly (Uint8Array | undefined)[];
  /** Of the class's method. */
  readonly output: Uint8Array | undefined;
  /** Data that the class's method returned beside it. */
  readonly data: Uint8Array;
  /** Nobody reads `bytes` any more: their memory is used again. Once, or never; then it is collected. */
  readonly release: () => void;
}

/** Whether it needs a request number: it must take effect once, however often it is sent. */
export function changesAnything({ changes = [], call, isReadOnly = false }: Operation): boolean {
  return changes.length > 0 || (call !== undefined && !isReadOnly);
}

/** Throws `INVALID_ARGUMENT` for a name that cannot be sent. Its length is the OSD's to check. */
export function objectNameOf(ref: ObjectRef): ObjectName {
  const { name, namespace = '', locator = '' } = typeof ref === 'string' ? { name: ref } : ref;
  if (name === '') throw new CairnError('INVALID_ARGUMENT', 'an object needs a name; give one of 1 to 2,048 bytes');
  for (const text of [name, namespace, locator]) {
    // Two of them would become one name in UTF-8, and one object would be two.
    if (!isWellFormed(text))
      throw new CairnError('INVALID_ARGUMENT', 'a name has half of a surrogate pair; correct it');
  }
  return { name, namespace, locator };
}

/** Throws `INVALID_ARGUMENT`: what no OSD would take is not sent to one. */
export function checkOperation(operation: Operation): void {
  const { guards = [], reads = [], changes = [], call } = operation;
  const parts = guards.length + reads.length + changes.length;
  if (parts === 0 && call === undefined) {
    throw new CairnError('INVALID_ARGUMENT', 'the operation does nothing; name guards, reads, changes or a call');
  }
  if (parts > opPartsMax) {
    throw new CairnError('INVALID_ARGUMENT', `${parts} parts in one operation, at most ${opPartsMax}; make it several`);
  }
  const sent = payloadBytes(operation);
  const expected = changes.reduce((sum, change) => sum + bytesOfChange(change), call?.bytes ?? 0);
  if (sent !== expected) {
    throw new CairnError(
      'INVALID_ARGUMENT',
      `the payload has ${sent} bytes, and the changes and the call take ${expected}`,
    );
  }
  const read = reads.reduce((sum, part) => sum + (part.kind === 'read' ? part.bytes : 0), 0);
  if (sent + read > opBytesMax) {
    const both = `${sent + read} bytes in one operation`;
    throw new CairnError('INVALID_ARGUMENT', `${both}, at most ${opBytesMax}; read or write them in pieces`);
  }
}

export function payloadBytes({ payload }: Pick<Operation, 'payload'>): number {
  if (payload === undefined) return 0;
  return payload instanceof Uint8Array ? payload.byteLength : totalBytes(payload);
}

/** Of the heads and bodies that an operation may bring back, which it does not say itself. */
const omapBodyBytes = 1024 * 1024;
const omapHeadBytes = 4096;
const omapListBytes = 1024 * 1024;

/** Memory that the operation takes here while it is under way: what it sends, and what may come back. */
export function bytesInFlight(operation: Operation): number {
  let bytes = payloadBytes(operation) + (operation.call?.input.byteLength ?? 0);
  for (const part of operation.reads ?? []) {
    if (part.kind === 'read') bytes += part.bytes;
    else if (part.kind === 'omap-body') bytes += omapBodyBytes;
    else if (part.kind === 'omap-list') {
      bytes += Math.min(omapListBytes, Math.min(part.count, omapListCountMax) * omapHeadBytes);
    }
  }
  return bytes;
}

/** Throws `PROTOCOL_ERROR` when the payload is not what the results say. */
export function outcomeOf({ header: reply, payload, release }: Reply<OpReply>): Outcome {
  let at = 0;
  const bytes = reply.results.map((result) => {
    if (result.kind !== 'read' && result.kind !== 'omap-body') return undefined;
    if (result.bytes === undefined) return undefined;
    const end = at + result.bytes;
    const slice = payload.subarray(at, end);
    at = end;
    return slice;
  });
  const data = payload.subarray(at, at + (reply.outputBytes ?? 0));
  at += data.byteLength;
  if (at !== payload.byteLength || data.byteLength !== (reply.outputBytes ?? 0)) {
    const sentence = `the OSD sent ${payload.byteLength} bytes and says that it read ${at}`;
    throw new CairnError('PROTOCOL_ERROR', sentence, { applied: 'maybe' });
  }
  return { version: reply.version, results: reply.results, bytes, output: reply.output, data, release };
}

function bytesOfChange(change: ChangePart): number {
  if (change.kind === 'omap-set') return change.bodies.reduce((sum, { bytes = 0 }) => sum + bytes, 0);
  const takesBytes = change.kind === 'write' || change.kind === 'write-full' || change.kind === 'append';
  return takesBytes ? change.bytes : 0;
}
