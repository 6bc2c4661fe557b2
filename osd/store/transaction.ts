/**
 * What changes a store: mutations of objects of one PG, that PG's values and its log, all or nothing. Hardly any fails by
 * what is stored (removing what is not there does nothing), so that every replica ends up the same; what can be wrong with
 * one is refused before anything is written.
 */
import { isWellFormed, totalBytes } from '../../base/bytes.js';
import { CairnError } from '../../base/errors.js';
import type { PgId, PoolId } from '../../cluster/ids.js';
import type { ObjectVersion } from './format/object-head.js';
import type { BodySlot } from './format/omap-value.js';
import { storedBytes } from './format/payload-ref.js';
import { objectBytesMax } from '../../protocol/object-limits.js';
import {
  attributeBytesMax,
  attributeNameBytesMax,
  blockShiftMax,
  blockShiftMin,
  bodyBlockShift,
  bodyBytesMax,
  logEntryBytesMax,
  mutationsMax,
  omapHeadBytesMax,
  omapKeyBytesMax,
} from './limits.js';
import { checkSplit, type PgSplit } from './pg/pg-split.js';
import { showObject, type ObjectId } from './object-id.js';
import { isShadowPool, poolOfShadow } from './parked/parked-place.js';
import type { PackedEntry } from './pg/log-block.js';

/** Bytes to store, in pieces, lent until the transaction is applied: the log has a copy then. */
export interface Payload {
  readonly pieces: readonly Uint8Array[];
  readonly bytes: number;
}

export function payloadOf(...pieces: readonly Uint8Array[]): Payload {
  return { pieces, bytes: totalBytes(pieces) };
}

/** A payload of which only the size counts: where it is, the log says. */
export interface PayloadSize {
  readonly bytes: number;
}

export interface BodyChange<P extends PayloadSize> {
  readonly slot: BodySlot;
  /** `undefined` removes the body. */
  readonly body: P | undefined;
}

/** Keys of omaps, PG values and marks are latin1: one character a byte. */
export type Mutation<P extends PayloadSize = Payload> =
  /** The object exists from here on. So do all others that write something; this one writes nothing. */
  | { readonly kind: 'create'; readonly object: ObjectId }
  /** With everything it has: data, attributes, omap, marks. */
  | { readonly kind: 'remove'; readonly object: ObjectId }
  | { readonly kind: 'write'; readonly object: ObjectId; readonly offset: number; readonly data: P }
  | { readonly kind: 'append'; readonly object: ObjectId; readonly data: P }
  /** Shorter, or longer with zeros that take no space. */
  | { readonly kind: 'truncate'; readonly object: ObjectId; readonly size: number }
  /** Zeros from here on, which take no space; the object grows to hold them. */
  | { readonly kind: 'zero'; readonly object: ObjectId; readonly offset: number; readonly bytes: number }
  /** As `zero`, but the object keeps its size. */
  | { readonly kind: 'punch'; readonly object: ObjectId; readonly offset: number; readonly bytes: number }
  /** Data and attributes of `source`, without copying a byte; `object` is replaced, and keeps its own omap. */
  | { readonly kind: 'clone'; readonly object: ObjectId; readonly source: ObjectId }
  /** Data only; what lies beyond the end of `source` is zeros. `object` and `source` are two. */
  | {
      readonly kind: 'clone-range';
      readonly object: ObjectId;
      readonly source: ObjectId;
      readonly sourceOffset: number;
      readonly offset: number;
      readonly bytes: number;
    }
  | { readonly kind: 'set-attributes'; readonly object: ObjectId; readonly set: ReadonlyMap<string, Uint8Array> }
  | { readonly kind: 'remove-attributes'; readonly object: ObjectId; readonly names: readonly string[] }
  /** Stands for the version that the transaction's log entry would give: for copies of objects. */
  | { readonly kind: 'set-version'; readonly object: ObjectId; readonly version: ObjectVersion }
  /** Replaces the head, if one is given, and the bodies named; leaves the rest. A new key's head is empty by default. */
  | {
      readonly kind: 'omap-set';
      readonly object: ObjectId;
      readonly key: string;
      readonly head: Uint8Array | undefined;
      readonly bodies: readonly BodyChange<P>[];
    }
  | { readonly kind: 'omap-remove'; readonly object: ObjectId; readonly key: string }
  /** Keys from `from` to before `to`; `to` undefined: to the end. */
  | {
      readonly kind: 'omap-remove-range';
      readonly object: ObjectId;
      readonly from: string;
      readonly to: string | undefined;
    }
  /** The value with its bodies; a value at `to` is replaced. Nothing when there is no `from`. */
  | { readonly kind: 'omap-move'; readonly object: ObjectId; readonly from: string; readonly to: string }
  /** Work for somebody later (DESIGN.md section 6); it goes with its object. */
  | { readonly kind: 'set-mark'; readonly object: ObjectId; readonly mark: string; readonly value: Uint8Array }
  | { readonly kind: 'remove-mark'; readonly object: ObjectId; readonly mark: string }
  | { readonly kind: 'pg-set'; readonly key: string; readonly value: Uint8Array }
  | { readonly kind: 'pg-remove'; readonly key: string }
  | { readonly kind: 'pg-remove-range'; readonly from: string; readonly to: string | undefined };

