/** Processes that a test starts. Each is ended by its id, also when the test fails or is interrupted itself. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createNodeRuntime } from '../../runtime/node/runtime.js';
import { monotonicMs } from '../../base/instants.js';

/** Compiled tests run from dist/test/processes/. */
export const cairnScript = fileURLToPath(new URL('../../../bin/cairn', import.meta.url));

/** Of the test's own process: it waits and connects with it. */
export const here = createNodeRuntime({ daemon: 'test', logLevel: 'error' });

/** A condition is looked at so often. */
const pollMs = 20;
/** Of output that is kept, per stream: what a daemon says before it fails fits many times. */
const outputMax = 1024 * 1024;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Running {
  readonly #child: ChildProcess;
  readonly ended: Promise<Ended>;
  #stdout = '';
  #stderr = '';

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.on('data', (bytes: Buffer) => (this.#stdout = keep(this.#stdout, bytes)));
    child.stderr?.on('data', (bytes: Buffer) => (this.#stderr = keep(this.#stderr, bytes)));
    // 'close' rather than 'exit': all output has been read by then.
    this.ended = once(child, 'close').then(([code, signal]): Ended => ({ code, signal }));
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the process did not start');
    return this.#child.pid;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** As a terminal does at Ctrl-C: everyone in the group gets it. */
  signalGroup(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal);
  }

  /** Until it ended, or an error that shows what it said. */
  async end(withinMs = 15_000): Promise<Ended> {
    await until('a process ends', () => !this.isRunning, { withinMs, describe: () => this.#stdout + this.#stderr });
    return this.ended;
  }
}

function keep(text: string, bytes: Buffer): string {
  return (text + bytes.toString('utf8')).slice(-outputMax);
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** A process group of its own, as a terminal makes it. */
  readonly hasOwnGroup?: boolean;
}

export class Children {
  readonly #running = new Set<Running>();
  readonly #kill = (): void => {
    for (const child of this.#running) if (child.isRunning) child.signal('SIGKILL');
  };

  constructor() {
    process.on('exit', this.#kill);
  }

  cairn(args: readonly string[], options: StartOptions = {}): Running {
    return this.start(process.execPath, [cairnScript, ...args], options);
  }

  /** `mon.a` or `osd.0`; `prefix` is a command that becomes the one behind it. */
  daemon(name: string, conf: string, prefix: readonly string[] = []): Running {
    const command = name.startsWith('mon.') ? 'monitor' : 'osd';
    const [file, ...args] = [...prefix, process.execPath, cairnScript, command, 'run', '--conf', conf];
    return this.start(file, args);
  }

  start(file: string, args: readonly string[], { env = {}, hasOwnGroup = false }: StartOptions = {}): Running {
    const child = spawn(file, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: hasOwnGroup,
    });
    const running = new Running(child);
    this.#running.add(running);
    void running.ended.then(() => this.#running.delete(running));
    return running;
  }

  async endAll(): Promise<void> {
    this.#kill();
    await Promise.all([...this.#running].map((child) => child.ended));
    process.off('exit', this.#kill);
  }
}

export interface UntilOptions {
  readonly withinMs?: number;
  /** What to show when it did not come about. */
  readonly describe?: () => string;
}

/** Looks at a condition until it holds; `undefined` and `false` mean not yet. Throws when it takes too long. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  { withinMs = 15_000, describe = () => '' }: UntilOptions = {},
): Promise<T> {
  const deadline = here.clock.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (here.clock.now() >= deadline) throw new Error(`not within ${withinMs} ms: ${what}\n${describe()}`);
    await here.clock.sleep(pollMs);
  }
}

/** An absolute deadline on this process's clock. */
export function within(ms: number): { readonly deadline: ReturnType<typeof monotonicMs> } {
  return { deadline: monotonicMs(here.clock.now() + ms) };
}

/** Ids of live processes whose command line speaks of `directory`: the daemons of a `cairn dev` that is gone. */
export function processesOf(directory: string): readonly number[] {
  if (!existsSync('/proc/self/cmdline')) return [];
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isSafeInteger(pid) && pid !== process.pid && commandLine(pid).includes(directory));
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
