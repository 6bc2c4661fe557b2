/** Programs that run for a while and end: bounded in time, and none outlives the benchmark. */
import { execFile } from 'node:child_process';
import { endsWithBenchmark } from '../processes.js';

export interface CommandOptions {
  readonly timeoutMs: number;
  readonly environment: NodeJS.ProcessEnv;
  /** Ends it sooner. */
  readonly signal: AbortSignal;
}

/** Of all that a program prints: a report of `rados bench` has a line for each second. */
const outputBytesMax = 16 * 1024 * 1024;

/** What it prints on stdout. Rejects, with the end of what it says on stderr, unless it exits with 0 in time. */
export function runCommand(
  program: string,
  args: readonly string[],
  { timeoutMs, environment, signal }: CommandOptions,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { env: environment, signal, timeout: timeoutMs, maxBuffer: outputBytesMax } as const;
    const child = execFile(program, args, { ...options, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else
        reject(
          new Error(`${program} ${args.join(' ')}: ${reason(error, timeoutMs)}${ending(stderr)}`, { cause: error }),
        );
    });
    endsWithBenchmark(child);
  });
}

function reason({ code, killed }: { readonly code?: unknown; readonly killed?: boolean }, timeoutMs: number): string {
  if (killed === true) return `not done after ${timeoutMs / 1_000} s`;
  return `ended with ${typeof code === 'number' || typeof code === 'string' ? code : 'a signal'}`;
}

function ending(stderr: string): string {
  const lines = stderr.trim().split('\n').slice(-3).join('; ');
  return lines === '' ? '' : `: ${lines}`;
}
