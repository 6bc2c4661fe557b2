/** Many tasks, so many at a time. */

/**
 * Runs `task` for each item, begun in their order. The first error ends it: no further one begins, those under way see
 * `signal` abort, and it is thrown when all have settled, so that nothing goes on behind the caller's back.
 */
export async function forEachBounded<T>(
  items: Iterable<T> | AsyncIterable<T>,
  { atOnce, signal: outer }: { readonly atOnce: number; readonly signal?: AbortSignal | undefined },
  task: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(outer?.reason);
  if (outer?.aborted === true) onAbort();
  outer?.addEventListener('abort', onAbort, { once: true });
  let failure: { readonly error: unknown } | undefined;
  const running = new Set<Promise<void>>();
  const begin = (item: T): void => {
    const settled = task(item, stop.signal)
      .catch((error: unknown) => {
        failure ??= { error };
        stop.abort(error);
      })
      .finally(() => running.delete(settled));
    running.add(settled);
  };
  try {
    for await (const item of items) {
      // An aborted caller is told by the task: what it does knows the words.
      begin(item);
      while (running.size >= atOnce) await Promise.race(running);
      if (failure !== undefined) break;
    }
  } catch (error) {
    failure ??= { error };
    stop.abort(error);
  } finally {
    await Promise.all(running);
    outer?.removeEventListener('abort', onAbort);
  }
  if (failure !== undefined) throw failure.error;
}
