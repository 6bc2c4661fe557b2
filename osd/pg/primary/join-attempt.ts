/**
 * One attempt to bring an OSD in (PG-PROTOCOL.md section 4, "join"). What it is sent, in one order:
 *
 *     entries of the log it lacks ──► appends from now on ──► copies in between ──► finish ──► proposed ──► admitted
 *
 * An object is *behind* there while something of it has to be copied: it gets entries of such an object without their
 * effects, and what they touched is copied as well. So each object is copied once, as it is at some place among the appends,
 * however much is written to it meanwhile.
 */
import { CairnError, isCairnError } from '../../../base/errors.js';
import { monotonicMs } from '../../../base/instants.js';
import { printMember } from '../../../cluster/pg/members.js';
import type { Member } from '../../../cluster/pg-record.js';
import { pgAdmit, pgBump } from '../../../protocol/commands/pg.js';
import { decodeTouched } from '../copy/touched-list.js';
import {
  joinBeginMethod,
  joinFinishMethod,
  joinStartMethod,
  joinStateHeader,
  positionHeader,
  recordHeader,
} from '../messages.js';
import type { SentEntry } from '../replication.js';
import { JoinStream, type Left } from './join-stream.js';
import { planJoin } from './join-plan.js';
import { Backfill } from './backfill.js';
import type { Leader } from './leader.js';

const admitMs = 5_000;

export type JoinProgress =
  /** It is not known yet what the joiner has. */
  { readonly kind: 'starting' } | (Left & { readonly kind: 'recovering' | 'backfilling' | 'proposed' });

export class JoinAttempt {
  readonly joiner: Member;
  readonly #primary: Leader;
  /** Within the term: what is left on the wire of an earlier one must not come in between. */
  readonly #number: number;
  /** Who is to act once it is admitted. */
  readonly #actingWith: () => readonly Member[];
  #stream: JoinStream | undefined;
  #keepFrom = Infinity;
  #isProposed = false;
  #failed: CairnError | undefined;
  #acked = 0;
  #onAck: (() => void) | undefined;

  constructor(
    primary: Leader,
    joiner: Member,
    { number, actingWith }: { readonly number: number; readonly actingWith: () => readonly Member[] },
  ) {
    this.#primary = primary;
    this.#number = number;
    this.#actingWith = actingWith;
    this.joiner = joiner;
  }

  /** From here on it counts, whatever happens: only another term ends it. */
  get isProposed(): boolean {
    return this.#isProposed;
  }

  /** What it is at, and what is left of it as far as that is known. */
  get progress(): JoinProgress {
    const stream = this.#stream;
    if (stream === undefined) return { kind: 'starting' };
    if (this.#isProposed) return { kind: 'proposed', ...stream.left };
    return { kind: stream.isBackfill ? 'backfilling' : 'recovering', ...stream.left };
  }

  get keepFrom(): number {
    return this.#keepFrom;
  }

  /** Resolves when the term is over; throws when it is not and the attempt has failed. */
  async run(): Promise<void> {
    const { term, lease, copy } = this.#primary;
    const { joiner } = this;
    try {
      lease.want(joiner);
      this.#keepFrom = copy.trimmedTo;
      const attempt = this.#number;
      const record = recordHeader(term.record, copy.pgNum);
      const { header: found } = await term.call(joiner, joinStartMethod, { record, attempt });
      this.#primary.limitTransactions(found.transactionBytesMax);
      const plan = await planJoin(copy, found);
      const { cutAfter, common, state } = plan;
      const cut = {
        attempt,
        cutAfter: positionHeader(cutAfter),
        common: common && positionHeader(common),
        state: joinStateHeader(state),
      };
      const { payload } = await term.call(joiner, joinBeginMethod, cut);
      this.#throwIfFailed();
      const options = { joiner, attempt, plan, missing: decodeTouched(payload) };
      const stream = new JoinStream(this.#primary, options, (why) => this.giveUp(why));
      this.#stream = stream;
      await stream.open();
      this.#keepFrom = Infinity;
      await stream.copyBehind();
      await new Backfill(this.#primary, stream).run();
      this.#throwIfFailed();
      await this.#finish(found.boot);
      await this.#propose();
    } catch (error) {
      this.#stream?.close();
      if (!this.#isProposed && term.ended === undefined) lease.unwant(joiner);
      throw this.#failed ?? error;
    }
  }

  onAppend(entry: SentEntry): void {
    this.#stream?.append(entry);
  }

  onAck(seq: number): void {
    this.#acked = Math.max(this.#acked, seq);
    this.#onAck?.();
  }

  /** One that is proposed cannot be given up but by another term. */
  giveUp(why: string): void {
    if (this.#failed !== undefined) return;
    this.#failed = new CairnError('CONFLICT', `${printMember(this.joiner)} cannot join: ${why}`);
    this.#stream?.fail(this.#failed);
    this.#onAck?.();
    if (this.#isProposed) this.#bump();
  }

  async #finish(boot: number): Promise<void> {
    const { term, lease, replication } = this.#primary;
    const { osd, store } = this.joiner;
    const { header } = await term.call(this.joiner, joinFinishMethod, { attempt: this.#number });
    this.onAck(header.last[1]);
    this.#throwIfFailed();
    lease.seen({ osd, store, boot });
    // One listener, however many acknowledgements come before the one that is waited for.
    const wake = (): void => this.#onAck?.();
    term.signal.addEventListener('abort', wake, { once: true });
    try {
      term.throwIfOver();
      while (this.#acked < replication.committed) {
        await new Promise<void>((resolve) => {
          this.#onAck = resolve;
        });
        term.throwIfOver();
        this.#throwIfFailed();
      }
    } finally {
      term.signal.removeEventListener('abort', wake);
    }
  }

  /** Required from before the monitors hear of it: they may admit it while this OSD knows of nothing (pitfall d). */
  async #propose(): Promise<void> {
    const { term } = this.#primary;
    const { host } = term;
    // Whoever lets others leave has heard of all of them just now (pitfall q).
    if (this.#primary.isServing) await this.#primary.untilReadable(term);
    this.#throwIfFailed();
    this.#isProposed = true;
    this.#primary.requireJoiner(this.joiner, this.#acked);
    const acting = [...this.#actingWith()];
    const args = { pg: term.pg, term: term.number, from: term.self, joiner: this.joiner, acting };
    for (;;) {
      const deadline = monotonicMs(host.runtime.clock.now() + admitMs);
      try {
        const { record } = await host.monitors.change(pgAdmit, args, { deadline, signal: term.signal });
        host.learn(term.pg, record);
        return;
      } catch (error) {
        term.throwIfOver();
        if (!isCairnError(error)) throw error;
        if (error.code === 'CONFLICT') {
          this.#bump();
          throw error;
        }
        await term.sleep(100);
      }
    }
  }

  /** The proposal may still take effect: another term makes sure that it does not. */
  #bump(): void {
    const { term } = this.#primary;
    const { host } = term;
    const bump = term.untilDone('bump', async () => {
      const deadline = monotonicMs(host.runtime.clock.now() + admitMs);
      const args = { pg: term.pg, term: term.number, from: term.self };
      const { record } = await host.monitors.change(pgBump, args, { deadline, signal: term.signal });
      host.learn(term.pg, record);
      term.throwIfOver();
    });
    bump.catch((error: unknown) => {
      if (term.ended === undefined) host.fatal(error);
    });
  }

  #throwIfFailed(): void {
    if (this.#failed !== undefined) throw this.#failed;
  }
}
