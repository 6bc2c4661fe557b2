/** Daemons as child processes, for `cairn dev`: no shell, no pipes, so that neither end waits for the other. */
import { spawn, type ChildProcess } from 'node:child_process';
import { open } from 'node:fs/promises';
import { CairnError } from '../../base/errors.js';
import { fromErrno } from './errno.js';

export interface ChildOptions {
  /** A JavaScript file, run by the Node that runs this process. */
  readonly script: string;
  readonly args: readonly string[];
  /** The whole environment of the child: nothing is inherited. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What the child writes to stdout and stderr is appended to it; made if missing. */
  readonly outputPath: string;
}

/** How a process ended: its exit code, or the signal that ended it. */
export type ChildExit =
  { readonly kind: 'code'; readonly code: number } | { readonly kind: 'signal'; readonly signal: string };

export type ChildSignal = 'SIGTERM' | 'SIGINT' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT';

export interface Child {
  readonly pid: number;
  /** Never rejects. */
  readonly exited: Promise<ChildExit>;
  /** False when it has exited. The process id is not used after that: it may be another's by then. */
  signal(signal: ChildSignal): boolean;
}

/** Resolves when the process runs. Errors: those of opening `outputPath`, and `NOT_FOUND`, `OVERLOADED` and their like. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const { script, args, environment, outputPath } = options;
  const output = await openOutput(outputPath);
  try {
    const child = spawn(process.execPath, [script, ...args], {
      env: { ...environment },
      stdio: ['ignore', output.fd, output.fd],
      shell: false,
      // A group of its own: Ctrl-C in a terminal reaches whoever started it, who then stops it in good order.
      detached: true,
    });
    const exited = exitOf(child);
    const pid = await pidOf(child, script);
    return { pid, exited, signal: (signal) => child.kill(signal) };
  } finally {
    // The child has a descriptor of its own.
    await output.close();
  }
}

async function openOutput(path: string): ReturnType<typeof open> {
  try {
    return await open(path, 'a');
  } catch (error) {
    throw fromErrno(error, `cannot open ${path}`, 'IO_ERROR');
  }
}

function exitOf(child: ChildProcess): Promise<ChildExit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      // One of them is set; Node says so in its documentation, not in its types.
      resolve(signal === null ? { kind: 'code', code: code ?? 0 } : { kind: 'signal', signal });
    });
  });
}

function pidOf(child: ChildProcess, script: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => {
      if (child.pid === undefined) reject(new CairnError('INTERNAL', `${script} was started without a process id`));
      else resolve(child.pid);
    });
    // Stays: a signal that cannot be sent is an error event too.
    child.on('error', (error) => {
      reject(fromErrno(error, `cannot start ${script}`, 'INTERNAL'));
    });
  });
}
