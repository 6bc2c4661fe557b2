/**
 * Which PGs went through a change of their record that may lose a tail: every member that is sure to have what was acknowledged
 * last stayed behind. In an async term those are the primary and any `ack_copies` - 1 others (PG-PROTOCOL.md section 5). Whoever
 * leaves by a record that the primary asked for (drained) takes nothing along.
 */
import { printPgId } from '../../../../cluster/ids.js';
import { hasMember } from '../../../../cluster/pg/members.js';
import type { PgRecord } from '../../../../cluster/pg-record.js';
import type { StorageCluster } from '../storage-cluster.js';

/** Two changes of one PG are further apart: each is an entry of the monitors' log of its own. */
const lookMs = 1;

export class RecordWatch {
  readonly #cluster: StorageCluster;
  /** As of the last record that was confirmed. */
  readonly #confirmed = new Map<string, PgRecord>();
  /** The term of the last record that was not, by PG: members were removed. */
  readonly #opened = new Map<string, number>();
  readonly #lossy = new Set<string>();
  #epoch = 0;
  #isWatching = true;

  constructor(cluster: StorageCluster) {
    this.#cluster = cluster;
    void this.#watch();
  }

  stop(): void {
    this.#look();
    this.#isWatching = false;
  }

  /** By `printPgId`. */
  get lossy(): ReadonlySet<string> {
    return this.#lossy;
  }

  async #watch(): Promise<void> {
    while (this.#isWatching) {
      this.#look();
      await this.#cluster.world.sleep(lookMs);
    }
  }

  #look(): void {
    const { monitors } = this.#cluster;
    if (monitors.running.length === 0) return;
    const { epoch } = this.#cluster.map;
    if (epoch <= this.#epoch) return;
    // What lies between was not seen: it is taken for the worst.
    const isNext = epoch === this.#epoch + 1;
    this.#epoch = epoch;
    for (const { id, record } of this.#cluster.pgs()) {
      if (record === undefined || record.term === 0) continue;
      const name = printPgId(id);
      if (record.eligible.length > 0) {
        this.#opened.set(name, record.term);
        continue;
      }
      const before = this.#confirmed.get(name);
      if (before?.term === record.term) continue;
      this.#confirmed.set(name, record);
      const isNewTerm = this.#opened.get(name) !== record.term;
      const isAsked = isNext && isNewTerm && before !== undefined && record.term === before.term + 1;
      if (before !== undefined && !isAsked && mayLose(before, record)) this.#lossy.add(name);
    }
  }
}

function mayLose({ acting, mode }: PgRecord, after: PgRecord): boolean {
  if (mode.kind === 'sync') return false;
  const [primary] = acting;
  const gone = acting.filter((member) => !hasMember(after.acting, member));
  return primary !== undefined && hasMember(gone, primary) && gone.length >= mode.ackCopies;
}
