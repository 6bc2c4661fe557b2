const stopSignals = ['SIGTERM', 'SIGINT'] as const;

export type StopSignal = (typeof stopSignals)[number];

/** One stop may come as several signals at once: a supervisor signals a process and its group, a terminal its group. */
const sameMsDefault = 500;

/**
 * Resolves when somebody asks this process to stop. From a moment later a second such signal has its default effect and
 * ends the process at once: who presses Ctrl-C again means it.
 */
export function untilSignal({ sameMs = sameMsDefault }: { readonly sameMs?: number } = {}): Promise<StopSignal> {
  return new Promise((resolve) => {
    let first: number | undefined;
    const onSignal = (signal: StopSignal): void => {
      resolve(signal);
      if (first === undefined) {
        first = performance.now();
        return;
      }
      if (performance.now() - first < sameMs) return;
      for (const name of stopSignals) process.off(name, onSignal);
      process.kill(process.pid, signal);
    };
    for (const name of stopSignals) process.on(name, onSignal);
  });
}
