/**
 * An OSD stops: the PGs that it leads go on under others first (PG-PROTOCOL.md section 4, "leave / hand over"). It serves each of
 * them until it sees the record without it, and stays until the new primary has asked it to enter that term, which ends the
 * wait for its leases:
 *
 *     led here ──leave──► record without this OSD ──► role dropped ──Fence of the new primary──► nobody waits for it
 */
import { isCairnError } from '../../base/errors.js';
import { type PgId, printPgId } from '../../cluster/ids.js';
import type { Runtime } from '../../runtime/runtime.js';
import type { Pg } from './pg.js';

/** After somebody refused: a term that is not confirmed yet, a member that has just gone down. */
const retryMs = 50;
/** A new primary asks as soon as it has the map. One that does not is waited for no longer: the goodbye tells it as well. */
const fenceMs = 300;

export class HandOver {
  readonly #runtime: Runtime;
  readonly #pgs: () => Iterable<Pg>;
  /** The newest term that another primary asked this OSD to enter. */
  readonly #fenced = new Map<string, number>();
  #onFenced: (() => void) | undefined;

  constructor(runtime: Runtime, pgs: () => Iterable<Pg>) {
    this.#runtime = runtime;
    this.#pgs = pgs;
  }

  /** A Fence was answered. */
  fenced(pg: PgId, term: number): void {
    const name = printPgId(pg);
    this.#fenced.set(name, Math.max(term, this.#fenced.get(name) ?? 0));
    this.#onFenced?.();
  }

  /** Resolves when all that others can lead is led by them, at the latest after so long. */
  async run(withinMs: number): Promise<void> {
    const { clock } = this.#runtime;
    const deadline = clock.now() + withinMs;
    const given = new Set<Pg>();
    while (clock.now() < deadline) {
      const led = [...this.#pgs()].filter((pg) => pg.primary?.joining.mayHandOver === true);
      if (led.length === 0) break;
      const all = Promise.all(led.map(async (pg) => ((await this.#giveAway(pg)) ? given.add(pg) : undefined)));
      await this.#within(all, deadline);
    }
    const waiting = this.#untilFenced(given);
    await this.#within(waiting, Math.min(deadline, clock.now() + fenceMs));
    this.#onFenced = undefined;
  }

  /** False: it is still to be done, if it can. */
  async #giveAway(pg: Pg): Promise<boolean> {
    try {
      await pg.primary?.joining.handOver();
      return true;
    } catch (error) {
      if (!isCairnError(error)) throw error;
      const { log, clock } = this.#runtime;
      log.debug({ pg: printPgId(pg.id), err: error }, 'a PG could not be handed over yet');
      await clock.sleep(retryMs);
      return false;
    }
  }

  async #untilFenced(given: ReadonlySet<Pg>): Promise<void> {
    const isFenced = ({ id, record }: Pg): boolean => (this.#fenced.get(printPgId(id)) ?? 0) >= (record?.term ?? 0);
    while (![...given].every((pg) => pg.primary !== undefined || isFenced(pg))) {
      await new Promise<void>((resolve) => {
        this.#onFenced = resolve;
      });
    }
  }

  async #within(work: Promise<unknown>, until: number): Promise<void> {
    const { clock } = this.#runtime;
    await new Promise<void>((resolve, reject) => {
      const timer = clock.after(Math.max(0, until - clock.now()), () => resolve());
      work.then(
        () => {
          timer.cancel();
          resolve();
        },
        (error: unknown) => {
          timer.cancel();
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
    });
  }
}
