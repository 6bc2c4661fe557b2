/** What became durable, told to the primaries once a turn: of each PG the newest entry, all PGs of a primary in one message. */
import { printPgId, type PgId } from '../../cluster/ids.js';
import type { Member } from '../../cluster/pg-record.js';
import type { Runtime } from '../../runtime/runtime.js';
import type { OsdRun } from './lease/types.js';
import { ackMethod, memberHeader } from './messages.js';
import type { OsdPeers } from './peers.js';
import { memberKey } from './types.js';

interface Pending {
  readonly to: Member;
  readonly acks: Map<string, readonly [pool: number, pg: number, term: number, seq: number]>;
}

export class Acknowledgements {
  readonly #runtime: Runtime;
  readonly #self: Member;
  readonly #peers: OsdPeers;
  readonly #pending = new Map<string, Pending>();
  #isScheduled = false;
  #isClosed = false;

  constructor(runtime: Runtime, { osd, store }: Omit<OsdRun, 'boot'>, peers: OsdPeers) {
    this.#runtime = runtime;
    this.#self = { osd, store };
    this.#peers = peers;
  }

  add(to: Member, pg: PgId, term: number, seq: number): void {
    const key = memberKey(to);
    let pending = this.#pending.get(key);
    if (pending === undefined) {
      pending = { to, acks: new Map() };
      this.#pending.set(key, pending);
    }
    pending.acks.set(printPgId(pg), [pg.pool, pg.pg, term, seq]);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // A batch of the store settles many promises in one turn.
    this.#runtime.clock.nextTurn(() => this.#flush());
  }

  close(): void {
    this.#isClosed = true;
    this.#pending.clear();
  }

  #flush(): void {
    this.#isScheduled = false;
    if (this.#isClosed) return;
    const all = [...this.#pending.values()];
    this.#pending.clear();
    for (const { to, acks } of all) {
      const header = { from: memberHeader(this.#self), acks: [...acks.values()] };
      // A lost one is asked for again: the primary sends what it misses, and is told that it is known.
      this.#peers.tell(to.osd, ackMethod, header);
    }
  }
}
