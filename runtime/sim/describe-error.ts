import { CairnError } from '../../base/errors.js';

/** One line. */
export function describeError(error: unknown): string {
  if (error instanceof CairnError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
