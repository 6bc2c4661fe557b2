/** What the OSDs of a PG say to one another (PG-PROTOCOL.md section 3). */
import { latin1Bytes, latin1Text } from '../../base/bytes.js';
import type { Member, PgRecord } from '../../cluster/pg-record.js';
import { osdId, pgTerm, poolId, storeNumber, type PgId } from '../../cluster/ids.js';
import { defineMethod } from '../../wire/method.js';
import type { JoinState } from './join-state.js';
import type { OsdRun, PgName } from './lease/types.js';
import type { LogPosition } from './types.js';

/** OSD and store number. */
export type MemberHeader = readonly [osd: number, store: number];

/** Whom a message is from and for: another store under the same id is another member, and refuses it. */
export interface PgHeader {
  readonly pool: number;
  readonly pg: number;
  readonly term: number;
  readonly from: MemberHeader;
  readonly to: MemberHeader;
}

export interface RecordHeader {
  readonly term: number;
  readonly acting: readonly MemberHeader[];
  readonly eligible: readonly MemberHeader[];
  /** 0: sync. */
  readonly ackCopies: number;
  /**
   * PGs of the pool that the sender's copy was split for. Who has not split his for so many does not know the record yet: its map
   * will tell, and until then the sender asks again (PG-PROTOCOL.md section 8).
   */
  readonly pgNum: number;
}

export type PositionHeader = readonly [term: number, seq: number];

/** OSD, store number, boot counter. */
export type RunHeader = readonly [osd: number, store: number, boot: number];

/** A primary to each of `acting`: enter this term, if it is new, and say what you have. */
export interface CollectRequest extends PgHeader {
  readonly record: RecordHeader;
}

export interface HeadReply {
  readonly last: PositionHeader;
  readonly trimmedTo: number;
  /** The copy is whole: a joiner's is not until it was told so. */
  readonly isComplete: boolean;
  /** Of one transaction of its store: no change of the PG is larger. */
  readonly transactionBytesMax: number;
  /** Of the process that answers. */
  readonly boot: number;
  /** Promises to holders of leases in older terms: one run of an OSD each, with the milliseconds left. */
  readonly promises: readonly (readonly [...RunHeader, leftMs: number])[];
}

export const collectMethod = defineMethod<CollectRequest, HeadReply>('pg.collect');

/** To the holder of an older term's lease: once it has entered this term, nobody need wait for what it was promised. */
export const fenceMethod = defineMethod<CollectRequest, { readonly run: RunHeader }>('pg.fence');

/** See `LeaseAsk` and `LeaseGrant`; one for all PGs that two OSDs share. */
export interface LeaseRequest {
  readonly holder: RunHeader;
  readonly askedAt: number;
  readonly noted: readonly NameHeader[];
}

export interface LeaseReply {
  readonly grantor: RunHeader;
  /** Its store takes no more client data. */
  readonly isFull: boolean;
  readonly named: readonly NameHeader[];
  readonly isGranted: boolean;
}

/** Pool, PG, term. */
export type NameHeader = readonly [pool: number, pg: number, term: number];

export const leaseMethod = defineMethod<LeaseRequest, LeaseReply>('pg.lease');

/** A primary to a member that is behind: take over from the member named what is in its log and not in yours. */
export interface LevelRequest extends PgHeader {
  readonly source: MemberHeader;
  readonly last: PositionHeader;
}

export const levelMethod = defineMethod<LevelRequest, { readonly last: PositionHeader }>('pg.level');

/** Who holds a copy that nobody counts to the primary: what of the log it is to be compared with. */
export interface LineageReply {
  readonly lineage: LineageHeader;
}

export const lineageMethod = defineMethod<PgHeader, LineageReply>('pg.lineage');

/** Entries of the log behind `after`. The payload is a log block, as the store keeps it. */
export interface TailRequest extends PgHeader {
  readonly after: PositionHeader;
}

export interface TailReply {
  readonly entries: number;
  /** Where the log of the answering member ended when it answered. */
  readonly last: PositionHeader;
}

/** `CONFLICT` with `details.refusal` `trimmed` or `diverged`: `after` is not in the log. */
export const tailMethod = defineMethod<TailRequest, TailReply>('pg.tail');

