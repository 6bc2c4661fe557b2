/** All PGs of one OSD, from one registration to the next: what the daemon drives. */
import type { Epoch, OsdId, StoreNumber } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import type { MonitorClient } from '../../protocol/monitor-client.js';
import type { Runtime } from '../../runtime/runtime.js';
import type { HandlerTable } from '../../wire/handlers.js';
import type { Store } from '../store/store.js';
import type { OsdPeers } from './peers.js';

/** As which member of PGs this process speaks: from a committed registration on, until the next. */
export interface SelfIdentity {
  readonly osd: OsdId;
  readonly store: StoreNumber;
  readonly boot: number;
  /** Of the map that has the registration: nothing is done before a map at least as new came. */
  readonly registeredAt: Epoch;
}

export interface PgServiceParts {
  readonly self: SelfIdentity;
  readonly store: Store;
  readonly peers: OsdPeers;
  readonly monitors: MonitorClient;
}

/** For metrics, `osd.stat` and the reports to the monitors. */
export interface PgServiceStatus {
  readonly pgs: number;
  readonly leading: number;
  readonly slowOps: number;
}

export class PgService {
  readonly #runtime: Runtime;
  readonly #parts: PgServiceParts;

  constructor(runtime: Runtime, parts: PgServiceParts) {
    this.#runtime = runtime;
    this.#parts = parts;
  }

  get status(): PgServiceStatus {
    return { pgs: 0, leading: 0, slowOps: 0 };
  }

  /** Methods of clients (`protocol/osd-methods.ts`) and of other OSDs. Handlers answer `CLOSED` once the service is closed. */
  static register(handlers: HandlerTable, current: () => PgService | undefined): HandlerTable {
    void current;
    return handlers;
  }

  /** Each map that came, newest last; epochs may be skipped. Returns at once: the work is done in slices. */
  onMap(map: ClusterMap): void {
    void map;
  }

  /** A connection to this OSD was made, or made anew: what it has not acknowledged is sent again. */
  onPeerConnected(osd: OsdId): void {
    void osd;
  }

  /** Gives up every role, promise and lease, and waits for what is under way. Idempotent; the store stays open. */
  async close(): Promise<void> {
    void this.#runtime;
    await Promise.resolve();
  }
}