export type MutationKind = Mutation['kind'];

/** What the caller says of a log entry; what it touched, the store adds from the mutations. */
export interface LogEntryInput {
  /** Higher than the last in the log. */
  readonly seq: number;
  readonly term: number;
  /** Whom it changed, if one object. */
  readonly object: ObjectId | undefined;
  /** Of the client's session, at most 32 bytes; empty when no client asked. */
  readonly session: Uint8Array;
  /** Within the session. */
  readonly request: number;
  /** What the client is answered, again and again. */
  readonly reply: Uint8Array;
}

export interface Transaction<P extends PayloadSize = Payload> {
  readonly pg: PgId;
  /** Checksum blocks of object data have 2^blockShift bytes: the pool's choice. */
  readonly blockShift: number;
  readonly mutations: readonly Mutation<P>[];
  /** In this order: the log is cut off behind the entry `cutAfter`, `copied` and `entry` are added, it is trimmed up to `trimTo`. */
  readonly cutAfter?: ObjectVersion | undefined;
  /** Entries of another copy's log, as they stand there, oldest first; the mutations bring what they touched. */
  readonly copied?: readonly PackedEntry[] | undefined;
  readonly entry?: LogEntryInput | undefined;
  readonly trimTo?: number | undefined;
  /** After the mutations, and in no transaction that changes the log in another way. */
  readonly split?: PgSplit | undefined;
  /**
   * It has to go on while the store is full: what others have acknowledged already, or what the PG needs in order to be moved
   * away. The reserve is small, so whoever sets it sees to it that little comes. Not stored. Default false.
   */
  readonly mayUseReserve?: boolean | undefined;
  /** This very transaction as `writeTransaction` made it, lent until it is applied: for who sent it, or got it sent. */
  readonly encoded?: Uint8Array | undefined;
}

/**
 * Values of a PG whose keys begin so are this copy's own: an entry does not count them among what it touched, so no other
 * copy takes them over.
 */
export const ownKeyPrefix = '\0';

/** Calls for every payload that the log will hold, in its order there. Empty ones have none. */
export function forEachPayload<P extends PayloadSize>(
  transaction: Transaction<P>,
  visit: (payload: P, blockShift: number, object: ObjectId) => void,
): void {
  for (const mutation of transaction.mutations) {
    if (mutation.kind === 'write' || mutation.kind === 'append') {
      if (mutation.data.bytes > 0) visit(mutation.data, transaction.blockShift, mutation.object);
    } else if (mutation.kind === 'omap-set') {
      for (const { body } of mutation.bodies) {
        if (body !== undefined && body.bytes > 0) visit(body, bodyBlockShift, mutation.object);
      }
    }
  }
}

/** What the payloads take in the log, checksums included. */
export function payloadStoredBytes(transaction: Transaction<PayloadSize>): number {
  let bytes = 0;
  forEachPayload(transaction, (payload, blockShift) => {
    bytes += storedBytes(payload.bytes, blockShift);
  });
  return bytes;
}

/** Whether it needs no room that it does not give back: it only removes, trims or clears. */
export function onlyFrees(transaction: Transaction<PayloadSize>): boolean {
  return transaction.mutations.every(({ kind }) => freeing.has(kind));
}

const freeing: ReadonlySet<MutationKind> = new Set<MutationKind>([
  'remove',
  'punch',
  'remove-attributes',
  'omap-remove',
  'omap-remove-range',
  'remove-mark',
  'pg-remove',
  'pg-remove-range',
]);

