/**
 * One PG at one OSD: which term it is in, and which part it plays there.
 *
 *     map, message with a newer record ──► enter ──► primary: activates, serves, brings others in
 *                                               ├──► replica: takes appends
 *                                               ├──► joiner: once a primary asks
 *                                               └──► none: holds a copy for others to decide on
 *
 * Entering a term ends what ran in the one before, here, at once; the promise to take no part in it any more is durable before
 * anybody is told (PG-PROTOCOL.md section 4, "enter").
 */
import { CairnError, isCairnError } from '../../base/errors.js';
import { invariant } from '../../base/invariant.js';
import { printPgId, type PgId } from '../../cluster/ids.js';
import { hasMember, isSameMember } from '../../cluster/pg/members.js';
import type { Member, PgRecord } from '../../cluster/pg-record.js';
import type { Pool } from '../../cluster/pool.js';
import type { OutgoingReply } from '../../wire/method.js';
import { readParts } from './copy/read-parts.js';
import { packParts } from './copy/parts-message.js';
import { decodeTouched } from './copy/touched-list.js';
import { bootWaitLeft } from './lease/lease-time.js';
import { isStray } from './is-stray.js';
import { JoinerTerm } from './joiner-term.js';
import { levelFrom } from './level.js';
import {
  memberOfHeader,
  positionHeader,
  positionOfHeader,
  recordHeader,
  recordOfHeader,
  type CollectRequest,
  type HeadReply,
  type JoinBeginReply,
  type JoinBeginRequest,
  type JoinCopyRequest,
  type JoinHeader,
  type JoinScanReply,
  type JoinScanRequest,
  type JoinStartReply,
  type JoinStartRequest,
  type LevelRequest,
  type LineageReply,
  type PartsReply,
  type PartsRequest,
  type PgHeader,
  type PositionHeader,
  type TailReply,
  type TailRequest,
} from './messages.js';
import { parkStray } from './parked/park-stray.js';
import { PgCopy } from './pg-copy.js';
import type { PgHost } from './pg-host.js';
import { removeCopy } from './pg-removal.js';
import { PgSessions } from './pg-sessions.js';
import type { Head } from './primary/activation.js';
import { PrimaryTerm } from './primary/primary-term.js';
import { ReplicaTerm } from './replica-term.js';
import { overtaken, Term } from './term.js';
import { whyNotShared } from './shared-entry.js';
import { isSamePosition } from './types.js';
import { listKeys } from '../scrub/list-keys.js';
import { checkUntouched, digestObjects, installOf } from '../scrub/member.js';
import type {
  DigestReply,
  DigestRequest,
  InstallRequest,
  ScrubbedMessage,
  ScrubListReply,
  ScrubListRequest,
} from '../scrub/messages.js';
import { encodeLogBlock } from '../store/pg/log-block.js';

type Role =
  | PrimaryTerm
  | ReplicaTerm
  | JoinerTerm
  /** In no list of the record, or eligible: nothing is asked of it in this term. */
  | { readonly kind: 'none'; readonly term: Term | undefined };

/** Of one answer about parts: a message of this size does not hold up others for long. */
const partsBytesMax = 4 * 1024 * 1024;

export class Pg {
  readonly id: PgId;
  readonly copy: PgCopy;
  readonly #host: PgHost;
  readonly #sessions: PgSessions;
  #role: Role = { kind: 'none', term: undefined };
  #record: PgRecord | undefined;
  #pool: Pool | undefined;
  #up: readonly Member[] = [];
  readonly #closing = new AbortController();
  #removing: Promise<void> | undefined;
  #stopRemoving = new AbortController();
  #isSplitting = false;
  #isDropped = false;

  private constructor(host: PgHost, copy: PgCopy) {
    this.#host = host;
    this.copy = copy;
    this.id = copy.pg;
    this.#sessions = new PgSessions(host.store, copy.pg);
  }

