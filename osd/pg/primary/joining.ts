/**
 * From where the record says the PG is to where CRUSH wants it: whoever is missing joins, one at a time; then who is too
 * many leaves, and the first of them leads (PG-PROTOCOL.md section 4, "join", "leave / hand over"). An async term is drained
 * before anybody leaves it, and before a stricter mode of the pool begins (section 5).
 */
import { isCairnError } from '../../../base/errors.js';
import { monotonicMs } from '../../../base/instants.js';
import { printPgId } from '../../../cluster/ids.js';
import { isStricter, recordMode } from '../../../cluster/pg/next-record.js';
import { equalMembers, hasMember, isSameMember, printMember } from '../../../cluster/pg/members.js';
import type { Member } from '../../../cluster/pg-record.js';
import { pgLeave } from '../../../protocol/commands/pg.js';
import type { Reservation } from '../../recovery/reservations.js';
import type { SentEntry } from '../replication.js';
import type { LogPosition } from '../types.js';
import { JoinAttempt, type JoinProgress } from './join-attempt.js';
import type { Leader } from './leader.js';

/** After an attempt that failed: the joiner may be starting, or have no room. */
const retryMs = 500;
const leaveMs = 5_000;

export class Joining {
  readonly #primary: Leader;
  #up: readonly Member[] = [];
  #attempt: JoinAttempt | undefined;
  #attempts = 0;
  #isLeaving = false;
  #isPausing = false;
  #place: Reservation | undefined;
  #hasPlace = false;

  constructor(primary: Leader) {
    this.#primary = primary;
  }

  /** Who joins now. */
  get joiner(): Member | undefined {
    return this.#attempt?.joiner;
  }

  /** How often in this term somebody began to join. */
  get attempts(): number {
    return this.#attempts;
  }

  get progress(): JoinProgress | undefined {
    return this.#attempt?.progress;
  }

  /** Where CRUSH wants the PG. */
  get up(): readonly Member[] {
    return this.#up;
  }

  /** Entries behind it are still needed. */
  get keepFrom(): number {
    return this.#attempt?.keepFrom ?? Infinity;
  }

  update(up: readonly Member[]): void {
    this.#up = up;
    const attempt = this.#attempt;
    if (attempt !== undefined && !attempt.isProposed && !hasMember(up, attempt.joiner)) {
      attempt.giveUp(`CRUSH does not want ${printMember(attempt.joiner)} any more`);
    }
    this.#consider();
  }

  start(): void {
    this.#consider();
  }

  onAppend(entry: SentEntry): void {
    this.#attempt?.onAppend(entry);
  }

  onAck(member: Member, seq: number): void {
    const attempt = this.#attempt;
    if (attempt !== undefined && isSameMember(member, attempt.joiner)) attempt.onAck(seq);
  }

  /** True: it was the joiner's. */
  onNack(member: Member, last: LogPosition, problem: string | undefined): boolean {
    const attempt = this.#attempt;
    if (attempt === undefined || !isSameMember(member, attempt.joiner)) return false;
    attempt.giveUp(problem ?? `it has the log up to ${last.seq}`);
    return true;
  }

  /** What was on its way on the connection before may be lost. */
  onConnected(osd: number): void {
    const attempt = this.#attempt;
    if (attempt?.joiner.osd === osd) attempt.giveUp('its connection was made anew');
  }

  #consider(): void {
    const { term, isActive } = this.#primary;
    if (!isActive || term.ended !== undefined || this.#attempt !== undefined || this.#isPausing) return;
    const { acting, eligible } = term.record;
    if (this.#isModeStricter) {
      this.#leave(acting);
      return;
    }
    const { flags } = term.host.map();
    const isDegraded = acting.length < this.#primary.pool.size;
    if (flags.has('norebalance') && !isDegraded) return;
    if (flags.has('norecover') || flags.has('nobackfill')) return;
    const missing = this.#up.find((member) => !hasMember(acting, member) && !hasMember(eligible, member));
    if (missing === undefined) {
      this.#giveBack();
      const stays = this.#wanted;
      if (stays !== undefined) this.#leave(stays);
      return;
    }
    // Fewest copies first; its turn may come much later, and is looked at anew then.
    this.#place ??= this.#primary.term.host.joins.request(acting.length, () => {
      this.#hasPlace = true;
      term.host.runtime.clock.nextTurn(() => this.#consider());
    });
    if (this.#hasPlace) this.#begin(missing);
  }

  /** The term is over. */
  end(): void {
    this.#giveBack();
  }

