import type { MonotonicMs } from '../base/instants.js';
import type { CairnClient } from '../client/client.js';
import type { WaitOptions } from '../runtime/clock.js';
import type { Runtime } from '../runtime/runtime.js';
import type { MonitorClient } from '../protocol/monitor-client.js';
import type { SomeTlsPaths } from './tls-choice.js';

/** How to find a cluster: `--dir` or `--conf`, else `CAIRN_DIR` or `CAIRN_CONF`, else `./data` (DESIGN.md section 9). */
export interface ClusterChoice {
  readonly dir: string | undefined;
  readonly conf: string | undefined;
  /** As given with `--tls-*`. */
  readonly tls?: SomeTlsPaths;
}

export interface WriteFileOptions {
  /** Only the user may read the file (mode 0600), from its first byte on. For keys. */
  readonly isPrivate?: boolean;
}

export interface InputStream {
  /** `undefined` for what has no size: a pipe. */
  readonly bytes: number | undefined;
  /** Each is valid until the next is asked for. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** What a command may touch, so that tests run the whole command line in their own process. */
export interface CliContext {
  /** Writes to stdout: results only. */
  print(text: string): void;
  /** Writes to stderr: progress, warnings, errors. */
  note(text: string): void;
  /** `-` is stdin. Errors: `NOT_FOUND`, `PERMISSION_DENIED`, `INVALID_ARGUMENT` when larger than `bytesMax`. */
  readFile(path: string, bytesMax: number): Promise<Uint8Array>;
  /** Stdout is read by a person, who may like colours. */
  readonly isTerminal: boolean;
  /** Stderr is: lines may be written over. */
  readonly isNoteTerminal: boolean;
  /** Replaces the file as a whole or not at all. `-` is stdout. */
  writeFile(path: string, bytes: Uint8Array, options?: WriteFileOptions): Promise<void>;
  /** As `readFile`, piece by piece. */
  openInput(path: string): Promise<InputStream>;
  /** As `writeFile`, piece by piece: when the pieces end in an error, the file stays as it was. */
  writeStream(path: string, pieces: AsyncIterable<Uint8Array>): Promise<void>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A client of the cluster's monitors. Errors say how to name another cluster, or how to start one. */
  connect(choice: ClusterChoice): Promise<MonitorClient>;
  /** A client of the cluster's objects. Errors as those of `connect`. */
  connectObjects(choice: ClusterChoice, wait: WaitOptions): Promise<CairnClient>;
  /** Aborts on Ctrl-C, for commands that follow something. */
  readonly interrupted: AbortSignal;
  /** Absolute deadline for a command that may take so long. */
  deadlineIn(ms: number): MonotonicMs;
  /** What a daemon of that name, or a tool, runs on. */
  runtime(daemon: string): Runtime;
  /** A path that stays right whatever the working directory of whoever reads it. */
  absolute(path: string): string;
  /** The file that runs `cairn`, for commands that start daemons. */
  readonly script: string;
  /** Of this machine. */
  readonly hostname: string;
}
