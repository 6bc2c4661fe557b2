/** What every PG of an OSD has in common, and what it can ask of the service that keeps them. */
import type { CairnError } from '../../base/errors.js';
import type { MonotonicMs } from '../../base/instants.js';
import type { PgId, PoolId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import type { Member, PgRecord } from '../../cluster/pg-record.js';
import type { MonitorClient } from '../../protocol/monitor-client.js';
import type { Runtime } from '../../runtime/runtime.js';
import type { ClassClock, ClassTable } from '../classes/object-class.js';
import type { Recovered } from '../recovery/recovered.js';
import type { Pace } from '../recovery/pace.js';
import type { Reservations } from '../recovery/reservations.js';
import type { Store } from '../store/store.js';
import type { LeaseGrantor } from './lease/grantor.js';
import type { LeaseHolder } from './lease/holder.js';
import type { Clocks } from './lease/lease-time.js';
import type { OsdRun } from './lease/types.js';
import type { ParkedSet } from './parked/parked-set.js';
import type { OsdPeers } from './peers.js';

export interface PgHost {
  readonly runtime: Runtime;
  /** This OSD, its store, and this run of it. */
  readonly self: OsdRun;
  /** When this run began to take part: what an earlier one promised may hold for a second from then (pitfall b). */
  readonly startedAt: MonotonicMs;
  readonly store: Store;
  readonly peers: OsdPeers;
  readonly monitors: MonitorClient;
  readonly classes: ClassTable;
  readonly classClock: ClassClock;
  readonly holder: LeaseHolder;
  readonly grantor: LeaseGrantor;
  /** Of PGs that this OSD leads and takes somebody into. */
  readonly joins: Reservations;
  /** Joins of PGs that others lead: how many copy to this OSD now. */
  readonly joined: Set<string>;
  readonly pace: Pace;
  readonly parked: ParkedSet;
  /** The newest. */
  map(): ClusterMap;
  clocks(): Clocks;
  /** Everything up to `seq` is durable here: told to the primary with what else became durable in this turn. */
  acknowledge(to: Member, pg: PgId, term: number, seq: number): void;
  /**
   * An answer of the monitors or a message of a peer shows a record: taken if it is newer than what is known. `pgNum`: of the
   * peer; what the monitors answer to this OSD's request follows the term that it was made in, with no split in between.
   */
  learn(pg: PgId, record: PgRecord, pgNum?: number): void;
  /** Resolves when something was granted to this OSD, or after `ms`. */
  leaseNews(ms: number): Promise<void>;
  /** So much of the pool arrived at an OSD that joins, or was found to be the same there: for the rate of recovery. */
  recovered(pool: PoolId, done: Recovered): void;
  /** One of these members, or this OSD, has no room for what clients write. */
  hasFull(members: readonly Member[]): boolean;
  /** A broken invariant, or a promise that nobody expected to fail. */
  fatal(error: unknown): void;
}

/** Why what runs in a term ended. `applied` is for requests that were appended already. */
export interface TermEnd {
  readonly reason: CairnError;
}