/** Everything that can be said without looking into the store. `INVALID_ARGUMENT` names the mutation. */
export function checkTransaction(transaction: Transaction<PayloadSize>): void {
  const { pg, blockShift, mutations, entry } = transaction;
  if (!Number.isInteger(pg.pool) || pg.pool < 1 || pg.pool >= 2 ** 31) throw invalid(`there is no pool ${pg.pool}`);
  if (!Number.isInteger(pg.pg) || pg.pg < 0 || pg.pg >= 2 ** 31) throw invalid(`there is no PG ${pg.pg}`);
  if (!Number.isInteger(blockShift) || blockShift < blockShiftMin || blockShift > blockShiftMax) {
    throw invalid(`checksum blocks have 2^${blockShiftMin} to 2^${blockShiftMax} bytes, not 2^${blockShift}`);
  }
  if (mutations.length > mutationsMax) {
    throw invalid(`a transaction has at most ${mutationsMax} mutations, this one ${mutations.length}: split it`);
  }
  for (const mutation of mutations) checkMutation(mutation, pg);
  if (transaction.split !== undefined) checkSplitOf(transaction, transaction.split);
  if (entry !== undefined) checkEntry(entry);
  for (const { seq, term, bytes } of transaction.copied ?? []) {
    checkNumber('a sequence number', seq);
    checkNumber('a term', term);
    if (bytes.byteLength > logEntryBytesMax) throw invalid(`a log entry has at most ${logEntryBytesMax} bytes`);
  }
  checkNumber('trimTo', transaction.trimTo ?? 0);
  checkNumber('cutAfter', transaction.cutAfter?.seq ?? 0);
  checkNumber('cutAfter', transaction.cutAfter?.term ?? 0);
}

function checkSplitOf(transaction: Transaction<PayloadSize>, split: PgSplit): void {
  const { pg, mutations, entry, copied, trimTo, cutAfter } = transaction;
  if (mutations.some((mutation) => 'object' in mutation)) {
    throw invalid('a transaction that splits a PG changes none of its objects: the split says what they come to');
  }
  if (entry !== undefined || copied !== undefined || trimTo !== undefined || cutAfter !== undefined) {
    throw invalid('a transaction that splits a PG does nothing else to its log');
  }
  checkSplit(pg, split);
  for (const { objects, bytes } of split.children) {
    checkNumber('a number of objects', objects);
    checkNumber('a number of bytes', bytes);
  }
  for (const { key, to } of split.values) {
    checkKey(key);
    if (to !== undefined && !split.children.some((child) => child.pg === to)) throw invalid(`PG ${to} is no child`);
  }
}

/**
 * Payloads have as many bytes as they say, empty ones too. Found out later, in the middle of a batch, it would cost the
 * batch. `INVALID_ARGUMENT`.
 */
export function checkPayloads({ mutations }: Transaction): void {
  for (const mutation of mutations) {
    if (mutation.kind === 'write' || mutation.kind === 'append') checkPayload(mutation.data);
    else if (mutation.kind === 'omap-set') {
      for (const { body } of mutation.bodies) if (body !== undefined) checkPayload(body);
    }
  }
}

function checkPayload({ pieces, bytes }: Payload): void {
  const present = totalBytes(pieces);
  if (present !== bytes) throw invalid(`a payload of ${bytes} bytes has ${present} in its pieces`);
}

function checkMutation(mutation: Mutation<PayloadSize>, pg: PgId): void {
  if ('object' in mutation && mutation.object.pool !== pg.pool) {
    throw invalid(`${showObject(mutation.object)} is not in pool ${pg.pool}, whose PG the transaction names`);
  }
  switch (mutation.kind) {
    case 'write':
      checkRange(mutation.object, mutation.offset, mutation.data.bytes);
      return;
    case 'append':
      checkRange(mutation.object, 0, mutation.data.bytes);
      return;
    case 'truncate':
      checkRange(mutation.object, mutation.size, 0);
      return;
    case 'zero':
    case 'punch':
      checkRange(mutation.object, mutation.offset, mutation.bytes);
      return;
    case 'clone-range':
      checkRange(mutation.object, mutation.offset, mutation.bytes);
      checkRange(mutation.source, mutation.sourceOffset, mutation.bytes);
      if (mutation.source.pool !== pg.pool) throw invalid('a clone stays in its pool');
      if (mutation.source.key === mutation.object.key) throw invalid('a range is cloned to another object');
      return;
    case 'clone':
      if (mutation.source.pool !== pg.pool && !isShadowOf(pg.pool, mutation.source.pool)) {
        throw invalid('a clone stays in its pool');
      }
      return;
    case 'set-attributes':
      for (const [name, value] of mutation.set) checkAttribute(name, value);
      return;
    case 'remove-attributes':
      for (const name of mutation.names) checkAttribute(name, undefined);
      return;
    case 'set-version':
      checkNumber('a term', mutation.version.term);
      checkNumber('a sequence number', mutation.version.seq);
      return;
    case 'omap-set':
      checkKey(mutation.key);
      checkOmapSet(mutation.head, mutation.bodies);
      return;
    case 'omap-remove':
      checkKey(mutation.key);
      return;
    case 'omap-move':
      checkKey(mutation.from);
      checkKey(mutation.to);
      return;
    case 'omap-remove-range':
    case 'pg-remove-range':
      checkKey(mutation.from, 0);
      if (mutation.to !== undefined) checkKey(mutation.to, 0);
      return;
    case 'set-mark':
      checkKey(mutation.mark);
      checkValue(mutation.value);
      return;
    case 'remove-mark':
      checkKey(mutation.mark);
      return;
    case 'pg-set':
      checkKey(mutation.key);
      checkValue(mutation.value);
      return;
    case 'pg-remove':
      checkKey(mutation.key);
      return;
    case 'create':
    case 'remove':
      return;
  }
}

