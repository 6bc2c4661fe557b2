/** The scrubs of a PG in one term of its primary: what is wanted, what runs, what the last one found. */
import { type CairnError, isCairnError, toCairnError } from '../../base/errors.js';
import { invariant } from '../../base/invariant.js';
import { isSameMember } from '../../cluster/pg/members.js';
import { printPgId } from '../../cluster/ids.js';
import type { FinishedScrub, ScrubCounts, ScrubKind } from '../../protocol/pg-scrub.js';
import type { Copies } from './copies.js';
import { dueScrub, firstStamps, type DueScrub, type ScrubPlan } from './due.js';
import type { LedPg } from './led-pg.js';
import type { Mender } from './mender.js';
import { scrubbedMethod } from './messages.js';
import { noteClusterLog } from './cluster-note.js';
import { isDamage } from './object-digest.js';
import { ScrubRun } from './scrub-run.js';
import { decodeStamps, type ScrubStamps, stampsKey } from './stamps.js';

export interface ScrubStatus {
  readonly running: (ScrubCounts & { readonly kind: ScrubKind; readonly number: number }) | undefined;
  /** Asked for by an operator, and not begun. */
  readonly wanted: ScrubKind | undefined;
  readonly last: FinishedScrub | undefined;
  /** `undefined` until it was looked for. */
  readonly stamps: ScrubStamps | undefined;
  /** Findings that were not healed. */
  readonly errors: number;
}

interface Running {
  readonly kind: ScrubKind;
  readonly number: number;
  readonly run: ScrubRun;
}

const strength: Readonly<Record<ScrubKind, number>> = { scrub: 0, 'deep-scrub': 1, repair: 2 };
/** After one that was broken off: a member hung, or began to join. */
const retryMs = 60_000;
/** Between two records of the cluster's log about reads. */
const readNotesMs = 60_000;

export class Scrubbing {
  readonly #pg: LedPg;
  readonly #copies: Copies;
  readonly #mender: Mender;
  #stamps: ScrubStamps | undefined;
  #wanted: ScrubKind | undefined;
  #running: Running | undefined;
  #last: FinishedScrub | undefined;
  #numbers = 0;
  #readsNotedAt = -Infinity;
  #retryAt = -Infinity;

  constructor(pg: LedPg, { copies, mender }: { readonly copies: Copies; readonly mender: Mender }) {
    this.#pg = pg;
    this.#copies = copies;
    this.#mender = mender;
  }

  /** Before the term serves. */
  async load(): Promise<void> {
    const { copy, term } = this.#pg;
    try {
      const stored = await copy.ownValue(stampsKey);
      if (stored !== undefined) this.#stamps = decodeStamps(stored);
    } catch (error) {
      // Nobody has to wait for a PG since it is not known when it was scrubbed.
      if (!isCairnError(error)) throw error;
      term.host.runtime.log.warn({ pg: printPgId(term.pg), err: error }, 'when a PG was scrubbed cannot be read');
    }
  }

