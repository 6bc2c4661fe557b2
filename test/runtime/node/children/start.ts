import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

export interface Child {
  readonly process: ChildProcessByStdio<null, Readable, Readable>;
  /** All that was written so far. */
  stdout(): string;
  stderr(): string;
  /** The exit code, or the signal's name, once its output is complete. */
  readonly ended: Promise<number | string>;
}

/** Runs a program of this folder. `fileBytesMax` is the size up to which it may write files (EFBIG beyond). */
export function startChild(name: string, args: readonly string[], fileBytesMax?: number): Child {
  const program = fileURLToPath(new URL(`./${name}.js`, import.meta.url));
  const command = [process.execPath, '--enable-source-maps', program, ...args];
  // The shell counts in blocks of 512 bytes; SIGXFSZ would kill the process before it saw the error.
  const script = `trap '' XFSZ; ulimit -f ${(fileBytesMax ?? 0) / 512}; exec "$@"`;
  const [file = '', ...rest] = fileBytesMax === undefined ? command : ['/bin/sh', '-c', script, 'sh', ...command];
  const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<number | string>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve(code ?? signal ?? 'unknown');
    });
  });
  return { process: child, stdout: () => stdout, stderr: () => stderr, ended };
}
