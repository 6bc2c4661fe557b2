/** Tries every order of a few operations, without any of the search's short cuts: an oracle for its tests. */
import type { ObjectOperation } from './history.js';
import { objectModel } from './object-model.js';
import type { ObjectState } from './object-state.js';

export function isLinearizableByForce(operations: readonly ObjectOperation[]): boolean {
  return continues(objectModel.initial, operations);
}

function continues(state: ObjectState, left: readonly ObjectOperation[]): boolean {
  if (left.every(({ end }) => end === undefined)) return true;
  return left.some((one) => {
    if (left.some(({ end }) => end !== undefined && end < one.begin)) return false;
    const next = objectModel.step(state, one);
    const others = left.filter((other) => other !== one);
    return next !== undefined && continues(next, others);
  });
}
