/** A PG as its primary leads it, as far as scrubs and healing need it. */
import type { Member } from '../../cluster/pg-record.js';
import type { Pool } from '../../cluster/pool.js';
import type { ObjectQueue } from '../pg/object-queue.js';
import type { PgCopy } from '../pg/pg-copy.js';
import type { Term } from '../pg/term.js';

export interface LedPg {
  readonly term: Term;
  readonly copy: PgCopy;
  readonly queue: ObjectQueue;
  readonly pool: Pool;
  /** Clients are served. */
  readonly isServing: boolean;
  /** Who is being taken in. */
  readonly joiner: Member | undefined;
}
