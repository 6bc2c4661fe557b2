/** A child process of its own for each thing measured: thread pool, memory and CPU are nobody else's. */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { JobAnswer, JobArgs, JobName, JobRequest, JobResult } from './jobs.js';

export interface JobProcessOptions {
  /** `UV_THREADPOOL_SIZE`; the launcher gives OSDs 8. */
  readonly threads?: number;
  readonly nodeOptions?: readonly string[];
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** None outlives the benchmark, however that ends. */
const living = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

export class JobProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<void>;
  #number = 0;

  constructor({ threads = 8, nodeOptions = [] }: JobProcessOptions = {}) {
    this.#child = fork(fileURLToPath(new URL('child.js', import.meta.url)), {
      execArgv: ['--expose-gc', ...nodeOptions],
      env: { ...process.env, UV_THREADPOOL_SIZE: String(threads) },
      serialization: 'advanced',
    });
    living.add(this.#child);
    this.#child.on('message', (answer: JobAnswer) => this.#onAnswer(answer));
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', () => {
        living.delete(this.#child);
        for (const { reject } of this.#waiting.values()) reject(new Error('a process of the benchmark has ended'));
        this.#waiting.clear();
        resolve();
      });
    });
  }

  call<K extends JobName>(name: K, ...args: JobArgs<K>): Promise<JobResult<K>> {
    this.#number += 1;
    const request: JobRequest = { number: this.#number, name, args };
    return new Promise((resolve, reject) => {
      this.#waiting.set(request.number, { resolve: (result) => resolve(result as JobResult<K>), reject });
      this.#child.send(request, (error) => {
        if (error !== null) reject(error);
      });
    });
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** Its store is closed in good order before. */
  async end(): Promise<void> {
    await this.call('close');
    await this.call('levelClose');
    this.#child.disconnect();
    await this.#exited;
  }

  #onAnswer(answer: JobAnswer): void {
    const waiting = this.#waiting.get(answer.number);
    this.#waiting.delete(answer.number);
    if (answer.kind === 'done') waiting?.resolve(answer.result);
    else waiting?.reject(new Error(answer.error));
  }
}
