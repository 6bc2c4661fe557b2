/**
 * The seam between Cairn and the world. Everything ambient (time, randomness, sockets, files) reaches code through a
 * `Runtime`, so that the very code of production runs under the simulator (`sim/`) from one seed.
 */
import type { Clock } from './clock.js';
import type { Disk } from './disk.js';
import type { HttpServerFactory } from './http.js';
import type { KvStore } from './kv.js';
import type { Logger } from './log.js';
import type { Memory } from './memory.js';
import type { Network } from './network.js';
import type { Random } from './random.js';

export interface Runtime {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  /** The admin port: metrics and health. */
  readonly http: HttpServerFactory;
  readonly disk: Disk;
  readonly kv: KvStore;
  readonly memory: Memory;
  readonly log: Logger;
  /**
   * Always false in production. In simulation true now and then, by the seed, so that a path that is rare in life
   * (`rare('cleaner-yields-early')`) is taken often.
   */
  rare(name: string): boolean;
  /** Stops this daemon at once: a broken invariant, a failed sync, a failed supervised promise. Logs `error` first. */
  fatal(error: unknown): void;
}