  static async open(host: PgHost, id: PgId): Promise<Pg> {
    return new Pg(host, await PgCopy.open(host.store, id));
  }

  /** The newest that is known. */
  get record(): PgRecord | undefined {
    return this.#record;
  }

  get role(): Role {
    return this.#role;
  }

  get primary(): PrimaryTerm | undefined {
    return this.#role.kind === 'primary' ? this.#role : undefined;
  }

  get replica(): ReplicaTerm | undefined {
    return this.#role.kind === 'replica' ? this.#role : undefined;
  }

  get joiner(): JoinerTerm | undefined {
    return this.#role.kind === 'joiner' ? this.#role : undefined;
  }

  /** A primary wants this OSD as a member: it is none, and not eligible either (pitfall p). */
  async joinStart(header: JoinStartRequest): Promise<JoinStartReply> {
    const record = this.#learnFrom(header);
    const role = this.#role;
    if (this.copy.isLeaving) {
      throw new CairnError('OVERLOADED', `an old copy of pg ${printPgId(this.id)} is being removed here; try again`);
    }
    if (role.kind === 'none') {
      const { term } = role;
      const [primary] = record.acting;
      const self = this.#self;
      if (term === undefined || primary === undefined || hasMember(record.eligible, self)) {
        throw this.#conflict('has this OSD as a member already');
      }
      this.#host.grantor.enter(this.#host.runtime.clock.now(), this.id, record.term, primary);
      this.#role = new JoinerTerm(term, this.copy, primary);
    }
    return await this.#joinerIn(header).start(header);
  }

  async joinBegin(header: JoinBeginRequest): Promise<OutgoingReply<JoinBeginReply>> {
    return await this.#joinerIn(header).begin(header);
  }

  async joinCopy(header: JoinCopyRequest, payload: Uint8Array): Promise<void> {
    await this.#joinerIn(header).copy(header, payload);
  }

  async joinScan(header: JoinScanRequest): Promise<JoinScanReply> {
    return await this.#joinerIn(header).scan(header);
  }

