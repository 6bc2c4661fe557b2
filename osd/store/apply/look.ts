/** Reads the index within one turn, again and again until all that is asked for is known. */
import { isCairnError } from '../../../base/errors.js';
import type { FetchedValues } from '../index/index.js';
import { Draft, type StoreState } from './draft.js';
import { MissingKeys } from '../index/missing-keys.js';

/** `look` sees one state of the store; it may be called several times, and must do nothing before it has read everything. */
export async function look<T>(
  state: StoreState,
  batch: number,
  see: (draft: Draft) => T,
  likely?: () => Iterable<string>,
): Promise<T> {
  let fetched: FetchedValues | undefined;
  for (;;) {
    try {
      return see(new Draft(state, batch, fetched));
    } catch (error) {
      if (!(error instanceof MissingKeys)) throw error;
      fetched = await fetchMore(state, fetched, error.keys, likely);
    }
  }
}

/** The values of earlier rounds are kept while they count. `likely`: what will be asked for next, fetched with the rest. */
export async function fetchMore(
  state: StoreState,
  before: FetchedValues | undefined,
  missing: readonly string[],
  likely?: () => Iterable<string>,
): Promise<FetchedValues> {
  const keys = new Set(missing);
  const known = before?.version === state.index.version ? before.values : undefined;
  for (const key of likely?.() ?? []) {
    if (known?.has(key) !== true && state.index.peek(key) === undefined) keys.add(key);
  }
  const more = await fetchSome(state, keys, missing);
  if (before === undefined || before.version !== more.version) return more;
  return { version: more.version, values: new Map([...before.values, ...more.values]) };
}

/** A guess that hits a damaged value is nobody's error: perhaps the value is removed before anybody asks for it. */
async function fetchSome(
  { index }: StoreState,
  keys: ReadonlySet<string>,
  missing: readonly string[],
): Promise<FetchedValues> {
  try {
    return await index.fetch([...keys]);
  } catch (error) {
    if (!isCairnError(error, 'CORRUPT') || keys.size === missing.length) throw error;
    return await index.fetch(missing);
  }
}
