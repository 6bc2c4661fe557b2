/** From what a request changes to an entry of the log: here, and on its way to the others. */
import { ByteWriter } from '../../../base/byte-writer.js';
import { totalBytes } from '../../../base/bytes.js';
import { CairnError } from '../../../base/errors.js';
import { printPgId } from '../../../cluster/ids.js';
import type { OpReply, OpRequest } from '../../../protocol/osd-methods.js';
import { payloadsOf } from '../attach-payloads.js';
import type { Evaluated } from '../execute/evaluated.js';
import type { LentPayload } from '../lent-payload.js';
import { encodeStoredReply, type StoredReply } from '../stored-reply.js';
import { writeTransaction } from '../../store/format/record.js';
import type { ObjectId } from '../../store/object-id.js';
import type { Mutation, Transaction } from '../../store/transaction.js';
import type { PrimaryTerm } from './primary-term.js';
import { type Outcome, replyOf } from './outcome.js';

/** As many as Ceph keeps at least (`osd_min_pg_log_entries` was 3,000 until version 16). */
export const logEntriesMax = 3_000;
/** Trimmed so many at a time: a trim costs a look at what has to be kept. */
const trimStep = 256;
/** For simulation: so short that whoever was away for a moment is brought up by a backfill, and answers are kept beside the log. */
const shortLogEntries = 8;
/** Data that a reply brings along is not kept for retries: changes are asked for apart from large reads. */
const replyBytesMax = 32 * 1024;

const encoder = new ByteWriter(16 * 1024);

/** Resolves when it is applied here, so that the next request for the object sees it. */
export async function append(
  primary: PrimaryTerm,
  object: ObjectId,
  request: OpRequest,
  { found, lent }: { readonly found: Evaluated; readonly lent: LentPayload | undefined },
): Promise<Outcome> {
  const { term, copy, sessions } = primary;
  const { host } = term;
  if (found.payload.length > 0) {
    throw new CairnError('INVALID_ARGUMENT', 'a request that changes something reads no data; read in one of its own');
  }
  const seq = primary.takeSeq();
  const version: OpReply['version'] =
    found.version === 'new' ? { term: term.number, seq } : found.version === 'none' ? undefined : found.version;
  const answer: StoredReply = { kind: 'reply', reply: replyOf(found, version) };
  const reply = encodeStoredReply(answer);
  if (reply.byteLength > replyBytesMax) {
    throw new CairnError('INVALID_ARGUMENT', `the reply of a change has at most ${replyBytesMax} bytes; read apart`);
  }
  const trim = planTrim(primary);
  const transaction: Transaction = {
    pg: term.pg,
    blockShift: Math.log2(primary.pool.checksumBlockBytes),
    mutations: trim === undefined ? found.mutations : [...found.mutations, ...trim.mutations],
    cutAfter: undefined,
    copied: undefined,
    entry: { term: term.number, seq, object, session: request.session, request: request.request, reply },
    trimTo: trim?.trimTo,
    mayUseReserve: undefined,
    encoded: undefined,
  };
  encoder.clear();
  writeTransaction(encoder, transaction);
  const record = encoder.bytes();
  const payload = payloadsOf(transaction.mutations);
  const bytes = record.byteLength + changeBytes(totalBytes(payload));
  if (bytes > primary.changeBytesMax) {
    const message = `a change of ${bytes} bytes: the disks of pg ${printPgId(term.pg)} take ${primary.changeBytesMax} at most`;
    throw new CairnError('INVALID_ARGUMENT', `${message}; write it in pieces`);
  }
  const submitted = copy.submit(withRecord(transaction, record));
  // The entry's; of one that is refused nobody lets go.
  lent?.hold();
  const { durable } = submitted;
  // The store has failed, and the daemon stops; or the entry was refused, which `applied` tells.
  durable.catch(() => undefined);
  if (!submitted.isApplied) await submitted.applied;
  try {
    const now = host.runtime.clock.now();
    sessions.appended(request, seq, reply, now);
    if (trim !== undefined) sessions.kept(trim.mutations, trim.trimTo, now);
  } catch (error) {
    // From here on it is an entry: what goes wrong now is a bug that no answer can make good.
    host.fatal(error);
    throw error;
  }
  primary.applied({
    position: { term: term.number, seq },
    record,
    payload,
    lent,
    costBytes: found.costBytes + reply.byteLength,
    objectKey: object.key,
    changesPg: trim !== undefined && trim.mutations.length > 0,
  });
  durable.then(
    () => primary.durable(seq),
    () => undefined,
  );
  return { seen: seq, answer, payload: [], isChange: true };
}

function withRecord(transaction: Transaction, encoded: Uint8Array): Transaction {
  const { pg, blockShift, mutations, cutAfter, copied, entry, trimTo, mayUseReserve } = transaction;
  return { pg, blockShift, mutations, cutAfter, copied, entry, trimTo, mayUseReserve, encoded };
}

/** With its checksums, of which the smallest blocks have eight bytes each. */
function changeBytes(payloadBytes: number): number {
  return payloadBytes + Math.ceil(payloadBytes / 512) + 1_024;
}

/** What every member has may go, but for answers that somebody may still ask for: they become values of the PG. */
function planTrim(
  primary: PrimaryTerm,
): { readonly trimTo: number; readonly mutations: readonly Mutation[] } | undefined {
  const { copy, sessions, term, replication } = primary;
  const isShort = term.host.runtime.rare('pg-log-short');
  const kept = isShort ? shortLogEntries : logEntriesMax;
  if (copy.logEntries < kept + (isShort ? 1 : trimStep)) return undefined;
  const trimTo = Math.min(copy.last.seq - kept, replication.everywhere, primary.joining.keepFrom);
  if (trimTo <= copy.trimmedTo) return undefined;
  return { trimTo, mutations: sessions.keep(trimTo, replication.committed, term.host.runtime.clock.now()) };
}
