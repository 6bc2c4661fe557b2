/** Broken invariants are bugs: the daemon that meets one stops, since a stopped replica is safe and a wrong one is not. */

export class InvariantError extends Error {
  override readonly name = 'InvariantError';
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(`invariant broken: ${message}${Object.keys(details).length > 0 ? ` ${describe(details)}` : ''}`);
    this.details = details;
  }
}

/**
 * Throws `InvariantError` unless `fact` holds. `statement` says the fact positively ("the log has no gaps").
 * `details` is evaluated on every call: in hot loops assert once per batch.
 */
export function invariant(fact: unknown, statement: string, details?: Readonly<Record<string, unknown>>): asserts fact {
  if (!fact) throw new InvariantError(statement, details);
}

/** The end of an exhaustive switch: the compiler proves that `value` cannot exist; at run time it throws. */
export function unreachable(value: never): never {
  throw new InvariantError('this value cannot occur', { value });
}

function describe(details: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(details, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}