  async joinFinish(header: JoinHeader): Promise<PositionHeader> {
    // Here nobody waits for it. Once it is admitted, the Collect of the new term would, and clients with it.
    await this.#bootWait(this.#joinerIn(header).term);
    return positionHeader(await this.#joinerIn(header).finish(header));
  }

  /** With each map. */
  update(pool: Pool, up: readonly Member[], record: PgRecord): void {
    invariant(!this.mustSplit(pool), 'a copy is split before it enters a term of after the split', { pg: this.id });
    this.#pool = pool;
    this.#up = up;
    this.copy.notePgNum(pool.pgNum);
    this.learn(record);
    this.primary?.update(pool, up);
    this.#considerRemoval();
  }

  /** Its pool has PGs that take objects from this one, and this copy still has them. */
  mustSplit({ pgNum }: Pick<Pool, 'pgNum'>): boolean {
    return this.copy.childrenOf(pgNum).length > 0;
  }

  /**
   * Ends the term, and makes of this copy that of the PG and of its children (PG-PROTOCOL.md section 8); `record` is of the map
   * that the pool is of. Durable when it resolves: only then, with `update`, is the new term said anything in. Throws what
   * keeps the copy from being split: it takes part in nothing until it is.
   */
  async split(pool: Pool, record: PgRecord): Promise<void> {
    const { holder, grantor, runtime } = this.#host;
    const children = this.copy.childrenOf(pool.pgNum).map((pg) => ({ pool: this.id.pool, pg }));
    this.#isSplitting = true;
    const over = overtaken(this.id, this.copy.term, record.term);
    this.#endRole(over);
    this.#role = { kind: 'none', term: undefined };
    this.copy.freeze(over);
    this.#stopRemoving.abort(over);
    holder.leave(this.id);
    if (record.term > this.copy.term) {
      grantor.enter(runtime.clock.now(), this.id, record.term, undefined);
      grantor.split(this.id, children);
      this.copy.enter(record.term, record.mode);
    }
    await this.#removing;
    // With everything that was submitted before: from here on nobody changes the copy.
    await this.copy.termDurable;
    this.#closing.signal.throwIfAborted();
    await this.copy.split(pool.pgNum);
    this.#isSplitting = false;
    this.#stopRemoving = new AbortController();
  }

  /** Its pool is no more. */
  drop(): void {
    this.#endRole(new CairnError('NOT_FOUND', `the pool of pg ${printPgId(this.id)} was removed`));
    this.#role = { kind: 'none', term: undefined };
    this.#host.holder.leave(this.id);
    this.#isDropped = true;
    this.#remove();
  }

  get #isStray(): boolean {
    const [record, pool] = [this.#record, this.#pool];
    if (record === undefined || pool === undefined || this.#role.kind !== 'none' || this.copy.isBlank) return false;
    const { isLeaving } = this.copy;
    return isStray(this.#host.map(), { self: this.#self, record, pool, up: this.#up, isLeaving });
  }

  /** Of an async pool: what the PG does not have of it is parked first. A copy that goes already has nothing left to park. */
  #considerRemoval(): void {
    if (this.#isSplitting || !this.#isStray) return;
    const { term } = this.#role;
    if (this.copy.async === undefined || this.copy.isLeaving) this.#remove();
    // Without a term it is about to enter one: of that it is asked again.
    else if (this.#removing === undefined && term !== undefined) this.#removeParked(term);
  }

  #removeParked(term: Term): void {
    const goOn = (isParked: boolean): void => {
      this.#removing = undefined;
      if (this.#closing.signal.aborted) return;
      // Without a pool nothing of it is worth parking. In another term the PG may lack more of it.
      if (this.#isDropped) this.#remove();
      else if (!isParked || term.ended !== undefined) this.#considerRemoval();
      // It may have begun to join.
      else if (this.#isStray) this.#remove();
    };
    this.#removing = parkStray(term, this.copy).then(
      () => goOn(true),
      (error: unknown) => {
        if (isCairnError(error)) goOn(false);
        else this.#host.fatal(error);
      },
    );
  }

  #remove(): void {
    if (this.#removing !== undefined || this.copy.isBlank) return;
    this.copy.leaves();
    const { signal } = this.#stopRemoving;
    const removing = removeCopy(this.#host, this.copy, signal);
    this.#removing = removing.then(
      () => {
        this.#removing = undefined;
      },
      (error: unknown) => {
        this.#removing = undefined;
        if (!signal.aborted) this.#host.fatal(error);
      },
    );
  }

  /**
   * From the map, an answer of the monitors, or a message, whose sender split its copy for `pgNum` PGs of the pool. An older one
   * than is known says nothing.
   */
  learn(record: PgRecord, pgNum = this.copy.pgNum): void {
    const known = this.#record;
    // Of after a split: the map brings both, or nothing could be said of a part and of the whole apart.
    if (this.#isSplitting || this.mustSplit({ pgNum })) return;
    if (record.term < this.copy.term || (known !== undefined && record.term < known.term)) return;
    if (known?.term === record.term) {
      // Within a term it only ever becomes confirmed.
      if (known.eligible.length > 0 && record.eligible.length === 0) this.#confirm(record);
      return;
    }
    this.#enter(record);
  }

  /** Everything of this run is over. Resolves when nothing is changed any more. */
  async close(reason: CairnError): Promise<void> {
    this.#endRole(reason);
    this.#closing.abort(reason);
    this.#stopRemoving.abort(reason);
    this.#host.holder.leave(this.id);
    this.#role = { kind: 'none', term: undefined };
    await this.#removing;
  }

  /** A primary collects: the answer of a member of its record. */
  async head(header: CollectRequest): Promise<HeadReply> {
    const record = this.#learnFrom(header);
    if (this.#role.kind !== 'replica') throw this.#conflict('is not what this OSD acts in');
    const { run, last, promises } = await this.#ownHead(record.term);
    const { trimmedTo, isComplete } = this.copy;
    return {
      last: positionHeader(last),
      trimmedTo,
      isComplete,
      transactionBytesMax: this.#host.store.transactionBytesMax,
      boot: run.boot,
      promises: promises.map(({ holder, leftMs }) => [holder.osd, holder.store, holder.boot, leftMs]),
    };
  }

  /** A primary waits for what this OSD was promised in an older term: it takes part in none from here on. */
  fence(header: CollectRequest): void {
    const { term } = recordOfHeader(header.record);
    this.learn(recordOfHeader(header.record), header.record.pgNum);
    if ((this.#record?.term ?? 0) < term) throw this.#conflict(`did not enter term ${term} yet`);
  }

  async level(header: LevelRequest): Promise<PositionHeader> {
    const { term } = this.#replicaIn(header);
    const wanted = positionOfHeader(header.last);
    if (!isSamePosition(this.copy.last, wanted)) await levelFrom(term, this.copy, memberOfHeader(header.source));
    term.throwIfOver();
    return positionHeader(this.copy.last);
  }

  /** Of the log that everybody agrees on: this OSD leads, and its members are level. */
  async lineage(header: PgHeader): Promise<LineageReply> {
    this.#checkTerm(header);
    if (this.primary?.isActive !== true) {
      throw new CairnError('OVERLOADED', `pg ${printPgId(this.id)} is becoming active here; try again`);
    }
    const lineage = await this.copy.lineage();
    this.#checkTerm(header);
    return { lineage: lineage.map(positionHeader) };
  }

  /** Entries behind `after`, a block. */
  async tail(header: TailRequest): Promise<{ readonly header: TailReply; readonly payload: Uint8Array }> {
    this.#checkTerm(header);
    const after = positionOfHeader(header.after);
    const why = await whyNotShared(this.copy, after);
    if (why !== undefined) throw this.#conflict(why.problem, why.refusal);
    const entries = await this.copy.readLog(after.seq);
    const reply = { entries: entries.length, last: positionHeader(this.copy.last) };
    return { header: reply, payload: entries.length === 0 ? new Uint8Array(0) : encodeLogBlock(entries) };
  }

  async parts(
    header: PartsRequest,
    touched: Uint8Array,
  ): Promise<{ readonly header: PartsReply; readonly payload: readonly Uint8Array[] }> {
    this.#checkTerm(header);
    const { after, bytesMax = partsBytesMax } = header;
    if (after !== undefined) await this.#replicaIn(header).reached(after);
    const { last } = this.copy;
    const parts = await readParts(this.#host.store.objects, this.id, decodeTouched(touched), bytesMax);
    const { recordBytes, restBytes, payload } = packParts(this.id, parts);
    if (after === undefined && !isSamePosition(last, this.copy.last)) {
      throw this.#conflict('went on while its parts were read');
    }
    return { header: { last: positionHeader(last), recordBytes, restBytes }, payload };
  }

  async scrubList(header: ScrubListRequest): Promise<ScrubListReply> {
    this.#replicaIn(header);
    const pool = this.#pool;
    if (pool === undefined) throw this.#conflict('has no pool that this OSD knows');
    return await listKeys(this.#host.store.objects, pool, this.id, header);
  }

  async digest(header: DigestRequest): Promise<DigestReply> {
    await this.#replicaIn(header).reached(header.after);
    return await digestObjects(this.#host.store.objects, this.copy, header);
  }

  async install(header: InstallRequest, payload: Uint8Array): Promise<void> {
    const replica = this.#replicaIn(header);
    await replica.reached(header.after);
    await replica.between(async () => {
      replica.checkHeal(header.heal);
      await checkUntouched(this.copy, header.key, header.after);
      return installOf(this.copy, header, payload);
    });
  }

  /** Its primary scrubbed the PG. */
  scrubbed({ term, stamps }: ScrubbedMessage): void {
    if (this.replica?.term.number === term) this.copy.noteScrubbed(stamps);
  }

  #enter(record: PgRecord): void {
    const { holder, grantor, runtime } = this.#host;
    const now = runtime.clock.now();
    this.#endRole(overtaken(this.id, this.copy.term, record.term));
    holder.leave(this.id);
    const self = this.#self;
    const [primary] = record.acting;
    const acts = hasMember(record.acting, self);
    const leads = primary !== undefined && isSameMember(primary, self);
    grantor.enter(now, this.id, record.term, acts && !leads ? primary : undefined);
    this.#record = record;
    this.copy.enter(record.term, record.mode);
    if (acts) this.copy.lossIsOver();
    const term = new Term(this.#host, this.id, record);
    if (leads) this.#lead(term);
    else if (acts && primary !== undefined) this.#role = new ReplicaTerm(term, this.copy, primary);
    else this.#role = { kind: 'none', term };
  }

  #lead(term: Term): void {
    const primary = new PrimaryTerm({
      term,
      copy: this.copy,
      sessions: this.#sessions,
      ownHead: () => this.#ownHead(term.number),
    });
    this.#role = primary;
    if (this.#pool !== undefined) primary.update(this.#pool, this.#up);
    primary.start();
  }

  #confirm(record: PgRecord): void {
    this.#record = record;
    this.#role.term?.confirmed(record);
  }

  #endRole(reason: CairnError): void {
    const role = this.#role;
    if (role.kind === 'none') role.term?.end(reason);
    else role.end(reason);
  }

  /** What this OSD has, once nothing can make it forget that it entered the term, nor what an earlier run promised counts. */
  async #ownHead(number: number): Promise<Head> {
    const { runtime, self, grantor, store } = this.#host;
    const { term } = this.#role;
    await this.#bootWait(term);
    await this.copy.termDurable;
    if (term?.number !== number) throw this.#conflict('is in another term by now');
    term.throwIfOver();
    const promises = grantor.promises(runtime.clock.now(), this.id);
    return { run: self, last: this.copy.last, promises, transactionBytesMax: store.transactionBytesMax };
  }

  /** Until nothing that an earlier run promised may be relied upon. */
  async #bootWait(term: Term | undefined): Promise<void> {
    const { runtime, startedAt } = this.#host;
    const left = bootWaitLeft(runtime.clock.now(), startedAt);
    if (left > 0) await runtime.clock.sleep(left, term?.signal);
  }

  /** The sender is the primary of the record that it shows, which is the newest from here on. */
  #learnFrom(header: CollectRequest): PgRecord {
    const record = recordOfHeader(header.record);
    if (header.term !== record.term) {
      throw new CairnError('PROTOCOL_ERROR', 'a message is of the record that it brings');
    }
    this.learn(record, header.record.pgNum);
    this.#checkTerm(header);
    return record;
  }

  /** Refused with the newer record: the sender learns from it that its term is over. */
  #checkTerm(header: PgHeader): void {
    if (header.term === this.#record?.term) return;
    throw this.#conflict(`is in term ${this.#record?.term ?? 0} here, not in ${header.term}`);
  }

  get #self(): Member {
    const { osd, store } = this.#host.self;
    return { osd, store };
  }

  #joinerIn(header: PgHeader): JoinerTerm {
    this.#checkTerm(header);
    if (this.#role.kind !== 'joiner') throw this.#conflict('is not joined by this OSD');
    return this.#role;
  }

  #replicaIn(header: PgHeader): ReplicaTerm {
    this.#checkTerm(header);
    if (this.#role.kind !== 'replica') throw this.#conflict('is not led by another here');
    return this.#role;
  }

  #conflict(problem: string, what = 'term'): CairnError {
    const record = this.#record;
    const newer = record === undefined ? {} : { record: recordHeader(record, this.copy.pgNum) };
    const details = { refusal: what, ...newer };
    return new CairnError('CONFLICT', `pg ${printPgId(this.id)} ${problem}`, { details });
  }
}
