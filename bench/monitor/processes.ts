/** Child processes of a benchmark: started with their output in a file, watched for the CPU that they use, ended for sure. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';

export interface Daemon {
  readonly name: string;
  readonly pid: number;
  readonly process: ChildProcess;
  readonly exited: Promise<void>;
}

/** Of Linux: `sysconf(_SC_CLK_TCK)`, the unit of times in /proc. */
const ticksPerSecond = 100;

export interface DaemonOptions {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly outputPath: string;
  /** Opens a channel for messages, as `turn-watch.ts` takes them. */
  readonly hasChannel?: boolean;
}

/** None outlives the benchmark, however that ends. */
const living = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

export function startDaemon({ name, program, args, outputPath, hasChannel }: DaemonOptions): Daemon {
  const output = openSync(outputPath, 'a');
  try {
    const stdio = ['ignore', output, output, ...(hasChannel === true ? (['ipc'] as const) : [])] as const;
    const child = spawn(program, args, { stdio: [...stdio] });
    if (child.pid === undefined) throw new Error(`${program} could not be started; is it installed?`);
    living.add(child);
    const exited = new Promise<void>((resolve) => {
      child.once('exit', () => {
        living.delete(child);
        resolve();
      });
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
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name, in parentheses, may hold spaces: fields are counted from behind it. utime is the 14th of all, stime the 15th.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return ((Number(fields[11]) + Number(fields[12])) * 1e6) / ticksPerSecond;
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
