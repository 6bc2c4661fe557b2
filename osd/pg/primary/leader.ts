/** What those who bring members in see of the term that this OSD leads: `PrimaryTerm`. */
import type { Member } from '../../../cluster/pg-record.js';
import type { Pool } from '../../../cluster/pool.js';
import type { Method } from '../../../wire/method.js';
import type { PgLease } from '../lease/pg-lease.js';
import type { LentPayload } from '../lent-payload.js';
import type { ObjectQueue } from '../object-queue.js';
import type { PgCopy } from '../pg-copy.js';
import type { Replication } from '../replication.js';
import type { Term } from '../term.js';
import type { Waiter } from '../types.js';
import type { ObjectId } from '../../store/object-id.js';

/** By how much the slowest member of an async term is behind. */
export interface PgLag {
  readonly ms: number;
  readonly bytes: number;
  /** More than the pool allows: writes wait for it. */
  readonly isTooMuch: boolean;
}

export interface Leader {
  readonly term: Term;
  readonly copy: PgCopy;
  readonly lease: PgLease;
  /** Whose turn an object is. */
  readonly queue: ObjectQueue;
  readonly pool: Pool;
  /** Its members are level. */
  readonly isActive: boolean;
  /** Clients are served. */
  readonly isServing: boolean;
  readonly replication: Replication;
  /** From now on no change is larger: the store of a joiner takes no larger ones. */
  limitTransactions(bytesMax: number): void;
  /** One way, in the order of the calls. Of a `lent` payload the message is one more reader. */
  tell<Req>(
    member: Member,
    method: Method<Req, undefined>,
    header: Req,
    payload: readonly Uint8Array[],
    lent?: LentPayload,
  ): void;
  /** From here to the end of the term the joiner counts for commits and leases. */
  requireJoiner(joiner: Member, durableSeq: number): void;
  /** Reads an object whose turn is the caller's; where its bytes are bad here, it is mended from another copy first. */
  mended<T>(object: ObjectId, read: () => Promise<T>): Promise<T>;
  readonly lag: PgLag | undefined;
  /** Drains the term (PG-PROTOCOL.md section 5), and resolves when everybody who acts has all that was acknowledged. */
  drained(): Promise<void>;
  /** Resolves when the leases of all that count are valid. */
  untilReadable(caller?: Waiter): Promise<void>;
}
