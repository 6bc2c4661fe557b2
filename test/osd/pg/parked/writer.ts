/** Writes of a PG as its log has them, in terms of either mode, without anybody who asks for them. */
import { utf8Bytes } from '../../../../base/bytes.js';
import { pgTerm } from '../../../../cluster/ids.js';
import type { PgCopy } from '../../../../osd/pg/pg-copy.js';
import type { ObjectId } from '../../../../osd/store/object-id.js';
import { payloadOf, type Mutation } from '../../../../osd/store/transaction.js';
import { entryOf, pg } from '../../store/one-store.js';

const modeOf = { sync: { kind: 'sync' }, async: { kind: 'async', ackCopies: 1 } } as const;

/** A copy whose log grows by one entry a call, in the term that it has entered. */
export class Writer {
  readonly copy: PgCopy;
  #seq = 0;

  constructor(copy: PgCopy) {
    this.copy = copy;
  }

  async enter(term: number, kind: 'sync' | 'async'): Promise<void> {
    this.copy.enter(pgTerm(term), modeOf[kind]);
    await this.copy.termDurable;
  }

  async log(object: ObjectId, ...mutations: readonly Mutation[]): Promise<void> {
    this.#seq += 1;
    const { term } = this.copy;
    const version = { term, seq: this.#seq };
    const isRemoval = mutations.some(({ kind }) => kind === 'remove');
    const changes = isRemoval ? mutations : [...mutations, { kind: 'set-version', object, version } as const];
    const entry = entryOf(this.#seq, { term, object });
    const { applied, durable } = this.copy.submit({ pg, blockShift: 12, mutations: changes, entry });
    await applied;
    await durable;
  }

  async write(object: ObjectId, text: string): Promise<void> {
    const data = payloadOf(utf8Bytes(text));
    await this.log(
      object,
      { kind: 'create', object },
      { kind: 'truncate', object, size: 0 },
      { kind: 'write', object, offset: 0, data },
    );
  }
}
