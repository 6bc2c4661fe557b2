/** A client of the pool on a machine of its own, with several operations under way; all that it is told goes into the history. */
import { latin1Bytes } from '../../../base/bytes.js';
import { isCairnError } from '../../../base/errors.js';
import { monotonicMs } from '../../../base/instants.js';
import { CairnClient } from '../../../client/client.js';
import type { PoolClient } from '../../../client/pool-client.js';
import type { ClassCall } from '../../../protocol/osd-methods.js';
import type { Machine } from '../../../runtime/sim/machine.js';
import type { Prng } from '../../../runtime/sim/prng.js';
import type { SimProcess } from '../../../runtime/sim/process.js';
import type { History } from '../linearizability/history.js';
import type { CallOutcome, ObjectCall } from '../linearizability/object-call.js';
import { acquireLock, releaseLock } from './class-lock.js';
import { operationOf, outcomeOf, outcomeOfError } from './convert.js';
import { lockName, randomCall, readAll, readData, type Seen } from './random-call.js';
import { poolName, type StorageCluster } from './storage-cluster.js';

export interface Tally {
  answered: number;
  /** Failed, and said to have had no effect. */
  withoutEffect: number;
  /** Nobody knows. */
  unknown: number;
}

/** Most give up late; some early, and leave it open what became of what they asked. */
const deadlinesMs = [60_000, 60_000, 60_000, 20_000, 3_000];

/** Share of operations that only read. One worker of each client hardly writes: writes that nobody can commit hold the others up. */
const readRate = 0.25;
const readerRate = 0.9;

/** Share of operations that take or give back a lock by its object class. */
const classLockRate = 0.06;

const vainCallRate = 0.02;
const vainCallMs = 3_000;
/** MessagePack has no type 0xc1. */
const vainCalls: readonly ClassCall[] = [
  { class: 'lock', method: 'acquire', input: Uint8Array.of(0xc1) },
  { class: 'lock', method: 'no-such-method', input: new Uint8Array(0) },
];

export class ObjectClient {
  readonly name: string;
  readonly machine: Machine;
  readonly process: SimProcess;
  readonly tally: Tally = { answered: 0, withoutEffect: 0, unknown: 0 };
  /** It asks for nothing that could wait for a commit, as long as a fault wants it so. */
  onlyReads = false;
  readonly #cluster: StorageCluster;
  readonly #client: CairnClient;
  readonly #pool: PoolClient;
  readonly #history: History;
  readonly #random: Prng;
  readonly #seen = new Map<string, Seen>();
  /** By object: the cookie of the lock that this client has by the class. */
  readonly #held = new Map<string, string>();
  #busy = 0;
  #calls = 0;

  private constructor(parts: {
    cluster: StorageCluster;
    history: History;
    name: string;
    process: SimProcess;
    client: CairnClient;
    pool: PoolClient;
  }) {
    const { cluster, history, name, process } = parts;
    this.#cluster = cluster;
    this.#history = history;
    this.name = name;
    this.machine = cluster.world.machine(name);
    this.process = process;
    this.#client = parts.client;
    this.#pool = parts.pool;
    this.#random = cluster.world.stream(`client ${name}`);
  }

  static async connect(cluster: StorageCluster, history: History, name: string): Promise<ObjectClient> {
    const { world } = cluster;
    const credentials = cluster.monitors.admin;
    const connected: ObjectClient[] = [];
    const process = world.machine(name).start('client', async (runtime) => {
      const client = await CairnClient.connect(runtime, { credentials, role: 'client' });
      const pool = await client.pool(poolName);
      connected.push(new ObjectClient({ cluster, history, name, process, client, pool }));
    });
    await process.finished;
    const [client] = connected;
    if (client === undefined) throw new Error(`${name} did not connect`);
    return client;
  }

  /** None of its workers waits for an answer; one that was killed never gets any. */
  get isIdle(): boolean {
    return this.#busy === 0 || !this.process.isAlive;
  }

  get status(): CairnClient['status'] {
    return this.#client.status;
  }

