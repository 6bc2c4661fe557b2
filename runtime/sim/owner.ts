import type { MachineTime } from './machine-time.js';

/** Whose events these are: the world's, a machine's kernel's, or a process's. They vanish with their owner. */
export class Owner {
  readonly label: string;
  /** Of the machine it lives on; the world itself lives nowhere and never stands still. */
  readonly time: MachineTime | undefined;
  #isAlive = true;
  /** Its events wait until it goes on, while its machine's clocks do not (SIGSTOP, a long garbage collection). */
  isStopped = false;

  constructor(label: string, time: MachineTime | undefined) {
    this.label = label;
    this.time = time;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** From now on its events are dropped instead of run. */
  end(): void {
    this.#isAlive = false;
  }

  /** Called with what an event's callback threw. */
  onException(error: unknown): void {
    throw error;
  }
}
