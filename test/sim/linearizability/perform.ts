/** What a call does to an object and what it answers, by the book (protocol/osd-methods.ts): the sequential specification. */
import { concatBytes, emptyBytes, latin1Text } from '../../../base/bytes.js';
import { unreachable } from '../../../base/invariant.js';
import { xxh64 } from '../../../base/xxh64.js';
import type { Guard } from '../../../protocol/osd-methods.js';
import type { CallOutcome, ModelChange, ModelRead, ObjectCall, ObservedRead } from './object-call.js';
import { absentObject, exists, sorted, type ObjectState } from './object-state.js';

export interface Performed {
  /** The very state that was given, when nothing was changed. */
  readonly state: ObjectState;
  /** Its versions are right where the state's are known. */
  readonly outcome: CallOutcome;
}

/** @param version that the changes give the object; `undefined` when nobody knows */
export function perform(state: ObjectState, call: ObjectCall, version: number | undefined): Performed {
  const failed = call.guards.findIndex((guard) => !holds(state, guard));
  if (failed >= 0) return { state, outcome: { kind: 'guard-failed', guard: failed } };
  if (!exists(state) && call.reads.some(({ kind }) => kind === 'read'))
    return { state, outcome: { kind: 'no-object' } };
  const results = call.reads.map((read) => readPart(state, read));
  const after = change(state, call.changes, version);
  return { state: after, outcome: { kind: 'done', version: versionOf(after), results } };
}

/** `undefined` without an object, and when it is not known. */
export function versionOf({ version }: ObjectState): number | undefined {
  return version.kind === 'known' ? version.version : undefined;
}

export function readOf(data: Uint8Array): ObservedRead {
  const beginning = latin1Text(data.subarray(0, 16));
  return { kind: 'read', bytes: data.byteLength, hash: xxh64(data), beginning };
}

function holds(state: ObjectState, guard: Guard): boolean {
  switch (guard.kind) {
    case 'exists':
      return exists(state);
    case 'absent':
      return !exists(state);
    case 'version':
      return versionOf(state) === guard.term * 2 ** 32 + guard.seq;
    case 'size':
      return exists(state) && state.data.byteLength === guard.size;
    case 'attribute':
      return state.attributes.get(guard.name) === textOf(guard.value);
    case 'omap-head':
      return state.omap.get(guard.key) === textOf(guard.head);
    default:
      return unreachable(guard);
  }
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : latin1Text(bytes);
}

function readPart(state: ObjectState, read: ModelRead): ObservedRead {
  switch (read.kind) {
    case 'stat': {
      const stat = { size: state.data.byteLength, version: versionOf(state) ?? 0 };
      return { kind: 'stat', stat: exists(state) ? stat : undefined };
    }
    case 'read':
      return readOf(state.data.subarray(read.offset, read.offset + read.bytes));
    case 'attributes':
      return { kind: 'attributes', attributes: state.attributes };
    case 'omap-get':
      return { kind: 'omap-get', head: state.omap.get(read.key) };
    case 'omap-list': {
      const inRange = sorted(state.omap).filter(
        ([key]) => key >= read.from && (read.to === undefined || key < read.to),
      );
      if (read.isReverse) inRange.reverse();
      return { kind: 'omap-list', entries: inRange.slice(0, read.count), isMore: inRange.length > read.count };
    }
    default:
      return unreachable(read);
  }
}

function change(state: ObjectState, changes: readonly ModelChange[], version: number | undefined): ObjectState {
  if (changes.length === 0) return state;
  const changed = changes.reduce(changeOnce, state);
  if (!exists(changed)) return exists(state) ? { ...absentObject, versionFloor: state.versionFloor } : state;
  if (version === undefined) return { ...changed, version: { kind: 'unknown' } };
  return { ...changed, version: { kind: 'known', version }, versionFloor: version };
}

function changeOnce(state: ObjectState, part: ModelChange): ObjectState {
  switch (part.kind) {
    case 'create':
      return made(state);
    case 'remove':
      return { ...absentObject, versionFloor: state.versionFloor };
    case 'write':
      return { ...made(state), data: overwritten(state.data, part.offset, part.data) };
    case 'write-full':
      return { ...made(state), data: part.data };
    case 'append':
      return { ...made(state), data: concatBytes([state.data, part.data]) };
    case 'truncate':
      return { ...made(state), data: resized(state.data, part.size) };
    case 'zero':
      return { ...made(state), data: overwritten(state.data, part.offset, new Uint8Array(part.bytes)) };
    case 'set-attribute':
      return { ...made(state), attributes: new Map(state.attributes).set(part.name, part.value) };
    case 'remove-attribute':
      return { ...state, attributes: filtered(state.attributes, (name) => name !== part.name) };
    case 'omap-set':
      return { ...made(state), omap: new Map(state.omap).set(part.key, part.head) };
    case 'omap-remove':
      return { ...state, omap: filtered(state.omap, (key) => key !== part.key) };
    case 'omap-remove-range': {
      const { from, to } = part;
      return { ...state, omap: filtered(state.omap, (key) => key < from || (to !== undefined && key >= to)) };
    }
    default:
      return unreachable(part);
  }
}

function made(state: ObjectState): ObjectState {
  return exists(state) ? state : { ...state, version: { kind: 'unknown' }, data: emptyBytes };
}

function overwritten(data: Uint8Array, offset: number, by: Uint8Array): Uint8Array {
  const result = resized(data, Math.max(data.byteLength, offset + by.byteLength));
  result.set(by, offset);
  return result;
}

/** A copy. */
function resized(data: Uint8Array, size: number): Uint8Array {
  const result = new Uint8Array(size);
  result.set(data.subarray(0, size));
  return result;
}

function filtered(map: ReadonlyMap<string, string>, keeps: (name: string) => boolean): ReadonlyMap<string, string> {
  return new Map(Array.from(map).filter(([name]) => keeps(name)));
}
