import { type Applied, CairnError, isCairnError } from '../base/errors.js';

/** `error`, unless an earlier attempt of the same request may have got through: then the error says so. */
export function withApplied(error: unknown, earlier: Applied): unknown {
  if (!isCairnError(error) || error.applied !== 'no' || earlier === 'no') return error;
  const { code, message, details } = error;
  return new CairnError(code, message, { applied: earlier, details, cause: error });
}
