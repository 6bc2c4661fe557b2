/**
 * A term of a PG that this OSD leads: activation, then requests, in the order in which they are appended.
 *
 *     request ──► room? ──► its object's turn ──► evaluated ──► appended here, sent to the others ──► committed ──► reply
 *                                                   └ nothing to change ──► what it saw is committed ──► lease valid ──► reply
 */
import { CairnError, isCairnError } from '../../../base/errors.js';
import { type MonotonicMs, monotonicMs } from '../../../base/instants.js';
import { printPgId } from '../../../cluster/ids.js';
import { isSameMember } from '../../../cluster/pg/members.js';
import type { Member } from '../../../cluster/pg-record.js';
import type { Pool } from '../../../cluster/pool.js';
import { CommitGate } from '../commit-gate.js';
import type { PgLease } from '../lease/pg-lease.js';
import { appendMethod, positionHeader } from '../messages.js';
import type { PgQuery } from '../../../protocol/pg-query.js';
import type { PgReport } from '../../../protocol/pg-reports.js';
import type { Method } from '../../../wire/method.js';
import { ObjectQueue } from '../object-queue.js';
import type { PgCopy } from '../pg-copy.js';
import type { LentPayload } from '../lent-payload.js';
import { notServing } from '../refusals.js';
import { Replication, type SentEntry, windowBytesMax } from '../replication.js';
import type { PgSessions } from '../pg-sessions.js';
import type { Term } from '../term.js';
import { type LogPosition, memberKey, type Waiter } from '../types.js';
import { Copies } from '../../scrub/copies.js';
import { mendedRead } from '../../scrub/mended-read.js';
import { Mender } from '../../scrub/mender.js';
import { Scrubbing } from '../../scrub/scrubbing.js';
import type { ObjectId } from '../../store/object-id.js';
import { activate, confirm, type Head } from './activation.js';
import { Joining } from './joining.js';
import type { Leader, PgLag } from './leader.js';
import { queryOf } from './pg-query.js';
import { reportOf } from './pg-report.js';
import { Resends } from './resends.js';

export interface PrimaryParts {
  readonly term: Term;
  readonly copy: PgCopy;
  readonly sessions: PgSessions;
  readonly ownHead: () => Promise<Head>;
}

type Phase =
  | { readonly kind: 'activating' }
  | { readonly kind: 'active'; readonly replication: Replication; readonly gate: CommitGate };

export class PrimaryTerm implements Leader {
  readonly kind = 'primary';
  readonly term: Term;
  readonly copy: PgCopy;
  readonly sessions: PgSessions;
  readonly lease: PgLease;
  readonly queue = new ObjectQueue();
  readonly mender: Mender;
  readonly scrubbing: Scrubbing;
  readonly #ownHead: () => Promise<Head>;
  readonly #others: readonly Member[];
  readonly #joining: Joining;
  /** By `ObjectId.key`: the newest entry that is not committed. */
  readonly #uncommitted = new Map<string, number>();
  readonly #roomWaiters: (() => void)[] = [];
  readonly #drainWaiters: (() => void)[] = [];
  readonly #resends = new Resends();
  #phase: Phase = { kind: 'activating' };
  #pool: Pool | undefined;
  #transactionBytesMax = Infinity;
  #reservedBytes = 0;
  #isConfirming = false;
  #nextSeq = 0;
  /** When something was committed last, or nothing waited. */
  #progressAt = monotonicMs(0);

