/** Whether an operation's outcome is possible in a state, and the state that it leaves. */
import type { ObjectOperation } from './history.js';
import type { CallOutcome, ObservedRead } from './object-call.js';
import {
  absentObject,
  exists,
  showMap,
  showState,
  showVersion,
  stateKey,
  versionNumber,
  type ObjectState,
} from './object-state.js';
import { perform } from './perform.js';
import type { SequentialModel } from './search.js';

export const objectModel: SequentialModel<ObjectState, ObjectOperation> = {
  initial: absentObject,
  key: stateKey,
  step(state, operation) {
    const { outcome, call } = operation;
    const bound = bindVersion(state, operation);
    const version = outcome?.kind === 'done' ? outcome.version : undefined;
    const performed = perform(bound, call, version);
    if (outcome === undefined) return performed.state;
    if (outcome.kind === 'done' && exists(performed.state) !== (version !== undefined)) return undefined;
    if (call.changes.length > 0 && version !== undefined && version <= bound.versionFloor) return undefined;
    return isSame(performed.outcome, outcome) ? performed.state : undefined;
  },
  isReadOnly: ({ call, outcome }) => call.changes.length === 0 || (outcome !== undefined && outcome.kind !== 'done'),
  whyNot(state, { call, outcome }) {
    if (outcome === undefined) return 'it may be in effect or not';
    const version = outcome.kind === 'done' ? outcome.version : undefined;
    if (call.changes.length > 0 && version !== undefined && version <= state.versionFloor) {
      return `its version ${showVersion(version)} is not above ${showVersion(state.versionFloor)}, which was there before`;
    }
    return `would be ${showOutcome(perform(state, call, version).outcome)}`;
  },
  show: showState,
};

/**
 * Where an operation belongs by the version that it was told: changes make theirs, others see it until the next change.
 * Versions only grow, so no order in which they do not could be one. (If one that was told is wrong, that is a bug as well.)
 */
export function rankOf({ outcome, call }: ObjectOperation): number | undefined {
  if (outcome?.kind !== 'done' || outcome.version === undefined) return undefined;
  return call.changes.length > 0 ? outcome.version : outcome.version + 0.5;
}

/** A version that nobody knew is what the first to see it says, or to be served for having guessed it. */
function bindVersion(state: ObjectState, { call, outcome }: ObjectOperation): ObjectState {
  if (state.version.kind !== 'unknown' || outcome?.kind === 'guard-failed') return state;
  const guard = call.guards.find(({ kind }) => kind === 'version');
  const stat = outcome?.kind === 'done' ? outcome.results.find(({ kind }) => kind === 'stat') : undefined;
  const isReading = call.changes.length === 0 && outcome?.kind === 'done';
  let seen = isReading ? outcome.version : undefined;
  if (guard?.kind === 'version') seen = versionNumber(guard);
  else if (stat?.kind === 'stat' && stat.stat !== undefined) seen = stat.stat.version;
  if (seen === undefined || seen <= state.versionFloor) return state;
  return { ...state, version: { kind: 'known', version: seen }, versionFloor: seen };
}

function isSame(expected: CallOutcome, seen: CallOutcome): boolean {
  if (expected.kind === 'guard-failed') return seen.kind === 'guard-failed' && seen.guard === expected.guard;
  if (expected.kind !== 'done' || seen.kind !== 'done') return expected.kind === seen.kind;
  return (
    expected.version === seen.version &&
    expected.results.length === seen.results.length &&
    expected.results.every((result, i) => isSameRead(result, seen.results[i]))
  );
}

function isSameRead(expected: ObservedRead, seen: ObservedRead | undefined): boolean {
  if (seen?.kind !== expected.kind) return false;
  if (expected.kind === 'read' && seen.kind === 'read') {
    return expected.bytes === seen.bytes && expected.hash === seen.hash;
  }
  return showRead(expected) === showRead(seen);
}

export function showOutcome(outcome: CallOutcome | undefined): string {
  switch (outcome?.kind) {
    case undefined:
      return 'unknown';
    case 'guard-failed':
      return `guard ${outcome.guard} failed`;
    case 'no-object':
      return 'no such object';
    case 'done': {
      const version = outcome.version === undefined ? 'absent' : `version ${showVersion(outcome.version)}`;
      return [version, ...outcome.results.map(showRead)].join(', ');
    }
  }
}

function showRead(read: ObservedRead): string {
  switch (read.kind) {
    case 'stat':
      return read.stat === undefined ? 'stat absent' : `stat ${read.stat.size} bytes ${showVersion(read.stat.version)}`;
    case 'read':
      return `read ${read.bytes} bytes ${JSON.stringify(read.beginning)} #${read.hash.toString(16).slice(0, 6)}`;
    case 'attributes':
      return `attributes ${showMap(read.attributes)}`;
    case 'omap-get':
      return `omap ${read.head ?? 'absent'}`;
    case 'omap-list':
      return `list [${read.entries.map(([key, head]) => `${key}: ${head}`).join(', ')}]${read.isMore ? '…' : ''}`;
  }
}
