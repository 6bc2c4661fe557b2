/**
 * The copies of objects at all members of a PG, as its primary has them looked at.
 *
 *     survey: many objects, while clients write to them ──► all the same: fine       ◄── says nothing else
 *                                                      └──► examine: the object's turn is held, every member has the log as far as
 *                                                           the primary: only what differs now is a finding
 *
 * A version names one entry, so copies that show one version, before and after they were read, and one sum, are the same whatever
 * was written meanwhile. So no scrub holds up a write, but where something looks wrong or is written to all the time.
 */
import { CairnError } from '../../base/errors.js';
import { isSameMember } from '../../cluster/pg/members.js';
import type { Member } from '../../cluster/pg-record.js';
import type { ObjectId } from '../store/object-id.js';
import { areSame, type CopyState, type SettledCopy } from './copy-state.js';
import type { LedPg } from './led-pg.js';
import { listKeys } from './list-keys.js';
import { digestObjects, type DigestOrder } from './member.js';
import { digestMethod, scrubListMethod, type DigestReply, type ScrubListReply } from './messages.js';
import type { DigestProgress } from './object-digest.js';

export interface Chunk {
  /** In their order: all that any member has. */
  readonly keys: readonly string[];
  /** The next chunk is behind it; `undefined`: this was the last. */
  readonly next: string | undefined;
}

export class Copies {
  readonly #pg: LedPg;

  constructor(pg: LedPg) {
    this.#pg = pg;
  }

  /** This OSD first. */
  get members(): readonly Member[] {
    return this.#pg.term.record.acting;
  }

  /** About `count` objects behind `after`. */
  async chunk(after: string, count: number): Promise<Chunk> {
    const pages = await this.#ofEach((member) => this.#list(member, after, count));
    const ends = pages.flatMap(({ keys, isMore }) => (isMore ? (keys.at(-1) ?? []) : []));
    const [next] = ends.sort(byBytes);
    const all = new Set(pages.flatMap(({ keys }) => keys));
    const keys = [...all].filter((key) => next === undefined || key <= next).sort(byBytes);
    return { keys, next };
  }

  /** By key, then by member. `breathe` is awaited between two answers of a member. */
  async survey(
    keys: readonly string[],
    options: { readonly isDeep: boolean; readonly breathe: () => Promise<void> },
  ): Promise<readonly (readonly CopyState[])[]> {
    const after = this.#pg.copy.last.seq;
    const found = await this.#ofEach((member) => this.#digest(member, after, { keys, ...options }));
    return keys.map((_, i) => found.map((states) => states[i] ?? { kind: 'changed' }));
  }

  /** By member. The object's turn is the caller's. */
  async examine(object: ObjectId, isDeep: boolean): Promise<readonly SettledCopy[]> {
    const order = { keys: [object.key], isDeep, breathe: () => Promise.resolve() };
    const after = this.#pg.copy.last.seq;
    const found = await this.#ofEach((member) => this.#digest(member, after, order));
    return found.map(([copy]) => {
      if (copy !== undefined && copy.kind !== 'changed') return copy;
      throw new CairnError('CONFLICT', 'a copy was changed while its object was held');
    });
  }

  /**
   * Piece by piece, each while the object's turn is taken: for one that is too large to be held for as long as it takes to read it.
   * True: all copies are the same.
   */
  async isSameInSteps(object: ObjectId, isDeep: boolean): Promise<boolean> {
    let resume: DigestProgress | null = null;
    for (;;) {
      const replies: readonly DigestReply[] = await this.#step(object, isDeep, resume);
      const done = replies.flatMap(({ found }) => found);
      if (done.length > 0) return done.length === replies.length && areSame(done);
      const [first] = replies;
      if (first === undefined || first.resume === null || !replies.every((reply) => isAt(reply, first))) return false;
      // It may be written to before the next piece; what was compared is the same then, too.
      resume = { ...first.resume, version: null };
    }
  }

  async #step(object: ObjectId, isDeep: boolean, resume: DigestProgress | null): Promise<readonly DigestReply[]> {
    const { queue, copy, term } = this.#pg;
    await queue.enter(object.key);
    try {
      term.throwIfOver();
      const order = { keys: [object.key], isDeep, resume, isStep: true };
      const after = copy.last.seq;
      return await this.#ofEach((member) => this.#ask(member, after, order));
    } finally {
      queue.leave(object.key);
    }
  }

  async #digest(
    member: Member,
    after: number,
    { keys, isDeep, breathe }: Pick<DigestOrder, 'keys' | 'isDeep'> & { readonly breathe: () => Promise<void> },
  ): Promise<readonly CopyState[]> {
    const found: CopyState[] = [];
    let resume: DigestProgress | null = null;
    for (;;) {
      const reply: DigestReply = await this.#ask(member, after, {
        keys: keys.slice(found.length),
        isDeep,
        resume,
        isStep: false,
      });
      if (reply.found.length === 0 && reply.resume === null && keys.length > 0) {
        throw new CairnError('PROTOCOL_ERROR', `osd.${member.osd} digests nothing of what it was asked for`);
      }
      found.push(...reply.found);
      if (found.length >= keys.length) return found;
      ({ resume } = reply);
      await breathe();
    }
  }

  async #ask(member: Member, after: number, order: DigestOrder): Promise<DigestReply> {
    const { term, copy } = this.#pg;
    if (isSameMember(member, term.self)) return await digestObjects(term.host.store.objects, copy, order);
    const { header } = await term.call(member, digestMethod, { after, ...order });
    return header;
  }

  async #list(member: Member, after: string, count: number): Promise<ScrubListReply> {
    const { term, pool } = this.#pg;
    if (isSameMember(member, term.self)) {
      return await listKeys(term.host.store.objects, pool, term.pg, { after, count });
    }
    const { header } = await term.call(member, scrubListMethod, { after, count });
    return header;
  }

  async #ofEach<T>(ask: (member: Member) => Promise<T>): Promise<T[]> {
    const answers = await Promise.all(this.members.map(ask));
    this.#pg.term.throwIfOver();
    return answers;
  }
}

function isAt({ resume }: DigestReply, other: DigestReply): boolean {
  if (resume === null || other.resume === null || resume.sum !== other.resume.sum) return false;
  return JSON.stringify(resume.place) === JSON.stringify(other.resume.place);
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