/** What is parked is a clone of what it was. */
function isShadowOf(pool: PoolId, source: PoolId): boolean {
  return isShadowPool(pool) && poolOfShadow(pool) === source;
}

function checkOmapSet(head: Uint8Array | undefined, bodies: readonly BodyChange<PayloadSize>[]): void {
  if (head !== undefined && head.byteLength > omapHeadBytesMax) {
    throw invalid(`an omap head has at most ${omapHeadBytesMax} bytes: put the rest into a body`);
  }
  let last = -1;
  for (const { slot, body } of bodies) {
    if (!Number.isInteger(slot) || slot <= last || slot > 3)
      throw invalid('the bodies of an omap value are named once each, in ascending order');
    last = slot;
    if (body !== undefined && body.bytes > bodyBytesMax) throw invalid(`a body has at most ${bodyBytesMax} bytes`);
  }
}

function checkAttribute(name: string, value: Uint8Array | undefined): void {
  const bytes = Buffer.byteLength(name);
  if (bytes < 1 || bytes > attributeNameBytesMax || !isWellFormed(name)) {
    throw invalid(`an attribute's name has 1 to ${attributeNameBytesMax} bytes of well-formed text`);
  }
  if (value !== undefined && value.byteLength > attributeBytesMax) {
    throw invalid(`the attributes of an object have at most ${attributeBytesMax} bytes together`);
  }
}

function checkEntry(entry: LogEntryInput): void {
  checkNumber('a term', entry.term);
  checkNumber('a sequence number', entry.seq);
  checkNumber('a request number', entry.request);
  if (entry.seq < 1) throw invalid('sequence numbers of a PG log begin at 1');
  if (entry.seq === Number.MAX_SAFE_INTEGER) throw invalid('nothing could follow the last of all sequence numbers');
  if (entry.session.byteLength > 32) throw invalid('the id of a session has at most 32 bytes');
  if (entry.reply.byteLength > logEntryBytesMax / 2) {
    throw invalid(`a reply that is kept for retries has at most ${logEntryBytesMax / 2} bytes`);
  }
}

function checkRange(object: ObjectId, offset: number, bytes: number): void {
  const isValid = Number.isSafeInteger(offset) && offset >= 0 && Number.isSafeInteger(bytes) && bytes >= 0;
  if (isValid && offset + bytes <= objectBytesMax) return;
  throw invalid(`${showObject(object)}: ${bytes} bytes at ${offset} are beyond the ${objectBytesMax} of an object`);
}

function checkKey(key: string, bytesMin = 1): void {
  if (key.length < bytesMin || key.length > omapKeyBytesMax) {
    throw invalid(`a key has ${bytesMin} to ${omapKeyBytesMax} bytes, not ${key.length}`);
  }
  // eslint-disable-next-line no-control-regex
  if (/[^\0-\xff]/.test(key)) throw invalid('a key is latin1: one character for each of its bytes');
}

function checkValue(value: Uint8Array): void {
  if (value.byteLength > omapHeadBytesMax) throw invalid(`a value has at most ${omapHeadBytesMax} bytes`);
}

function checkNumber(what: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw invalid(`${what} is a safe integer from 0, not ${value}`);
}

function invalid(message: string): CairnError {
  return new CairnError('INVALID_ARGUMENT', message);
}
