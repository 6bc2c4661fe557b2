/** Child processes of a benchmark: started with their output in a file, watched for the CPU that they use, ended for sure. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpuTimes } from './proc-stat.js';

export interface Daemon {
  readonly name: string;
  readonly pid: number;
  readonly process: ChildProcess;
  readonly exited: Promise<void>;
}

export interface DaemonOptions {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly outputPath: string;
  /** Default: that of the benchmark. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Opens a channel for messages, as `turn-watch.ts` takes them. */
  readonly hasChannel?: boolean;
}

/** None outlives the benchmark, however that ends. */
const living = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/** It is killed when the benchmark exits and it has not. */
export function endsWithBenchmark(child: ChildProcess): void {
  if (child.pid === undefined) return;
  living.add(child);
  child.once('exit', () => living.delete(child));
}

/** For benchmarks that have nothing else to put in order: their children are killed. */
export function exitOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
}

export function startDaemon({ name, program, args, outputPath, environment, hasChannel }: DaemonOptions): Daemon {
  const output = openSync(outputPath, 'a');
  try {
    const stdio = ['ignore', output, output, ...(hasChannel === true ? (['ipc'] as const) : [])] as const;
    const child = spawn(program, args, { stdio: [...stdio], env: environment ?? process.env });
    // One that could not be started has no process id, which is said below.
    child.on('error', () => undefined);
    if (child.pid === undefined) throw new Error(`${program} could not be started; is it installed?`);
    endsWithBenchmark(child);
    const exited = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
    });
    return { name, pid: child.pid, process: child, exited };
  } finally {
    closeSync(output);
  }
}

/** Asks for an end in good order, then does not ask. */
export async function stopDaemon(daemon: Daemon): Promise<void> {
  daemon.process.kill('SIGTERM');
  const timer = setTimeout(() => daemon.process.kill('SIGKILL'), 5_000);
  await daemon.exited;
  clearTimeout(timer);
}

export async function killDaemon(daemon: Daemon): Promise<void> {
  daemon.process.kill('SIGKILL');
  await daemon.exited;
}

/** Microseconds of CPU that a process has used, user and system, to within 10 ms; 0 once it is gone. */
export function cpuMicroseconds(pid: number): number {
  try {
    return cpuTimes(pid).own;
  } catch {
    return 0;
  }
}

/** On the loopback interface; free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
