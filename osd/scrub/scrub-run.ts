/** One scrub of a PG, from its first object to its last, chunk by chunk. Driven by the primary; ends with its term. */
import { CairnError } from '../../base/errors.js';
import type { MonotonicMs } from '../../base/instants.js';
import { printPgId } from '../../cluster/ids.js';
import type { ScrubCounts, ScrubFinding, ScrubKind } from '../../protocol/pg-scrub.js';
import { parseObjectKey, type ObjectId } from '../store/object-id.js';
import { areSame, type CopyState } from './copy-state.js';
import type { Copies } from './copies.js';
import type { LedPg } from './led-pg.js';
import type { Mender } from './mender.js';

/** Objects listed and looked at together. A chunk of small ones is one answer of each member, of about 10 KiB. */
const chunkObjects = 32;
/** Kept for who asks; a disk that is broken altogether makes more than anybody reads. */
const findingsMax = 100;

export class ScrubRun {
  readonly #pg: LedPg;
  readonly #copies: Copies;
  readonly #mender: Mender;
  readonly #kind: ScrubKind;
  readonly #findings: ScrubFinding[] = [];
  #counts: ScrubCounts = { objects: 0, bytes: 0, found: 0, healed: 0, lost: 0 };
  #breathedAt: MonotonicMs;

  constructor(pg: LedPg, parts: { readonly copies: Copies; readonly mender: Mender }, kind: ScrubKind) {
    this.#pg = pg;
    this.#copies = parts.copies;
    this.#mender = parts.mender;
    this.#kind = kind;
    this.#breathedAt = pg.term.host.runtime.clock.now();
  }

  /** So far. */
  get counts(): ScrubCounts {
    return this.#counts;
  }

  /** The first of them. */
  get findings(): readonly ScrubFinding[] {
    return this.#findings;
  }

  /** Throws when a member does not answer, somebody joins, or the term is over: it is to begin anew then. */
  async run(): Promise<void> {
    let after: string | undefined = '';
    while (after !== undefined) {
      this.#check();
      const { keys, next } = await this.#copies.chunk(after, chunkObjects);
      await this.#chunk(keys);
      after = next;
      await this.#breathe();
    }
  }

  get #isDeep(): boolean {
    return this.#kind !== 'scrub';
  }

  async #chunk(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    const options = { isDeep: this.#isDeep, breathe: () => this.#breathe() };
    const found = await this.#copies.survey(keys, options);
    for (const [i, key] of keys.entries()) {
      const copies = found[i] ?? [];
      if (!areSame(copies)) await this.#look(parseObjectKey(key), copies);
      const bytes = Math.max(0, ...copies.map((copy) => (copy.kind === 'whole' ? copy.bytes : 0)));
      const { objects, bytes: before } = this.#counts;
      this.#counts = { ...this.#counts, objects: objects + 1, bytes: before + bytes };
    }
  }

  /** It was written to just then, or something is wrong with it. */
  async #look(object: ObjectId, copies: readonly CopyState[]): Promise<void> {
    const isRotten = copies.some(({ kind }) => kind === 'rotten');
    if (!isRotten && (await this.#copies.isSameInSteps(object, this.#isDeep))) return;
    const { queue, term } = this.#pg;
    await queue.enter(object.key);
    try {
      term.throwIfOver();
      const settled = await this.#mender.settle(object, { isDeep: this.#isDeep, mayRepair: this.#kind === 'repair' });
      if (settled === undefined) return;
      const { findings, right } = settled;
      const { found, healed, lost } = this.#counts;
      this.#counts = {
        ...this.#counts,
        found: found + findings.length,
        healed: healed + findings.filter(({ isHealed }) => isHealed).length,
        lost: lost + (right.kind === 'lost' ? 1 : 0),
      };
      this.#findings.push(...findings.slice(0, findingsMax - this.#findings.length));
    } finally {
      queue.leave(object.key);
    }
  }

  #check(): void {
    const { term, isServing, joiner } = this.#pg;
    term.throwIfOver();
    if (isServing && joiner === undefined) return;
    throw new CairnError('CONFLICT', `pg ${printPgId(term.pg)} is not complete now; it is scrubbed when it is`);
  }

  /** Between two answers of a member (4 MiB read, or a chunk looked at): as other work in the background rests. */
  async #breathe(): Promise<void> {
    const { term } = this.#pg;
    const { runtime, pace } = term.host;
    const now = runtime.clock.now();
    await term.sleep(pace.restAfter(now, now - this.#breathedAt));
    this.#breathedAt = runtime.clock.now();
  }
}
