/** One daemon of `cairn dev`: its process, its pid file, and what happens when it ends. */
import type { Disk } from '../runtime/disk.js';
import type { Clock } from '../runtime/clock.js';
import { type Child, type ChildExit, startChild } from '../runtime/node/child.js';
import { writeFileDurably } from '../runtime/whole-file.js';

export interface DevDaemonOptions {
  /** `mon.a`. */
  readonly name: string;
  /** Of `cairn`. */
  readonly args: readonly string[];
  readonly script: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Of the cluster; the daemon's pid file and log stand in `run` and `log` below. */
  readonly directory: string;
  readonly respawn: boolean;
  /** It ended without being asked. */
  readonly onDied: (exit: ChildExit) => void;
}

export interface DevDaemonRuntime {
  readonly disk: Disk;
  readonly clock: Clock;
}

/** A daemon that dies at once, every time, is tried so often. */
const respawnMsMin = 200;
const respawnMsMax = 10_000;
/** One that lived so long starts again at once. */
const livedMs = 30_000;
/** What a daemon may take to stop in good order. */
const stopMs = 10_000;

export class DevDaemon {
  readonly #runtime: DevDaemonRuntime;
  readonly #options: DevDaemonOptions;
  #child: Child | undefined;
  /** Whoever stops it while it starts must not leave a process behind. */
  #starting: Promise<void> = Promise.resolve();
  #isStopping = false;
  #pauseMs = respawnMsMin;
  readonly #stop = new AbortController();

  constructor(runtime: DevDaemonRuntime, options: DevDaemonOptions) {
    this.#runtime = runtime;
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  /** Resolves when the process runs. Does nothing once it was asked to stop. */
  start(): Promise<void> {
    const starting = this.#start();
    this.#starting = starting.catch(() => undefined);
    return starting;
  }

  async #start(): Promise<void> {
    if (this.#isStopping) return;
    const { name, args, script, environment, directory } = this.#options;
    const begun = this.#runtime.clock.now();
    const child = await startChild({ script, args, environment, outputPath: `${directory}/log/${name}.log` });
    this.#child = child;
    const pidDirectory = `${directory}/run`;
    await writeFileDurably(this.#runtime.disk, pidDirectory, `${name}.pid`, new TextEncoder().encode(`${child.pid}\n`));
    void child.exited.then((exit) => this.#onExit(exit, this.#runtime.clock.now() - begun));
  }

  /** SIGTERM, and SIGKILL for one that does not listen. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#stop.abort();
    await this.#starting;
    const child = this.#child;
    if (child === undefined) return;
    child.signal('SIGTERM');
    const timer = this.#runtime.clock.after(stopMs, () => void child.signal('SIGKILL'));
    await child.exited;
    timer.cancel();
    await this.#removePidFile();
  }

  #onExit(exit: ChildExit, livedForMs: number): void {
    this.#child = undefined;
    if (this.#isStopping) return;
    this.#options.onDied(exit);
    if (!this.#options.respawn) {
      void this.#removePidFile();
      return;
    }
    if (livedForMs >= livedMs) this.#pauseMs = respawnMsMin;
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(this.#pauseMs * 2, respawnMsMax);
    this.#runtime.clock
      .sleep(pauseMs, this.#stop.signal)
      .then(() => this.start())
      // It could not be started (no memory, no process id): that is one more death.
      .catch(() => this.#onExit(exit, 0));
  }

  async #removePidFile(): Promise<void> {
    const { directory, name } = this.#options;
    await this.#runtime.disk.removeFile(`${directory}/run/${name}.pid`).catch(() => undefined);
  }
}
