/** A violation in words that fit on a screen. */
import type { ObjectOperation } from './history.js';
import type { ModelChange, ModelRead, ObjectCall } from './object-call.js';
import { objectModel, showOutcome } from './object-model.js';
import { showData, showVersion, versionNumber, type ObjectState } from './object-state.js';
import type { Guard } from '../../../protocol/osd-methods.js';
import { latin1Text } from '../../../base/bytes.js';
import type { Furthest } from './search.js';

const orderShown = 8;
const nextShown = 24;

/** @param culprit whose end nothing explains */
export function showViolation(
  object: string,
  culprit: ObjectOperation,
  { order, state, next }: Furthest<ObjectState, ObjectOperation>,
): string {
  const shown = order.slice(-orderShown).map((one) => `    ${showOperation(one)}`);
  const left = order.length > orderShown ? [`    … ${order.length - orderShown} before`] : [];
  const closed = next.filter(({ end }) => end !== undefined);
  const open = next.filter(({ end }) => end === undefined);
  const stuck = [...closed, ...open].slice(0, nextShown).map((one) => {
    return `    ${showOperation(one)}\n        ${objectModel.whyNot(state, one)}`;
  });
  const more = next.length > nextShown ? [`    … ${next.length - nextShown} more`] : [];
  return [
    `${object} is not linearizable: nothing explains the end of ${showOperation(culprit)}`,
    '  the longest beginning that has an order ends with',
    ...left,
    ...shown,
    `  which leaves the object so: ${objectModel.show(state)}`,
    '  and next would have to come one of these',
    ...stuck,
    ...more,
  ].join('\n');
}

export function showOperation({ id, client, call, outcome, beganAt, endedAt }: ObjectOperation): string {
  const span = `${beganAt.toFixed(1)}–${endedAt?.toFixed(1) ?? '?'} ms`;
  return `#${id} ${client} [${span}] ${showCall(call)} → ${showOutcome(outcome)}`;
}

function showCall({ guards, reads, changes }: ObjectCall): string {
  const conditions = guards.length === 0 ? [] : [`if ${guards.map(showGuard).join(' and ')}:`];
  return [...conditions, [...reads.map(showReadPart), ...changes.map(showChange)].join('; ')].join(' ');
}

function showGuard(guard: Guard): string {
  switch (guard.kind) {
    case 'version':
      return `version ${showVersion(versionNumber(guard))}`;
    case 'size':
      return `size ${guard.size}`;
    case 'attribute':
      return `${guard.name}=${guard.value === undefined ? 'absent' : latin1Text(guard.value)}`;
    case 'omap-head':
      return `[${guard.key}]=${guard.head === undefined ? 'absent' : latin1Text(guard.head)}`;
    case 'exists':
    case 'absent':
      return guard.kind;
  }
}

function showReadPart(read: ModelRead): string {
  switch (read.kind) {
    case 'read':
      return `read ${read.bytes} at ${read.offset}`;
    case 'omap-get':
      return `omap-get ${read.key}`;
    case 'omap-list':
      return `omap-list ${JSON.stringify(read.from)}–${read.to === undefined ? '' : JSON.stringify(read.to)}`;
    case 'stat':
    case 'attributes':
      return read.kind;
  }
}

function showChange(change: ModelChange): string {
  switch (change.kind) {
    case 'write':
      return `write at ${change.offset} ${showData(change.data)}`;
    case 'write-full':
    case 'append':
      return `${change.kind} ${showData(change.data)}`;
    case 'truncate':
      return `truncate to ${change.size}`;
    case 'zero':
      return `zero ${change.bytes} at ${change.offset}`;
    case 'set-attribute':
      return `${change.name}:=${change.value}`;
    case 'remove-attribute':
      return `remove-attribute ${change.name}`;
    case 'omap-set':
      return `[${change.key}]:=${change.head}`;
    case 'omap-remove':
      return `omap-remove ${change.key}`;
    case 'omap-remove-range':
      return `omap-remove ${JSON.stringify(change.from)}–${change.to === undefined ? '' : JSON.stringify(change.to)}`;
    case 'create':
    case 'remove':
      return change.kind;
  }
}