/** Parts of objects and values of the PG, as they are there now. The payload of the request is a log entry's list of touched parts. */
export interface PartsRequest extends PgHeader {
  /**
   * Given: once the log has come so far. The sender sees to it that the parts do not change any more. Otherwise the PG is idle, and
   * `CONFLICT` if it was not.
   */
  readonly after?: number | undefined;
  /** Of one answer, about. */
  readonly bytesMax?: number | undefined;
}

export interface PartsReply {
  /** Where the log of the answering member ended: the parts are as of this entry. */
  readonly last: PositionHeader;
  /** The payload: so many bytes of a transaction that makes the parts so, so many of what is left, then its payloads. */
  readonly recordBytes: number;
  readonly restBytes: number;
}

export const partsMethod = defineMethod<PartsRequest, PartsReply>('pg.parts');

/** One entry, in the order of the log. The payload is what the record's mutations write. */
export interface AppendMessage extends PgHeader {
  /** The entry before it. */
  readonly prev: PositionHeader;
  /** Everything up to here is committed. */
  readonly commit: number;
  /** In async terms: every member has everything up to here. */
  readonly everywhere?: number | undefined;
  /** A transaction with its entry, as the store's log has it. */
  readonly record: Uint8Array;
  /** To a joiner: of the attempt that it is part of. */
  readonly attempt?: number;
}

export const appendMethod = defineMethod<AppendMessage>('pg.append');

/** What became durable since the last one: of each PG the newest entry. All before it is durable too. */
export interface AckMessage {
  readonly from: MemberHeader;
  readonly acks: readonly (readonly [pool: number, pg: number, term: number, seq: number])[];
}

export const ackMethod = defineMethod<AckMessage>('pg.ack');

/** An append does not follow what is there: the primary sends again from behind `last`. */
export interface NackMessage extends PgHeader {
  readonly last: PositionHeader;
  /** Why it could not be appended, if that was why; the primary waits a little then. */
  readonly problem?: string | undefined;
}

export const nackMethod = defineMethod<NackMessage>('pg.nack');

/** Of a log: each term with its last entry, oldest first. */
export type LineageHeader = readonly PositionHeader[];

/** Of one attempt of a primary's, numbered within its term: what is left on the wire of an earlier one counts no more. */
export interface JoinHeader extends PgHeader {
  readonly attempt: number;
}

/** A primary to an OSD that is no member: enter this term, and say what you have. */
export interface JoinStartRequest extends JoinHeader {
  readonly record: RecordHeader;
}

export interface JoinStartReply {
  readonly boot: number;
  readonly last: PositionHeader;
  readonly lineage: LineageHeader;
  /** As in `HeadReply`. */
  readonly transactionBytesMax: number;
  /** How far the copy is; `null`: it was whole. */
  readonly state: JoinStateHeader | null;
}

/** `JoinState`; the cursor is latin1. */
export interface JoinStateHeader {
  readonly behind: number | null;
  readonly cursor: Uint8Array | null;
}

export const joinStartMethod = defineMethod<JoinStartRequest, JoinStartReply>('pg.join-start');

/** What the primary decided on: the log is cut behind `cutAfter`, and begins behind `trimmedTo` where it is made anew. */
export interface JoinBeginRequest extends JoinHeader {
  readonly cutAfter: PositionHeader;
  /** What is behind it the PG does not have, and may have to be parked; absent: the PG's log does not reach back so far. */
  readonly common?: PositionHeader | undefined;
  readonly state: JoinStateHeader;
}

/**
 * What earlier attempts brought. Its fields may be missing, as whoever does not keep them leaves them out: everything is copied then.
 */
export interface JoinBeginReply {
  /** Objects that are there in part: of each what `encodePartialCopy` makes of it. */
  readonly partial?: readonly Uint8Array[] | undefined;
  /** `ReachedObject`: the key in latin1, and the version. */
  readonly reached?: readonly (readonly [key: Uint8Array, term: number, seq: number])[] | undefined;
}

/** The payload of the reply lists what entries that were cut off had touched, now and in earlier joins: it is to be copied. */
export const joinBeginMethod = defineMethod<JoinBeginRequest, JoinBeginReply>('pg.join-begin');

