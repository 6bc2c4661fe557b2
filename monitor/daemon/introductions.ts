/**
 * Whom this monitor's own log introduces, before anybody can say what of it is committed.
 *
 * Keys and addresses stand in the log like everything else. A monitor that starts has applied its snapshot only; the rest
 * waits for a leader, who waits for votes, which need connections: all monitors killed at once would refuse one another
 * for ever. So until its log is applied, whoever has a key by the newest entry about him may connect, committed or not:
 * only a leader can have written it, and Raft's membership goes by the newest entry for the same reason. To connect is all
 * that this allows clients; what they may do, the leader decides.
 */
import { invariant } from '../../base/invariant.js';
import { decodeIncremental } from '../../cluster/codec/incremental-codec.js';
import type { ClusterMap, MonitorInfo } from '../../cluster/map.js';
import type { RaftInitial } from '../raft/output.js';
import type { LogIndex } from '../raft/types.js';
import { decodeTransaction } from '../state/transaction.js';

export class Introductions {
  readonly #keys = new Map<string, Uint8Array | undefined>();
  readonly #monitors: Map<string, MonitorInfo>;
  /** Of the last entry that says anything. */
  #last: LogIndex | undefined;

  /** `map` is that of the snapshot. */
  constructor({ monitors }: Pick<ClusterMap, 'monitors'>, { entries }: Pick<RaftInitial, 'entries'>) {
    this.#monitors = new Map(monitors);
    for (const entry of entries) {
      if (entry.kind === 'noop' || entry.data.byteLength === 0) continue;
      this.#read(entry.data);
      this.#last = entry.index;
    }
  }

  /** Until everything that the log held at the start is applied. */
  get isNeeded(): boolean {
    return this.#last !== undefined;
  }

  get monitors(): Iterable<MonitorInfo> {
    invariant(this.isNeeded, 'the map says it once it is applied');
    return this.#monitors.values();
  }

  /** `applied` is what the state is used for instead: its key for that name. */
  keyFor(name: string, applied: Uint8Array | undefined): Uint8Array | undefined {
    return this.#keys.has(name) ? this.#keys.get(name) : applied;
  }

  isMonitor(name: string): boolean {
    return name.startsWith('mon.') && this.#keys.get(name) !== undefined;
  }

  /** The entry at `index` is applied; without one, a newer snapshot took the log's place. */
  onApplied(index: LogIndex | undefined): void {
    if (this.#last === undefined || (index !== undefined && index < this.#last)) return;
    this.#last = undefined;
    this.#keys.clear();
  }

  #read(data: Uint8Array): void {
    const { keys, incremental } = decodeTransaction(data);
    for (const { name, key } of keys) this.#keys.set(name, key);
    if (incremental.byteLength === 0) return;
    for (const change of decodeIncremental(incremental).changes) {
      if (change.kind === 'monitor') this.#monitors.set(change.monitor.name, change.monitor);
      else if (change.kind === 'monitor-removed') this.#monitors.delete(change.name);
    }
  }
}