  constructor({ term, copy, sessions, ownHead }: PrimaryParts) {
    this.term = term;
    this.copy = copy;
    this.sessions = sessions;
    this.#ownHead = ownHead;
    this.#others = term.record.acting.filter((member) => !isSameMember(member, term.self));
    this.lease = term.host.holder.lead(term.pg, term.number, this.#others);
    this.#joining = new Joining(this);
    const copies = new Copies(this);
    this.mender = new Mender(this, copies);
    this.scrubbing = new Scrubbing(this, { copies, mender: this.mender });
  }

  get isActive(): boolean {
    return this.#phase.kind === 'active';
  }

  get pool(): Pool {
    if (this.#pool === undefined) throw notServing(this.term.pg, 'knows no pool yet');
    return this.#pool;
  }

  /** Clients are served: the term is active and confirmed, with copies enough. */
  get isServing(): boolean {
    return (
      this.isActive && this.term.isConfirmed && this.term.record.acting.length >= (this.#pool?.minSize ?? Infinity)
    );
  }

  /** Of one transaction, in the smallest of its members' stores. */
  get transactionBytesMax(): number {
    return this.#transactionBytesMax;
  }

  /** The largest change of one request: every member's store takes it, and takes it over from another. */
  get changeBytesMax(): number {
    return this.#transactionBytesMax * shareOfTransaction;
  }

  limitTransactions(bytesMax: number): void {
    this.#transactionBytesMax = Math.min(this.#transactionBytesMax, bytesMax);
    this.replication.limitWindow(this.#windowBytes);
  }

  /** What is not committed is taken over in one transaction by who lacks it (level.ts). */
  get #windowBytes(): number {
    return Math.min(windowBytesMax, this.#transactionBytesMax * shareOfTransaction);
  }

  /** Who joins now. */
  get joiner(): Member | undefined {
    return this.#joining.joiner;
  }

  /** What the monitors are told; `undefined` before a map that has the pool. */
  report(): PgReport | undefined {
    return this.#pool === undefined ? undefined : reportOf(this, this.#joining);
  }

  /** For people; throws `OVERLOADED` before a map that has the pool. */
  query(): PgQuery {
    return queryOf(this, this.#joining, this.sessions);
  }

  get joining(): Joining {
    return this.#joining;
  }

  get replication(): Replication {
    if (this.#phase.kind !== 'active') throw notServing(this.term.pg, 'is becoming active');
    return this.#phase.replication;
  }

  get gate(): CommitGate {
    if (this.#phase.kind !== 'active') throw notServing(this.term.pg, 'is becoming active');
    return this.#phase.gate;
  }

  /** Begins to activate. */
  start(): void {
    this.#activateInTime().catch((error: unknown) => {
      if (this.term.ended === undefined) this.term.host.fatal(error);
    });
  }

  /** The pool and where CRUSH wants the PG, with each map. */
  update(pool: Pool, up: readonly Member[]): void {
    this.#pool = pool;
    // They may wait for a lag that is allowed now.
    this.#wakeForRoom();
    this.#joining.update(up);
    this.#considerConfirming();
  }

  end(reason: CairnError): void {
    this.term.end(reason);
    this.lease.end();
    this.#joining.end();
    if (this.#phase.kind === 'active') {
      const { code, message, details } = reason;
      this.#phase.gate.end(new CairnError(code, message, { applied: 'maybe', details }));
    }
    for (const wake of [...this.#roomWaiters.splice(0), ...this.#drainWaiters.splice(0)]) wake();
  }

  /** What this OSD cannot read of its copy keeps the PG from being served, and nothing else. */
  async #activateInTime(): Promise<void> {
    const { term } = this;
    for (;;) {
      try {
        await this.#activate();
        return;
      } catch (error) {
        term.throwIfOver();
        if (!isCairnError(error) || error.code === 'INTERNAL') throw error;
        term.host.runtime.log.error(
          { pg: printPgId(term.pg), term: term.number, err: error },
          'a PG cannot be activated',
        );
        await term.sleep(unreadableMs);
      }
    }
  }

  async #activate(): Promise<void> {
    const { term, copy } = this;
    const heads = await activate({ term, copy, lease: this.lease, ownHead: this.#ownHead });
    this.#transactionBytesMax = Math.min(...heads.map(({ transactionBytesMax }) => transactionBytesMax));
    await this.sessions.catchUp(copy, term.host.runtime.clock.now());
    await this.mender.load();
    await this.scrubbing.load();
    term.throwIfOver();
    const { acting, mode } = term.record;
    const head = copy.last;
    this.#nextSeq = head.seq + 1;
    const replication = new Replication({ head, self: term.self, acting, mode, windowBytes: this.#windowBytes });
    this.#phase = { kind: 'active', replication, gate: new CommitGate(head.seq) };
    this.#joining.start();
    this.#considerConfirming();
  }

  #considerConfirming(): void {
    const { term } = this;
    const isEnough = term.record.acting.length >= (this.#pool?.minSize ?? Infinity);
    if (!this.isActive || term.isConfirmed || !isEnough || this.#isConfirming || term.ended !== undefined) return;
    this.#isConfirming = true;
    confirm(term).then(
      () => {
        this.#isConfirming = false;
        this.#joining.start();
      },
      (error: unknown) => {
        if (term.ended === undefined) term.host.fatal(error);
      },
    );
  }

  mended<T>(object: ObjectId, read: () => Promise<T>): Promise<T> {
    return mendedRead(this.mender, object, read);
  }

  /** The highest uncommitted entry of an object, or 0: a reply that saw the object waits for it. */
  seenOf(objectKey: string): number {
    return this.#uncommitted.get(objectKey) ?? 0;
  }

  /**
   * Resolves when what was read may be told: the clock is read after the value (PG-PROTOCOL.md section 4, "read"). A lease that
   * lapsed and came again serves as well: while every member grants in this term, none has entered a newer one.
   */
  async untilReadable(caller?: Waiter): Promise<void> {
    const { term, lease } = this;
    while (!lease.isValid(term.host.clocks())) {
      await term.host.leaseNews(leaseNewsMs);
      term.throwIfOver();
      if (caller?.signal.aborted === true) throw new CairnError('CANCELLED', 'nobody waits for the reply any more');
    }
    term.throwIfOver();
  }

  async drained(): Promise<void> {
    const { term, replication } = this;
    replication.drain();
    while (term.ended === undefined && !replication.isDrained) {
      await new Promise<void>((resolve) => {
        this.#drainWaiters.push(resolve);
      });
    }
    term.throwIfOver();
  }

  /** Async: the slowest member lags by more than the pool allows. Acknowledgements of it end that. */
  get #lagsTooMuch(): boolean {
    return this.lag?.isTooMuch === true;
  }

  /** How far the slowest member is behind, in an async term that is active. */
  get lag(): PgLag | undefined {
    const { mode } = this.term.record;
    if (mode.kind === 'sync' || !this.isActive) return undefined;
    const { ms, bytes } = this.replication.lag(this.term.host.runtime.clock.now());
    const limit = this.#pool?.mode;
    const isTooMuch = limit?.kind === 'async' && (ms >= limit.maxLagMs || bytes >= limit.maxLagBytes);
    return { ms, bytes, isTooMuch };
  }

  /** Room for some entry, or the term is over. Whoever waits longest goes first. */
  async room(): Promise<void> {
    while (this.term.ended === undefined && !this.replication.hasRoom) await this.#untilRoom();
    this.term.throwIfOver();
  }

  /** Room for an entry of this cost, kept until `release`: what is not committed has to fit one transaction, together. */
  async reserve(costBytes: number): Promise<void> {
    const isAlone = (): boolean => this.#reservedBytes === 0 && this.replication.windowEntries === 0;
    const fits = (): boolean => this.replication.fits(this.#reservedBytes + costBytes) && !this.#lagsTooMuch;
    while (this.term.ended === undefined && !isAlone() && !fits()) {
      await this.#untilRoom();
    }
    this.term.throwIfOver();
    this.#reservedBytes += costBytes;
  }

  release(costBytes: number): void {
    this.#reservedBytes -= costBytes;
    this.#wakeForRoom();
  }

  #untilRoom(): Promise<void> {
    return new Promise((resolve) => {
      this.#roomWaiters.push(resolve);
    });
  }

  /** The number of the next entry. Numbers of refused ones are left out. */
  takeSeq(): number {
    const seq = this.#nextSeq;
    this.#nextSeq += 1;
    return seq;
  }

  /** An entry is applied here: it goes to the others, and counts from now on. Returns nothing that could fail. */
  applied(entry: Omit<SentEntry, 'prev'>): void {
    if (this.#phase.kind !== 'active' || this.term.ended !== undefined) return;
    const { replication } = this.#phase;
    const { position, record, payload, lent, costBytes, objectKey, changesPg } = entry;
    const sent = { position, prev: replication.last, record, payload, lent, costBytes, objectKey, changesPg };
    replication.add(sent, this.term.host.runtime.clock.now());
    this.#uncommitted.set(entry.objectKey, entry.position.seq);
    for (const member of this.#others) this.#send(member, sent);
    this.#joining.onAppend(sent);
  }

  durable(seq: number): void {
    this.onAck(this.term.self, seq);
  }

  onAck(member: Member, seq: number): void {
    if (this.#phase.kind !== 'active' || this.term.ended !== undefined) return;
    const { replication } = this.#phase;
    const before = replication.hasRoom;
    const done = replication.onDurable(member, seq);
    this.#joining.onAck(member, seq);
    if (done.length > 0) this.#progressAt = this.term.host.runtime.clock.now();
    this.#settle(done);
    if (!before || this.#roomWaiters.length > 0) this.#wakeForRoom();
    if (this.#drainWaiters.length > 0 && replication.isDrained) for (const wake of this.#drainWaiters.splice(0)) wake();
  }

  /** A member lacks what follows `last`. */
  onNack(member: Member, last: LogPosition, problem: string | undefined): void {
    if (this.#phase.kind !== 'active' || this.term.ended !== undefined) return;
    if (this.#joining.onNack(member, last, problem)) return;
    if (!this.term.isMember(member)) return;
    const { log, clock } = this.term.host.runtime;
    if (problem !== undefined) {
      log.warn(
        { pg: printPgId(this.term.pg), osd: member.osd, problem },
        'a replica could not append; it is sent again',
      );
    }
    const key = memberKey(member);
    const when = this.#resends.judge(key, last, problem !== undefined);
    if (when === 'now') this.#sendBehind(member, last.seq);
    if (when !== 'later') return;
    clock.after(refusedMs, () => {
      this.#resends.due(key);
      if (this.term.ended !== undefined) return;
      this.#sendBehind(member, Math.max(last.seq, this.replication.durableOf(member)));
    });
  }

  /** A new connection to an OSD: what was on the old one may be lost. */
  onConnected(osd: number): void {
    if (this.#phase.kind !== 'active' || this.term.ended !== undefined) return;
    const { replication } = this.#phase;
    for (const member of this.#others) {
      if (member.osd === osd) this.#sendBehind(member, replication.durableOf(member));
    }
    this.#joining.onConnected(osd);
  }

  /** Now and then: what nobody acknowledged for a while was lost, or its acknowledgement was. */
  tick(now: MonotonicMs): void {
    if (this.#phase.kind !== 'active' || this.term.ended !== undefined) return;
    const { replication } = this.#phase;
    if (this.term.record.mode.kind === 'async') {
      this.copy.asyncProgress(replication.committed, replication.everywhere);
    }
    if (replication.windowEntries === 0) this.#progressAt = now;
    if (now - this.#progressAt < resendMs) return;
    this.#progressAt = now;
    for (const member of this.#others) {
      const durable = replication.durableOf(member);
      if (durable < replication.last.seq) this.#sendBehind(member, durable);
    }
  }

  #sendBehind(member: Member, seq: number): void {
    for (const entry of this.replication.behind(seq)) this.#send(member, entry);
  }

  #send(member: Member, entry: SentEntry): void {
    const { pool, pg, term, from, to } = this.term.headerTo(member);
    const { prev, record } = entry;
    const { committed: commit } = this.replication;
    const header = { pool, pg, term, from, to, prev: positionHeader(prev), commit, record };
    if (this.term.record.mode.kind === 'async') {
      const { everywhere } = this.replication;
      this.tell(member, appendMethod, { ...header, everywhere }, entry.payload, entry.lent);
      return;
    }
    this.tell(member, appendMethod, header, entry.payload, entry.lent);
  }

  /** One way, in the order of the calls. What is lost with a connection is sent again on the next one. */
  tell<Req>(
    member: Member,
    method: Method<Req, undefined>,
    header: Req,
    payload: readonly Uint8Array[],
    lent?: LentPayload,
  ): void {
    lent?.hold();
    this.term.host.peers.tell(member.osd, method, header, payload, lent && (() => lent.letGo()));
  }

  /** Called with what is committed now. */
  #settle(done: readonly SentEntry[]): void {
    if (this.#phase.kind !== 'active' || done.length === 0) return;
    const { replication, gate } = this.#phase;
    for (const { objectKey, position } of done) {
      if (this.#uncommitted.get(objectKey) === position.seq) this.#uncommitted.delete(objectKey);
    }
    gate.advance(
      replication.committed,
      done.map(({ position }) => position.seq),
    );
  }

  #wakeForRoom(): void {
    if (this.#phase.kind !== 'active') return;
    // Each looks for itself: one that needs more room than there is waits again, behind the others.
    if (this.replication.hasRoom) for (const wake of this.#roomWaiters.splice(0)) wake();
  }

  /** The proposed joiner counts from here on, whatever the monitors answer. */
  requireJoiner(joiner: Member, durableSeq: number): void {
    this.lease.require(joiner);
    this.replication.requireJoiner(joiner, durableSeq);
  }
}

/** Without a commit, what is under way is sent again: longer than any pause of a healthy disk. */
const resendMs = 1_000;

/** Until it is tried again to activate a PG that could not be read. */
const unreadableMs = 5_000;

/** Entries, names and checksums take the rest. */
const shareOfTransaction = 0.75;

/** A grant wakes who waits sooner. */
const leaseNewsMs = 1_000;

/** A replica whose disk is full may have room again by then. */
const refusedMs = 500;