  get status(): ScrubStatus {
    const running = this.#running;
    return {
      running: running && { ...running.run.counts, kind: running.kind, number: running.number },
      wanted: this.#wanted,
      last: this.#last,
      stamps: this.#stamps,
      errors: (this.#stamps?.shallowErrors ?? 0) + (this.#stamps?.deepErrors ?? 0),
    };
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** An operator asks for one. Returns the number that it will have; one that waits already is made as strong as either. */
  want(kind: ScrubKind): number {
    const waiting = this.#wanted;
    if (waiting === undefined || strength[waiting] < strength[kind]) this.#wanted = kind;
    return this.#numbers + 1;
  }

  /** What is to be done for the PG by now, if it can be. The first time stamps are made, when there are none. */
  next(wall: number, plan: ScrubPlan): DueScrub | { readonly kind: ScrubKind; readonly overdue: number } | undefined {
    const { isServing, joiner, term } = this.#pg;
    if (!isServing || joiner !== undefined || this.#running !== undefined) return undefined;
    if (this.#stamps === undefined) this.#stamp(firstStamps(term.pg, wall, plan));
    if (this.#wanted !== undefined) return { kind: this.#wanted, overdue: Infinity };
    if (term.host.runtime.clock.now() < this.#retryAt) return undefined;
    if (term.record.acting.length < this.#pg.pool.size) return undefined;
    return this.#stamps === undefined ? undefined : dueScrub(term.pg, this.#stamps, wall, plan);
  }

  /** Resolves when it is over, however. */
  async start(kind: ScrubKind): Promise<void> {
    invariant(this.#running === undefined, 'one scrub of a PG at a time');
    const { term } = this.#pg;
    const { clock } = term.host.runtime;
    const isAsked = this.#wanted !== undefined;
    this.#wanted = undefined;
    this.#numbers += 1;
    const run = new ScrubRun(this.#pg, { copies: this.#copies, mender: this.#mender }, kind);
    const number = this.#numbers;
    this.#running = { kind, number, run };
    const startedAt = Math.floor(clock.wall());
    const error = await this.#outcomeOf(run);
    this.#running = undefined;
    if (term.ended !== undefined) return;
    const { counts, findings } = run;
    const before = this.#last;
    const last = {
      ...counts,
      findings,
      kind,
      number,
      startedAt,
      endedAt: Math.floor(clock.wall()),
      failure: error?.message,
    };
    this.#last = last;
    if (error === undefined) this.#stamp(stampsAfter(this.#stamps, last));
    else this.#retryAt = clock.now() + retryMs;
    // What a disk does to its index breaks every scrub off: somebody has to know, once.
    const isDamaged = isDamage(error) && before?.failure !== error.message;
    if (last.found > 0 || isAsked || isDamaged) this.#note(last);
  }

  /** Why it was broken off. Throws bugs. */
  async #outcomeOf(run: ScrubRun): Promise<CairnError | undefined> {
    const { term } = this.#pg;
    try {
      await run.run();
      return undefined;
    } catch (thrown) {
      if (!isCairnError(thrown) && term.ended === undefined) throw thrown;
      const error = toCairnError(thrown);
      term.host.runtime.log.debug({ pg: printPgId(term.pg), err: error }, 'a scrub was broken off');
      return error;
    }
  }

  /** Now and then: what reads met since. */
  tick(now: number): void {
    if (now - this.#readsNotedAt < readNotesMs) return;
    const count = this.#mender.takeReadHeals();
    if (count === 0) return;
    this.#readsNotedAt = now;
    const what = `${count} ${count === 1 ? 'read met a bad copy' : 'reads met bad copies'} of objects here`;
    noteClusterLog(this.#pg.term, 'warn', `${what}, answered from other copies and healed`);
  }

  /** Durable at every member before long: whoever leads next goes by it. What is lost makes a scrub too many. */
  #stamp(stamps: ScrubStamps): void {
    const { term, copy } = this.#pg;
    this.#stamps = stamps;
    copy.noteScrubbed(stamps);
    for (const member of this.#copies.members) {
      if (isSameMember(member, term.self)) continue;
      const header = { ...term.headerTo(member), stamps };
      term.host.peers.tell(member.osd, scrubbedMethod, header);
    }
  }

  #note({ kind, objects, found, healed, lost, findings, failure }: FinishedScrub): void {
    if (failure !== undefined) {
      noteClusterLog(this.#pg.term, 'warn', `${kind} was broken off: ${failure}`);
      return;
    }
    if (found === 0) {
      noteClusterLog(this.#pg.term, 'info', `${kind} of ${counted(objects, 'object', 'objects')}: ok`);
      return;
    }
    const osds = [...new Set(findings.map(({ osd, kind: what }) => `osd.${osd} ${what}`))].sort();
    const left = found - healed;
    const loss = lost === 0 ? '' : `, ${counted(lost, 'object', 'objects')} lost`;
    const bad = `${counted(found, 'bad copy', 'bad copies')} (${osds.join(', ')})`;
    const looked = `${kind} of ${counted(objects, 'object', 'objects')}`;
    const message = `${looked} found ${bad}, ${healed} healed, ${left} to be mended${loss}`;
    noteClusterLog(this.#pg.term, left === 0 ? 'warn' : 'error', message);
  }
}

/** A deep scrub finds what a shallow one does. */
function stampsAfter(
  before: ScrubStamps | undefined,
  { kind, endedAt: at, found, healed }: FinishedScrub,
): ScrubStamps {
  const left = found - healed;
  if (kind !== 'scrub') return { shallow: at, deep: at, shallowErrors: 0, deepErrors: left };
  return { shallow: at, deep: before?.deep ?? 0, shallowErrors: left, deepErrors: before?.deepErrors ?? 0 };
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
