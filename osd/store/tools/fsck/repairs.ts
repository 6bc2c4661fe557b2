/** What could be mended, gathered while fsck looks, so that a repair is one checkpoint. Bounded: run it again for more. */
import type { PayloadOwner } from '../../format/payload-owner.js';
import type { PgRecord } from '../../pg/pg-state.js';
import type { PgId } from '../../../../cluster/ids.js';

const repairsMax = 200_000;

export interface PgRepair {
  readonly pg: PgId;
  readonly record: PgRecord;
}

export class Repairs {
  readonly removed = new Set<string>();
  readonly owners = new Map<string, PayloadOwner>();
  /** References that there are, by the id of the shared payload. */
  readonly references = new Map<number, number>();
  /** By the PG's name. */
  readonly pgs = new Map<string, PgRepair>();
  /** Their records are right in memory, and only have to be written. */
  readonly rewritten = new Map<string, PgId>();
  nextShared: number | undefined;
  #left = 0;

  /** Repairs that did not fit. */
  get left(): number {
    return this.#left;
  }

  get count(): number {
    return this.removed.size + this.owners.size + this.references.size + this.pgs.size + this.rewritten.size;
  }

  remove(key: string): void {
    if (this.#fits()) this.removed.add(key);
  }

  setOwner(key: string, owner: PayloadOwner): void {
    if (this.#fits()) this.owners.set(key, owner);
  }

  setReferences(id: number, references: number): void {
    if (this.#fits()) this.references.set(id, references);
  }

  setPg(name: string, repair: PgRepair): void {
    if (this.#fits()) this.pgs.set(name, repair);
  }

  rewritePg(name: string, pg: PgId): void {
    if (this.#fits()) this.rewritten.set(name, pg);
  }

  #fits(): boolean {
    if (this.count < repairsMax) return true;
    this.#left += 1;
    return false;
  }
}
