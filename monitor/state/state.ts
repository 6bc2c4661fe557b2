/**
 * The state that the monitors replicate: the map with its recent past, keys, answers to retries, the audit trail, the
 * cluster log, mutes. One transaction of the Raft log after the other changes it, on every monitor alike; what a
 * transaction does never depends on anything but the state and the transaction.
 */
import { copyBytes } from '../../base/bytes.js';
import { type WallMs, wallMs } from '../../base/instants.js';
import { OrderedMap } from '../../base/ordered-map.js';
import { runSteps, type Steps } from '../../base/steps.js';
import { applyIncrementalSteps } from '../../cluster/apply-incremental.js';
import { decodeIncrementalInSlices } from '../../cluster/codec/incremental-codec.js';
import type { ClusterMap } from '../../cluster/map.js';
import type { AuditRecord, ClusterLogRecord } from '../../protocol/cluster-log.js';
import type { RequestId } from '../../protocol/monitor-methods.js';
import { withMutes } from './draft.js';
import { MapHistory } from './map-history.js';
import { NumberedRecords } from './numbered-records.js';
import { type Lookup, Sessions } from './sessions.js';
import type { Transaction } from './transaction.js';
import type { HealthMute, StateView } from './types.js';

/** Some weeks of a busy operator; 10,000 lines of 200 bytes are 2 MiB. */
export const auditRecordsMax = 10_000;
export const logRecordsMax = 10_000;

/** Everything, as of one version; whoever holds it changes nothing. */
export interface StateContent {
  readonly version: number;
  readonly wall: WallMs;
  readonly wallLimit: WallMs;
  readonly history: MapHistory;
  readonly keys: OrderedMap<Uint8Array>;
  readonly sessions: Sessions;
  readonly audit: NumberedRecords<AuditRecord>;
  readonly log: NumberedRecords<ClusterLogRecord>;
  readonly mutes: ReadonlyMap<string, HealthMute>;
}

export function emptyContent(map: ClusterMap): StateContent {
  return {
    version: 0,
    wall: map.changedAt,
    wallLimit: map.changedAt,
    history: new MapHistory(map),
    keys: new OrderedMap(),
    sessions: new Sessions(),
    audit: new NumberedRecords(auditRecordsMax),
    log: new NumberedRecords(logRecordsMax),
    mutes: new Map(),
  };
}

export class MonitorState {
  #now: { -readonly [Key in keyof StateContent]: StateContent[Key] };

  /** The content becomes the state's. */
  constructor(content: StateContent) {
    this.#now = { ...content };
  }

  get map(): ClusterMap {
    return this.#now.history.newest;
  }

  get history(): MapHistory {
    return this.#now.history;
  }

  get version(): number {
    return this.#now.version;
  }

  get wall(): WallMs {
    return this.#now.wall;
  }

  get wallLimit(): WallMs {
    return this.#now.wallLimit;
  }

  get log(): NumberedRecords<ClusterLogRecord> {
    return this.#now.log;
  }

  key(name: string): Uint8Array | undefined {
    return this.#now.keys.get(name);
  }

  get sessions(): Pick<Sessions, 'isLive' | 'surplus' | 'clockMs' | 'count' | 'liveCount'> {
    return this.#now.sessions;
  }

  lookup(id: RequestId): Lookup {
    return this.#now.sessions.lookup(id);
  }

  /** False: it was decided on another version of the state, and changed nothing. Throws only for bugs and rot. */
  apply(transaction: Transaction): boolean {
    return runSteps(this.applySteps(transaction));
  }

  /** As `apply`, in steps of a millisecond or two: nothing of the transaction is seen before the last. One at a time. */
  *applySteps(transaction: Transaction): Steps<boolean> {
    if (transaction.expects !== this.#now.version) return false;
    if (transaction.incremental.byteLength > 0) {
      // The history keeps it for long; a view would keep the whole message that the entry came in.
      const incremental = copyBytes(transaction.incremental);
      const decoded = yield* decodeIncrementalInSlices(incremental);
      this.#now.history.add(yield* applyIncrementalSteps(this.map, decoded), incremental);
    }
    const wall = wallMs(Math.max(this.#now.wall, transaction.wall));
    this.#now.sessions.pass(wall - this.#now.wall);
    this.#now.version += 1;
    this.#now.wall = wall;
    this.#now.wallLimit = wallMs(Math.max(this.#now.wallLimit, transaction.wallLimit));
    for (const { name, key } of transaction.keys) {
      if (key === undefined) this.#now.keys.delete(name);
      else this.#now.keys.set(name, key);
    }
    for (const reply of transaction.replies) this.#now.sessions.record(reply);
    for (const session of transaction.ends) this.#now.sessions.end(session);
    // Their fields are named: spread, each record costs V8 several calls of its runtime.
    for (const { who, from, command, args, outcome } of transaction.audit) {
      this.#now.audit.add((number) => ({ who, from, command, args, outcome, number, at: wall }));
    }
    for (const { source, severity, message } of transaction.log) {
      this.#now.log.add((number) => ({ source, severity, message, number, at: wall }));
    }
    if (transaction.mutes.length > 0) this.#now.mutes = withMutes(this.#now.mutes, transaction.mutes);
    return true;
  }

  /** As it is now, for commands: nothing of it changes any more. */
  view(): StateView {
    const keys = this.#now.keys.fork();
    const audit = this.#now.audit.fork();
    const log = this.#now.log.fork();
    return {
      map: this.map,
      version: this.#now.version,
      wall: this.#now.wall,
      mutes: this.#now.mutes,
      key: (name) => keys.get(name),
      audit: (options) => audit.newest(options),
      log: (options) => log.newest(options),
    };
  }

  /** All of it as it is now, for a snapshot. */
  content(): StateContent {
    const { history, keys, sessions, audit, log } = this.#now;
    return {
      ...this.#now,
      history: history.fork(),
      keys: keys.fork(),
      sessions: sessions.fork(),
      audit: audit.fork(),
      log: log.fork(),
    };
  }

  /** Replaced as a whole: a snapshot took its place. The content becomes the state's. */
  restore(content: StateContent): void {
    this.#now = { ...content };
  }
}
