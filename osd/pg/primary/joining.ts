/** Bringing in members that CRUSH wants and the record does not have yet, one at a time. */
import type { Member } from '../../../cluster/pg-record.js';
import type { SentEntry } from '../replication.js';
import type { LogPosition } from '../types.js';
import type { PrimaryTerm } from './primary-term.js';

export class Joining {
  readonly #primary: PrimaryTerm;

  constructor(primary: PrimaryTerm) {
    this.#primary = primary;
  }

  /** Entries behind it are still needed. */
  get keepFrom(): number {
    return Infinity;
  }

  update(up: readonly Member[]): void {
    void up;
    void this.#primary;
  }

  start(): void {}

  onAppend(entry: SentEntry): void {
    void entry;
  }

  onAck(member: Member, seq: number): void {
    void member;
    void seq;
  }

  onNack(member: Member, last: LogPosition, problem: string | undefined): boolean {
    void member;
    void last;
    void problem;
    return false;
  }

  onConnected(osd: number): void {
    void osd;
  }
}
