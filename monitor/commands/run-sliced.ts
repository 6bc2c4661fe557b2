import type { Steps } from '../../base/steps.js';
import type { CommandContext } from './types.js';

/** Runs a long computation, one step per turn of the event loop. The state does not change meanwhile. */
export async function runSliced<Result>(context: CommandContext, steps: Steps<Result>): Promise<Result> {
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return step.value;
    await context.yieldTurn();
  }
}
