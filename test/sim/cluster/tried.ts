/** What operators and faults ask of a cluster that may be down. */
import { isCairnError } from '../../../base/errors.js';

/** Operators take no for an answer, and no answer as well. */
export async function tried(deed: Promise<unknown>): Promise<void> {
  await deed.catch((error: unknown) => {
    if (!isCairnError(error) || error.code === 'INTERNAL') throw error;
  });
}
