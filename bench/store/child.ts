/** A process that holds a store, or LevelDB alone, and does what its parent asks for: one job at a time. */
import { jobs, type JobAnswer, type JobRequest } from './jobs.js';

process.on('message', ({ number, name, args }: JobRequest) => {
  const job = jobs[name] as (...all: readonly unknown[]) => Promise<unknown>;
  job(...args).then(
    (result) => answer({ number, kind: 'done', result }),
    (error: unknown) => {
      answer({
        number,
        kind: 'failed',
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    },
  );
});
process.on('disconnect', () => process.exit(0));

function answer(message: JobAnswer): void {
  process.send?.(message);
}