  /** Until `isOver`, or until it is killed. */
  work(isOver: () => boolean): void {
    const { workers } = this.#cluster.shape;
    for (let i = 0; i < workers; i++) {
      this.#busy += 1;
      this.#worker(isOver, i === 0 ? readerRate : readRate).then(
        () => {
          this.#busy -= 1;
        },
        (error: unknown) => this.#cluster.fail(error),
      );
    }
  }

  /** Everything of every object, whatever it takes. */
  async readEverything(objects: readonly string[], withinMs: number): Promise<void> {
    for (const object of objects) {
      await this.#run(object, { guards: [], reads: readAll, changes: [] }, withinMs);
      await this.#run(object, { guards: [], reads: [readData], changes: [] }, withinMs);
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  async #worker(isOver: () => boolean, readRate: number): Promise<void> {
    const { world, shape } = this.#cluster;
    while (!isOver()) {
      await world.sleep(this.#random.between(0, this.#cluster.pauseMs));
      if (isOver()) return;
      const object = pickObject(this.#random, shape.objects);
      if (!this.onlyReads && this.#random.chance(vainCallRate)) await this.#callInVain(object);
      this.#calls += 1;
      const tag = `${this.name}.${this.#calls}`;
      const rate = this.onlyReads ? 1 : readRate;
      const isByClass = !this.onlyReads && this.#random.chance(classLockRate);
      const call = isByClass
        ? this.#classLock(object, tag)
        : randomCall(this.#random, tag, this.#seen.get(object), shape.largeRate, rate);
      const isDone = await this.#run(object, call, this.#random.pick(deadlinesMs));
      if (isDone && call.method?.method === 'acquire') this.#held.set(object, tag);
    }
  }

  /** What it holds it gives back, as a rule; it may have lost it with the object. */
  #classLock(object: string, tag: string): ObjectCall {
    const held = this.#held.get(object);
    if (held === undefined || this.#random.chance(0.3)) return acquireLock(this.name, tag);
    this.#held.delete(object);
    return releaseLock(this.name, held);
  }

  /**
   * A method of an object class that fails, with a change in the same request: which must not be there afterwards. Nobody else
   * writes such bytes, so no order would explain whoever saw them.
   */
  async #callInVain(object: string): Promise<void> {
    const deadline = monotonicMs(this.process.runtime.clock.now() + vainCallMs);
    const call = this.#random.pick(vainCalls);
    const payload = latin1Bytes('in vain');
    const changes = [{ kind: 'append', bytes: payload.byteLength } as const];
    try {
      await this.#pool.operate(object, { changes, call, payload }, { deadline });
    } catch (error) {
      if (isCairnError(error) && error.code !== 'INTERNAL') return;
      throw error;
    }
    throw new Error(`${call.class}.${call.method} failed, and the client was told that it had not`);
  }

  /** True: it was done. */
  async #run(object: string, call: ObjectCall, withinMs: number): Promise<boolean> {
    const id = this.#history.begin(this.name, object, call);
    const deadline = monotonicMs(this.process.runtime.clock.now() + withinMs);
    try {
      const outcome = await this.#pool.operate(object, operationOf(call), { deadline });
      const told = outcomeOf(outcome);
      this.#history.end(id, told);
      this.tally.answered += 1;
      this.#seen.set(object, { version: outcome.version, lock: lockAfter(call, told, this.#seen.get(object)) });
      return true;
    } catch (error) {
      if (!isCairnError(error) || error.code === 'INTERNAL') throw error;
      const told = outcomeOfError(call, error);
      if (told !== undefined) {
        this.#history.end(id, told);
        this.tally.answered += 1;
      } else if (error.applied === 'no' || call.changes.length === 0) {
        this.#history.withdraw(id, `${error.code}: ${error.message}`);
        this.tally.withoutEffect += 1;
      } else this.tally.unknown += 1;
      return false;
    }
  }
}

/** Who holds the object's lock, as far as this client can tell. */
function lockAfter({ changes }: ObjectCall, outcome: CallOutcome, before: Seen | undefined): string | undefined {
  const changed = changes.find((change) => 'name' in change && change.name === lockName);
  if (changed !== undefined) return changed.kind === 'set-attribute' ? changed.value : undefined;
  const attributes = outcome.kind === 'done' ? outcome.results.find(({ kind }) => kind === 'attributes') : undefined;
  return attributes?.kind === 'attributes' ? attributes.attributes.get(lockName) : before?.lock;
}

/** Half of all go to the first. */
function pickObject(random: Prng, count: number): string {
  return `object-${random.chance(0.5) ? random.below(Math.min(2, count)) : random.below(count)}`;
}

export function objectNames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `object-${i}`);
}
