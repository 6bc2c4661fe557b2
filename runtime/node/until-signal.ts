const stopSignals = ['SIGTERM', 'SIGINT'] as const;

export type StopSignal = (typeof stopSignals)[number];

/**
 * Resolves when somebody asks this process to stop. From then on a second such signal has its default effect and ends the
 * process at once: who presses Ctrl-C twice means it.
 */
export function untilSignal(): Promise<StopSignal> {
  return new Promise((resolve) => {
    const onSignal = (signal: StopSignal): void => {
      for (const name of stopSignals) process.off(name, onSignal);
      resolve(signal);
    };
    for (const name of stopSignals) process.on(name, onSignal);
  });
}