  #giveBack(): void {
    this.#place?.release();
    this.#place = undefined;
    this.#hasPlace = false;
  }

  #begin(joiner: Member): void {
    const { term } = this.#primary;
    const { log } = term.host.runtime;
    this.#attempts += 1;
    const number = this.#attempts;
    const attempt = new JoinAttempt(this.#primary, joiner, { number, actingWith: () => this.#actingWith(joiner) });
    this.#attempt = attempt;
    const facts = { pg: printPgId(term.pg), term: term.number, joiner: printMember(joiner) };
    log.debug(facts, 'a PG takes an OSD in');
    attempt.run().catch((thrown: unknown) => {
      if (term.ended !== undefined) return;
      if (!isCairnError(thrown)) {
        term.host.fatal(thrown);
        return;
      }
      const error = thrown;
      log.debug({ ...facts, err: error }, 'an OSD could not be taken in; it is tried again');
      // A proposal may still be granted, and must not find a copy that begins anew: the next term takes it up.
      if (attempt.isProposed) return;
      this.#attempt = undefined;
      this.#pause();
    });
  }

  #pause(): void {
    this.#giveBack();
    this.#isPausing = true;
    this.#primary.term.host.runtime.clock.after(retryMs, () => {
      this.#isPausing = false;
      this.#consider();
    });
  }

  /** Who stays, and in which order; `undefined` when that is how it is. */
  get #wanted(): readonly Member[] | undefined {
    const { acting } = this.#primary.term.record;
    const stays = this.#staysOf(acting);
    return stays === undefined || equalMembers(stays, acting) ? undefined : stays;
  }

  /**
   * Who acts with a joiner. Where it was the last that was missing, the term in which it comes in is also the one in which the
   * first of them leads and others leave: one activation, not two.
   */
  #actingWith(joiner: Member): readonly Member[] {
    const { term, isServing } = this.#primary;
    const acting = [...term.record.acting, joiner];
    const stays = this.#staysOf(acting) ?? acting;
    // Who serves nobody cannot let anybody go.
    const mayLeave = isServing && term.record.mode.kind === 'sync';
    return mayLeave ? stays : [...stays, ...acting.filter((member) => !hasMember(stays, member))];
  }

  /** Of those who act: who stays once all are there that CRUSH wants; `undefined` before. */
  #staysOf(acting: readonly Member[]): readonly Member[] | undefined {
    const up = this.#up.filter((member) => hasMember(acting, member));
    if (up.length === 0 || up.length !== this.#up.length) return undefined;
    // Copies are not given up while CRUSH finds fewer places than the pool wants.
    const isEnough = up.length >= Math.min(this.#primary.pool.size, acting.length);
    return isEnough ? up : [...up, ...acting.filter((member) => !hasMember(up, member))];
  }

  /** Whether the others would go on without this OSD. */
  get mayHandOver(): boolean {
    const { isServing, pool } = this.#primary;
    if (!isServing || this.#isLeaving) return false;
    return this.#others.length >= Math.max(1, pool.minSize);
  }

  /** This OSD stops: the others go on without it. Served until it is known that they do; throws what was in the way. */
  async handOver(): Promise<void> {
    this.#isLeaving = true;
    try {
      await this.#askToLeave(this.#others);
    } finally {
      this.#isLeaving = false;
    }
  }

  /** In the order in which CRUSH wants them. */
  get #others(): readonly Member[] {
    const { self, record } = this.#primary.term;
    const others = record.acting.filter((member) => !isSameMember(member, self));
    const wanted = this.#up.filter((member) => hasMember(others, member));
    return [...wanted, ...others.filter((member) => !hasMember(wanted, member))];
  }

  /** The pool wants more copies before it acknowledges than this term does. A looser mode comes with the next term. */
  get #isModeStricter(): boolean {
    const { term, isServing, pool } = this.#primary;
    return isServing && isStricter(recordMode(pool.mode), term.record.mode);
  }

  #leave(acting: readonly Member[]): void {
    const { term, isServing } = this.#primary;
    if (!isServing || this.#isLeaving) return;
    this.#isLeaving = true;
    this.#askToLeave(acting).catch((thrown: unknown) => {
      this.#isLeaving = false;
      if (term.ended !== undefined) return;
      if (!isCairnError(thrown)) {
        term.host.fatal(thrown);
        return;
      }
      term.host.runtime.log.debug({ pg: printPgId(term.pg), err: thrown }, 'a PG could not let an OSD go yet');
      this.#pause();
    });
  }

  async #askToLeave(acting: readonly Member[]): Promise<void> {
    const { term } = this.#primary;
    const { host } = term;
    await this.#primary.drained();
    // Another member may be dead without anybody knowing: whoever asks has heard of all of them just now (pitfall q).
    await this.#primary.untilReadable(term);
    const deadline = monotonicMs(host.runtime.clock.now() + leaveMs);
    const args = { pg: term.pg, term: term.number, from: term.self, acting: [...acting], isDrained: true };
    const { record } = await host.monitors.change(pgLeave, args, { deadline, signal: term.signal });
    host.learn(term.pg, record);
  }
}