/** Entries without their effects, in the order of the log, on the way of the appends. The payload is a log block. */
export interface JoinEntriesMessage extends JoinHeader {
  readonly prev: PositionHeader;
  readonly trimTo: number;
}

export const joinEntriesMethod = defineMethod<JoinEntriesMessage>('pg.join-entries');

/**
 * Parts of objects as they were at this place among the appends. The payload is that of `pg.parts`. What is noted with them:
 * objects that are whole again, and how far the copy is.
 */
export interface JoinCopyRequest extends JoinHeader {
  readonly recordBytes: number;
  readonly restBytes: number;
  /** `ObjectId.key` of objects that are as the log says from here on. */
  readonly done: readonly Uint8Array[];
  /** And of those that nobody can read any more. */
  readonly lost?: readonly Uint8Array[] | undefined;
  /** `encodePartialCopy`: what is there of the object with these parts, which are not the last of it. */
  readonly partial?: Uint8Array | undefined;
  /** What is noted so far of the object that the parts are of stays true while they come. Absent: it is dropped before they do. */
  readonly keepsPartial?: boolean | undefined;
  readonly state: JoinStateHeader;
}

export const joinCopyMethod = defineMethod<JoinCopyRequest, Record<string, never>>('pg.join-copy');

/** Objects of the joiner with their versions, of a range: from behind `after` to `until`, both `ObjectId.key` in latin1. */
export interface JoinScanRequest extends JoinHeader {
  readonly after: Uint8Array;
  /** `null`: to the end of the PG. */
  readonly until: Uint8Array | null;
}

export interface JoinScanReply {
  readonly objects: readonly (readonly [key: Uint8Array, term: number, seq: number])[];
  /** There are more behind the last one. */
  readonly isMore: boolean;
}

export const joinScanMethod = defineMethod<JoinScanRequest, JoinScanReply>('pg.join-scan');

/** The copy has everything up to here: it notes that it is whole. */
export const joinFinishMethod = defineMethod<JoinHeader, { readonly last: PositionHeader }>('pg.join-finish');

export function memberHeader({ osd, store }: Member): MemberHeader {
  return [osd, store];
}

export function memberOfHeader([osd, store]: MemberHeader): Member {
  return { osd: osdId(osd), store: storeNumber(store) };
}

export function runHeader({ osd, store, boot }: OsdRun): RunHeader {
  return [osd, store, boot];
}

export function runOfHeader([osd, store, boot]: RunHeader): OsdRun {
  return { osd: osdId(osd), store: storeNumber(store), boot };
}

export function nameHeader({ pg, term }: PgName): NameHeader {
  return [pg.pool, pg.pg, term];
}

export function nameOfHeader([pool, pg, term]: NameHeader): PgName {
  return { pg: pgIdOf({ pool, pg }), term: pgTerm(term) };
}

export function joinStateHeader({ from, cursor }: JoinState): JoinStateHeader {
  return { behind: from ?? null, cursor: cursor === undefined ? null : latin1Bytes(cursor) };
}

export function joinStateOfHeader({ behind, cursor }: JoinStateHeader): JoinState {
  return { from: behind ?? undefined, cursor: cursor === null ? undefined : latin1Text(cursor) };
}

/** `pgNum`: of the sender's copy. */
export function recordHeader({ term, acting, eligible, mode }: PgRecord, pgNum: number): RecordHeader {
  return {
    pgNum,
    term,
    acting: acting.map(memberHeader),
    eligible: eligible.map(memberHeader),
    ackCopies: mode.kind === 'sync' ? 0 : mode.ackCopies,
  };
}

export function recordOfHeader({ term, acting, eligible, ackCopies }: RecordHeader): PgRecord {
  return {
    term: pgTerm(term),
    acting: acting.map(memberOfHeader),
    eligible: eligible.map(memberOfHeader),
    mode: ackCopies === 0 ? { kind: 'sync' } : { kind: 'async', ackCopies },
  };
}

export function positionHeader({ term, seq }: LogPosition): PositionHeader {
  return [term, seq];
}

export function positionOfHeader([term, seq]: PositionHeader): LogPosition {
  return { term, seq };
}

export function pgIdOf({ pool, pg }: { readonly pool: number; readonly pg: number }): PgId {
  return { pool: poolId(pool), pg };
}
