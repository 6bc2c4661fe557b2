/**
 * Workers that write and read objects of their own through the clients of the cluster, whatever happens to it, each without
 * a pause that somebody would have to excuse. All that they are told has to have one order that explains it
 * (test/sim/linearizability): an acknowledged write that is lost, a wrong or an old read, a change that was made twice have none.
 */
import assert from 'node:assert/strict';
import { isCairnError } from '../../../base/errors.js';
import type { PoolClient } from '../../../client/pool-client.js';
import { Prng } from '../../../runtime/sim/prng.js';
import { operationOf, outcomeOf, outcomeOfError } from '../../sim/cluster/convert.js';
import { randomCall, readAll, readData, type Seen } from '../../sim/cluster/random-call.js';
import { checkHistory } from '../../sim/linearizability/check-history.js';
import { History } from '../../sim/linearizability/history.js';
import type { ObjectCall } from '../../sim/linearizability/object-call.js';
import { here, within } from '../children.js';

export interface VerifiedLoadOptions {
  /** Begins the names of its objects. */
  readonly name: string;
  readonly objects?: number;
  readonly workers?: number;
}

/** Some to each PG. */
const objectsDefault = 32;
const workersDefault = 8;
/** Between two operations of a worker. What they take of the processor is missing to the daemons. */
const pauseMsMax = 40;
/** Of calls that write tens of KiB. */
const largeRate = 0.02;
/** Longer than any case lasts: what is not answered by then never is. */
const answerMs = 120_000;

export class VerifiedLoad {
  readonly objects: readonly string[];
  readonly #options: VerifiedLoadOptions;
  readonly #pools: readonly PoolClient[];
  readonly #history = new History(() => here.clock.now());
  readonly #random: Prng;
  readonly #seen = new Map<string, Seen>();
  readonly #workers: Promise<void>[] = [];
  /** What clients were told instead of an answer. */
  readonly errors: string[] = [];
  /** The longest that one operation took. */
  pauseMs = 0;
  operations = 0;
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(pools: readonly PoolClient[], options: VerifiedLoadOptions) {
    const { name, objects = objectsDefault } = options;
    this.#pools = pools;
    this.#options = options;
    this.#random = new Prng(`load ${name}`);
    this.objects = Array.from({ length: objects }, (_, i) => `${name}-${i}`);
  }

  begin(): void {
    const { workers = workersDefault } = this.#options;
    for (let i = 0; i < workers; i++) {
      const pool = this.#pools[i % this.#pools.length];
      assert.ok(pool !== undefined, 'there is a client');
      const fail = (error: unknown): void => {
        this.#failure ??= { error };
      };
      this.#workers.push(this.#worker(`w${i}`, pool).catch(fail));
    }
  }

  /** Everything of every object, asked for at once by somebody besides the workers: resolves when all are answered. */
  async readAll(objects = this.objects): Promise<void> {
    const pool = this.#pools.at(-1);
    assert.ok(pool !== undefined, 'there is a client');
    const read = async (object: string): Promise<void> => {
      await this.#run('reader', pool, object, { guards: [], reads: readAll, changes: [] });
      await this.#run('reader', pool, object, { guards: [], reads: [readData], changes: [] });
    };
    await Promise.all(objects.map(read));
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Ends the workers: everything that they asked is answered, or they gave up. */
  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#workers);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Reads everything, and looks for the order. Throws `NotLinearizable`. */
  async verify(): Promise<void> {
    await this.readAll();
    checkHistory(this.#history.byObject());
  }

  async #worker(name: string, pool: PoolClient): Promise<void> {
    for (let count = 1; !this.#isOver; count++) {
      await here.clock.sleep(this.#random.below(pauseMsMax));
      const object = this.#pick();
      const call = randomCall(this.#random, `${name}.${count}`, this.#seen.get(object), largeRate);
      await this.#run(name, pool, object, call);
    }
  }

  /** A third goes to the first few, so that operations on one object meet. */
  #pick(): string {
    const count = this.#random.chance(1 / 3) ? Math.min(3, this.objects.length) : this.objects.length;
    return this.objects[this.#random.below(count)] ?? '';
  }

  async #run(worker: string, pool: PoolClient, object: string, call: ObjectCall): Promise<void> {
    const id = this.#history.begin(worker, object, call);
    const begun = here.clock.now();
    try {
      const outcome = await pool.operate(object, operationOf(call), within(answerMs));
      const told = outcomeOf(outcome);
      this.#history.end(id, told);
      this.#seen.set(object, { version: outcome.version, lock: lockOf(told, this.#seen.get(object)) });
    } catch (error) {
      if (!isCairnError(error) || error.code === 'INTERNAL') throw error;
      const told = outcomeOfError(call, error);
      if (told !== undefined) {
        this.#history.end(id, told);
        return;
      }
      this.errors.push(`${object}: ${error.code} (applied: ${error.applied}): ${error.message}`);
      if (error.applied === 'no' || call.changes.length === 0) this.#history.withdraw(id, error.message);
    } finally {
      this.operations += 1;
      this.pauseMs = Math.max(this.pauseMs, here.clock.now() - begun);
    }
  }
}

/** Who holds the object's lock, as far as this load can tell: guesses may be wrong, some of them ought to be. */
function lockOf(outcome: ReturnType<typeof outcomeOf>, before: Seen | undefined): string | undefined {
  if (outcome.kind !== 'done') return before?.lock;
  const seen = outcome.results.find(({ kind }) => kind === 'attributes');
  return seen?.kind === 'attributes' ? seen.attributes.get('lock') : before?.lock;
}
