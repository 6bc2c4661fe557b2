/**
 * Long computations that others must be able to interrupt are generators: each step is short, and whoever runs them
 * decides when the next one comes, in a daemon one or a few per turn of the event loop (DESIGN.md section 8).
 */
export type Steps<Result> = Generator<void, Result, void>;

/** Runs all steps at once and returns their result: for tests, tools and small inputs. */
export function runSteps<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
