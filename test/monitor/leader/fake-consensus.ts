/** Consensus of one member whose commits the test decides on, and a clock that the test moves. */
import type { CairnError } from '../../../base/errors.js';
import { monotonicMs, wallMs } from '../../../base/instants.js';
import { newMetrics } from '../../../monitor/consensus/metrics.js';
import type { Consensus, Proposed } from '../../../monitor/consensus/types.js';
import type { RaftStatus } from '../../../monitor/raft/output.js';
import { logIndex, memberId, type Membership, term } from '../../../monitor/raft/types.js';
import { MonitorMachine } from '../../../monitor/state/machine.js';
import { decodeTransaction, type Transaction } from '../../../monitor/state/transaction.js';
import type { Runtime } from '../../../runtime/runtime.js';
import { idleSoftState } from '../commands/idle-soft-state.js';
import { emptyState, instantClock } from '../state/some-state.js';

interface Entry {
  readonly data: Uint8Array;
  readonly membership: Membership | undefined;
  readonly resolve: (proposed: Proposed) => void;
  readonly reject: (error: CairnError) => void;
}

export class FakeConsensus implements Consensus {
  readonly self = memberId(1);
  readonly metrics = newMetrics();
  readonly machine = new MonitorMachine(instantClock, emptyState(), () => undefined);
  readonly transactions: Transaction[] = [];
  readonly memberships: Membership[] = [];
  status: RaftStatus = idleSoftState().raft;
  /** When true, entries are applied as soon as they are proposed. */
  isOpen = true;
  barriers = 0;
  barrierError: CairnError | undefined;
  readonly #waiting: Entry[] = [];
  #index = 1;

  get waiting(): number {
    return this.#waiting.length;
  }

  propose(data: Uint8Array): Promise<Proposed> {
    return this.#add(data, undefined);
  }

  changeMembership(membership: Membership, data: Uint8Array): Promise<Proposed> {
    return this.#add(data, membership);
  }

  async readBarrier(): Promise<void> {
    this.barriers += 1;
    if (this.barrierError !== undefined) throw this.barrierError;
  }

  receive(): void {}
  async transfer(): Promise<void> {}
  async close(): Promise<void> {}

  /** Applies what waits. */
  commit(): void {
    for (const { data, membership, resolve } of this.#waiting.splice(0)) {
      this.#index += 1;
      const index = logIndex(this.#index);
      const place = { index, term: term(1) };
      this.transactions.push(decodeTransaction(data));
      if (membership === undefined) this.machine.apply({ ...place, kind: 'command', data });
      else {
        this.memberships.push(membership);
        this.status = { ...this.status, membership };
        this.machine.apply({ ...place, kind: 'membership', membership, data });
      }
      resolve(place);
    }
  }

  /** What waits is lost, as it is with the lead. */
  lose(error: CairnError): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  #add(data: Uint8Array, membership: Membership | undefined): Promise<Proposed> {
    const promise = new Promise<Proposed>((resolve, reject) => {
      this.#waiting.push({ data, membership, resolve, reject });
    });
    if (this.isOpen) this.commit();
    return promise;
  }
}

export interface FakeRuntime {
  readonly runtime: Runtime;
  now: number;
  wall: number;
  readonly fatal: unknown[];
  readonly errors: string[];
}

export function fakeRuntime(): FakeRuntime {
  const fake = { now: 1_000, wall: 1_000_000, fatal: [] as unknown[], errors: [] as string[] };
  const log = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (_fields: unknown, sentence: string) => void fake.errors.push(sentence),
    child: () => log,
  };
  const clock = {
    now: () => monotonicMs(fake.now),
    wall: () => wallMs(fake.wall),
    yieldTurn: () => Promise.resolve(),
  };
  // What the leader's parts use of a runtime.
  const runtime = { clock, log, fatal: (error: unknown) => void fake.fatal.push(error) } as unknown as Runtime;
  return Object.assign(fake, { runtime });
}

/** Lets promises that are ready run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}
