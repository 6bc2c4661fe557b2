/** Is there an order of each object's operations that explains all that clients saw? If not: where does it end, and why. */
import { invariant } from '../../../base/invariant.js';
import type { ObjectOperation } from './history.js';
import { objectModel, rankOf } from './object-model.js';
import type { ObjectState } from './object-state.js';
import { search, type SearchResult } from './search.js';
import { showViolation } from './show-violation.js';

export interface CheckOptions {
  /** For each object. Beyond it the check fails: it never passes what it did not look through. Default 2 million. */
  readonly stepsMax?: number;
}

export interface CheckCounts {
  readonly objects: number;
  readonly operations: number;
  readonly steps: number;
}

/** The report of what no order explains. */
export class NotLinearizable extends Error {
  override readonly name = 'NotLinearizable';
}

/** The search was given up: nothing is known. Make the history shorter, or leave fewer operations without an end. */
export class CheckGaveUp extends Error {
  override readonly name = 'CheckGaveUp';
}

/** Some seconds, for a report that reads better. */
const plainStepsMax = 200_000;

type Result = SearchResult<ObjectState, ObjectOperation>;

/** Throws `NotLinearizable` or `CheckGaveUp`. Operations of an object that begins as absent. */
export function checkHistory(
  objects: ReadonlyMap<string, readonly ObjectOperation[]>,
  options: CheckOptions = {},
): CheckCounts {
  let steps = 0;
  let count = 0;
  for (const [object, operations] of objects) {
    const result = searchObject(operations, options);
    steps += result.steps;
    count += operations.length;
    if (result.kind === 'found') continue;
    if (result.kind === 'none') throw new NotLinearizable(explain(object, operations, result, options));
    const { order } = result.furthest;
    const openCount = operations.filter(({ end }) => end === undefined).length;
    throw new CheckGaveUp(
      `${object}: gave up after ${result.steps} steps, ${order.length} of ${operations.length} operations in order, ${openCount} without an end`,
    );
  }
  return { objects: objects.size, operations: count, steps };
}

export function searchObject(
  operations: readonly ObjectOperation[],
  { stepsMax = 2_000_000 }: CheckOptions = {},
): Result {
  return search(objectModel, operations, { stepsMax, rankOf });
}

/**
 * Cuts the history off at the first end that cannot be explained, which tells more than the whole: a beginning of a
 * linearizable history is one too, so the cut is found by halving.
 */
function explain(object: string, operations: readonly ObjectOperation[], whole: Result, options: CheckOptions): string {
  const ends = operations.filter(({ end }) => end !== undefined).toSorted((a, b) => (a.end ?? 0) - (b.end ?? 0));
  let explained = 0;
  let unexplained = ends.length;
  let cut = operations;
  while (unexplained - explained > 1) {
    const middle = Math.floor((explained + unexplained) / 2);
    const shorter = until(operations, ends[middle - 1]?.end ?? 0);
    // Where it gives up, a later cut has to do.
    if (searchObject(shorter, options).kind === 'none') {
      unexplained = middle;
      cut = shorter;
    } else explained = middle;
  }
  const culprit = ends[unexplained - 1];
  invariant(culprit !== undefined && whole.kind !== 'found', 'some end is the first that nothing explains');
  // Ranks cut the search short where people would go on until something does not fit.
  const plain = search(objectModel, cut, { stepsMax: plainStepsMax });
  return showViolation(object, culprit, plain.kind === 'none' ? plain.furthest : whole.furthest);
}

/** As it was known right after `place`: what was under way may be in effect. */
function until(operations: readonly ObjectOperation[], place: number): ObjectOperation[] {
  return operations.flatMap((one) => {
    if (one.begin >= place) return [];
    if (one.end === undefined || one.end <= place) return [one];
    return one.call.changes.length > 0 ? [{ ...one, end: undefined, endedAt: undefined }] : [];
  });
}
