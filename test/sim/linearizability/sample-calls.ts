/** Calls, outcomes and operations in few words, for histories written by hand. */
import { latin1Bytes } from '../../../base/bytes.js';
import type { ObjectOperation } from './history.js';
import type { CallOutcome, ObjectCall } from './object-call.js';
import { versionNumber } from './object-state.js';
import { readOf } from './perform.js';

const nothing: ObjectCall = { guards: [], reads: [], changes: [] };

export const read: ObjectCall = { ...nothing, reads: [{ kind: 'read', offset: 0, bytes: 1_000 }] };
export const stat: ObjectCall = { ...nothing, reads: [{ kind: 'stat' }] };
export const remove: ObjectCall = { ...nothing, changes: [{ kind: 'remove' }] };
export const list: ObjectCall = {
  ...nothing,
  reads: [{ kind: 'omap-list', from: '', to: undefined, count: 100, isReverse: false }],
};

export function put(text: string): ObjectCall {
  return { ...nothing, changes: [{ kind: 'write-full', data: latin1Bytes(text) }] };
}

export function append(text: string): ObjectCall {
  return { ...nothing, changes: [{ kind: 'append', data: latin1Bytes(text) }] };
}

export function write(offset: number, text: string): ObjectCall {
  return { ...nothing, changes: [{ kind: 'write', offset, data: latin1Bytes(text) }] };
}

export function setKey(key: string, head: string): ObjectCall {
  return { ...nothing, changes: [{ kind: 'omap-set', key, head }] };
}

/** Only if the object's version is still of that seq, in term 1. */
export function ifVersion(seq: number, call: ObjectCall): ObjectCall {
  return { ...call, guards: [{ kind: 'version', term: 1, seq }] };
}

export function ifAttribute(name: string, value: string | undefined, call: ObjectCall): ObjectCall {
  const bytes = value === undefined ? undefined : latin1Bytes(value);
  return { ...call, guards: [{ kind: 'attribute', name, value: bytes }] };
}

export function setAttribute(name: string, value: string): ObjectCall {
  return { ...nothing, changes: [{ kind: 'set-attribute', name, value }] };
}

/** The object has that version of term 1 afterwards; `undefined`: it is not there. */
export function done(seq: number | undefined): CallOutcome {
  return { kind: 'done', version: seq === undefined ? undefined : versionOf(seq), results: [] };
}

export function sees(seq: number, text: string): CallOutcome {
  return { kind: 'done', version: versionOf(seq), results: [readOf(latin1Bytes(text))] };
}

export function lists(seq: number, entries: readonly (readonly [string, string])[]): CallOutcome {
  return { kind: 'done', version: versionOf(seq), results: [{ kind: 'omap-list', entries, isMore: false }] };
}

export const noObject: CallOutcome = { kind: 'no-object' };
export const refused: CallOutcome = { kind: 'guard-failed', guard: 0 };

function versionOf(seq: number): number {
  return versionNumber({ term: 1, seq });
}

type Line = readonly [client: string, begin: number, end: number | undefined, call: ObjectCall, outcome?: CallOutcome];

/** Without an end, an operation has no outcome. */
export function operationsOf(lines: readonly Line[]): ObjectOperation[] {
  return lines.map(([client, begin, end, call, outcome], id) => {
    return { id, client, object: 'o', call, begin, end, outcome, beganAt: begin, endedAt: end };
  });
}
